/* The clock that stands still while the loop does not run. */
#include "core/base/awake.h"
#include "core/base/instant.h"
#include <criterion/criterion.h>

static struct awake a;

static void begin(void)
{
    awake_begin(&a, 1000 * MS_NS);
}

/* A turn at a time of the system's clock; how long was slept before it. */
static int64_t turn_ns(int64_t mono_ms, int64_t due_ns)
{
    return awake_turn(&a, mono_ms * MS_NS, due_ns);
}

static int64_t turn(int64_t mono_ms, int64_t due_ms)
{
    return turn_ns(mono_ms, due_ms * MS_NS) / MS_NS;
}

Test(awake, is_the_systems_clock_while_turns_are_in_time, .init = begin)
{
    static const int64_t turns[][2] = {/* when it begins, when it was due */
        {1000, 1000}, {1500, 2000}, {2000, 2000}, {2100, 2000}, {2200, 2100}, {2300, 0}};
    for (unsigned i = 0; i < sizeof turns / sizeof *turns; i++) {
        cr_expect_eq(turn(turns[i][0], turns[i][1]), 0, "turn %u", i);
        cr_expect_eq(a.now_ns, turns[i][0] * MS_NS, "turn %u", i);
    }
}

Test(awake, a_late_turn_takes_place_before_its_deadline, .init = begin)
{
    cr_expect_eq(turn_ns(35000, 3000 * MS_NS), 32000 * MS_NS + 1);
    cr_expect_eq(a.now_ns, 3000 * MS_NS - 1);
    cr_expect_eq(a.slept_ns, 32000 * MS_NS + 1);
    cr_expect_eq(turn(35001, 3000), 0);
    cr_expect_geq(a.now_ns, 3000 * MS_NS, "the next turn judges what was due");
}

Test(awake, one_ms_decides_what_is_late, .init = begin)
{
    cr_expect_eq(turn(3000 + AWAKE_LATE_MS, 3000), 0);
    begin();
    cr_expect_gt(turn(3001 + AWAKE_LATE_MS, 3000), 0);
}

Test(awake, a_turn_that_was_due_at_once_takes_place_when_the_last_one_did, .init = begin)
{
    cr_expect_eq(turn(9000, 0), 8000);
    cr_expect_eq(a.now_ns, 1000 * MS_NS);
}

Test(awake, time_passes_even_if_every_turn_is_late, .init = begin)
{
    int64_t mono_ms = 1000;
    for (unsigned i = 0; i < 20; i++)
        turn(mono_ms += 5000, 0);
    cr_expect_eq(a.now_ns, (1000 + 10 * AWAKE_LATE_MS) * MS_NS);
    cr_expect_eq(a.slept_ns + a.now_ns, mono_ms * MS_NS);
}

Test(awake, a_turn_without_deadline_is_never_late, .init = begin)
{
    cr_expect_eq(turn_ns(90000, NEVER_NS), 0);
    cr_expect_eq(a.now_ns, 90000 * MS_NS);
}

Test(awake, what_was_slept_stays_left_out, .init = begin)
{
    turn(61000, 1000);
    for (unsigned i = 1; i < 10; i++) {
        cr_expect_eq(turn(61000 + i * 50, 1000 + i * 50), 0);
        cr_expect_eq(a.now_ns, (1000 + i * 50) * MS_NS);
    }
}
