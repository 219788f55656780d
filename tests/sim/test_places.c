/* test_places.c — a places service on the network and what happens to its connections, told as
 * stories in the language of story.h.
 *
 * The judge holds in all of these, and in the campaign, that each WHATSAT gets the answer to its
 * own question, and a failure only if the service did what cannot be mended, or if the node's
 * process was stopped for too long. PROTOCOL.md, "Replies", "Limits and time-outs". */
#include "core/http/https.h"
#include "sim/story.h"
#include <criterion/criterion.h>

TestSuite(places, .fini = story_ends);

enum { SOON_MS = 100 };

static void ask(unsigned node, unsigned first, unsigned last)
{
    char line[64];
    for (unsigned radius = first; radius <= last; radius++) {
        snprintf(line, sizeof line, "WHATSAT kiwi %u 5", radius);
        says(node, line);
    }
}

/* Goloman has so many idle connections to the service, which have answered. */
static void herd_with_connections(unsigned count)
{
    herd_with_service(shipped);
    says(Goloman, "IAMAT kiwi +34.068930-118.445127 1");
    ask(Goloman, 40, 40 + count - 1);
    runs_ms(1000);
    hears(Goloman, 1 + count);
    service_was_asked(count);
}

Test(places, one_connection_answers_all)
{
    herd_with_connections(1);
    for (unsigned radius = 1; radius <= 20; radius++) {
        ask(Goloman, radius, radius);
        runs_ms(SOON_MS);
        hears(Goloman, 1);
    }
    service_was_asked(20);
    connections_to_service(Goloman, 1);
}

Test(places, a_reused_connection_that_is_reset_is_replaced_at_once)
{
    herd_with_connections(1);
    for (unsigned radius = 1; radius <= 20; radius++) { /* learnt in its turn, or after it */
        service_does(SERVICE_RESETS);
        ask(Goloman, radius, radius);
        runs_ms(SOON_MS);
        hears(Goloman, 1);
        service_was_asked(2);
    }
}

Test(places, a_second_question_waits_while_the_connection_is_reset)
{
    herd_with_connections(1);
    service_takes_ms(0); /* the reset comes before the second connection is made */
    service_does(SERVICE_RESETS);
    ask(Goloman, 1, 2);
    runs_ms(SOON_MS);
    hears(Goloman, 2);
    service_was_asked(3);
}

Test(places, a_third_question_waits_while_both_connections_are_busy)
{
    herd_with_connections(2);
    service_does(SERVICE_RESETS);
    ask(Goloman, 1, 3);
    runs_ms(SOON_MS);
    hears(Goloman, 3);
    service_was_asked(4);
}

Test(places, all_connections_are_reset_at_once)
{
    herd_with_connections(2);
    service_takes_ms(5000);
    ask(Goloman, 1, 3);
    runs_ms(SOON_MS);
    service_was_asked(2);
    service_takes_ms(0);
    service_resets();
    runs_ms(SOON_MS);
    hears(Goloman, 3);
    service_was_asked(3);
}

Test(places, all_connections_are_reset_while_nobody_asks)
{
    herd_with_connections(2);
    service_resets();
    ask(Goloman, 1, 1); /* before Goloman knows */
    runs_ms(SOON_MS);
    hears(Goloman, 1);
    service_resets();
    runs_ms(1000); /* it knows */
    connections_to_service(Goloman, 0);
    ask(Goloman, 2, 2);
    runs_ms(SOON_MS);
    hears(Goloman, 1);
}

Test(places, a_service_that_is_busy_is_asked_again)
{
    herd_with_connections(1);
    service_does(SERVICE_IS_BUSY);
    ask(Goloman, 1, 1);
    runs_ms(SOON_MS + EXCHANGE_RETRY_MS);
    hears(Goloman, 1);
    service_was_asked(2);
    connections_to_service(Goloman, 1);
}

/* It was dealt with, so it is not asked again. The failure comes at once. */
Test(places, an_answer_that_makes_no_sense_is_a_failure)
{
    herd_with_connections(1);
    for (unsigned radius = 1; radius <= 4; radius++) {
        service_does(SERVICE_SAYS_NONSENSE);
        ask(Goloman, radius, radius);
        runs_ms(SOON_MS);
        hears(Goloman, 1);
        service_was_asked(1);
    }
    ask(Goloman, 5, 5);
    runs_ms(SOON_MS);
    hears(Goloman, 1);
    service_was_asked(1);
}

Test(places, a_service_that_refuses_connections_is_dialled_for_the_next_question)
{
    herd_with_connections(1);
    service_resets();
    service_accepts(false);
    ask(Goloman, 1, 2);
    runs_ms(SOON_MS);
    hears(Goloman, 2);
    service_was_asked(0);
    service_accepts(true);
    ask(Goloman, 3, 3);
    runs_ms(SOON_MS);
    hears(Goloman, 1);
    service_was_asked(1);
}

Test(places, a_service_that_stalls_is_waited_for_5_s)
{
    herd_with_connections(1);
    service_does(SERVICE_STALLS);
    ask(Goloman, 1, 2);
    runs_ms(HTTPS_FIRST_BYTE_MS - SOON_MS);
    hears(Goloman, 0); /* replies keep their order */
    service_was_asked(2);
    runs_ms(2 * SOON_MS);
    hears(Goloman, 2);
    all_answered();
}

/* Two clients at one node: 39 questions of the one take a second or two. */
Test(places, who_has_few_questions_does_not_wait_for_who_has_many)
{
    herd_with_connections(1);
    service_takes_ms(100);
    visits(Hands, Goloman);
    ask(Goloman, 1, 39);
    runs_ms(50);
    for (unsigned radius = 41; radius <= 43; radius++) {
        ask(Hands, radius, radius);
        runs_ms(250); /* until one of two questions is answered, and then its own is */
        hears(Hands, 1);
    }
    runs_ms(5000);
    hears(Goloman, 39);
    service_was_asked(39 + 3);
}

/* The service loses what it was asked while Goloman is stopped, which then has time left. */
Test(places, what_is_reset_while_its_asker_is_stopped_is_asked_again)
{
    herd_with_connections(2);
    service_takes_ms(5000);
    ask(Goloman, 1, 3);
    runs_ms(10);
    service_was_asked(2);
    stops(Goloman);
    service_resets();
    service_takes_ms(0);
    runs_ms(2500);
    goes_on(Goloman);
    runs_ms(SOON_MS);
    hears(Goloman, 3);
    service_was_asked(3);
}

/* Here it has none: there is one round of input and output, in which it learns of the reset. */
Test(places, what_is_reset_while_its_asker_sleeps_too_long_may_fail)
{
    herd_with_connections(2);
    places_timeout_ms(Goloman, 300);
    service_takes_ms(5000);
    ask(Goloman, 1, 3);
    runs_ms(10);
    stops(Goloman);
    service_resets();
    service_takes_ms(0);
    runs_ms(20000);
    goes_on(Goloman);
    runs_ms(SOON_MS);
    hears(Goloman, 3);
    service_was_asked(2);
    ask(Goloman, 4, 4);
    runs_ms(SOON_MS);
    hears(Goloman, 1);
    service_was_asked(1);
}

/* Nothing goes wrong, but it sleeps in the middle of the first, full handshake, or when its third
 * question waits. What is said meanwhile is read in the first round, and waits for the same. */
Test(places, who_sleeps_too_long_may_fail_what_waits)
{
    herd_with_service(shipped);
    for (unsigned round = 1; round <= 60; round++) {
        dies(Goloman);
        starts(Goloman);
        places_timeout_ms(Goloman, round % 2 ? 300 : 10000);
        runs_ms(1000);
        says(Goloman, "IAMAT kiwi +34.068930-118.445127 1");
        ask(Goloman, 1, 3);
        runs_ns(round * (MS_NS / 4));
        stops(Goloman);
        runs_ms(20000);
        ask(Goloman, 4, 4);
        runs_ms(10);
        goes_on(Goloman);
        runs_ms(SOON_MS);
        ask(Goloman, 5, 5);
        runs_ms(SOON_MS);
        hears(Goloman, 6);
        finishes(Goloman);
        runs_ms(SOON_MS);
    }
}
