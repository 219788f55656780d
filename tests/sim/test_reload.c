/* test_reload.c — stories of a topology.conf that is changed node by node. PROTOCOL.md,
 * "Topologies that differ". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(reload, .fini = story_ends);

static void reload_all_but(unsigned one, unsigned other)
{
    for (unsigned node = 0; node < nodes(); node++)
        if (node != one && node != other)
            reloads(node);
}

static void all_know_of_two(bool two)
{
    for (unsigned node = 0; node < nodes(); node++)
        knows_of_two(node, two);
}

Test(reload, an_edge_that_one_end_lacks_comes_up_when_it_has_it)
{
    herd(shipped);
    all_know_of_two(false);
    file_joins(Hands, Welsh);
    reloads(Hands);
    runs_ms(1000);
    all_know_of_two(true);
    not_linked(Hands, Welsh);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(60000); /* it is tried again each second, and has not fallen asleep */
    all_know("kiwi", "1");
    all_know_of_two(true);
    reloads(Welsh);
    runs_ms(1200);
    linked(Hands, Welsh);
    reload_all_but(Hands, Welsh);
    runs_ms(9000);
    all_know_of_two(true);
    runs_ms(2000);
    all_know_of_two(false);
    all_linked();
    all_agree();
    cr_assert_eq(links_lost(), 0, "violated: %u links were lost", (unsigned)links_lost());
    alarms(0);
}

/* Welsh is three hops from Hands, which knows of its file by those in between. */
Test(reload, while_two_are_about_no_link_is_lazy)
{
    herd(shipped);
    says_many(Goloman, 20, 1, 3);
    runs_ms(8000);
    counts_anew();
    says(Goloman, "IAMAT kiwi +1+1 1");
    runs_ms(3000);
    cr_assert_gt(notices(), 0, "violated: spare links carry no notices");
    file_joins(Welsh, Wilkes);
    reloads(Welsh);
    runs_ms(3000);
    for (int i = 0; i < 5; i++) { /* longer than any lease has been */
        counts_anew();
        says_many(Hands, 20, 10 + 10 * (unsigned)i, 3);
        runs_ms(6000);
        cr_assert_eq(notices(), 0, "violated: %u notices while two topologies are about",
            (unsigned)notices());
    }
    reload_all_but(Welsh, Welsh);
    runs_ms(16000);
    says_many(Hands, 20, 100, 3);
    runs_ms(3000);
    counts_anew();
    says(Hands, "IAMAT plum +1+1 1");
    runs_ms(3000);
    cr_assert_gt(notices(), 0, "violated: laziness has not returned");
    all_agree();
    alarms(0);
}

Test(reload, a_link_that_both_files_have_goes_on_where_it_was)
{
    herd(shipped);
    says_many(Goloman, 200, 1, 1);
    says_many(Hands, 100, 2, 1);
    runs_ms(5000);
    file_parts(Holiday, Wilkes);
    for (unsigned node = 0; node < nodes(); node++)
        reloads(node);
    counts_anew();
    breaks(Goloman, Hands, CUT_RESET);
    runs_ms(5000);
    all_linked();
    messages_at_most(Goloman, Hands, 20);
    all_agree();
    alarms(0);
}

/* What was just said goes by the link that ends, though it is more than a link has under way. */
Test(reload, a_link_whose_edge_is_removed_hands_over_before_it_ends)
{
    herd_asleep(3, in_line); /* 0 - 1 - 2 */
    windows_hold(4000);
    file_joins(0, 2);
    for (unsigned node = 0; node < 3; node++) {
        reloads(node);
        starts(node);
    }
    runs_ms(15000);
    all_linked();
    cut(0, 2); /* nobody else can bring it */
    path_takes_ms(0, 1, 10);
    says_many(0, 3000, 1, 1);
    runs_ms(150);
    cr_assert(has_of(0, "id2999") && !has_of(1, "id1000"));
    file_parts(0, 1);
    reloads(0);
    runs_ms(6000);
    not_linked(0, 1);
    knows(1, "id2999", "1");
    heals(0, 2);
    reloads(1);
    reloads(2);
    runs_ms(20000);
    all_linked();
    all_agree();
}

Test(reload, a_node_is_added)
{
    herd_asleep(4, in_line); /* 0 - 1 - 2 - 3 */
    file_lacks_node(3, true);
    file_retires_none();
    for (unsigned node = 0; node < 3; node++) {
        reloads(node);
        starts(node);
    }
    runs_ms(2000);
    all_linked();
    file_lacks_node(3, false);
    reloads(3);
    starts(3);
    says(3, "IAMAT kiwi +1+1 1");
    runs_ms(5000);
    not_linked(3, 2);
    knows_not(2, "kiwi");
    reloads(2);
    runs_ms(1200);
    linked(2, 3);
    knows(2, "kiwi", "1");
    knows_not(1, "kiwi"); /* which knows no node of that name */
    is_incomplete(1, 2, true);
    runs_ms(10000);
    reloads(1);
    reloads(0);
    runs_ms(3000);
    all_know("kiwi", "1");
    is_incomplete(1, 2, false);
    runs_ms(12000);
    all_linked();
    all_agree();
    cr_assert_eq(links_lost(), 0, "violated: %u links were lost", (unsigned)links_lost());
    alarms(0);
}

Test(reload, a_node_is_removed_and_its_stamps_stay)
{
    herd_of(4, ring);
    says(3, "IAMAT kiwi +1+1 1");
    runs_ms(20);
    is_told_to_stop(3);
    runs_ms(1000);
    has_ended(3, 0);
    file_lacks_node(3, true);
    for (unsigned node = 0; node < 3; node++) {
        reloads(node);
        runs_ms(30000);
    }
    for (unsigned node = 0; node < 3; node++)
        knows_of(node, "kiwi", 3);
    dies(1);
    starts(1);
    runs_ms(15000);
    knows_of(1, "kiwi", 3); /* `retired` names it */
    all_linked();
    all_agree();
}

/* Where there was no spare link, none knew how to be lazy when it came up. */
Test(reload, links_that_were_all_of_the_tree_become_lazy)
{
    herd_of(4, in_line);
    says_many(0, 10, 1, 2);
    file_joins(0, 3);
    for (unsigned node = 0; node < 4; node++)
        reloads(node);
    runs_ms(16000);
    all_linked();
    says_many(0, 10, 10, 2);
    runs_ms(3000);
    counts_anew();
    says(1, "IAMAT kiwi +1+1 1");
    runs_ms(3000);
    cr_assert_gt(notices(), 0, "violated: no link is lazy");
    file_parts(0, 3);
    for (unsigned node = 0; node < 4; node++)
        reloads(node);
    runs_ms(16000);
    counts_anew();
    says(0, "IAMAT plum +1+1 1");
    runs_ms(3000);
    cr_assert_eq(notices(), 0, "violated: a link of the tree is lazy");
    all_know("plum", "1");
    all_linked();
    all_agree();
    alarms(0);
}
