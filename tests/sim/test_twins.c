/* test_twins.c — two processes of one node's name meet, told as stories in the language of
 * story.h.
 *
 * In each exactly one remains, and what either has acknowledged stays with the herd: the judge
 * holds the second, for whoever leaves. PROTOCOL.md, "Twins". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(twins, .fini = story_ends);

/* All nodes but the one that has left hold the newest stamp of both clients. */
static void one_remains(unsigned stays, unsigned leaves)
{
    has_ended_as_twin(leaves);
    runs_still(stays);
    all_linked();
    all_agree();
}

Test(twins, a_clone_beside_a_node_leaves_and_no_link_goes_down)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_with_twin(6, shape);
        says_many(0, 50, 1, 1);
        twin_starts(0);
        says_many(twin(), 100, 2, 1);
        runs_ms(1000);
        one_remains(0, twin());
        for (unsigned node = 0; node < nodes(); node++)
            knows(node, "id99", "2");
        alarms(0);
        story_ends();
    }
}

Test(twins, a_clone_with_a_slow_clock_stays_and_the_node_hands_over)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_with_twin(6, shape);
        clock_is_set(twin(), -60000);
        says_many(0, 200, 1, 1);
        twin_starts(0);
        says_many(twin(), 100, 2, 1);
        runs_ms(1500);
        one_remains(twin(), 0);
        knows(twin(), "id199", "1");
        story_ends();
    }
}

Test(twins, a_node_that_comes_back_elsewhere_is_linked_after_a_second)
{
    herd_with_twin(5, shipped);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(100);
    cut_so(Goloman, Hands, CUT_SILENT);
    cut_so(Goloman, Holiday, CUT_SILENT);
    cut_so(Goloman, Wilkes, CUT_SILENT);
    dies(Goloman);
    twin_starts(Goloman);
    runs_ms(900);
    knows_not(twin(), "kiwi");
    runs_ms(200);
    knows(twin(), "kiwi", "1");
    all_linked();
    alarms(0);
}

Test(twins, in_an_overlapping_restart_nobody_is_judged)
{
    herd_with_twin(5, shipped);
    is_told_to_stop_too_early();
    runs_ms(10);
    twin_starts(Goloman);
    runs_ms(1000);
    has_ended(Goloman, 0);
    runs_still(twin());
    all_linked();
    all_agree();
    alarms(0);
}

Test(twins, a_node_that_was_stopped_takes_its_place_back)
{
    herd_with_twin(5, shipped);
    stops(Goloman);
    runs_ms(100);
    twin_starts(Goloman);
    runs_ms(1500);
    says_many(twin(), 100, 2, 1);
    runs_ms(500);
    wires(twin(), Hands, 1);
    goes_on(Goloman);
    runs_ms(3000);
    one_remains(Goloman, twin());
    knows(Goloman, "id99", "2");
}

/* Node 1 reaches node 0 and not another neighbour, its twin reaches that one and not node 0. */
static void neighbours_hold_different_ones(enum shape shape)
{
    herd_with_twin(5, shape);
    cut_so(1, 2, CUT_RESET);
    cut_so(twin(), 0, CUT_RESET); /* n00 holds n01, n02 holds its twin */
    if (shape == shipped) {
        cut_so(1, 4, CUT_RESET);
        heals(1, 2);
    }
    runs_ms(100);
    twin_starts(1);
    says_many(1, 30, 1, 1);
    runs_ms(1500);
    says_many(twin(), 40, 2, 1);
    runs_ms(2000);
    runs_still(1);
    runs_still(twin());
    wires(twin(), shape == shipped ? 4 : 2, 1);
}

Test(twins, the_first_neighbour_that_both_reach_judges)
{
    for (enum shape shape = shipped; shape <= ring; shape++) {
        neighbours_hold_different_ones(shape);
        heals(1, shape == shipped ? 4 : 2);
        runs_ms(8000);
        has_ended_as_twin(twin());
        runs_ms(30000); /* digests find what has come another way */
        one_remains(1, twin());
        knows(1, "id39", "2");
        story_ends();
    }
}

Test(twins, neighbours_that_hold_different_ones_judge_alike)
{
    for (enum shape shape = shipped; shape <= ring; shape++) {
        neighbours_hold_different_ones(shape);
        heals(1, shape == shipped ? 4 : 2);
        heals(twin(), 0);
        runs_ms(8000);
        has_ended_as_twin(twin());
        runs_still(1);
        story_ends();
    }
}

/* The twin is told to leave while it stands still, and the node dies before it goes on. */
static void twin_reads_late(void)
{
    herd_with_twin(5, shipped);
    for (unsigned node = Hands; node < nodes(); node++)
        path_takes_ms(twin(), node, 50);
    twin_starts(Goloman);
    says_many(twin(), 10, 1, 1);
    runs_ms(190); /* TWIN is under way */
    stops(twin());
    runs_ms(200);
    dies(Goloman);
    runs_ms(1000);
    runs_still(twin());
}

Test(twins, who_reads_late_that_it_is_to_leave_leaves_nobody)
{
    twin_reads_late();
    goes_on(twin());
    runs_ms(7000);
    has_ended_as_twin(twin());
    runs_no_more(Goloman);
}

Test(twins, who_reads_late_that_it_is_to_leave_is_brought_back)
{
    twin_reads_late();
    who_leaves_restarts();
    goes_on(twin());
    runs_ms(7000);
    runs_still(twin());
    all_linked();
    all_agree();
    knows(Welsh, "id9", "1");
    knows(twin(), "id9", "1");
}

Test(twins, a_twin_is_restarted_again_and_again)
{
    herd_with_twin(5, shipped);
    for (unsigned i = 0; i < 20; i++) {
        twin_starts(Goloman);
        says_many(twin(), 10, 1 + i, 1);
        says_many(Goloman, 10, 1 + i, 1);
        runs_ms(1000);
        one_remains(Goloman, twin());
    }
    knows(Welsh, "id9", "20");
    alarms(0);
}

Test(twins, both_are_restarted_again_and_again)
{
    herd_with_twin(5, shipped);
    for (unsigned i = 0; i < 10; i++) {
        unsigned stays = i % 2 ? twin() : Goloman, leaves = i % 2 ? Goloman : twin();
        if (i % 2)
            starts(Goloman);
        else
            twin_starts(Goloman);
        says_many(leaves, 10, 1 + i, 1);
        runs_ms(1000);
        one_remains(stays, leaves);
        dies(stays); /* now the other one comes first */
        runs_ms(1000);
        if (i % 2)
            starts(Goloman);
        else
            twin_starts(Goloman);
        runs_ms(8000);
        all_agree();
    }
}

Test(twins, two_that_start_at_once_leave_one)
{
    herd_with_twin(5, ring);
    dies(2);
    runs_ms(1000);
    twin_starts(2);
    starts(2);
    says_many(2, 20, 1, 1);
    says_many(twin(), 20, 2, 1);
    runs_ms(3000);
    unsigned leaver =
        is_down(2) ? 2 : twin(); /* their clocks show the same: it has the larger boot */
    has_ended_as_twin(leaver);
    all_linked();
    all_agree();
    knows(leaver == 2 ? twin() : 2, "id19", "2");
}
