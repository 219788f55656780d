/* test_names.c — stories of nodes that topology.conf has by name, and that move. */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(names, .fini = story_ends);

static void herd_with_names(unsigned named)
{
    herd_asleep(5, shipped);
    for (unsigned node = 0; node < 5; node++)
        if (named >> node & 1)
            has_name(node);
    for (unsigned node = 0; node < 5; node++)
        starts(node);
    runs_ms(800);
    all_linked();
}

Test(names, a_herd_of_names_links_as_one_of_addresses_does)
{
    herd_with_names(0x1f);
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    all_know("kiwi", "1");
    alarms(0);
    for (unsigned node = 0; node < nodes(); node++) { /* though nobody is at some addresses */
        uint64_t failed = node_metrics(host_of(node)->node)->dials_failed;
        cr_assert_eq(failed, 0, "violated: %u dials failed", (unsigned)failed);
    }
}

/* Its neighbours find it where it is now; it does not find them, so that nobody helps. */
Test(names, a_node_that_moves_is_dialled_where_it_is_now)
{
    herd_with_names(0x1f);
    for (unsigned node = 0; node < 5; node++)
        name_is_lost(node, node != Holiday);
    for (unsigned i = 0; i < 3; i++) {
        dies(Holiday);
        moves(Holiday);
        runs_ms(3000);
        starts(Holiday);
        runs_ms(6000);
        all_linked();
        dialled_by(Goloman, Holiday);
        dialled_by(Welsh, Holiday);
        dialled_by(Wilkes, Holiday);
    }
    says(Welsh, "IAMAT kiwi +1+1 1");
    runs_ms(500);
    all_know("kiwi", "1");
    all_agree();
}

/* A reload that leaves a name as it is touches no link; one that changes it is a move. */
Test(names, a_reload_of_names)
{
    herd_with_names(0x1f);
    for (unsigned node = 0; node < 5; node++)
        reloads(node);
    runs_ms(1000);
    all_linked();
    cr_assert_eq(links_lost(), 0, "violated: %u links were lost", (unsigned)links_lost());
}

/* The name server is gone, and a neighbour was not: it is where it was. */
Test(names, a_name_that_leads_nowhere_any_more_leads_where_it_led_last)
{
    herd_with_names(0x1f);
    for (unsigned node = 0; node < 5; node++)
        name_is_lost(node, true);
    for (unsigned a = 0; a < 5; a++)
        for (unsigned b = a + 1; b < 5; b++)
            breaks(a, b, CUT_RESET);
    runs_ms(6000);
    all_linked();
    all_agree();
}

Test(names, one_that_leads_nowhere_is_tried_until_it_does)
{
    herd_asleep(3, in_line); /* 0 - 1 - 2 */
    has_name(1);
    has_name(2);
    name_is_lost(2, true);
    name_is_lost(1, true);
    starts(0);
    starts(1);
    runs_ms(30000);
    linked(0, 1); /* the other end has dialled */
    status_says(1, "cannot look up");
    name_is_lost(2, false);
    starts(2);
    runs_ms(6000);
    all_linked();
}

/* What was asked for a neighbour that is none any more says nothing about one that comes. */
Test(names, neighbours_come_and_go_while_names_are_looked_up)
{
    herd_with_names(0x1f);
    for (unsigned i = 0; i < 10; i++) {
        breaks(Hands, Wilkes, CUT_RESET);
        breaks(Goloman, Hands, CUT_RESET);
        runs_ms(120 + 13 * i);
        file_parts(Hands, Wilkes);
        file_joins(Hands, Welsh);
        reloads(Hands);
        runs_ms(10 + 3 * i);
        file_joins(Hands, Wilkes);
        file_parts(Hands, Welsh);
        reloads(Hands);
        runs_ms(20);
    }
    for (unsigned node = 0; node < 5; node++)
        reloads(node);
    runs_ms(15000);
    all_linked();
    all_agree();
}
