/* test_wide.c — sixteen bytes at once are classified like each of them alone. */
#include "unit/boxed.h"
#include "core/base/wide.h"
#include <criterion/criterion.h>

/* Every byte value at every offset, among bytes on both sides of each bound. */
Test(wide, judges_as_the_portable_way_does)
{
    static const char among[] = "0/9:\x20\x21\x7e\x7f\x80\xff \x1fzA5~";
    for (unsigned at = 0; at < WIDE_BYTES; at++) {
        for (int byte = 0; byte < 256; byte++) {
            struct span sixteen = boxed((struct span){among, WIDE_BYTES});
            ((char *)sixteen.at)[at] = (char)byte;
            uint32_t digits = wide_digits(sixteen.at), stops = wide_stops(sixteen.at);
            cr_assert_eq(digits, wide_digits_portable(sixteen.at));
            cr_assert_eq(stops, wide_stops_portable(sixteen.at));
            cr_assert_eq(digits >> at & 1, byte >= '0' && byte <= '9', "%d", byte);
            cr_assert_eq(stops >> at & 1, byte <= ' ' || byte == 0x7f, "%d", byte);
            unbox(sixteen);
        }
    }
}

Test(wide, digits_of_a_text_up_to_its_end)
{
    static const char all[] = "0a1.23+456-7890z/12:3456789012345";
    for (size_t len = WIDE_BYTES; len <= WIDE_LOOK_BYTES; len++) {
        struct span text = boxed((struct span){all, len});
        uint32_t digits = wide_digits_of(text);
        for (size_t i = 0; i < WIDE_LOOK_BYTES; i++)
            cr_expect_eq(digits >> i & 1, i < len && all[i] >= '0' && all[i] <= '9',
                "byte %zu of %zu", i, len);
        unbox(text);
    }
}
