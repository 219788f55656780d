/* test_scenarios.c — what a herd promises, told as stories in the language of story.h.
 *
 * Times are virtual, so bounds are exact and nobody waits. For each seed of the campaign that found
 * a fault there is a story, below "what the campaign found". */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(sim, .fini = story_ends);

/* -- linking ----------------------------------------------------------------------------------- */

Test(sim, linked_within_800_ms_when_started_together)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_of(9, shape); /* checks itself that they link */
        story_ends();
    }
}

Test(sim, of_two_links_the_one_stays_that_the_first_name_dialled)
{
    herd(mesh);
    for (unsigned a = 0; a < nodes(); a++)
        for (unsigned b = a + 1; b < nodes(); b++)
            dialled_by(a, b);
    runs_ms(20000);
    all_linked();
}

Test(sim, nodes_that_start_one_after_the_other_find_each_other)
{
    static const unsigned order[] = {Welsh, Hands, Wilkes, Goloman, Holiday};
    herd_asleep(5, shipped);
    for (unsigned i = 0; i < 5; i++) {
        starts(order[i]);
        says(order[i], i == 0 ? "IAMAT kiwi +34-118 100.5" : "WHATSAT nobody 1 1");
        runs_ms(7000);
    }
    all_linked();
    all_know("kiwi", "100.5");
}

Test(sim, a_node_that_stands_still_is_noticed_after_10_s)
{
    herd(shipped);
    stops(Welsh);
    runs_ms(6900); /* it was last heard of at least 3 s ago */
    linked(Holiday, Welsh);
    says(Goloman, "IAMAT kiwi +1+1 7");
    runs_ms(3200);
    not_linked(Holiday, Welsh);
    goes_on(Welsh);
    runs_ms(10000);
    all_linked();
    all_know("kiwi", "7");
}

Test(sim, a_cut_that_nobody_is_told_of_is_noticed_after_10_s)
{
    herd(shipped);
    cut_so(Holiday, Welsh, CUT_SILENT);
    says(Welsh, "IAMAT kiwi +1+1 7");
    runs_ms(6900);
    linked(Holiday, Welsh);
    knows_not(Holiday, "kiwi");
    runs_ms(3200);
    not_linked(Holiday, Welsh);
    not_linked(Welsh, Holiday);
    heals(Holiday, Welsh);
    runs_ms(10000);
    all_linked();
    all_know("kiwi", "7");
    alarms(0);
}

Test(sim, what_was_held_up_for_a_while_is_not_lost)
{
    herd(shipped);
    cut_so(Holiday, Welsh, CUT_STALL);
    says(Welsh, "IAMAT kiwi +1+1 7");
    runs_ms(5000);
    knows_not(Holiday, "kiwi");
    heals(Holiday, Welsh);
    runs_ms(20);
    all_know("kiwi", "7");
    messages_between(Holiday, Welsh, 0); /* since the cut: it was in transit */
}

/* -- flooding ---------------------------------------------------------------------------------- */

Test(sim, told_to_one_known_to_all)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_of(9, shape);
        says(nodes() - 1, "IAMAT kiwi +34-118 100.5");
        runs_ms(100);
        all_know("kiwi", "100.5");
        all_answered();
        cr_assert_geq(messages(), nodes() - 1);
        cr_assert_leq(messages(), 2 * edges());
        counts_anew();
        runs_ms(60000);
        cr_assert_eq(messages(), 0);
        story_ends();
    }
}

Test(sim, a_large_herd)
{
    herd_of(50, regular);
    for (unsigned node = 0; node < nodes(); node++)
        says_many(node, 20, node, 1);
    runs_ms(2000);
    all_agree();
    all_know("id0", "49");
    all_answered();
    alarms(0);
}

Test(sim, around_a_cut_by_way_of_others)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +34-118 100.5");
    runs_ms(50);
    cut(Holiday, Goloman);
    says(Goloman, "IAMAT kiwi +1-1 101");
    runs_ms(500);
    knows(Hands, "kiwi", "101");
    knows(Welsh, "kiwi", "101"); /* by way of Wilkes */
    messages_between(Holiday, Goloman, 0);
}

Test(sim, an_older_time_goes_nowhere)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +34-118 100.5");
    runs_ms(50);
    counts_anew();
    says(Hands, "IAMAT kiwi +1+1 100.4");
    says(Goloman, "IAMAT kiwi +1+1 100.50");
    runs_ms(1000);
    all_know("kiwi", "100.5");
    all_answered();
    cr_assert_eq(messages(), 0);
}

Test(sim, equal_times_at_two_nodes_end_as_one)
{
    herd(shipped);
    path_takes_ms(Holiday, Welsh, 20); /* so that neither has heard of the other's */
    says(Hands, "IAMAT kiwi +1+1 100");
    says(Welsh, "IAMAT kiwi +2+2 100");
    runs_ms(100);
    for (unsigned node = 0; node < nodes(); node++)
        knows_of(node, "kiwi", Welsh); /* the later name */
    all_agree();
    runs_ms(30000);
    alarms(0);
}

Test(sim, equal_times_in_two_spellings_end_as_one)
{
    herd(in_line);
    says(0, "IAMAT kiwi +1+1 100.0");
    says(4, "IAMAT kiwi +1+1 100");
    says(4, "IAMAT plum +1+1 7");
    says(0, "IAMAT plum +1.0+1 7.000");
    runs_ms(100);
    all_agree();
    all_know("kiwi", "100");
    runs_ms(30000);
    alarms(0);
}

Test(sim, whatsat_is_answered_everywhere_with_the_origins_line)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +34.068930-118.445127 1520023934.918963997");
    runs_ms(50);
    for (unsigned node = 0; node < nodes(); node++)
        says(node, "WHATSAT kiwi 10 5");
    runs_ms(12000);
    all_answered(); /* the judge has read every reply */
}

/* -- after a cut ------------------------------------------------------------------------------- */

Test(sim, after_a_cut_only_what_changed_is_sent)
{
    herd(shipped);
    says_many(Goloman, 100, 1, 1);
    runs_ms(500);
    cut(Holiday, Welsh);
    says_many(Goloman, 3, 1000, 333);
    runs_ms(5000);
    knows(Holiday, "id2", "1332");
    knows(Welsh, "id2", "1");
    heals(Holiday, Welsh);
    runs_ms(6000);
    all_know("id2", "1332");
    all_agree();
    messages_between(Holiday, Welsh, 3);
    alarms(0);
}

Test(sim, after_a_cut_each_end_gets_what_the_other_has)
{
    herd(in_line);
    cut(1, 2);
    says_many(0, 10, 100, 2);
    says_many(4, 20, 99, 2);
    runs_ms(300);
    heals(1, 2);
    runs_ms(6000);
    all_know("id3", "101");
    all_know("id13", "100");
    all_agree();
    messages_at_most(1, 2, 30);
}

Test(sim, short_breaks_lose_nothing_and_repeat_little)
{
    static const enum cut hows[] = {CUT_RESET, CUT_FIN};
    herd(shipped);
    says_many(Welsh, 200, 1, 1);
    runs_ms(200);
    for (unsigned i = 0; i < 2; i++) {
        breaks(Holiday, Welsh, hows[i]);
        runs_ms(6000);
        all_linked();
        messages_between(Holiday, Welsh, 0);
    }
    all_agree();
}

/* The MARK of a batch is true only after the whole batch arrived: 1,500 stamps are far more than
 * fit. */
Test(sim, a_cut_in_the_middle_of_much_loses_nothing)
{
    for (int64_t after_ms = 100; after_ms <= 1600; after_ms += 100) {
        herd(in_line);
        path_takes_ms(1, 2, 40);
        breaks(1, 2, CUT_RESET);
        windows_hold(8000);
        runs_ms(3000);
        says_many(0, 3000, 1, 1); /* more than two outputs of a link */
        runs_ms(after_ms);
        breaks(1, 2, CUT_RESET);
        runs_ms(3500);
        messages_at_most(1, 2, 2 * 3000); /* including what a link sends twice */
        runs_ms(15000);
        all_linked();
        all_agree();
        alarms(0);
        story_ends();
    }
}

Test(sim, a_slow_neighbour_gets_the_newest_only_and_holds_up_nobody)
{
    herd(shipped);
    path_takes_ms(Holiday, Welsh, 200);
    breaks(Holiday, Welsh, CUT_RESET);
    windows_hold(400);
    runs_ms(4000);
    says_many(Goloman, 100, 1, 50);
    runs_ms(1000);
    knows(Wilkes, "id99", "50");
    messages_at_most(Holiday, Welsh, 1500); /* what its buffers hold, of 5,000 */
    runs_ms(120000);
    all_know("id99", "50");
    all_agree();
    messages_at_most(Holiday, Welsh, 2000);
    alarms(0);
}

/* -- nodes that come and go -------------------------------------------------------------------- */

Test(sim, a_dead_node_in_the_middle_parts_the_herd_until_it_is_back)
{
    herd_of(3, in_line);
    dies(1);
    says(0, "IAMAT kiwi +1+1 5");
    says(2, "IAMAT plum +1+1 6");
    runs_ms(10000);
    knows_not(2, "kiwi");
    starts(1);
    runs_ms(6000);
    all_know("kiwi", "5");
    all_know("plum", "6");
    alarms(0);
}

Test(sim, a_restarted_node_gets_everything_again)
{
    herd(shipped);
    says_many(Welsh, 300, 1, 1); /* all received lists name Holiday */
    says_many(Holiday, 10, 2, 1);
    runs_ms(300);
    dies(Holiday);
    runs_ms(300);
    starts(Holiday);
    runs_ms(6000);
    all_linked();
    all_know("id5", "2");
    all_know("id299", "1");
    all_agree();
    alarms(0);
}

/* PROTOCOL.md, "AT": a received list says something about the present boot only. What n00 sent in
 * its former life comes back to n02 by a detour, with n00 in its list, after n02 had sent n00
 * everything that it held. */
Test(sim, a_list_says_nothing_of_a_peer_that_restarted)
{
    herd_of(3, ring);
    cut(0, 2);
    cut_so(1, 2, CUT_STALL);
    says(0, "IAMAT kiwi +1+1 5");
    runs_ms(100);
    knows(1, "kiwi", "5");
    cut(0, 1);
    dies(0);
    starts(0);
    heals(0, 2);
    runs_ms(6000);
    linked(0, 2);
    knows_not(0, "kiwi");
    heals(1, 2);
    runs_ms(500);
    knows(2, "kiwi", "5");
    knows(0, "kiwi", "5");
    alarms(0);
}

/* The same, but so late that lists count again: then digests find the difference. */
Test(sim, what_a_detour_brings_later_still_is_found_by_digests)
{
    herd_of(3, ring);
    cut(0, 2);
    cut(1, 2);
    says(0, "IAMAT kiwi +1+1 5");
    runs_ms(100);
    cut(0, 1);
    dies(0);
    starts(0);
    heals(0, 2);
    runs_ms(20000);
    linked(0, 2);
    heals(1, 2);
    runs_ms(30000);
    all_agree();
    knows(0, "kiwi", "5");
}

Test(sim, all_die_but_one_and_the_herd_is_whole_again)
{
    herd(shipped);
    says_many(Hands, 500, 1, 1);
    runs_ms(500);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Welsh)
            dies(node);
    runs_ms(1000);
    for (unsigned node = 0; node < nodes(); node++)
        if (node != Welsh)
            starts(node);
    runs_ms(7000);
    all_linked();
    all_know("id499", "1");
    all_agree();
    alarms(0);
}

/* -- digests ----------------------------------------------------------------------------------- */

Test(sim, a_store_that_was_tampered_with_is_found_and_mended)
{
    herd(shipped);
    says_many(Goloman, 20, 1, 1);
    runs_ms(1000);
    is_tampered_with(Welsh, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    knows_not(Holiday, "kiwi");
    runs_ms(10000);
    all_know("kiwi", "5");
    all_agree();
    counts_anew();
    runs_ms(60000);
    cr_assert_eq(messages(), 0, "violated: the herd is at rest again");
}

Test(sim, a_full_node_raises_no_alarm_and_is_not_sent_things_again)
{
    for (int evicts = 0; evicts < 2; evicts++) {
        herd_asleep(5, shipped);
        limits_stamps(Wilkes, 5, evicts);
        for (unsigned node = 0; node < nodes(); node++)
            starts(node);
        runs_ms(800);
        says_many(Welsh, 30, 1, 3);
        says_many(Wilkes, 30, 4, 1);
        runs_ms(1000);
        knows(Hands, "id29", evicts ? "4" : "3");
        counts_anew();
        runs_ms(120000);
        cr_assert_eq(messages(), 0, "violated: %lu messages at rest", messages());
        alarms(0);
        story_ends();
    }
}

/* Hands, Goloman and Wilkes in a line, so to speak. The one in the middle refuses what the first
 * sends, and agrees with the last. That must not make it whole: the first would be compared with
 * it, and send everything again and again. */
Test(sim, who_agrees_with_one_neighbour_may_still_lack_what_another_sent)
{
    herd_asleep(3, in_line);
    limits_stamps(1, 5, false);
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(800);
    says_many(0, 8, 1, 1);
    runs_ms(1000);
    counts_anew();
    runs_ms(120000);
    cr_assert_eq(messages(), 0, "violated: %lu messages at rest", messages());
    alarms(0);
    story_ends();
}

/* What the middle refused is lost with the node that held it. Then all agree, and the alarm works
 * again: a stamp that is missing is found. */
Test(sim, one_refused_stamp_does_not_silence_the_alarm_for_good)
{
    herd_asleep(3, in_line);
    limits_stamps(1, 5, false);
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(800);
    says_many(0, 6, 1, 1);
    runs_ms(1000);
    knows(2, "id1", "1");
    dies(0);
    runs_ms(1000);
    starts(0);
    runs_ms(10000);
    all_agree();
    is_tampered_with(2, "IAMAT id1 +1+1 5");
    runs_ms(15000);
    knows(0, "id1", "5");
    all_agree();
    story_ends();
}

/* -- memory ------------------------------------------------------------------------------------ */

/* A stamp for which there was no memory does not count as received: no MARK behind it is noted. */
Test(sim, what_found_no_memory_is_sent_again)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_of(5, shape);
        starves(3);
        says_many(0, 20, 1, 1);
        runs_ms(3000);
        knows(nodes() > 4 ? 1 : 0, "id19", "1");
        knows_not(3, "id0");
        is_fed(3);
        runs_ms(20000);
        all_linked();
        all_know("id19", "1");
        all_agree();
        alarms(0);
        story_ends();
    }
}

Test(sim, a_client_is_refused_what_finds_no_memory_and_nobody_hears_of_it)
{
    herd(shipped);
    says(Welsh, "WHATSAT nobody 1 1"); /* its output has a chunk, and need not have another */
    runs_ms(100);
    starves(Welsh);
    says(Welsh, "IAMAT kiwi +1+1 5"); /* the judge knows what may be refused, and when */
    runs_ms(1000);
    for (unsigned node = 0; node < nodes(); node++)
        knows_not(node, "kiwi");
    is_fed(Welsh);
    says(Welsh, "IAMAT kiwi +1+1 5");
    runs_ms(1000);
    all_know("kiwi", "5");
    all_agree();
}

/* -- clocks ------------------------------------------------------------------------------------ */

Test(sim, a_clock_that_jumps_is_told_and_told_over)
{
    herd(shipped);
    runs_ms(15000);
    thinks_clock_off(Holiday, false);
    clock_is_set(Welsh, 3600000);
    runs_ms(15000);
    thinks_clock_off(Holiday, true);
    thinks_clock_off(Welsh, true);
    thinks_clock_off(Hands, false); /* they are no neighbours */
    clock_is_set(Welsh, -2 * 86400000);
    runs_ms(20000);
    thinks_clock_off(Holiday, true);
    clock_is_set(Welsh, 100);
    runs_ms(20000);
    for (unsigned node = 0; node < nodes(); node++)
        thinks_clock_off(node, false);
    all_linked();
    alarms(0);
}

/* limits.future is a day. Only the node that receives a stamp from a client refuses it as of the
 * future; what it accepts, all accept, whatever their clocks say, because the skew decides: as long
 * as clocks are not further apart than that, and twice limits.clock. */
Test(sim, whose_clock_is_wrong_decides_for_all_what_is_of_the_future)
{
    herd(shipped);
    clock_is_set(Welsh, -2 * 86400000);
    says(Welsh, "IAMAT kiwi +1+1 1700000000");
    runs_ms(1000);
    for (unsigned node = 0; node < nodes(); node++)
        knows_not(node, "kiwi");
    clock_is_set(Welsh, -86400000);
    says(Holiday, "IAMAT kiwi +1+1 1700086400");
    runs_ms(1000);
    all_know("kiwi", "1700086400"); /* Welsh too */
    clock_is_set(Welsh, 0);
    clock_is_set(Goloman, 86400000);
    says(Goloman, "IAMAT plum +1+1 1700172800"); /* two days ahead of all the others */
    runs_ms(1000);
    all_know("plum", "1700172800");
    all_agree();
    runs_ms(30000);
    alarms(0);
}

/* -- one direction ----------------------------------------------------------------------------- */

Test(sim, a_link_that_carries_one_way_only_is_found_dead)
{
    static const enum cut hows[] = {CUT_SILENT, CUT_STALL};
    for (unsigned i = 0; i < 2; i++) {
        herd(shipped);
        cut_from(Welsh, Holiday, hows[i]);
        says(Welsh, "IAMAT kiwi +1+1 7");
        says(Holiday, "IAMAT plum +1+1 8");
        runs_ms(1000);
        knows(Welsh, "plum", "8");
        knows_not(Holiday, "kiwi");
        runs_ms(11000);
        not_linked(Holiday, Welsh);
        heals(Holiday, Welsh);
        runs_ms(20000);
        all_linked();
        all_know("kiwi", "7");
        all_agree();
        alarms(0);
        story_ends();
    }
}

/* -- lines without LF -------------------------------------------------------------------------- */

Test(sim, a_command_without_lf_is_taken_after_a_silence)
{
    herd(shipped);
    says_without_lf(Welsh, "IAMAT kiwi +1+1 7");
    runs_ms(900);
    knows_not(Welsh, "kiwi");
    runs_ms(200);
    all_answered();
    runs_ms(100);
    all_know("kiwi", "7");
    says_without_lf(Welsh, "WHATSAT kiwi 5 3");
    runs_ms(13000); /* places may let it wait until its time-out */
    all_answered();
    says(Welsh, "IAMAT kiwi +1+1 8"); /* a line of its own */
    runs_ms(500);
    all_know("kiwi", "8");
}

/* Before its last piece comes, it would be a command as it stands. */
Test(sim, what_is_typed_in_pieces_is_one_line)
{
    herd(shipped);
    types(Welsh, "IAMAT kiwi +1", "+1 7", "77");
    all_answered();
    all_know("kiwi", "777");
}

/* -- what the campaign found ------------------------------------------------------------------- */

/* Seed 344. Both ends of a stalled link found it dead and sent BYE behind unsent output. Neither
 * read any more, so such connections stayed for ever. */
Test(sim, two_ends_that_both_gave_up_do_not_wait_for_each_other)
{
    herd_of(2, in_line);
    breaks(0, 1, CUT_RESET);
    windows_hold(400);
    runs_ms(3000);
    cut_so(0, 1, CUT_STALL);
    says_many(0, 50, 1, 1);
    says_many(1, 50, 2, 1);
    runs_ms(12000);
    not_linked(0, 1);
    heals(0, 1);
    runs_ms(45000);
    all_linked(); /* by one connection, and there is no other */
    all_agree();
}

/* Seed 1130. With more ids than stores can hold, each evicted stamp came back from the next node
 * and evicted another, as fast as the links could carry, as long as received lists did not
 * count. */
Test(sim, what_is_evicted_does_not_go_round_and_round)
{
    herd_asleep(5, mesh);
    for (unsigned node = 0; node < nodes(); node++)
        limits_stamps(node, 5, true);
    for (unsigned node = 0; node < nodes(); node++)
        starts(node);
    runs_ms(800);
    dies(2);
    starts(2);
    runs_ms(2000);
    for (unsigned id = 0; id < 40; id++) {
        char iamat[64];
        snprintf(iamat, sizeof iamat, "IAMAT id%u +1+1 1", id);
        says(id % nodes(), iamat);
    }
    runs_ms(20000);
    cr_assert_leq(messages(), 40 * 2 * edges(), "violated: %lu messages for 40 stamps", messages());
    alarms(0);
}

/* Seed 31160209096797 at 5feced3, and nine of its kind. A node that had slept for 35 s took the
 * answers of places in its first turn, and in the same turn found their client stalled: it had
 * moved no byte for so long. Its replies were unsent, its input unread. */
Test(sim, a_node_that_slept_resets_no_client_that_waits_for_its_answers)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +1+1 7");
    runs_ms(50);
    for (unsigned i = 0; i < 20; i++)
        says(Welsh, "WHATSAT kiwi 5 3");
    finishes(Welsh); /* so it is not read from, and must read within limits.stall */
    runs_ms(20);
    stops(Welsh);
    runs_ms(35000);
    goes_on(Welsh);
    runs_ms(20000);
    all_answered();
    all_linked();
}

/* Longer than limits.idle: the silence of a client to which nobody listens does not count. */
Test(sim, a_node_that_slept_resets_no_client_that_had_nothing_to_say)
{
    herd(shipped);
    says(Welsh, "IAMAT kiwi +1+1 7");
    runs_ms(50);
    stops(Welsh);
    runs_ms(700000);
    goes_on(Welsh);
    runs_ms(500000);
    says(Welsh, "IAMAT kiwi +1+1 8"); /* on the same connection */
    runs_ms(20000);
    all_answered();
    all_know("kiwi", "8");
}
