/* test_transfers.c — dumps and loads over the network, told as stories in the language of
 * story.h. What the operator is told he checks himself: operator.h.
 *
 * PROTOCOL.md, "Dumps and loads". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(transfers, .fini = story_ends);

/* CROWD: more than a node writes at once. */
enum { MANY = 300, CROWD = 5000, LATER_MS = 3000, STALL_MS = 30000 };

static void dumps(unsigned node)
{
    struct operator *o = operator_of_herd();
    unsigned before = o->dumps;
    operator_dumps(o, host_of(node));
    runs_ms(LATER_MS);
    cr_assert_eq(o->dumps, before + 1, "violated: the dump did not come to its end: %s", o->bye);
}

static void loads(unsigned node)
{
    struct operator *o = operator_of_herd();
    unsigned before = o->loaded;
    operator_loads(o, host_of(node));
    runs_ms(LATER_MS);
    cr_assert_eq(o->loaded, before + 1, "violated: the load did not come to its end: %s", o->bye);
}

static void all_die_and_start(void)
{
    for (unsigned node = Goloman; node <= Wilkes; node++)
        if (host_of(node)->node)
            dies(node);
    runs_ms(100);
    for (unsigned node = Goloman; node <= Wilkes; node++)
        starts(node);
    runs_ms(LATER_MS);
}

/* He reads 2,000 bytes every 5 ms, of some 200 KB; meanwhile those at the feed's end move. */
Test(transfers, a_dump_lacks_nobody_who_moves_meanwhile)
{
    struct operator *o;
    herd_with_operator(shipped);
    windows_hold(3000);
    says_many(Goloman, CROWD, 1, 1);
    says(Goloman, "IAMAT kiwi +1+1 1");
    runs_ms(3000);
    o = operator_of_herd();
    o->reads_at_most = 2000;
    operator_dumps(o, host_of(Hands));
    for (unsigned time = 2; time <= 11; time++) {
        char line[64];
        snprintf(line, sizeof line, "IAMAT kiwi +1+1 %u", time);
        says_many(Welsh, MANY / 3, time, 1);
        says(Goloman, line);
        runs_ms(20);
        cr_assert_eq(o->dumps, 0);
    }
    runs_ms(10000);
    cr_assert_eq(o->dumps, 1, "violated: the dump did not come to its end");
    cr_assert_gt(o->lines, (uint64_t)CROWD);
    all_know("id0", "11");
    all_know("kiwi", "11");
    alarms(0);
}

Test(transfers, a_herd_that_was_empty_has_all_again)
{
    herd_with_operator(shipped);
    says_many(Goloman, MANY, 1, 1);
    says(Welsh, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    dumps(Hands);
    all_die_and_start();
    knows_not(Wilkes, "kiwi");
    loads(Wilkes);
    cr_assert_eq(operator_of_herd()->fresh, MANY + 1);
    all_know("kiwi", "5");
    knows_of(Hands, "kiwi", Welsh);
    knows_of(Holiday, "id7", Goloman);
    all_agree();
    alarms(0);
}

Test(transfers, an_old_dump_harms_no_living_herd)
{
    herd_with_operator(shipped);
    says_many(Goloman, MANY, 1, 1);
    runs_ms(1000);
    dumps(Hands);
    says_many(Holiday, MANY, 2, 1);
    says(Welsh, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    counts_anew();
    loads(Welsh);
    cr_assert_eq(operator_of_herd()->counted, (uint64_t)MANY);
    cr_assert_eq(operator_of_herd()->fresh, 0, "violated: an old stamp counts as new");
    all_know("id0", "2");
    all_know("kiwi", "5");
    cr_assert_eq(messages(), 0, "violated: old stamps are flooded");
    all_agree();
}

/* A client's own repetition changes nothing, but between two stamps of one time, said at two nodes,
 * the total order decides. */
Test(transfers, of_two_stamps_of_one_time_the_order_keeps_one)
{
    herd_with_operator(shipped);
    says(Wilkes, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    dumps(Wilkes);
    all_die_and_start();
    says(Goloman, "IAMAT kiwi +2+2 5");
    runs_ms(1000);
    knows_of(Hands, "kiwi", Goloman);
    loads(Goloman);
    knows_of(Hands, "kiwi", Wilkes);
    all_agree();
}

Test(transfers, a_reader_who_stands_still_holds_up_nobody)
{
    struct operator *o;
    herd_with_operator(shipped);
    windows_hold(3000);
    says_many(Goloman, CROWD, 1, 1);
    runs_ms(3000);
    o = operator_of_herd();
    operator_dumps(o, host_of(Goloman));
    runs_ms(10);
    o->stands_still = true;
    says(Hands, "IAMAT kiwi +1+1 5");
    runs_ms(500);
    all_know("kiwi", "5");
    runs_ms(STALL_MS + STALL_MS / 8);
    o->stands_still = false;
    runs_ms(1000);
    cr_assert_eq(o->wire, WIRE_NONE, "violated: he is waited for for ever");
    cr_assert_eq(o->dumps, 0);
    dumps(Goloman);
    all_linked();
}

Test(transfers, what_is_broken_off_is_not_whole_and_can_be_repeated)
{
    struct operator *o;
    herd_with_operator(shipped);
    says_many(Goloman, CROWD, 1, 1);
    runs_ms(3000);
    dumps(Goloman);
    o = operator_of_herd();
    o->reads_at_most = 1000;
    operator_dumps(o, host_of(Goloman));
    runs_ms(20);
    dies(Goloman);
    runs_ms(100);
    cr_assert_eq(o->dumps, 1, "violated: half a dump has an end");
    o->reads_at_most = 0;
    all_die_and_start();
    operator_loads(o, host_of(Goloman));
    while (!o->counted)
        runs_ms(1);
    dies(Goloman);
    runs_ms(100);
    cr_assert_eq(o->loaded, 0);
    starts(Goloman);
    runs_ms(LATER_MS);
    loads(Goloman);
    all_know("id0", "1");
    all_know("id4999", "1");
    all_agree();
}

/* Goloman's clock was days ahead, and it holds what others refuse. */
Test(transfers, what_a_neighbour_would_refuse_is_refused)
{
    herd_with_operator(shipped);
    clock_is_set(Goloman, 5 * 86400 * 1000);
    says(Goloman, "IAMAT kiwi +1+1 1700432000");
    says(Hands, "IAMAT mango +1+1 5");
    runs_ms(1000);
    dumps(Goloman);
    loads(Welsh);
    cr_assert_eq(operator_of_herd()->counted, 2);
    cr_assert_eq(operator_of_herd()->fresh, 0);
    knows_not(Welsh, "kiwi");
    knows_not(Holiday, "kiwi");
}
