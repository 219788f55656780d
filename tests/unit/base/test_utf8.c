/* test_utf8.c — every code point, and sequences that only look like one. */
#include "unit/boxed.h"
#include "core/base/utf8.h"
#include <criterion/criterion.h>
#include <stdint.h>

/* Encode a code point (RFC 3629, 3) in `bytes` bytes, which may be more than it needs. */
static struct span encoded(uint32_t point, size_t bytes, char out[4])
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = bytes; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(leads[bytes] | point);
    return (struct span){out, bytes};
}

static size_t shortest(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

Test(utf8, every_character_is_one_in_its_shortest_form_only)
{
    for (uint32_t point = 0; point < 0x1fffff; point++) {
        char memory[4];
        size_t bytes = shortest(point);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        size_t want = surrogate || point > 0x10ffff ? 0 : bytes;
        cr_assert_eq(utf8_sequence(encoded(point, bytes, memory)), want, "U+%X", point);
        for (size_t longer = bytes + 1; longer <= 4; longer++)
            cr_assert_eq(
                utf8_sequence(encoded(point, longer, memory)), 0, "U+%X in %zu", point, longer);
    }
}

Test(utf8, a_sequence_that_is_cut_or_broken_is_none)
{
    static const struct {
        struct span text;
        size_t want;
    } cases[] = {
        {SPAN(""), 0},
        {SPAN("ab"), 1},
        {SPAN("\0"), 1},
        {SPAN("\x80"), 0},
        {SPAN("\xbf\x80"), 0},
        {SPAN("\xc3"), 0},
        {SPAN("\xc3\xa4\xa4"), 2},
        {SPAN("\xc3("), 0},
        {SPAN("\xe2\x82"), 0},
        {SPAN("\xe2\x82\xac"), 3},
        {SPAN("\xe2\x28\xac"), 0},
        {SPAN("\xe2\x82\x28"), 0},
        {SPAN("\xf0\x9f\x98"), 0},
        {SPAN("\xf0\x9f\x98\x80"), 4},
        {SPAN("\xf0\x9f\x28\x80"), 0},
        {SPAN("\xf0\x9f\x98\x28"), 0},
        {SPAN("\xf8\x88\x80\x80\x80"), 0},
        {SPAN("\xfe"), 0},
        {SPAN("\xff"), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span text = boxed(cases[i].text);
        cr_expect_eq(utf8_sequence(text), cases[i].want, "case %zu", i);
        unbox(text);
    }
}
