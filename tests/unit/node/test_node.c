/* test_node.c — one node, driven by hand: clients, order of replies, limits, time-outs. */
#include "core/store/store.h"
#include "unit/node/side.h"

TestSuite(node, .init = side_begin, .fini = side_end);

/* -- commands ---------------------------------------------------------------------------------- */

Test(node, answers_with_the_clients_own_text)
{
    side_start();
    joins(0);
    sends(0, " IAMAT\tkiwi  +34.068930-118.445127 001699999999.736126614 \r\n");
    hears(0, "AT Goloman +0.263873386 kiwi +34.068930-118.445127 001699999999.736126614\n");
}

Test(node, answers_an_older_time_with_what_is_stored)
{
    side_start();
    joins(0);
    sends(0, "IAMAT k +1+1 1699999999.918963998\n");
    hears(0, "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n");
    passes_ms(5);
    sends(0, "IAMAT k +2+2 1699999999.918963997\nIAMAT k +3+3 1699999999.918963998\n");
    hears(0, "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n"
             "AT Goloman +0.081036002 k +1+1 1699999999.918963998\n");
    sends(0, "IAMAT k +4+4 1699999999.918963999\n");
    hears(0, "AT Goloman +0.086036001 k +4+4 1699999999.918963999\n");
}

Test(node, refuses_what_it_does_not_understand)
{
    side_start();
    joins(0);
    sends(0, "hello\n\nAT Goloman +0.1 k +1+1 1\r\nWHATSAT nobody 10 5\nIAMAT k +1+1 9e9\n");
    hears(0, "? hello\n? \n? AT Goloman +0.1 k +1+1 1\n? WHATSAT nobody 10 5\n"
             "? IAMAT k +1+1 9e9\n");
}

Test(node, refuses_times_beyond_the_future)
{
    side_start();
    joins(0);
    sends(0, "IAMAT k +1+1 1700086400.000000001\nIAMAT k +1+1 1700086400\n");
    hears(0, "? IAMAT k +1+1 1700086400.000000001\n"
             "AT Goloman -86400.000000000 k +1+1 1700086400\n");
}

static const char mixed[] = "IAMAT a +1+1 1\nWHATSAT a 1 1\n\nIAMAT b +2+2 2\r\nnonsense here\n"
                            "WHATSAT a 0.5 2\nIAMAT a +3+3 0.5\n";
static const char mixed_heard[] =
    "AT Goloman +1699999999.000000000 a +1+1 1\nAT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n"
    "? \nAT Goloman +1699999998.000000000 b +2+2 2\n? nonsense here\n"
    "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\nAT Goloman +1699999999.000000000 a +1+1 1\n";

Test(node, answers_the_same_however_the_bytes_are_split)
{
    side_start();
    size_t n = sizeof mixed - 1;
    for (size_t split = 1; split < n; split++) {
        char first[sizeof mixed] = {0};
        memcpy(first, mixed, split);
        joins(0);
        sends(0, first);
        sends(0, mixed + split);
        while (places.waiting_count)
            slow_make_ready(&places, places.waiting_count - 1); /* the last one first */
        turn();
        hears(0, mixed_heard);
        hangs_up(0);
    }
}

Test(node, answers_byte_by_byte)
{
    side_start();
    joins(0);
    for (size_t i = 0; i < sizeof mixed - 1; i++)
        sends(0, (char[]){mixed[i], '\0'});
    slow_make_ready(&places, 1);
    slow_make_ready(&places, 0);
    turn();
    hears(0, mixed_heard);
}

Test(node, an_over_long_line_is_refused_in_its_place)
{
    side_start();
    joins(0);
    char line[3000] = "IAMAT a +1+1 1\n", expected[3000] = {0};
    memset(line + 15, 'x', 1500);
    strcpy(line + 1515, "\nIAMAT b +2+2 2\n");
    strcpy(expected, "AT Goloman +1699999999.000000000 a +1+1 1\n? ");
    memset(expected + strlen(expected), 'x', 1024);
    strcat(expected, "\nAT Goloman +1699999998.000000000 b +2+2 2\n");
    sends(0, line);
    hears(0, expected);
}

Test(node, takes_bytes_as_they_are)
{
    side_start();
    joins(0);
    sends(0, "IAMAT \xd0\xba\xff +1+1 1\nIAMAT\v\f\r b \t+2+2 2\x0b\nIAMAT c\x7f +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 \xd0\xba\xff +1+1 1\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n? IAMAT c\x7f +1+1 1\n");
    static const char with_nul[] = "IAMAT d +1+1 1\0\n";
    sends_bytes(0, with_nul, sizeof with_nul - 1);
    cr_assert_eq(heard_len[0], sizeof "? " - 1 + sizeof with_nul - 1);
    cr_assert_eq(memcmp(heard[0], "? IAMAT d +1+1 1\0\n", heard_len[0]), 0);
    cr_assert_eq(store_count(node_store(node)), 2);
}

/* A line of `bytes` bytes before its end; what the node says to it. */
static void line_of(size_t bytes, const char *ending, size_t answered)
{
    char line[3000], expected[3000];
    size_t n = (size_t)snprintf(line, sizeof line, "WHATSAT nobody 1 1");
    memset(line + n, ' ', bytes - n);
    strcpy(line + bytes, ending);
    snprintf(expected, sizeof expected, "? %.*s\n", (int)answered, line);
    sends(0, line);
    if (!*ending)
        finishes(0);
    hears(0, expected);
}

Test(node, a_line_holds_its_limit_and_not_a_byte_more)
{
    side_start();
    joins(0);
    line_of(1024, "\n", 1024);
    line_of(1024, "\r\n", 1024);
    cr_assert_eq(node_metrics(node)->lines_too_long, 0);
    line_of(1025, "\n", 1024);
    line_of(1025, "\r\n", 1024);
    cr_assert_eq(node_metrics(node)->lines_too_long, 2);
    line_of(1024, "", 1024);
    cr_assert_eq(node_metrics(node)->lines_too_long, 2);
    hangs_up(0);
    joins(0);
    line_of(2900, "", 1024);
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    cr_assert_eq(node_metrics(node)->lines_invalid, 6);
}

/* -- places ------------------------------------------------------------------------------------ */

Test(node, replies_wait_for_places_in_order_and_others_do_not)
{
    side_start();
    joins(0);
    joins(1);
    sends(0, "IAMAT a +1.5-2 1\nWHATSAT a 1.5 3\nIAMAT b +2+2 2\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1.5-2 1\n");
    cr_assert_eq(places.last.centre.latitude_fdeg, FDEG_PER_DEGREE * 3 / 2);
    cr_assert_eq(places.last.centre.longitude_fdeg, -2 * FDEG_PER_DEGREE);
    cr_assert_eq(places.last.radius_um, 1500000000u);
    cr_assert_eq(places.last.count, 3);
    sends(1, "IAMAT b +2+2 1\n"); /* the b behind the gate is stored already */
    hears(1, "AT Goloman +1699999998.000000000 b +2+2 2\n");
    slow_make_ready(&places, 0);
    turn();
    hears(0, "AT Goloman +1699999999.000000000 a +1.5-2 1\n{}\n\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n");
}

Test(node, a_client_that_leaves_cancels_its_questions)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\nWHATSAT a 1 2\nWHATSAT a 1 3\n");
    cr_assert_eq(places.waiting_count, 3);
    slow_make_ready(&places, 1);
    turn();
    hangs_up(0);
    cr_assert_eq(places.cancelled, 2);
    joins(0);
    sends(0, "IAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 b +1+1 1\n");
}

Test(node, holds_input_while_too_many_questions_wait)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n");
    for (unsigned i = 0; i < 64; i++)
        sends(0, "WHATSAT a 1 1\n");
    cr_assert_not(wants[0] & NODE_WANT_READ, "a client with 64 questions must not be read from");
    sends(0, "IAMAT c +1+1 1\nIAM"); /* had been received before the node stopped reading */
    cr_assert_eq(store_count(node_store(node)), 1);
    for (unsigned i = 0; i < 32; i++)
        slow_make_ready(&places, 1);
    turn();
    cr_assert_eq(wants[0], NODE_WANT_READ, "half of them are answered, though not the first");
    while (places.waiting_count) {
        slow_make_ready(&places, 0);
        turn();
    }
    cr_assert_eq(store_count(node_store(node)), 2);
    forgets(0);
    sends(0, "AT d +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 d +1+1 1\n");
}

/* One turn hands out some of the answers, and the next turn is due at once. */
Test(node, many_answers_take_several_turns)
{
    enum { CLIENTS = 3, EACH = 50, PER_TURN = 64 };
    side_start();
    for (uint32_t conn = 0; conn < CLIENTS; conn++) {
        joins(conn);
        sends(conn, "IAMAT a +1+1 1\n");
        for (unsigned i = 0; i < EACH; i++)
            sends(conn, "WHATSAT a 1 1\n");
    }
    while (places.waiting_count)
        slow_make_ready(&places, 0);
    for (unsigned left = CLIENTS * EACH; left; left = places.ready_count) {
        cr_assert_leq(node_deadline(node), now.mono_ns);
        node_turn(node, now);
        cr_expect_eq(left - places.ready_count, left < PER_TURN ? left : PER_TURN);
    }
    turn();
    for (uint32_t conn = 0; conn < CLIENTS; conn++)
        cr_expect_eq(wants[conn], NODE_WANT_READ);
}

Test(node, a_client_that_waits_for_places_is_not_idle)
{
    topology.limits.idle_ms = 2000;
    topology.limits.stall_ms = 1000;
    side_start();
    joins(0);
    joins(1);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    sends(1, "WHATSAT a 1 1\n");
    finishes(1);
    for (unsigned i = 0; i < 100; i++)
        passes_ms(100);
    slow_make_ready(&places, 0);
    slow_make_ready(&places, 0);
    turn();
    hears(1, "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n");
    cr_assert_eq(wants[0], NODE_WANT_READ);
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
    for (unsigned i = 0; i < 25; i++)
        passes_ms(100);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
}

Test(node, says_how_long_it_slept_and_counts_that_as_uptime_only)
{
    char text[8192];
    struct buf out = buf_over(text, sizeof text - 1);
    topology.limits.idle_ms = 2000;
    side_start();
    joins(0);
    node_slept(node, 999 * MS_NS, now);
    cr_assert_eq(logged("slept"), 0);
    node_slept(node, 35 * SECOND_NS, now);
    cr_assert_eq(logged("slept ms=35000"), 1);
    passes_ms(1);
    cr_assert_eq(wants[0], NODE_WANT_READ);
    node_status(node, &out, now);
    text[out.len] = '\0';
    cr_assert(strstr(text, "\"uptime_ms\":36000,"), "%s", text);
}

Test(node, logs_every_line_and_every_reply_when_asked_to)
{
    log_.level = LOG_DEBUG;
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    slow_make_ready(&places, 0);
    turn();
    cr_assert_eq(logged(" line_in conn=0 text=\"IAMAT a +1+1 1\"\n"), 1);
    cr_assert_eq(logged(" line_in conn=0 text=\"WHATSAT a 1 1\"\n"), 1);
    cr_assert_eq(
        logged(" line_out conn=0 text=\"AT Goloman +1699999999.000000000 a +1+1 1\"\n"), 2);
    cr_assert_eq(logged(" line_out conn=0 text=\"{}\\x0a\\x0a\"\n"), 1);
}

/* -- ends -------------------------------------------------------------------------------------- */

Test(node, a_last_line_without_lf_counts_and_all_replies_are_sent_before_the_close)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\nIAMAT b +2+2 2");
    finishes(0);
    cr_assert_eq(wants[0], 0, "it waits for places");
    slow_make_ready(&places, 0);
    turn();
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n"
             "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
}

Test(node, a_client_that_reads_late_gets_all_replies_though_it_has_finished_sending)
{
    side_start();
    joins(0);
    deaf[0] = true;
    char batch[9000 * 15 + 16] = {0};
    for (unsigned i = 0; i < 9000; i++)
        memcpy(batch + i * 15, "IAMAT a +1+1 1\n", 15);
    strcpy(batch + 9000 * 15, "IAMAT b +1+1 1");
    sends(0, batch);
    finishes(0);
    cr_assert_eq(wants[0], NODE_WANT_WRITE);
    cr_assert_eq(store_count(node_store(node)), 1, "the rest of the input is held");
    deaf[0] = false;
    send_out(0);
    turn();
    static const char reply[] = "AT Goloman +1699999999.000000000 a +1+1 1\n";
    cr_assert_eq(heard_len[0], 9001 * (sizeof reply - 1));
    cr_assert_str_eq(
        heard[0] + 9000 * (sizeof reply - 1), "AT Goloman +1699999999.000000000 b +1+1 1\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
}

Test(node, a_client_that_has_finished_and_does_not_read_is_dropped)
{
    side_start();
    joins(0);
    deaf[0] = true;
    sends(0, "IAMAT a +1+1 1\n");
    finishes(0);
    passes_ms(29999);
    cr_assert_eq(wants[0], NODE_WANT_WRITE);
    passes_ms(30000 / 8 + 1);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
}

Test(node, nothing_sent_is_nothing_answered)
{
    side_start();
    joins(0);
    finishes(0);
    hears(0, "");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    joins(1);
    sends(1, "\r\n\r");
    finishes(1);
    hears(1, "? \n? \n");
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
}

Test(node, closes_after_the_first_reply_when_told_to)
{
    topology.client_close = CLIENT_CLOSE_REPLY;
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    cr_assert_eq(store_count(node_store(node)), 1);
    joins(1);
    sends(1, "WHATSAT a 1 1\nIAMAT b +1+1 1\n");
    cr_assert_eq(wants[1], 0);
    slow_make_ready(&places, 0);
    turn();
    hears(1, "AT Goloman +1699999999.000000000 a +1+1 1\n{}\n\n");
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
}

#define BROWSER                                                                    \
    "POST / HTTP/1.1\r\nHost: 127.0.0.1:12000\r\nContent-Type: text/plain\r\n\r\n" \
    "IAMAT victim +0.0+0.0 1\nWHATSAT victim 10 5\n"

Test(node, another_protocols_request_is_refused_and_nothing_behind_it_is_taken)
{
    side_start();
    size_t n = sizeof BROWSER - 1;
    for (size_t split = 1; split <= n; split++) { /* also in the middle of the first line */
        char first[sizeof BROWSER] = {0};
        memcpy(first, BROWSER, split);
        joins(0);
        sends(0, first);
        if (wants[0] != NODE_WANT_CLOSE)
            sends(0, &BROWSER[split]);
        hears(0, "? POST / HTTP/1.1\n");
        cr_assert_eq(wants[0], NODE_WANT_CLOSE, "%zu", split);
        hangs_up(0);
    }
    cr_assert_eq(store_count(node_store(node)), 0);
    cr_assert_eq(node_metrics(node)->clients_dropped_http, n);
}

Test(node, a_request_whose_target_is_too_long_is_refused_too)
{
    for (int cut = -3; cut <= 12; cut++) { /* the limit is in the target, or in the version */
        static char lines[4000], want[2000];
        size_t target = topology.limits.line_bytes - strlen("GET ") - (size_t)cut - 1;
        if (cut == -3)
            side_start();
        memcpy(lines, "GET /", 6);
        memset(lines + 5, 'a', target);
        strcpy(lines + 5 + target, " HTTP/1.1\r\n\r\nIAMAT victim +0+0 1\n");
        size_t whole = 5 + target + strlen(" HTTP/1.1");
        size_t most = whole < topology.limits.line_bytes ? whole : topology.limits.line_bytes;
        snprintf(want, sizeof want, "? %.*s\n", (int)most, lines);
        joins(0);
        sends(0, lines);
        hears(0, want);
        cr_assert_eq(wants[0], NODE_WANT_CLOSE, "%d", cut);
        hangs_up(0);
    }
    cr_assert_eq(store_count(node_store(node)), 0);
}

Test(node, only_a_first_line_can_be_another_protocols)
{
    static const char *const begins[] = {"IAMAT a +1+1 1\n", "WHATSAT b 1 1\n", "\n", "x\n"};
    side_start();
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        joins(0);
        sends(0, begins[i]);
        sends(0, BROWSER);
        cr_assert_neq(wants[0], NODE_WANT_CLOSE, "%zu", i);
        hangs_up(0);
    }
    cr_assert_eq(store_count(node_store(node)), 2);
    cr_assert_eq(node_metrics(node)->clients_dropped_http, 0);
    joins(0);
    sends(0, "\x16\x03\x01\x02\nIAMAT c +1+1 1\n"); /* TLS is a line like any other */
    cr_assert_neq(wants[0], NODE_WANT_CLOSE);
    cr_assert_eq(store_count(node_store(node)), 3);
}

Test(node, one_reply_is_all_before_the_close_even_when_a_long_line_follows)
{
    topology.client_close = CLIENT_CLOSE_REPLY;
    side_start();
    joins(0);
    char lines[2000] = "IAMAT a +1+1 1\n";
    memset(lines + strlen(lines), 'x', 1500);
    strcat(lines, "\n");
    sends(0, lines);
    hears(0, "AT Goloman +1699999999.000000000 a +1+1 1\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
}

Test(node, stops_when_what_is_pending_is_out)
{
    side_start();
    joins(0);
    joins(1);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    node_stop(node, now);
    turn();
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
    hangs_up(1);
    cr_assert_not(node_stopped(node));
    slow_make_ready(&places, 0);
    turn();
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
    cr_assert(node_stopped(node));
}

Test(node, stops_in_bounded_time_whatever_is_pending)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    node_stop(node, now);
    passes_ms(199);
    cr_assert_not(node_stopped(node));
    passes_ms(1);
    cr_assert(node_stopped(node));
}

Test(node, a_node_that_stops_takes_nobody_in_and_does_not_call_that_full)
{
    side_start();
    joins(0);
    node_stop(node, now);
    turn();
    joins(1);
    cr_assert_eq(wants[1], NODE_WANT_ABORT);
    cr_assert_eq(node_metrics(node)->clients_refused, 0);
    cr_assert_eq(logged(" connections_full "), 0);
}

/* -- limits ------------------------------------------------------------------------------------ */

Test(node, a_client_that_does_not_read_is_no_longer_read_from_then_dropped)
{
    side_start();
    joins(0);
    send_at_most = 0;
    unsigned lines = 0;
    while (wants[0] & NODE_WANT_READ) {
        sends(0, "IAMAT a +1+1 1\n");
        cr_assert_lt(++lines, 10000);
    }
    cr_assert_geq(lines * 42, 65536 - 42 * 16);
    passes_ms(29999);
    cr_assert_not(wants[0] & NODE_WANT_ABORT);
    passes_ms(30000 / 8 + 1);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
    cr_assert_eq(node_metrics(node)->clients_dropped_stalled, 1);
    hangs_up(0);
}

static void fills_its_output(uint32_t conn)
{
    joins(conn);
    send_at_most = 0;
    while (wants[conn] & NODE_WANT_READ)
        sends(conn, "IAMAT a +1+1 1\n");
}

/* Nothing leaves the node, and yet it takes what the kernel has. */
Test(node, a_client_whose_end_takes_bytes_from_the_kernel_is_not_stalled)
{
    side_start();
    unconfirmed[0] = 100000;
    fills_its_output(0);
    for (unsigned i = 0; i < 20; i++) {
        passes_ms(20000);
        unconfirmed[0] -= 1000;
        cr_assert_not(wants[0] & NODE_WANT_ABORT, "%u", i);
    }
    for (unsigned i = 0; i < 8; i++) {
        cr_assert_not(wants[0] & NODE_WANT_ABORT, "%u", i);
        passes_ms(30000 / 8 + 1);
    }
    passes_ms(30000 / 8 + 1);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
}

/* limits.stall is for those with limits.output; what the kernel has counts. */
Test(node, a_client_with_less_unread_has_the_time_of_an_idle_one)
{
    side_start();
    fills_its_output(0);
    node_sent(node, 0, 10000, now);
    turn();
    cr_assert_not(wants[0] & NODE_WANT_READ, "it is not read from until half is sent");
    for (unsigned i = 0; i < 30; i++) {
        passes_ms(30000 / 8);
        cr_assert_not(wants[0] & NODE_WANT_ABORT, "%u", i);
    }
    unconfirmed[0] = 10000;
    passes_ms(30000 / 8);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
}

Test(node, a_client_with_less_unread_is_dropped_as_an_idle_one)
{
    side_start();
    fills_its_output(0);
    node_sent(node, 0, 10000, now);
    turn();
    while (!(wants[0] & NODE_WANT_ABORT)) {
        cr_assert_leq(now.mono_ns, 602 * SECOND_NS + 4 * SECOND_NS);
        passes_ms(30000 / 8);
    }
    cr_assert_geq(now.mono_ns, 600 * SECOND_NS);
    cr_expect_eq(node_metrics(node)->clients_dropped_idle, 1, "and counted as one");
    cr_expect_eq(node_metrics(node)->clients_dropped_stalled, 0);
}

Test(node, a_provider_without_an_exchange_resolves_and_dials_nothing)
{
    struct lookup_order lookup;
    unsigned id;
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nWHATSAT a 1 1\n");
    cr_expect_not(node_resolve(node, &lookup));
    cr_expect_not(node_dial_cancel(node, &id));
}

Test(node, a_client_is_read_from_until_its_output_has_the_bytes_of_the_limit)
{
    enum { LINES = 500, REPLY_BYTES = 42 };
    topology.limits.output_bytes = LINES * REPLY_BYTES;
    side_start();
    joins(0);
    send_at_most = 0;
    for (unsigned i = 0; i < LINES; i++) {
        cr_assert(wants[0] & NODE_WANT_READ, "line %u", i);
        sends(0, "IAMAT a +1+1 1\n");
    }
    cr_assert_not(wants[0] & NODE_WANT_READ);
    send_at_most = SIZE_MAX;
    wants[0] = node_wants(node, 0);
    send_out(0);
    cr_assert_eq(heard_len[0], LINES * REPLY_BYTES);
}

Test(node, unread_output_is_bounded_in_memory_not_only_in_bytes)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\n");
    send_at_most = 0;
    unsigned pairs =
        0; /* of an answer that has a chunk to itself, and a reply that begins a new one */
    for (; wants[0] & NODE_WANT_READ; pairs++) {
        sends(0, "WHATSAT a 1 1\nIAMAT a +1+1 1\n");
        slow_make_ready(&places, 0);
        turn();
    }
    cr_assert_gt(pairs, 1);
    cr_assert_leq(pairs, 2 * topology.limits.output_bytes / 16384);
    send_at_most = SIZE_MAX;
    wants[0] = node_wants(node, 0);
    send_out(0);
    turn();
    cr_assert_eq(wants[0], NODE_WANT_READ);
}

Test(node, a_client_that_reads_again_loses_nothing)
{
    side_start();
    joins(0);
    send_at_most = 0;
    char batch[100 * 16] = {0};
    for (unsigned i = 0; i < 100; i++)
        strcat(batch, "IAMAT a +1+1 1\n");
    unsigned batches = 0;
    while (wants[0] & NODE_WANT_READ) {
        sends(0, batch);
        batches++;
    }
    sends(0, batch); /* one more that was already received */
    batches++;
    send_at_most = 1000;
    passes_ms(1);
    for (unsigned i = 0; i < 100; i++) {
        wants[0] = node_wants(node, 0);
        send_out(0);
        turn();
    }
    static const char reply[] = "AT Goloman +1699999999.000000000 a +1+1 1\n";
    cr_assert_eq(heard_len[0], batches * 100 * (sizeof reply - 1));
    cr_assert(wants[0] & NODE_WANT_READ);
}

Test(node, drops_idle_clients_only)
{
    side_start();
    joins(0);
    joins(1);
    for (unsigned i = 0; i < 11; i++) {
        passes_ms(60000);
        sends(1, "IAMAT a +1+1 1\n");
    }
    passes_ms(75001 - 60000);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
    cr_assert_eq(wants[1], NODE_WANT_READ);
    cr_assert_eq(node_metrics(node)->clients_dropped_idle, 1);
}

Test(node, keeps_to_its_number_of_connections)
{
    side_start();
    for (uint32_t i = 0; i < 8; i++)
        joins(i);
    joins(8);
    cr_assert_eq(wants[8], NODE_WANT_ABORT);
    hangs_up(8);
    cr_assert_eq(node_metrics(node)->clients_refused, 1);
    cr_assert_eq(logged(" connections_full limits.connections=8 "), 1);
    passes_ms(60000);
    cr_assert_eq(logged(" connections_full_over count=1 lasted_ms=0\n"), 1);
    hangs_up(3);
    joins(3);
    sends(3, "IAMAT a +1+1 1\n");
    hears(3, "AT Goloman +1700000059.000000000 a +1+1 1\n");
}

Test(node, refuses_new_ids_when_full_and_says_so_once_an_episode)
{
    topology.limits.stamps = 2;
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    forgets(0);
    sends(0, "IAMAT c +1+1 1\nIAMAT d +1+1 1\nIAMAT a +1+1 2\n");
    hears(0, "? IAMAT c +1+1 1\n? IAMAT d +1+1 1\nAT Goloman +1699999998.000000000 a +1+1 2\n");
    cr_assert_eq(logged(" stamps_full from=clients limits.stamps=2 "), 1);
    passes_ms(30000);
    sends(0, "IAMAT e +1+1 1\n");
    int64_t over_ns = now.mono_ns + 60000 * MS_NS;
    hangs_up(0);
    cr_assert_eq(node_deadline(node), over_ns, "the loop sees when the episode is over");
    passes_ms(60000);
    cr_assert_eq(logged(" stamps_full_over from=clients count=3 lasted_ms=30000\n"), 1);
    cr_assert_eq(logged(" stamps_full "), 1);
    joins(0);
    sends(0, "IAMAT f +1+1 1\n");
    cr_assert_eq(logged(" stamps_full from=clients "), 2);
    node_stop(node, now);
    cr_assert_eq(logged(" stamps_full_over from=clients count=1 lasted_ms=0\n"), 1);
}

Test(node, evicts_the_stamp_that_is_longest_unchanged_when_told_to)
{
    topology.limits.stamps = 2;
    topology.limits.stamps_evict = true;
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\nIAMAT a +1+1 2\nIAMAT c +1+1 1\n");
    forgets(0);
    sends(0, "WHATSAT b 1 1\nIAMAT a +1+1 2\nIAMAT c +1+1 0\n");
    hears(0, "? WHATSAT b 1 1\nAT Goloman +1699999998.000000000 a +1+1 2\n"
             "AT Goloman +1699999999.000000000 c +1+1 1\n");
    cr_assert_eq(logged(" stamps_full "), 0);
    cr_assert_eq(logged(" stamps_evicted limits.stamps=2 "), 1);
    passes_ms(60000);
    cr_assert_eq(logged(" stamps_evicted_over count=1 lasted_ms=0\n"), 1);
}

Test(node, the_longest_limits_and_the_last_times_do_not_overflow)
{
    topology.limits.idle_ms = UINT64_C(365) * 86400 * 1000;
    topology.limits.stall_ms = UINT64_C(86400) * 1000;
    topology.limits.future_ns = UINT64_C(3650) * 86400 * SECOND_NS;
    topology.limits.stamps = UINT64_C(1) << 31;
    topology.limits.output_bytes = UINT64_C(1) << 30;
    topology.limits.output_total_bytes = UINT64_C(1) << 40;
    topology.limits.connections = 1000000;
    side_start();
    cr_assert_eq(logged(" stamps_mb=274878 "), 1);
    cr_assert_eq(logged(" unread_output_mb=1099512 "), 1);
    joins(0);
    sends(0, "IAMAT a +1+1 9223372036.854775807\nIAMAT a +1+1 2015360000.000000001\n"
             "IAMAT a +1+1 2015360000\nIAMAT b +1+1 0\n");
    hears(0, "? IAMAT a +1+1 9223372036.854775807\n? IAMAT a +1+1 2015360000.000000001\n"
             "AT Goloman -315360000.000000000 a +1+1 2015360000\n"
             "AT Goloman +1700000000.000000000 b +1+1 0\n");
    cr_assert_eq(node_metrics(node)->stamps_refused_future, 2);
    now.mono_ns += 364 * 86400 * SECOND_NS;
    turn();
    cr_assert_eq(wants[0], NODE_WANT_READ);
    now.mono_ns += 366 * 86400 * SECOND_NS / 8;
    turn();
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
}

Test(node, a_number_that_is_used_again_while_it_waits_to_go_on_is_a_new_client)
{
    side_start();
    joins(0);
    deaf[0] = true;
    char batch[9000 * 15 + 1] = {0};
    for (unsigned i = 0; i < 9000; i++)
        memcpy(batch + i * 15, "IAMAT a +1+1 1\n", 15);
    sends(0, batch);
    deaf[0] = false;
    send_out(0); /* it may go on at the next turn, but is gone by then */
    node_closed(node, 0, "reset", now);
    joins(0);
    hears(0, "");
    cr_assert_eq(wants[0], NODE_WANT_READ);
    sends(0, "IAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 b +1+1 1\n");
}

Test(node, a_number_that_is_used_again_brings_nothing_over_from_its_last_life)
{
    side_start();
    joins(0);
    sends(0, "IAMAT a +1+1 1\nIAMAT half");
    node_received(node, 0, SPAN(" +1+1 1\n"), now);
    node_closed(node, 0, "reset", now);
    joins(0);
    hears(0, "");
    sends(0, "IAMAT b +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 b +1+1 1\n");
    node_received(node, 0, SPAN("IAMAT c +1+1 1\n"), now);
    node_closed(node, 0, "reset", now);
    joins(0);
    hears(0, "");
    cr_assert_eq(store_count(node_store(node)), 4, "what came whole was taken");
}
