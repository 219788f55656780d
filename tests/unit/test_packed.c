/* test_packed.c — texts come back as they went in, and take half the room. */
#include "core/packed.h"
#include "random.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static void expect_round_trip(const char *characters, size_t len)
{
    char *text = malloc(len + PACKED_TEXT_SLACK);
    char *back = malloc(len + PACKED_TEXT_SLACK);
    unsigned char *packed = malloc(packed_bytes(len) + PACKED_SLACK);
    memcpy(text, characters, len);
    memset(packed, 0xa5, packed_bytes(len) + PACKED_SLACK);
    packed_put(packed, text, len);
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
        "+0+0,0",
        "+34.068930-118.445127,1520023934.918963998",
        "-90-180,0",
        "0",
        "01234567",
        "+,-.+,-.",
        "+,-.+,-.8",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_round_trip(cases[i], strlen(cases[i]));
}

Test(packed, known_bytes)
{
    char text[8 + PACKED_TEXT_SLACK] = "+1-2.3,9";
    unsigned char packed[4];
    packed_put(packed, text, 8);
    static const unsigned char expected[4] = {0x1b, 0x2d, 0x3e, 0x9c};
    cr_expect_arr_eq(packed, expected, 4);
}

Test(packed, every_length_up_to_the_longest_line)
{
    struct random r = random_begin();
    char text[8300];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "0123456789+-.,"[random_below(&r, 14)];
    for (size_t len = 0; len <= 200; len++)
        expect_round_trip(text + len, len);
    for (size_t len = sizeof text - 9; len <= sizeof text; len++)
        expect_round_trip(text, len);
}

Test(packed, a_foreign_character_is_not_kept_wrong, .signal = SIGABRT)
{
    char text[12 + PACKED_TEXT_SLACK] = "+34-118,1e99";
    unsigned char packed[6];
    packed_put(packed, text, 12);
}
