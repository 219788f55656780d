/* test_twin.c — of two processes of one name, which stays, and the line that says so. */
#include "core/peering/twin.h"
#include <criterion/criterion.h>

Test(twin, the_earlier_stays_and_then_the_smaller_boot)
{
    static const struct {
        struct twin a, b;
        bool a_stays;
    } each[] = {
        {{.started = 1, .boot = 9}, {.started = 2, .boot = 1}, true},
        {{.started = 2, .boot = 1}, {.started = 1, .boot = 9}, false},
        {{.started = 5, .boot = 1}, {.started = 5, .boot = 2}, true},
        {{.started = 5, .boot = 2}, {.started = 5, .boot = 1}, false},
        {{.started = 0, .boot = 9}, {.started = 1, .boot = 1}, true},
        {{.started = 0, .boot = UINT64_MAX}, {.started = 0, .boot = 1}, false},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        cr_expect_eq(twin_is_earlier(&each[i].a, &each[i].b), each[i].a_stays, "row %zu", i);
}

Test(twin, the_line_is_written_whole_or_not_at_all)
{
    struct twin stays = {.boot = 0xab, .started = UINT64_C(9223372036854775807)};
    memset(stays.address, 'x', TWIN_ADDRESS_BYTES_MAX);
    char text[TWIN_LINE_BYTES_MAX];
    struct buf out = buf_over(text, sizeof text);
    cr_assert(twin_put(&out, &stays));
    cr_expect_eq(out.len, TWIN_LINE_BYTES_MAX - 1, "the largest number has 19 digits");
    cr_expect_eq(memcmp(text, "TWIN 00000000000000ab 9223372036854775807 xxx", 45), 0);
    out = buf_over(text, TWIN_LINE_BYTES_MAX - 2);
    cr_assert_not(twin_put(&out, &stays));
    cr_expect_eq(out.len, 0);
}
