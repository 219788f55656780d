/* test_past.c — nodes that keep what they hold beyond their end, told as stories in the language
 * of story.h. PROTOCOL.md, "Processes that remember". What is kept of a node is kept.h's. */
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(past, .fini = story_ends);

static void remembers(unsigned node)
{
    host_of(node)->kept.on = true;
}

/* Of nodes that all remember, unless `but` does not; -1: all do. */
static void herd_that_remembers(unsigned count, enum shape shape, int but)
{
    herd_asleep(count, shape);
    for (unsigned node = 0; node < count; node++) {
        host_of(node)->kept.on = (int)node != but;
        starts(node);
    }
    runs_ms(800);
    all_linked();
    counts_anew();
}

/* Nothing that it stores from now on is kept; or all is again. */
static void keeps_nothing(unsigned node, bool rests)
{
    host_of(node)->kept.rests = rests;
}

/* It dies, and the next process begins with what was kept. */
static void dies_and_starts(unsigned node)
{
    dies(node);
    keeps_nothing(node, false);
    starts(node);
}

static void all_die_and_start(void)
{
    for (unsigned node = 0; node < nodes(); node++)
        dies(node);
    for (unsigned node = 0; node < nodes(); node++) {
        keeps_nothing(node, false);
        starts(node);
    }
    counts_anew();
}

static void settles(void)
{
    runs_ms(10000);
    all_linked();
    all_agree();
    alarms(0);
}

/* -- what changed meanwhile, and nothing else -------------------------------------------------- */

Test(past, links_of_a_node_that_restarts_carry_only_what_changed_meanwhile)
{
    herd_that_remembers(3, in_line, -1);
    for (unsigned node = 0; node < 3; node++)
        says_many(node, 300, node + 1, 1);
    runs_ms(1000);
    all_agree();
    dies(1);
    says_many(0, 7, 10, 1); /* these know nothing of each other */
    says_many(2, 7, 11, 1);
    runs_ms(200);
    starts(1);
    settles();
    all_know("id6", "11");
    messages_between(0, 1, 14);
    messages_between(1, 2, 7);
}

/* Each stamp of three clients goes over each of the two links once. */
Test(past, a_node_that_restarts_under_load_is_sent_what_it_missed)
{
    enum { IDS = 40, TIMES = 30 };
    herd_that_remembers(3, in_line, -1);
    says_many(0, IDS, 1, 1);
    runs_ms(500);
    counts_anew();
    for (unsigned time = 2; time < 2 + TIMES; time++) {
        says_many(time % 2 ? 0 : 2, IDS, time, 1);
        runs_ms(20);
        if (time == TIMES / 2)
            dies_and_starts(1);
    }
    settles();
    all_know("id39", "31");
    messages_at_most(0, 1, IDS * (TIMES / 2 + 3));
    messages_at_most(1, 2, IDS * (TIMES / 2 + 3));
}

Test(past, a_herd_that_dies_whole_begins_with_what_it_held)
{
    for (enum shape shape = shipped; shape < SHAPES; shape++) {
        herd_that_remembers(9 - 4 * (shape == shipped), shape, -1);
        says_many(Goloman, 200, 1, 2);
        runs_ms(3000);
        all_die_and_start();
        settles();
        all_know("id0", "2");
        all_know("id199", "2");
        cr_expect_eq(messages(), 0, "violated: %lu messages", messages());
        says_many(Hands, 3, 9, 1);
        settles();
        all_know("id2", "9");
        story_ends();
    }
}

Test(past, a_node_that_stops_in_order_and_starts_is_sent_nothing)
{
    herd_that_remembers(5, shipped, -1);
    says_many(Goloman, 200, 1, 1);
    says_many(Welsh, 200, 2, 1);
    runs_ms(3000);
    is_told_to_stop(Holiday);
    runs_ms(500);
    has_ended(Holiday, 0);
    starts(Holiday);
    settles();
    cr_expect_eq(messages(), 0, "violated: %lu messages", messages());
}

/* The accepting end, without a secret, has met the other's boot when it says HELLO. Whichever end
 * dials, nothing is sent that is had. */
Test(past, whoever_dials_and_whatever_proves_it_says_what_was_had_of_the_former_process)
{
    for (unsigned node = 0; node < 2; node++) {
        herd_that_remembers(3, in_line, -1);
        says_many(0, 100, 1, 1);
        says_many(1, 100, 2, 1);
        runs_ms(1000);
        dies_and_starts(node);
        settles();
        messages_between(0, 1, 0);
        story_ends();
    }
}

/* A link that ends before anything of the new process was had does not make it forget. */
Test(past, what_was_had_of_a_former_process_is_said_until_something_of_the_new_one_is)
{
    herd_that_remembers(3, in_line, -1);
    says_many(0, 200, 1, 1);
    says_many(1, 200, 2, 1);
    runs_ms(1000);
    for (unsigned i = 0; i < PAST_BOOTS_MAX; i++) {
        dies_and_starts(1);
        runs_ms(i % 5);
        breaks(0, 1, CUT_RESET);
    }
    runs_ms(8000);
    settles();
    messages_between(0, 1, 0);
}

/* Its neighbours still hold their links to the process that is gone with its machine. */
Test(past, a_rival_goes_on_where_its_former_process_was)
{
    herd_that_remembers(5, shipped, -1);
    says_many(Goloman, 100, 1, 1);
    runs_ms(3000);
    host_kill(host_of(Holiday), DEATH_OF_MACHINE);
    runs_ms(100);
    starts(Holiday);
    runs_ms(15000);
    settles();
    all_know("id99", "1");
    cr_expect_eq(messages(), 0, "violated: %lu messages", messages());
}

/* -- what was lost ----------------------------------------------------------------------------- */

Test(past, what_a_node_told_and_did_not_keep_comes_back)
{
    herd_that_remembers(3, in_line, -1);
    says_many(1, 10, 1, 1);
    runs_ms(500);
    keeps_nothing(1, true);
    says(1, "IAMAT kiwi +1+1 5"); /* its own */
    says(0, "IAMAT plum +1+1 5"); /* another's, which has its name on the list at the third */
    says(1, "IAMAT id3 +1+1 6"); /* one that replaces what was kept */
    runs_ms(500);
    dies(1);
    cr_expect_not(has_of(1, "id3"));
    keeps_nothing(1, false);
    starts(1);
    settles();
    all_know("kiwi", "5");
    all_know("plum", "5");
    all_know("id3", "6");
    messages_at_most(0, 1, 3 + 3); /* those three from each side, of which one may win */
}

/* The peer says to have more than what was kept, and of other stamps by now. */
Test(past, change_numbers_that_were_not_kept_mean_nothing)
{
    herd_that_remembers(3, in_line, -1);
    says_many(1, 10, 1, 1);
    runs_ms(500);
    keeps_nothing(1, true);
    says_many(1, 10, 2, 1);
    runs_ms(500);
    cut(0, 1);
    cut(1, 2);
    dies_and_starts(1);
    runs_ms(100);
    for (unsigned i = 0; i < 5; i++)
        says_many(1, 2, 20 + i, 1);
    says(1, "IAMAT kiwi +1+1 5");
    runs_ms(100);
    heals(0, 1);
    heals(1, 2);
    runs_ms(6000);
    settles();
    all_know("kiwi", "5");
    all_know("id1", "24");
    all_know("id9", "2");
}

/* -- what a MARK says and does not say --------------------------------------------------------- */

static void says_fillers(unsigned node, const char *prefix, unsigned count)
{
    char text[64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, "IAMAT %s%u +1+1 1", prefix, i);
        says(node, text);
    }
}

/* It says so much that links hold it back, and one id twice, far from each other. */
enum { MANY = 3000 };

static void waits_for(unsigned node, const char *id)
{
    for (unsigned ms = 0; ms < 5000 && !has_of(node, id); ms++)
        runs_ms(1);
    cr_assert(has_of(node, id));
}

/* The middle one's link to the first is slow from now on, and it has no other. */
static void is_alone_with_a_slow_peer(void)
{
    cut(1, 2);
    windows_hold(400);
    breaks(0, 1, CUT_RESET);
    runs_ms(500);
    windows_hold(65536);
}

static void all_is_told(void)
{
    heals(1, 2);
    runs_ms(20000);
    settles();
    all_know("kiwi", "5");
}

/* A stamp that the peer was never told, because another of its id replaced it before its turn came:
 * MARK says nevertheless that the peer has all up to there. If the other one is lost with the
 * process, the older one is what is kept, and has to be told. */
Test(past, a_stamp_that_comes_back_because_its_successor_is_lost_is_told)
{
    herd_that_remembers(3, in_line, -1);
    says_many(1, 10, 1, 1);
    runs_ms(500);
    is_alone_with_a_slow_peer();
    stops(0);
    says_fillers(1, "a", MANY);
    runs_ms(200);
    says(1, "IAMAT kiwi +1+1 5");
    runs_ms(50);
    keeps_nothing(1, true);
    says_fillers(1, "z", MANY);
    says(1, "IAMAT kiwi +1+1 6");
    runs_ms(200);
    goes_on(0);
    waits_for(0, "z1500"); /* a MARK behind the place of the first kiwi goes before it */
    cr_assert_not(has_of(0, "kiwi"));
    dies_and_starts(1);
    all_is_told();
}

/* The same, but it had been told and confirmed, to a process of the peer that is gone. */
Test(past, what_one_process_of_a_peer_has_confirmed_another_need_not_have)
{
    herd_that_remembers(3, in_line, 0);
    is_alone_with_a_slow_peer();
    says_fillers(1, "a", MANY);
    says(1, "IAMAT kiwi +1+1 5");
    waits_for(0, "kiwi");
    runs_ms(100);
    keeps_nothing(1, true);
    dies(0);
    windows_hold(400);
    starts(0);
    waits_for(0, "a5");
    windows_hold(65536);
    says_fillers(1, "z", MANY);
    says(1, "IAMAT kiwi +1+1 6");
    waits_for(0, "z1500");
    cr_assert_not(has_of(0, "kiwi"));
    dies_and_starts(1);
    all_is_told();
}

/* A journal that is behind the feed has not written a stamp of a peer which was replaced meanwhile:
 * it may not note that it was had before it has written what replaced it. */
Test(past, what_is_had_is_noted_only_with_all_that_the_store_holds)
{
    herd_that_remembers(3, in_line, -1);
    cut(1, 2);
    keeps_nothing(1, true);
    says(0, "IAMAT kiwi +1+1 5");
    runs_ms(500);
    knows(1, "kiwi", "5");
    cut(0, 1);
    says_fillers(1, "a", 50);
    says(1, "IAMAT kiwi +1+1 6");
    runs_ms(500);
    host_of(1)->kept.items_most = 5;
    host_of(1)->kept.gap_ns = 1000 * SECOND_NS; /* nothing after these */
    keeps_nothing(1, false);
    says(1, "IAMAT plum +1+1 1"); /* so that it has a turn */
    runs_ms(100);
    dies_and_starts(1);
    cr_expect_geq(host_of(1)->kept.restored, 1);
    heals(0, 1);
    all_is_told();
}

/* -- partial ----------------------------------------------------------------------------------- */

Test(past, a_full_node_that_restarts_is_partial_as_before)
{
    herd_asleep(3, in_line);
    limits_stamps(0, 5, false);
    for (unsigned node = 0; node < 3; node++) {
        remembers(node);
        starts(node);
    }
    runs_ms(800);
    says_many(1, 8, 1, 1);
    runs_ms(500);
    cr_assert(herd_has_linked(0, 1));
    dies_and_starts(0);
    runs_ms(60000);
    alarms(0);
}
