/* test_stopping.c — how nodes stop in order, told as stories in the language of story.h.
 *
 * The judge holds the rule in all of these, and in the campaign: a node whose links have confirmed
 * everything takes no stamp with it. PROTOCOL.md, "Stopping". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(stopping, .fini = story_ends);

/* It still runs while nobody has confirmed what it holds, and has ended so long after that. */
static void waits_and_ends(int64_t after_ms)
{
    is_told_to_stop_too_early();
    runs_ms(150);
    runs_still(Goloman);
    runs_ms(after_ms);
    has_ended(Goloman, 0);
    knows(Hands, "id199", "1");
    knows(Welsh, "id199", "1");
    not_linked(Hands, Goloman);
    alarms(0);
}

Test(stopping, a_node_that_stops_waits_until_its_stamps_are_confirmed)
{
    herd(shipped);
    waits_and_ends(400);
}

Test(stopping, a_node_with_nothing_behind_stops_within_20_ms)
{
    herd(shipped);
    says(Goloman, "IAMAT kiwi +1+1 1"); /* its client stays connected */
    runs_ms(1000);
    is_told_to_stop(Goloman);
    runs_ms(20);
    has_ended(Goloman, 0);
}

Test(stopping, all_nodes_stop_in_the_same_turn)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_of(9, shape);
        for (unsigned node = 0; node < nodes(); node++)
            says_many(node, 20, node + 1, 1);
        runs_ms(5);
        for (unsigned node = 0; node < nodes(); node++)
            is_told_to_stop(node);
        runs_ms(1500);
        for (unsigned node = 0; node < nodes(); node++)
            runs_no_more(node);
        story_ends();
    }
}

/* Neither knows that the other, which had confirmed everything before, stops as well. */
Test(stopping, two_nodes_stop_that_do_not_hear_each_other)
{
    herd_of(3, in_line);
    is_told_to_stop(2);
    runs_ms(500);
    says(0, "IAMAT kiwi +1+1 1");
    runs_ms(1000);
    knows(1, "kiwi", "1");
    cut_so(0, 1, CUT_STALL);
    is_told_to_stop(0);
    is_told_to_stop(1);
    runs_ms(3000);
    has_ended(0, 1);
    has_ended(1, 1);
}

/* Each node says something just before it stops. The last one goes on. */
static void line_stops(const unsigned order[4], int64_t apart_ms)
{
    char iamat[64];
    herd_of(4, in_line);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(iamat, sizeof iamat, "IAMAT from%u +1+1 1", order[i]);
        says(order[i], iamat);
    }
    runs_ms(5);
    for (unsigned i = 0; i < 3; i++) {
        is_told_to_stop(order[i]);
        runs_ms(apart_ms);
    }
    runs_ms(1500);
    for (unsigned i = 0; i < 3; i++)
        runs_no_more(order[i]);
    bool towards_the_last = order[3] == 3 && order[0] < order[1] && order[1] < order[2];
    for (unsigned i = 0; towards_the_last && i < 4; i++) {
        snprintf(iamat, sizeof iamat, "from%u", i);
        knows(3, iamat, "1");
    }
    story_ends();
}

Test(stopping, a_line_stops_in_every_order)
{
    for (unsigned code = 0; code < 256; code++) {
        const unsigned order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 15)
            continue;
        for (int64_t apart_ms = 0; apart_ms < 4; apart_ms++)
            line_stops(order, apart_ms);
    }
}

static bool all_have_their_own(void)
{
    char id[16];
    for (unsigned node = 0; node < nodes(); node++) {
        snprintf(id, sizeof id, "from%u", node);
        if (!has_of(node, id))
            return false;
    }
    return true;
}

/* In a line of five, all but one are told to stop in the same turn, and that one knows everything,
 * although between it and the farthest there are three that stop. */
static void line_stops_at_once(unsigned goes_on_alone, bool far_is_slow)
{
    char text[64];
    herd_of(5, in_line);
    for (unsigned node = 0; far_is_slow && node < 4; node++)
        path_takes_ms(node, node + 1, 1 + 20 * (goes_on_alone < 2 ? node : 3 - node));
    for (unsigned node = 0; node < nodes(); node++) {
        snprintf(text, sizeof text, "IAMAT from%u +1+1 1", node);
        says(node, text);
    }
    while (!all_have_their_own())
        runs_ns(100000);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != goes_on_alone)
            is_told_to_stop(node);
    runs_ms(3000);
    for (unsigned node = 0; node < nodes(); node++) {
        if (node != goes_on_alone)
            runs_no_more(node);
        snprintf(text, sizeof text, "from%u", node);
        knows(goes_on_alone, text, "1");
    }
    story_ends();
}

Test(stopping, who_goes_on_alone_knows_everything)
{
    for (unsigned node = 0; node < 5; node++) {
        line_stops_at_once(node, false);
        line_stops_at_once(node, true);
    }
}

/* The one in the middle has to hear out one that stands still, and the first waits for its
 * answer. */
Test(stopping, nobody_waits_long_for_one_that_stands_still_behind_another)
{
    herd_of(3, in_line);
    stops(2);
    says(0, "IAMAT kiwi +1+1 1");
    runs_ms(5);
    is_told_to_stop(0);
    is_told_to_stop(1);
    runs_ms(900);
    runs_still(0);
    runs_still(1);
    runs_ms(1400);
    runs_no_more(0);
    runs_no_more(1);
    goes_on(2);
    runs_ms(5000);
    knows(2, "kiwi", "1");
}

Test(stopping, a_peer_that_stands_still_is_waited_for_1_s)
{
    herd(shipped);
    stops(Hands);
    says(Goloman, "IAMAT kiwi +1+1 7");
    runs_ms(5);
    is_told_to_stop(Goloman);
    runs_ms(900);
    runs_still(Goloman);
    runs_ms(400);
    has_ended(Goloman, 0);
    knows(Welsh, "kiwi", "7");
    goes_on(Hands);
    runs_ms(5000);
    knows(Hands, "kiwi", "7");
}

Test(stopping, what_nobody_has_confirmed_is_counted)
{
    herd_of(3, in_line);
    is_told_to_stop(2);
    runs_ms(500);
    stops(1);
    says_many(0, 30, 1, 1);
    runs_ms(5);
    is_told_to_stop(0);
    runs_ms(1500);
    has_ended(0, 30);
}

Test(stopping, a_peer_that_goes_on_in_time_gets_everything)
{
    herd_of(3, in_line);
    is_told_to_stop(2);
    runs_ms(500);
    stops(1);
    says_many(0, 30, 1, 1);
    runs_ms(5);
    is_told_to_stop(0);
    runs_ms(700);
    goes_on(1);
    runs_ms(200);
    has_ended(0, 0);
    knows(1, "id29", "1");
}

Test(stopping, a_full_send_under_way_is_finished_before_a_node_stops)
{
    herd_asleep(2, in_line);
    windows_hold(3000);
    starts(0);
    says_many(0, 5000, 1, 1);
    runs_ms(3000);
    starts(1);
    while (!herd_has_linked(0, 1))
        runs_ms(1);
    is_told_to_stop(0);
    runs_ms(5);
    runs_still(0);
    runs_ms(4900);
    has_ended(0, 0);
    knows(1, "id4999", "1");
}

Test(stopping, a_lazy_link_sends_stamps_at_once)
{
    herd(shipped);
    runs_ms(3000); /* Wilkes is lazy to Hands */
    path_takes_ms(Goloman, Wilkes, 900);
    path_takes_ms(Holiday, Wilkes, 900);
    says(Wilkes, "IAMAT kiwi +1+1 7");
    runs_ms(5);
    is_told_to_stop(Wilkes);
    runs_ms(20);
    knows(Hands, "kiwi", "7");
    runs_ms(3000);
    has_ended(Wilkes, 0);
}

/* -- with certificates ------------------------------------------------------------------------- */

Test(stopping, with_tls_a_node_waits_until_its_stamps_are_confirmed)
{
    herd_with_tls(shipped);
    waits_and_ends(600);
}

Test(stopping, with_tls_all_nodes_stop_at_once)
{
    for (int64_t apart_ms = 0; apart_ms < 4; apart_ms++) {
        herd_with_tls(shipped);
        for (unsigned node = 0; node < nodes(); node++)
            says_many(node, 20, node + 1, 1);
        runs_ms(5);
        for (unsigned node = 0; node < nodes(); node++) {
            is_told_to_stop(node);
            runs_ms(apart_ms);
        }
        runs_ms(1500);
        for (unsigned node = 0; node < nodes(); node++)
            runs_no_more(node);
        story_ends();
    }
}

Test(stopping, with_tls_each_node_is_restarted_under_load)
{
    herd_with_tls(shipped);
    char iamat[64], id[16];
    for (unsigned round = 0; round < 3 * nodes(); round++) {
        unsigned node = round % nodes();
        for (unsigned i = 0; i < 30; i++) {
            snprintf(iamat, sizeof iamat, "IAMAT r%u-%u +1+1 1", round, i);
            says(node, iamat);
        }
        snprintf(id, sizeof id, "r%u-29", round);
        while (!has_of(node, id))
            runs_ms(1);
        is_told_to_stop(node);
        runs_ms(500);
        has_ended(node, 0);
        starts(node);
        runs_ms(3000);
        all_linked();
    }
    for (unsigned round = 0; round < 3 * nodes(); round++) {
        snprintf(id, sizeof id, "r%u-29", round);
        all_know(id, "1");
    }
    all_agree();
    alarms(0);
}

/* -- beside nodes that do not know STOPPING ---------------------------------------------------- */

Test(stopping, an_old_peer_confirms_without_being_told)
{
    herd_asleep(2, in_line);
    is_old(1);
    starts(0);
    starts(1);
    runs_ms(1000);
    path_takes_ms(0, 1, 60);
    says_many(0, 200, 1, 1);
    runs_ms(10);
    is_told_to_stop(0);
    runs_ms(100);
    runs_still(0);
    runs_ms(200);
    has_ended(0, 0);
    knows(1, "id199", "1");
    starts(0);
    runs_ms(2000);
    linked(0, 1);
    all_agree();
}

Test(stopping, an_old_peer_that_stands_still_is_waited_for_1_s)
{
    herd_asleep(2, in_line);
    is_old(1);
    starts(0);
    starts(1);
    runs_ms(1000);
    stops(1);
    says_many(0, 30, 1, 1);
    runs_ms(5);
    is_told_to_stop(0);
    runs_ms(900);
    runs_still(0);
    runs_ms(400);
    has_ended(0, 30);
}

/* Old and new ones in every mix. Each new one is stopped; then every node that goes on knows
 * all. */
Test(stopping, in_every_mix_of_old_and_new)
{
    for (unsigned mix = 0; mix < 32; mix++) {
        herd_asleep(5, shipped);
        for (unsigned node = 0; node < nodes(); node++) {
            if (mix >> node & 1)
                is_old(node);
            starts(node);
        }
        runs_ms(1000);
        for (unsigned node = 0; node < nodes(); node++) {
            char iamat[64];
            if (mix >> node & 1)
                continue;
            snprintf(iamat, sizeof iamat, "IAMAT from%u +1+1 1", node);
            says(node, iamat);
            snprintf(iamat, sizeof iamat, "from%u", node);
            while (!has_of(node, iamat))
                runs_ms(1);
            is_told_to_stop(node);
            runs_ms(300);
            has_ended(node, 0);
            starts(node);
            runs_ms(3000);
            all_linked();
            all_know(iamat, "1");
        }
        alarms(0);
        story_ends();
    }
}
