/* test_packed.c — a text is unpacked as it was packed, and takes half the bytes in between. */
#include "core/base/packed.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static void expect_round_trip(const char *characters, size_t len)
{
    char *text = malloc(len); /* no byte more, so that AddressSanitizer sees a read past its end */
    char *back = malloc((len + 7) / 8 * 8);
    unsigned char *packed = malloc(packed_bytes(len) + PACKED_SLACK);
    memcpy(text, characters, len);
    memset(packed, 0xa5, packed_bytes(len) + PACKED_SLACK);
    packed_put(packed, (struct span){text, len});
    for (int i = 0; i < PACKED_SLACK; i++)
        cr_assert_eq(packed[packed_bytes(len) + (size_t)i], 0xa5, "%zu characters", len);
    packed_get(packed, len, back);
    cr_expect_arr_eq(back, characters, len, "%.*s", (int)len, characters);
    free(text);
    free(back);
    free(packed);
}

Test(packed, texts)
{
    static const char *const cases[] = {
        "+0+0",
        "+34.068930-118.445127",
        "-90.000000000000000+180.000000000000000",
        "0",
        "01234567",
        "+--.++-.",
        "+--.++-.8",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_round_trip(cases[i], strlen(cases[i]));
}

Test(packed, known_bytes)
{
    unsigned char packed[5];
    packed_put(packed, SPAN("+1-2.3489"));
    static const unsigned char expected[5] = {0x1b, 0x2d, 0x3e, 0x84, 0x09};
    cr_expect_arr_eq(packed, expected, 5);
}

Test(packed, every_length)
{
    struct random r = random_begin();
    char text[400];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "0123456789+-."[random_below(&r, 13)];
    for (size_t len = 0; len <= 200; len++)
        expect_round_trip(text + len, len);
}

Test(packed, a_foreign_character_is_not_kept_wrong, .signal = SIGABRT)
{
    unsigned char packed[4];
    packed_put(packed, SPAN("+34-1e8"));
}

Test(packed, a_foreign_character_in_a_whole_word_neither, .signal = SIGABRT)
{
    unsigned char packed[4];
    packed_put(packed, SPAN("+34-118E"));
}

Test(packed, a_foreign_character_among_sixteen_neither, .signal = SIGABRT)
{
    unsigned char packed[11];
    packed_put(packed, SPAN("+34.06893e-118.445127"));
}

/* The packed bytes do not depend on how many characters are packed at once. */
Test(packed, whole_and_in_pieces)
{
    struct span whole = SPAN("-89.123456789012345+179.987654321098765");
    unsigned char at_once[20], in_pieces[20];
    packed_put(at_once, whole);
    for (size_t i = 0; i < whole.len; i += 8)
        packed_put(
            in_pieces + i / 2, (struct span){whole.at + i, whole.len - i < 8 ? whole.len - i : 8});
    cr_expect_arr_eq(at_once, in_pieces, packed_bytes(whole.len));
}
