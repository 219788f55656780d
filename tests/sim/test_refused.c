/* test_refused.c — stamps that are refused and may be taken later: of clocks that are wrong by
 * more than is allowed for, of nodes with ill will, of origins that a node does not know.
 *
 * limits.future is a day, limits.clock a minute. PROTOCOL.md, "Refused stamps". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(refused, .fini = story_ends);

enum { DAY_MS = 86400000 };

/* Such a stamp would be the newest of its id until the year 2262. It stays where it was made, and
 * harms no other. */
Test(refused, a_poisoned_stamp_stays_at_its_sender)
{
    herd(shipped);
    says(Welsh, "IAMAT plum +1+1 1");
    runs_ms(1000);
    sends_poison(Holiday, "kiwi", "9223372036.5");
    says(Holiday, "IAMAT fig +1+1 1");
    says(Goloman, "IAMAT kiwi +2+2 1700000000");
    runs_ms(5000);
    knows(Goloman, "kiwi", "1700000000");
    knows(Hands, "kiwi", "1700000000");
    knows(Wilkes, "kiwi", "1700000000");
    knows_not(Welsh, "kiwi"); /* Holiday, its only neighbour, holds a newer one */
    all_know("fig", "1");
    all_linked();
    is_incomplete(Goloman, Holiday, true);
    is_incomplete(Welsh, Holiday, true);
    is_incomplete(Wilkes, Holiday, true); /* over a spare link: it has noticed it */
    is_incomplete(Holiday, Goloman, false);
    is_incomplete(Hands, Goloman, false);
    counts_anew();
    runs_ms(120000);
    messages_between(Holiday, Goloman, 0);
    messages_between(Holiday, Wilkes, 0);
    alarms(0);
    cut(Holiday, Goloman);
    heals(Holiday, Goloman);
    runs_ms(10000);
    linked(Holiday, Goloman);
    messages_at_most(Holiday, Goloman, 8); /* what is behind the last MARK that counted */
    says(Welsh, "IAMAT plum +3+3 2");
    runs_ms(1000);
    all_know("plum", "2");
    alarms(0);
    dies(Holiday); /* and the poison with it */
    starts(Holiday);
    runs_ms(10000);
    all_know("kiwi", "1700000000");
    all_agree();
    is_incomplete(Goloman, Holiday, false);
}

/* Spare links notice what it refuses; each asks once, and not again and again. */
Test(refused, a_node_whose_clock_is_behind_has_all_once_it_is_set_right)
{
    herd(shipped);
    clock_is_set(Wilkes, -3 * 365 * (int64_t)DAY_MS);
    runs_ms(20000);
    thinks_own_clock_wrong(Wilkes, true);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Wilkes)
            thinks_own_clock_wrong(node, false);
    says(Welsh, "IAMAT kiwi +1+1 1");
    says(Hands, "IAMAT plum +1+1 1");
    says(Goloman, "IAMAT fig +1+1 1");
    says(Wilkes, "IAMAT date +1+1 1");
    runs_ms(30000);
    knows_not(Wilkes, "kiwi");
    knows_not(Wilkes, "plum");
    knows_not(Wilkes, "fig");
    all_know("date", "1"); /* long ago is no matter */
    is_incomplete(Wilkes, Goloman, true);
    is_incomplete(Wilkes, Hands, true);
    is_incomplete(Wilkes, Holiday, true);
    messages_at_most(Wilkes, Goloman, 8);
    messages_at_most(Wilkes, Hands, 8);
    messages_at_most(Wilkes, Holiday, 8);
    alarms(0);
    counts_anew();
    clock_is_set(Wilkes, 0);
    runs_ms(8000);
    all_know("kiwi", "1");
    all_know("plum", "1");
    all_know("fig", "1");
    all_agree();
    runs_ms(20000);
    all_linked();
    for (unsigned node = 0; node < nodes(); node++) {
        is_incomplete(Wilkes, node, false);
        thinks_own_clock_wrong(node, false);
    }
    alarms(0);
}

/* What only the neighbour on the spare link still has. */
Test(refused, what_the_tree_brought_in_vain_is_had_of_a_spare_link)
{
    herd(shipped);
    clock_is_set(Wilkes, -30 * (int64_t)DAY_MS);
    runs_ms(5000);
    says(Goloman, "IAMAT fig +1+1 1");
    runs_ms(5000);
    knows(Hands, "fig", "1");
    knows(Holiday, "fig", "1");
    dies(Goloman);
    clock_is_set(Wilkes, 0);
    runs_ms(8000);
    knows(Wilkes, "fig", "1");
    alarms(0);
}

/* Time passes, too: what was two days ahead is taken after a day. */
Test(refused, what_was_too_far_ahead_is_taken_when_its_time_comes)
{
    herd(shipped);
    clock_is_set(Welsh, DAY_MS + 2 * 60000 + 20000);
    runs_ms(1000);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(10000);
    knows_not(Holiday, "kiwi");
    is_incomplete(Holiday, Welsh, true);
    runs_ms(20000);
    all_know("kiwi", "1");
    all_agree();
    runs_ms(10000);
    is_incomplete(Holiday, Welsh, false);
    alarms(0);
}

/* It stays with its node; a newer stamp, of a right clock, takes its place, and all is well. */
Test(refused, a_newer_stamp_replaces_what_was_too_far_ahead)
{
    herd(shipped);
    clock_is_set(Welsh, 30 * (int64_t)DAY_MS);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(10000);
    thinks_own_clock_wrong(Welsh, true);
    clock_is_set(Welsh, 0);
    runs_ms(60000);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Welsh)
            knows_not(node, "kiwi");
    is_incomplete(Holiday, Welsh, true);
    thinks_own_clock_wrong(Welsh, false);
    says(Goloman, "IAMAT kiwi +1+1 2");
    runs_ms(10000);
    all_know("kiwi", "2");
    all_agree();
    is_incomplete(Holiday, Welsh, false);
    alarms(0);
}

/* A kiwi of node 0 is at node 2, with a list that names 0 and 1. Both have lost it since and run
 * again, so long that lists count, but 2 is cut off from 1. */
static void the_first_two_forget(void)
{
    herd_of(4, in_line);
    says(0, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    all_know("kiwi", "5");
    cut(1, 2);
    dies(0);
    dies(1);
    starts(0);
    starts(1);
    runs_ms(20000);
    linked(0, 1);
}

/* No digest would find out that it was wrong. */
Test(refused, a_list_is_not_trusted_by_who_is_partial)
{
    the_first_two_forget();
    clock_is_set(0, 30 * (int64_t)DAY_MS);
    says(0, "IAMAT plum +1+1 1");
    runs_ms(5000);
    is_incomplete(1, 0, true);
    clock_is_set(0, 0);
    heals(1, 2);
    runs_ms(6000);
    knows(1, "kiwi", "5");
    knows(0, "kiwi", "5");
    is_incomplete(1, 0, true);
    alarms(0);
}

/* The peer refuses stamps, says so, and confirms nothing. */
Test(refused, a_list_is_not_trusted_where_the_peer_is_partial)
{
    the_first_two_forget();
    clock_is_set(1, 30 * (int64_t)DAY_MS);
    says(1, "IAMAT plum +1+1 1");
    runs_ms(5000);
    is_incomplete(0, 1, true);
    clock_is_set(1, 0);
    heals(1, 2);
    runs_ms(6000);
    knows(1, "kiwi", "5");
    knows(0, "kiwi", "5");
    is_incomplete(0, 1, true);
    alarms(0);
}

/* It was trusted just before, and digests had no time to find out: all is sent once, not again and
 * again, however long a stamp is refused. */
Test(refused, a_list_that_was_trusted_is_made_up_for)
{
    the_first_two_forget();
    heals(1, 2);
    for (unsigned ms = 0; ms < 6000 && !has_of(1, "kiwi"); ms += 10)
        runs_ms(10);
    runs_ms(100);
    knows(1, "kiwi", "5");
    knows_not(0, "kiwi");
    clock_is_set(0, 30 * (int64_t)DAY_MS);
    says(0, "IAMAT plum +1+1 1");
    runs_ms(100);
    clock_is_set(0, 0);
    is_incomplete(1, 0, true);
    runs_ms(10000);
    knows(0, "kiwi", "5");
    counts_anew();
    runs_ms(120000);
    messages_between(0, 1, 0);
    is_incomplete(1, 0, true);
    alarms(0);
}

/* Were the MARK confirmed, Welsh would leave in the belief that Holiday keeps its stamp. */
Test(refused, who_stops_knows_that_what_was_refused_is_lost)
{
    herd(shipped);
    says(Welsh, "IAMAT plum +1+1 1");
    runs_ms(1000);
    clock_is_set(Holiday, -30 * (int64_t)DAY_MS);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(1000);
    is_told_to_stop(Welsh);
    runs_ms(3000);
    has_ended(Welsh, 1);
    knows(Holiday, "plum", "1");
}

/* Welsh is removed from the file, and Goloman is restarted with the new one. */
Test(refused, stamps_of_a_node_that_is_in_no_file_are_refused_until_it_is_retired)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +1+1 1");
    says(Holiday, "IAMAT plum +1+1 1");
    says(Hands, "IAMAT fig +1+1 1");
    runs_ms(1000);
    all_know("kiwi", "1");
    dies(Welsh);
    dies(Goloman);
    file_lacks(Goloman, Welsh);
    starts(Goloman);
    runs_ms(30000);
    knows_not(Goloman, "kiwi");
    knows(Goloman, "plum", "1");
    knows(Goloman, "fig", "1");
    is_incomplete(Goloman, Hands, true);
    is_incomplete(Goloman, Holiday, true);
    is_incomplete(Hands, Goloman, false);
    messages_at_most(Goloman, Holiday, 6);
    says(Goloman, "IAMAT date +1+1 1");
    runs_ms(5000);
    knows(Hands, "date", "1");
    alarms(0);
    dies(Goloman);
    file_retires(Goloman, Welsh);
    starts(Goloman);
    runs_ms(10000);
    knows(Goloman, "kiwi", "1");
    knows(Goloman, "date", "1");
    is_incomplete(Goloman, Hands, false);
    is_incomplete(Goloman, Holiday, false);
    alarms(0);
}

/* A node was added, and not all have been restarted with the file that names it. */
Test(refused, a_new_node_is_heard_of_where_its_name_is_known)
{
    herd_of(4, in_line);
    dies(2);
    file_lacks(2, 0);
    starts(2);
    runs_ms(2000);
    says(0, "IAMAT kiwi +1+1 1");
    says(3, "IAMAT plum +1+1 1");
    runs_ms(20000);
    knows(1, "kiwi", "1");
    knows_not(2, "kiwi");
    knows_not(3, "kiwi"); /* which knows the name, but is behind one that does not */
    all_know("plum", "1");
    is_incomplete(2, 1, true);
    is_incomplete(3, 2, false);
    alarms(0);
    dies(2);
    file_retires(2, 0); /* as good as a file that names it */
    starts(2);
    runs_ms(5000);
    all_know("kiwi", "1");
    all_agree();
    alarms(0);
}
