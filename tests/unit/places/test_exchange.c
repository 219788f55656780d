/* test_exchange.c — the tables of the exchange, row by row: which question goes out on which
 * connection, when it is given up, and what those who wait get as an answer. Time is virtual, exact
 * to the nanosecond; the servers are in memory. */
#include "core/http/breaker.h"
#include "unit/places/side.h"

TestSuite(places_exchange, .init = exchange_side_begin, .fini = exchange_side_end);

/* -- questions and connections ----------------------------------------------------------------- */

Test(places_exchange, a_connection_is_made_once_and_stays)
{
    asks(1);
    cr_expect_eq(resolves, 1);
    cr_expect_eq(dials, 1);
    is_asked(0, 1);
    cr_expect_null(told[1]);
    now.mono_ns += MS_NS;
    says(0, EMPTY);
    is_well(1);
    const struct exchange_times *t = exchange_times(x);
    cr_expect_eq(t->tries, 1);
    cr_expect_eq(t->http_status, 200);
    cr_expect_eq(t->first_byte_ns, MS_NS);
    cr_expect_not(t->resumed);
    for (unsigned i = 2; i < 50; i++) {
        asks(i);
        is_asked(0, i);
        says(0, EMPTY);
        is_well(i);
    }
    struct exchange_report r = exchange_report(x);
    cr_expect_eq(dials, 1);
    cr_expect_eq(r.asked, 49);
    cr_expect_eq(r.handshakes_full, 1);
    cr_expect_eq(r.connections, 1);
    cr_expect_eq(r.failed + r.refused + r.retried + r.joined + r.waiting, 0);
    cr_expect_str_eq(r.why, "");
    cr_expect_eq(log_.pending.len, 0);
}

Test(places_exchange, byte_by_byte)
{
    piece = 1;
    asks(1);
    is_asked(0, 1);
    says(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    is_well(1);
    asks(2);
    is_asked(0, 2);
    says(0, EMPTY);
    is_well(2);
}

Test(places_exchange, identical_questions_are_asked_once)
{
    for (unsigned i = 0; i < TICKETS; i++)
        asks_for(i, 7, TIMEOUT_MS);
    turn();
    is_asked(0, 7);
    cr_expect_eq(connections(), 1);
    cr_expect_eq(exchange_report(x).joined, TICKETS - 1);
    says(0, EMPTY);
    for (unsigned i = 0; i < TICKETS; i++)
        is_well(i);
    cr_expect_eq(exchange_report(x).asked, 1);
    asks(7); /* answers are not cached */
    is_asked(0, 7);
}

Test(places_exchange, a_second_connection_and_no_third)
{
    for (unsigned i = 1; i <= 4; i++)
        asks_for(i, i, TIMEOUT_MS);
    turn();
    cr_expect_eq(dials_at_once, 1, "one connection is made at a time");
    is_asked(0, 1);
    is_asked(1, 2);
    cr_expect_eq(dials, 2);
    cr_expect_eq(exchange_report(x).handshakes_resumed, 1);
    cr_expect_eq(exchange_report(x).waiting, 2);
    says(1, EMPTY);
    is_well(2);
    is_asked(1, 3);
    says(1, EMPTY);
    is_asked(1, 4);
    says(1, EMPTY);
    says(0, EMPTY);
    for (unsigned i = 1; i <= 4; i += i == 1 ? 2 : 1)
        is_well(i);
    asks(5);
    cr_expect_eq(dials, 2);
}

Test(places_exchange, a_count_of_0_is_no_question)
{
    struct places_question question = {.radius_um = 5};
    provider.ask(provider.self, 1, &question, now.mono_ns + 1, now);
    turn();
    is_well(1);
    cr_expect_eq(resolves + dials, 0);
    cr_expect_eq(exchange_report(x).failed, 0);
}

Test(places_exchange, past_64_that_wait_the_answer_comes_at_once)
{
    resolving = HANGS;
    for (unsigned i = 1; i <= 65; i++)
        asks(i);
    hears(65, "OVER_QUERY_LIMIT", "too many questions");
    asks_for(100, 1, TIMEOUT_MS); /* identical with one that waits: it joins */
    turn();
    cr_expect_null(told[100]);
    cr_expect_eq(exchange_report(x).waiting, 64);
    cr_expect_eq(exchange_report(x).refused, 1);
    resolves_now();
    turn();
    for (unsigned i = 1; i <= 64; i += 2) { /* in the order in which they came */
        is_asked(0, i);
        is_asked(1, i + 1);
        servers[1].silent = servers[0].silent = false;
        server_says(&servers[0], EMPTY);
        server_says(&servers[1], EMPTY);
        turn();
        is_well(i);
        is_well(i + 1);
    }
    is_well(100);
}

Test(places_exchange, a_connection_that_is_to_be_closed_is_no_connection)
{
    for (unsigned i = 1; i <= 5; i++) {
        asks(i);
        is_asked(0, i);
        says(0, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        is_well(i);
        cr_expect_eq(connections(), 0);
    }
    cr_expect_eq(exchange_report(x).handshakes_full, 1);
    cr_expect_eq(exchange_report(x).handshakes_resumed, 4);
    cr_expect_eq(resolves, 1);
}

Test(places_exchange, connections_that_do_not_close_are_bounded)
{
    lingers = true;
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++) {
        asks(i + 1);
        is_asked(i, i + 1);
        says(i, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        is_well(i + 1);
    }
    asks(9);
    cr_expect_eq(dials, EXCHANGE_CHANNELS);
    lingers = false;
    turn();
    is_asked(0, 9);
}

/* -- deadlines --------------------------------------------------------------------------------- */

Test(places_exchange, a_question_has_its_own_deadline)
{
    resolving = HANGS;
    asks_for(1, 1, 1000);
    turn();
    waits_ms(1000);
    fails(1, "the places service's address was not found in time");

    asks_for(2, 2, 1000);
    dialling = HANGS;
    resolves_now();
    turn();
    waits_ms(1000);
    fails(2, "no connection to the places service was made in time");

    asks_for(3, 3, 1000);
    shakes_no_hands = true;
    connects(0);
    turn();
    waits_ms(1000);
    fails(3, "no connection to the places service was made in time");
    cr_expect_eq(logged("places_failed"), 0, "nobody has failed yet");

    passes_ms(4000); /* the handshake's 5 s */
    cr_expect_eq(connections(), 0);
    shakes_no_hands = false;
    dialling = GOES_WELL;
    asks_for(4, 4, 1000);
    turn();
    is_asked(0, 4);
    waits_ms(1000);
    fails(4, "the places service did not answer in time");
    cr_expect_eq(connections(), 0, "its connection is of no use any more");

    asks_for(5, 5, 1000);
    turn();
    is_asked(0, 5);
    says(0, EMPTY);
    is_well(5);
}

Test(places_exchange, those_who_wait_longer_are_not_told_yet)
{
    asks_for(1, 7, 1000);
    asks_for(2, 7, 2000);
    turn();
    is_asked(0, 7);
    waits_ms(1000);
    fails(1, "in time");
    cr_expect_null(told[2]);
    says(0, EMPTY);
    is_well(2);
    cr_expect_eq(exchange_report(x).failed, 1);
}

Test(places_exchange, who_waits_less_long_is_told_first)
{
    asks_for(1, 1, 3000);
    asks_for(2, 2, 1000);
    asks_for(3, 3, 2000);
    turn();
    waits_ms(1000);
    fails(2, "in time");
    waits_ms(1000);
    fails(3, "in time");
    waits_ms(1000);
    fails(1, "in time");
}

Test(places_exchange, a_service_that_does_not_answer)
{
    asks_for(1, 1, 20000);
    turn();
    waits_ms(5000);
    fails(1, "localhost: the server did not answer within 5 s");

    asks_for(2, 2, 20000);
    turn();
    passes_ms(4000);
    says(0, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n");
    waits_ms(6000);
    fails(2, "localhost: the server's answer did not end within 10 s");
    cr_expect_eq(connections(), 0);
    cr_expect_eq(logged("places_failed"), 1, "once for several in a row");
}

Test(places_exchange, a_handshake_has_5_s)
{
    shakes_no_hands = true;
    asks_for(1, 1, 20000);
    asks_for(2, 2, 20000);
    turn();
    cr_expect_eq(dials, 1);
    waits_ms(5000);
    fails(1, "localhost: the server did not finish the TLS handshake within 5 s");
    fails(2, "localhost: the server did not finish the TLS handshake within 5 s");
    shakes_no_hands = false;
    asks(3);
    is_asked(0, 3);
}

Test(places_exchange, dials_have_3_s_together)
{
    dialling = HANGS;
    addresses = 4;
    asks(1);
    cr_expect_eq(dials, 1);
    waits_ms(250);
    cr_expect_eq(dials, 2);
    passes_ms(2749);
    cr_expect_eq(dials, 2, "no more than two at a time");
    waits_ms(1);
    fails(1, "localhost: no connection was made within 3 s");
    cr_expect_eq(cancels, 2);
    asks(2);
    cr_expect_eq(dials, 3);
    refuses(0);
    turn();
    cr_expect_eq(dials, 4, "the next joins at once");
    connects(0);
    turn();
    is_asked(0, 2);
    cr_expect_eq(cancels, 2);
}

Test(places_exchange, the_loser_of_a_race_is_called_off)
{
    dialling = HANGS;
    addresses = 2;
    asks(1);
    waits_ms(250);
    connects(1);
    turn();
    is_asked(0, 1);
    cr_expect_eq(cancels, 1);
}

Test(places_exchange, nobody_is_there)
{
    dialling = FAILS;
    addresses = 3;
    asks(1);
    fails(1, "localhost: connection refused");
    cr_expect_eq(dials, 3);
    resolving = FAILS;
    passes_ms(60000);
    asks(2);
    fails(2, "localhost: connection refused"); /* it has dialled the old addresses */
    cr_expect_eq(resolves, 2);
}

Test(places_exchange, there_is_no_such_name)
{
    resolving = FAILS;
    asks(1);
    asks(2);
    fails(1, "localhost: there is no such name");
    fails(2, "localhost: there is no such name");
    cr_expect_eq(resolves, 1, "what failed is remembered");
    resolving = GOES_WELL;
    passes_ms(5000);
    asks(3);
    is_asked(0, 3);
}

Test(places_exchange, a_connection_that_can_not_be_made_beside_one_that_stands)
{
    warms_up();
    dialling = FAILS;
    asks(1);
    asks(2);
    is_asked(0, 1);
    cr_expect_eq(dials, 2);
    cr_expect_null(told[2], "it waits for the one that there is");
    passes_ms(4999);
    cr_expect_eq(dials, 2, "which it is left to for 5 s");
    says(0, EMPTY);
    is_asked(0, 2);
    asks(3);
    dialling = GOES_WELL;
    passes_ms(1);
    is_asked(1, 3);
}

/* -- what is asked again ----------------------------------------------------------------------- */

/* Wait for the next request, which must come within `most_ms`. Returns how long it took. */
static int64_t pause_ns(unsigned number, int64_t most_ms)
{
    int64_t until_ns = provider.deadline(provider.self), paused_ns = until_ns - now.mono_ns;
    cr_assert_geq(paused_ns, 0);
    cr_assert_leq(paused_ns, most_ms * MS_NS);
    now.mono_ns = until_ns;
    turn();
    is_asked(0, number);
    return paused_ns;
}

Test(places_exchange, a_busy_service_is_asked_three_times)
{
    int64_t longest_ns[2] = {0}, shortest_ns[2] = {INT64_MAX, INT64_MAX};
    for (uint64_t seed = 1; seed <= 30; seed++) {
        exchange_ends();
        cr_assert(exchange_starts(seed * UINT64_C(0x9e3779b97f4a7c15)));
        asks(1);
        is_asked(0, 1);
        for (int i = 0; i < 2; i++) {
            server_says(&servers[0], BUSY);
            turn();
            if (asked_at(0)) { /* the pause may be almost 0 */
                shortest_ns[i] = 0;
                continue;
            }
            int64_t paused_ns = pause_ns(1, 250 << i);
            longest_ns[i] = paused_ns > longest_ns[i] ? paused_ns : longest_ns[i];
            shortest_ns[i] = paused_ns < shortest_ns[i] ? paused_ns : shortest_ns[i];
        }
        says(0, seed % 2 ? BUSY : LIMIT);
        hears(1, seed % 2 ? "UNKNOWN_ERROR" : "OVER_QUERY_LIMIT", "");
        cr_expect_eq(exchange_report(x).retried, 2);
        cr_expect_eq(exchange_times(x)->tries, 3);
        cr_expect_eq(connections(), 1);
    }
    for (int i = 0; i < 2; i++) {
        cr_expect_gt(longest_ns[i], (200 << i) * MS_NS, "jitter is full");
        cr_expect_lt(shortest_ns[i], (50 << i) * MS_NS);
    }
}

Test(places_exchange, a_busy_service_that_recovers)
{
    asks(1);
    is_asked(0, 1);
    says(0, BUSY);
    pause_ns(1, 250);
    says(0, EMPTY);
    is_well(1);
    cr_expect_eq(exchange_report(x).failed, 0);
    cr_expect_eq(logged("places_"), 0);
}

Test(places_exchange, without_time_it_is_not_asked_again)
{
    asks_for(1, 1, 3000);
    turn();
    passes_ms(2999);
    is_asked(0, 1);
    says(0, LIMIT_FOR("1"));
    hears(1, "OVER_QUERY_LIMIT", "429");
    cr_expect_eq(exchange_report(x).asked, 1);
}

Test(places_exchange, retry_after_keeps_everybody_waiting)
{
    warms_up();
    asks(1);
    is_asked(0, 1);
    asks_for(2, 2, 1000);
    asks(3);
    is_asked(1, 2);
    cr_expect_eq(asked_at(0), 0);
    says(0, LIMIT_FOR("2"));
    asks_for(4, 4, 1500);
    turn();
    hears(4, "OVER_QUERY_LIMIT", "left alone");
    says(1, EMPTY);
    is_well(2);
    cr_expect_eq(asked_at(0) + asked_at(1), 0);
    waits_ms(2000);
    is_asked(0, 1);
    is_asked(1, 3);
    says(0, EMPTY);
    is_well(1);
}

Test(places_exchange, retry_after_answers_those_who_would_not_wait_as_long)
{
    warms_up_two();
    asks(1);
    asks(2);
    for (unsigned i = 3; i < 10; i++)
        asks(i);
    is_asked(0, 1);
    is_asked(1, 2);
    says(0, LIMIT_FOR("3600"));
    hears(1, "OVER_QUERY_LIMIT", "");
    for (unsigned i = 3; i < 10; i++)
        hears(i, "OVER_QUERY_LIMIT", "left alone");
    says(1, EMPTY);
    is_well(2);
    passes_ms(49999); /* the hold lasts a minute, of which a question can wait for 10 s */
    asks(10);
    hears(10, "OVER_QUERY_LIMIT", "left alone");
    passes_ms(2);
    asks(11);
    cr_expect_null(told[11]);
    waits_ms(9999);
    finds(11);
}

/* -- stale connections ------------------------------------------------------------------------- */

Test(places_exchange, a_stale_connection_costs_nothing)
{
    warms_up();
    asks(1);
    is_asked(0, 1);
    ends(0);
    cr_expect_null(told[1]);
    unsigned channel = finds(1);
    cr_expect_eq(dials, 2);
    says(channel, EMPTY);
    is_well(1);
    cr_expect_eq(exchange_report(x).failed, 0);
    cr_expect_eq(exchange_times(x)->tries, 1);
}

/* A reset is reported after the turn. Had the question no deadline, nothing would ask it again. */
Test(places_exchange, what_a_reset_makes_due_is_seen_in_the_deadline)
{
    warms_up();
    asks(1);
    is_asked(0, 1);
    cr_assert_gt(provider.deadline(provider.self), now.mono_ns);
    exchange_lost(x, 0, "connection reset by peer", now);
    connected[0] = false;
    cr_assert_leq(provider.deadline(provider.self), now.mono_ns);
    turn();
    says(finds(1), EMPTY);
    is_well(1);
}

/* As after a stop of the process: the reset and the end of the question's time come together. */
Test(places_exchange, a_stale_connection_and_no_time_to_ask_again)
{
    warms_up();
    asks_for(1, 1, 1000);
    turn();
    is_asked(0, 1);
    now.mono_ns += 1000 * MS_NS;
    exchange_lost(x, 0, "connection reset by peer", now);
    connected[0] = false;
    turn();
    fails(1, "the places service ended the connection, and there was no time to ask it again");
}

/* By a client that went on after its turn of places. */
Test(places_exchange, a_question_that_comes_after_the_turn_is_seen_in_the_deadline)
{
    struct places_question question = {.radius_um = 5000000, .count = 1};
    turn();
    cr_assert_eq(provider.deadline(provider.self), NEVER_NS);
    provider.ask(provider.self, 1, &question, now.mono_ns + SECOND_NS, now);
    cr_assert_leq(provider.deadline(provider.self), now.mono_ns);
    turn();
    cr_assert_gt(provider.deadline(provider.self), now.mono_ns);
}

/* A server that has restarted has closed all connections. */
Test(places_exchange, two_stale_connections_cost_nothing)
{
    warms_up_two();
    server_closes(&servers[1]);
    size_t held_back = servers[1].out_len;
    servers[1].out_len = servers[1].out_from; /* its bytes have not arrived yet */
    servers[1].fin = false;
    asks(1);
    is_asked(0, 1);
    ends(0);
    servers[1].out_len = held_back;
    servers[1].fin = connected[1];
    turn();
    cr_expect_null(told[1], "%s", told[1]);
    says(finds(1), EMPTY);
    is_well(1);
}

/* A server that restarts: one connection ends as it is asked, the other after it has answered, and
 * meanwhile it was asked what the first one was. */
Test(places_exchange, a_stale_connection_that_was_answering_costs_nothing_either)
{
    warms_up_two();
    asks(1);
    asks(2);
    is_asked(0, 1);
    is_asked(1, 2);
    dialling = HANGS; /* so that the other connection is idle before a new one is there */
    ends(0);
    says(1, EMPTY);
    is_well(2);
    is_asked(1, 1);
    dialling = GOES_WELL;
    connects(0);
    ends(1);
    cr_expect_null(told[1], "%s", told[1]);
    says(finds(1), EMPTY);
    is_well(1);
    cr_expect_eq(exchange_report(x).failed, 0);
}

Test(places_exchange, a_question_that_kills_every_connection_is_not_asked_for_ever)
{
    warms_up();
    asks(1);
    is_asked(0, 1);
    ends(0);
    ends(finds(1));
    fails(1, "the server ended the connection without an answer");
    cr_expect_eq(exchange_report(x).asked, 3);
}

/* -- the breaker ------------------------------------------------------------------------------- */

Test(places_exchange, a_service_that_is_down_is_left_alone)
{
    goes_down();
    cr_expect_eq(logged("places_failed"), 1);
    cr_expect_eq(logged("places_down"), 1);
    uint64_t asked = exchange_report(x).asked;
    asks(1);
    fails(1, "not asked for now, after 5 failures in a row; the last was: localhost: ");
    passes_ms(4999);
    asks(1);
    fails(1, "not asked for now");
    cr_expect_eq(exchange_report(x).asked, asked);
    passes_ms(1);
    asks(1);
    asks(2);
    fails(2, "not asked for now");
    asks_for(3, 1, TIMEOUT_MS); /* an identical question joins the probe */
    is_asked(0, 1);
    says(0, EMPTY);
    is_well(1);
    is_well(3);
    cr_expect_not(exchange_report(x).down);
    cr_expect_eq(logged("places_up"), 1);
    asks(4);
    is_asked(0, 4);
}

Test(places_exchange, a_failed_probe_keeps_it_open)
{
    goes_down();
    for (unsigned i = 6; i < 9; i++) {
        passes_ms(5000);
        asks(1);
        is_asked(0, 1);
        says(0, "nonsense\r\n");
        fails(1, "localhost: ");
        asks(2);
        fails(2, "failures in a row");
        cr_expect(exchange_report(x).down);
    }
    cr_expect_eq(logged("places_down"), 1);
}

Test(places_exchange, those_who_wait_when_it_opens_are_told)
{
    warms_up_two();
    for (unsigned i = 0; i < 4; i++) {
        asks(1003);
        says(finds(1003), "nonsense\r\n");
        fails(1003, "localhost: ");
    }
    asks(1);
    asks(2);
    asks(3);
    asks(4);
    says(finds(1), "nonsense\r\n");
    fails(1, "localhost: ");
    fails(3, "localhost: ");
    fails(4, "localhost: ");
    cr_expect_null(told[2], "it is asked already");
}

/* A question that times out counts as a failure like others: after the fifth none is asked. */
Test(places_exchange, those_who_wait_when_time_outs_open_it_are_told)
{
    for (unsigned i = 0; i < 4; i++) {
        asks_for(1, 1, 1000);
        turn();
        passes_ms(1000);
        fails(1, "in time");
    }
    asks_for(1, 1, 1000);
    turn();
    passes_ms(500);
    for (unsigned i = 2; i < 6; i++)
        asks_for(i, i, 1000);
    turn();
    uint64_t asked = exchange_report(x).asked;
    passes_ms(500);
    fails(1, "in time");
    cr_expect(exchange_report(x).down);
    cr_expect_eq(exchange_report(x).asked, asked, "it is left alone");
    for (unsigned i = 3; i < 6; i++)
        fails(i, "in time");
    cr_expect_null(told[2], "it is asked already");
}

/* The client that asked the probe leaves, or the service sends Retry-After: another probe is
 * admitted 5 s later. */
Test(places_exchange, a_probe_without_a_result_is_followed_by_another)
{
    goes_down();
    passes_ms(5000);
    dialling = HANGS;
    asks(1);
    cancels_ticket(1);
    connects(0);
    turn();
    passes_ms(4999);
    asks(2);
    fails(2, "not asked for now");
    passes_ms(1);
    asks_for(3, 3, 1000);
    turn();
    is_asked(0, 3);
    cancels_ticket(3); /* it was sent already: its answer counts */
    says(0, EMPTY);
    cr_expect_not(exchange_report(x).down);
}

/* Questions that were sent before the breaker opened are still answered, and a success among them
 * closes it as a probe's would. */
Test(places_exchange, an_older_answer_closes_it)
{
    warms_up_two();
    asks(2);
    unsigned older = finds(2);
    goes_down(); /* on the other one */
    cr_expect_null(told[2]);
    says(older, EMPTY);
    is_well(2);
    cr_expect_not(exchange_report(x).down);
    asks(3);
    finds(3);
}

Test(places_exchange, a_probe_that_is_told_to_wait_is_followed_by_another)
{
    warms_up_two();
    asks(2);
    is_asked(0, 2);
    goes_down(); /* on the other one */
    passes_ms(4000);
    says(0, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n");
    dialling = HANGS;
    passes_ms(1000);
    asks_for(3, 3, 2000); /* the probe; no connection is free for it */
    turn();
    cr_assert_null(told[3]);
    says(0, "{}");
    hears(3, "OVER_QUERY_LIMIT", "left alone");
    connects(0);
    turn();
    passes_ms(4999);
    asks(4);
    fails(4, "not asked for now");
    passes_ms(1);
    asks(5);
    says(finds(5), EMPTY);
    is_well(5);
    cr_expect_not(exchange_report(x).down);
}

/* -- clients that leave ------------------------------------------------------------------------ */

Test(places_exchange, a_question_can_be_taken_back_at_any_time)
{
    resolving = HANGS;
    asks(1);
    asks_for(2, 1, TIMEOUT_MS);
    cancels_ticket(1);
    cr_expect_eq(exchange_report(x).waiting, 1, "another waits for the same");
    cancels_ticket(2);
    cr_expect_eq(exchange_report(x).waiting, 0);
    dialling = HANGS;
    resolves_now();
    asks(3);
    cancels_ticket(3);
    shakes_no_hands = true;
    connects(0);
    asks(4);
    cancels_ticket(4);
    passes_ms(5000);
    shakes_no_hands = false;
    dialling = GOES_WELL;
    asks(5);
    is_asked(0, 5);
    says(0, BUSY);
    cancels_ticket(5); /* in the pause before it is asked again */
    passes_ms(1000);
    cr_expect_eq(asked_at(0), 0);
    asks(6);
    is_asked(0, 6);
    says(0, LIMIT_FOR("2"));
    cancels_ticket(6); /* while it is held back */
    passes_ms(2000);
    cr_expect_eq(asked_at(0), 0);
    cr_expect_eq(told_count, 0);
    cr_expect_eq(exchange_report(x).waiting, 0);
    asks(7);
    is_asked(0, 7);
    server_says(&servers[0], EMPTY);
    struct span in = server_piece(&servers[0], SIZE_MAX), rest = in;
    exchange_take(x, 0, &rest, now); /* its answer has come and was not fetched */
    free((char *)in.at);
    cancels_ticket(7);
    cr_expect_eq(told_count, 0);
    goes_down();
    asks_for(8, 8, TIMEOUT_MS); /* refused; the answer was not fetched */
    cancels_ticket(8);
    cr_expect_null(told[8]);
}

Test(places_exchange, a_deserted_answer_is_let_come)
{
    asks(1);
    is_asked(0, 1);
    cancels_ticket(1);
    cr_expect_eq(connections(), 1);
    asks_for(2, 1, TIMEOUT_MS); /* an identical question gets that answer */
    turn();
    says(0, EMPTY);
    is_well(2);
    asks(3);
    is_asked(0, 3);
    cancels_ticket(3);
    says(0, EMPTY);
    cr_expect_eq(told_count, 2 - 1);
    asks(4);
    is_asked(0, 4);
    cr_expect_eq(dials, 1);
}

Test(places_exchange, a_deserted_question_is_forgotten_when_its_connection_was_stale)
{
    for (unsigned i = 1; i <= 4 * EXCHANGE_QUEUE_MAX; i++) { /* more than it has room for */
        asks(1);
        is_asked(0, 1);
        says(0, EMPTY);
        is_well(1);
        asks_for(2, 1 + i, TIMEOUT_MS);
        turn();
        is_asked(0, 1 + i);
        cancels_ticket(2);
        ends(0);
        cr_assert_eq(connections(), 0);
    }
    cr_expect_null(told[2]);
}

Test(places_exchange, a_deserted_connection_gives_way)
{
    warms_up_two();
    asks(1);
    asks(2);
    is_asked(0, 1);
    is_asked(1, 2);
    cancels_ticket(1);
    asks(3);
    cr_expect_null(told[3]);
    cr_expect_eq(connections(), 2);
    says(finds(3), EMPTY);
    is_well(3);
    says(1, EMPTY);
    is_well(2);
}

Test(places_exchange, a_deserted_connection_gives_way_when_it_is_the_only_one)
{
    warms_up();
    asks(1);
    dialling = FAILS;
    asks(2); /* no second connection, for 5 s */
    cancels_ticket(2);
    cancels_ticket(1);
    dialling = GOES_WELL;
    asks(3);
    says(finds(3), EMPTY);
    is_well(3);
}

/* -- at rest, and the end ---------------------------------------------------------------------- */

Test(places_exchange, rests_when_there_is_nothing_to_do)
{
    cr_expect_eq(provider.deadline(provider.self), NEVER_NS);
    warms_up();
    waits_ms(48000); /* 80 % of the TTL of 60 s */
    cr_expect_eq(resolves, 2);
    waits_ms(12000); /* idle */
    cr_expect_eq(connections(), 0);
    cr_expect_eq(provider.deadline(provider.self), NEVER_NS, "a name that nobody uses is let go");
}

/* Open questions are answered at once; nothing is resolved, dialled or waited for any more. */
Test(places_exchange, stops_in_any_state)
{
    for (unsigned state = 0; state < 5; state++) {
        resolving = state == 0 ? HANGS : GOES_WELL;
        dialling = state == 1 ? HANGS : GOES_WELL;
        shakes_no_hands = state == 2;
        for (unsigned i = 1; i <= 4; i++)
            asks_for(i, i, TIMEOUT_MS);
        turn();
        if (state == 4) { /* idle connections, one of them stale */
            says(finds(1), EMPTY);
            is_well(1);
            asks_for(1, 1, TIMEOUT_MS);
        }
        unsigned dialled_before = dials, resolved_before = resolves, cancelled_before = cancels;
        exchange_stop(x, now);
        turn();
        for (unsigned i = 1; i <= 4; i++)
            fails(i, "this node is stopping");
        cr_expect_eq(connections(), 0);
        cr_expect_eq(cancels - cancelled_before, state == 1);
        asks(5);
        fails(5, "this node is stopping");
        cr_expect_eq(provider.deadline(provider.self), NEVER_NS);
        if (state == 0)
            resolves_now();
        passes_ms(60000);
        cr_expect_eq(dials, dialled_before);
        cr_expect_eq(resolves, resolved_before);
        cr_expect_not(exchange_report(x).down);
        cr_expect_eq(logged("places_"), 0, "nobody has failed");
        exchange_ends();
        cr_assert(exchange_starts(1));
    }
}

Test(places_exchange, new_trust_is_for_new_connections)
{
    warms_up();
    struct tls_trust *old = side_trust;
    more_certificates("stranger:Hands");
    side_trust = side_config.trust = trust_of("other-ca");
    tls_trust_destroy(old);
    asks(1);
    is_asked(0, 1);
    says(0, EMPTY);
    is_well(1);
    ends(0);
    asks(2);
    fails(2, "signed by no CA that is trusted here");
    cr_expect_eq(exchange_report(x).handshakes_full, 1);
}

Test(places_exchange, ends_in_any_state)
{
    for (unsigned state = 0; state < 7; state++) {
        resolving = state == 0 ? HANGS : GOES_WELL;
        dialling = state == 1 ? HANGS : GOES_WELL;
        shakes_no_hands = state == 2;
        asks_for(1, 1, TIMEOUT_MS);
        asks_for(2, 1, TIMEOUT_MS);
        asks_for(3, 3, TIMEOUT_MS);
        turn();
        if (state == 4)
            says(0, BUSY);
        if (state == 5)
            says(0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
        if (state == 6) {
            server_says(&servers[0], EMPTY);
            struct span in = server_piece(&servers[0], SIZE_MAX), rest = in;
            exchange_take(x, 0, &rest, now);
            free((char *)in.at);
        }
        exchange_ends();
        cr_assert(exchange_starts(1));
    }
}
