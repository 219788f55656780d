/* test_web.c — the HTTP port of a node: answers one after another, time-outs, crowds, its end;
 * and when a node is ready. */
#include "unit/node/side.h"

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void opens(uint32_t conn)
{
    joins_by(conn, NODE_HTTP_PORT);
}

/* How many answers of a status a connection has been sent. */
static unsigned answers(uint32_t conn, const char *status)
{
    char line[32];
    unsigned count = 0;
    snprintf(line, sizeof line, "HTTP/1.1 %s ", status);
    for (const char *at = heard[conn]; (at = strstr(at, line)); at++)
        count++;
    return count;
}

static void is_gone(uint32_t conn)
{
    cr_assert_eq(wants[conn], NODE_WANT_ABORT);
    hangs_up(conn);
}

static void closes(uint32_t conn)
{
    cr_assert_eq(wants[conn], NODE_WANT_CLOSE);
    hangs_up(conn);
}

Test(web, requests_are_answered_one_after_another, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(1);
    sends(1, "GET /heal");
    cr_expect_eq(heard_len[1], 0);
    sends(1, "th HTTP/1.1\r\nHost: localhost\r\n\r\n" ASK("/nothing") ASK("/metr"));
    cr_expect_eq(answers(1, "200"), 1);
    cr_expect_eq(answers(1, "404"), 2);
    cr_expect_eq(wants[1], NODE_WANT_READ);
    deaf[1] = true;
    forgets(1);
    sends(1, ASK("/health") ASK("/health"));
    cr_expect_eq(wants[1], NODE_WANT_WRITE, "a second answer while the first is not sent");
    sends(1, ASK("/health") "GET /health HTTP/1.0\r\n\r\n" ASK("/health"));
    deaf[1] = false;
    send_out(1);
    turn();
    cr_expect_eq(answers(1, "200"), 4, "%u", answers(1, "200"));
    closes(1);
    cr_expect_eq(node_metrics(node)->web_requests, 7);
    cr_expect_eq(node_metrics(node)->web_refused, 2);
    cr_expect_eq(node_metrics(node)->bytes_received, 0);
    cr_expect_eq(node_metrics(node)->bytes_sent, 0);
    cr_expect_eq(node_metrics(node)->clients_accepted, 0);
}

Test(web, head_and_errors, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(1);
    sends(1, "HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    cr_expect(strstr(heard[1], "Content-Length: 15\r\n"));
    cr_expect_str_eq(strstr(heard[1], "\r\n\r\n"), "\r\n\r\n");
    sends(1, "IAMAT kiwi +34-118 1\r\n" ASK("/health"));
    cr_expect_eq(answers(1, "400"), 1);
    cr_expect_eq(answers(1, "200"), 1);
    closes(1);
    cr_expect_eq(store_count(node_store(node)), 0);
}

Test(web, fin_is_waited_out, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(1);
    deaf[1] = true;
    sends(1, ASK("/health") ASK("/health"));
    finishes(1);
    deaf[1] = false;
    send_out(1);
    turn();
    cr_expect_eq(answers(1, "200"), 2);
    closes(1);
    opens(2);
    sends(2, "GET /he");
    finishes(2);
    cr_expect_eq(heard_len[2], 0);
    closes(2);
}

Test(web, time_outs, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(1);
    opens(2);
    opens(3);
    sends(2, "G");
    deaf[3] = true;
    sends(3, ASK("/metrics"));
    for (int s = 0; s < 9; s++) {
        passes_ms(1000);
        sends(2, "E"); /* slowly does not help */
    }
    cr_expect_eq(wants[2], NODE_WANT_READ);
    passes_ms(1000);
    is_gone(2);
    is_gone(3);
    passes_ms(64999);
    cr_expect_eq(wants[1], NODE_WANT_READ);
    passes_ms(1);
    is_gone(1);
    cr_expect_eq(node_deadline(node) > now.mono_ns, true);
}

/* 64 at most: for one more the one goes that has waited longest. */
Test(web, a_crowd_takes_from_nobody_else, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(0);
    sends(0, ASK("/health"));
    passes_ms(1);
    for (uint32_t i = 1; i < 64; i++) {
        opens(i);
        passes_ms(1);
    }
    opens(64);
    is_gone(0);
    passes_ms(1);
    sends(1, ASK("/health"));
    passes_ms(1);
    opens(65);
    cr_expect_eq(wants[1], NODE_WANT_READ, "it had just asked");
    is_gone(2);
    cr_expect_eq(node_metrics(node)->web_dropped, 2);
    joins(100);
    sends(100, "IAMAT kiwi +34-118 1\n");
    cr_expect_neq(heard_len[100], 0);
}

Test(web, a_node_that_stops_answers_and_closes, .init = side_begin, .fini = side_end)
{
    side_start();
    opens(1);
    opens(2);
    opens(3);
    deaf[2] = true;
    sends(2, ASK("/health") ASK("/ready"));
    sends(3, "GET /rea");
    node_stop(node, now);
    turn();
    closes(1);
    closes(3);
    deaf[2] = false;
    send_out(2);
    turn();
    cr_expect_eq(answers(2, "200"), 1);
    closes(2);
}

static void ready_says(const char *status, const char *why)
{
    opens(90);
    sends(90, ASK("/ready"));
    cr_expect_eq(answers(90, status), 1, "%s", heard[90]);
    cr_expect(strstr(heard[90], why), "%s", heard[90]);
    hangs_up(90);
}

/* A link to Hands, accepted; it is as empty as the node. */
static void links_up(uint32_t conn)
{
    joins_by(conn, NODE_PEER_PORT);
    sends(conn, "HELLO stampede/1 herd=test from=Hands to=Goloman boot=00000000000000aa "
                "nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0\n");
    cr_assert(strstr(heard[conn], "HELLO "), "%s", heard[conn]);
}

static uint16_t hands[] = {2};

Test(web, ready_once_a_link_was_level, .init = side_begin, .fini = side_end)
{
    nodes[0].neighbours = hands;
    nodes[0].neighbours_count = 1;
    side_start();
    ready_says("503", "no link has come up yet");
    links_up(1);
    ready_says("503", "not level yet with Hands");
    sends(1, "PING 5 0 0000000000000000\n");
    ready_says("200", "level with Hands");
    hangs_up(1);
    ready_says("200", "no link is up, for less than 10 s");
    passes_ms(9999);
    ready_says("200", "no link is up, for less than 10 s");
    passes_ms(1);
    ready_says("503", "isolated: no link has been up for 10 s");
    topology.http.ready_alone = true;
    ready_says("200", "isolated: no link has been up for 10 s");
    links_up(2);
    ready_says("503", "not level yet with Hands");
}

Test(web, a_link_that_comes_back_has_ten_seconds, .init = side_begin, .fini = side_end)
{
    nodes[0].neighbours = hands;
    nodes[0].neighbours_count = 1;
    side_start();
    links_up(1);
    sends(1, "PING 5 0 0000000000000000\n");
    hangs_up(1);
    passes_ms(5000);
    links_up(2);
    ready_says("200", "not level yet with Hands");
    passes_ms(5000);
    ready_says("503", "not level yet with Hands");
    sends(2, "PING 6 0 0000000000000000\n");
    ready_says("200", "level with Hands");
}

Test(web, the_only_node_is_ready_until_it_stops, .init = side_begin, .fini = side_end)
{
    side_start();
    ready_says("200", "the only node of its herd");
    opens(1);
    deaf[1] = true;
    sends(1, ASK("/health") ASK("/ready"));
    node_stop(node, now);
    turn();
    deaf[1] = false;
    send_out(1);
    turn();
    closes(1);
}
