/* test_drain.c — DRAIN and UNDRAIN of a node: who may say them, what they do and when. */
#include "unit/node/observer.h"

static void begin(void)
{
    side_begin();
    node = side_node(secret);
    cr_assert_not_null(node);
}

/* An observer with the secret asks; what it is told lies in heard[conn]. */
static void orders(uint32_t conn, const char *order)
{
    observer_comes(conn);
    sends(conn, order);
    cr_assert_eq(wants[conn], NODE_WANT_CLOSE);
    node_closed(node, conn, "", now);
    turn();
}

static void ready_says(const char *status, const char *why)
{
    joins_by(90, NODE_HTTP_PORT);
    sends(90, "GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    cr_expect(strstr(heard[90], status), "%s", heard[90]);
    cr_expect(strstr(heard[90], why), "%s", heard[90]);
    hangs_up(90);
}

static void answers(uint32_t conn)
{
    forgets(conn);
    sends(conn, "IAMAT kiwi +34-118 1\n");
    cr_expect_eq(strncmp(heard[conn], "AT Goloman ", 11), 0, "heard \"%s\"", heard[conn]);
}

Test(node_drain, goes_step_by_step, .init = begin, .fini = side_end)
{
    ready_says(" 200 ", "the only node");
    joins(1);
    orders(2, "DRAIN 10000 60000\n");
    cr_assert(strstr(heard[2], "\"draining\":true,\"drain_closes_ms\":10000,"
                               "\"drain_stops_ms\":60000,"), "heard \"%s\"", heard[2]);
    ready_says(" 503 ", "\r\n\r\ndraining\n");
    passes_ms(9999);
    cr_expect(node_listens(node));
    joins(3);
    answers(3);
    passes_ms(1);
    cr_expect(!node_listens(node));
    joins(4); /* the kernel had taken it */
    answers(4);
    answers(1);
    passes_ms(49999);
    cr_expect(!node_is_drained(node));
    cr_expect_eq(node_deadline(node), now.mono_ns + MS_NS);
    passes_ms(1);
    cr_expect(node_is_drained(node));
    cr_expect_eq(wants[1], NODE_WANT_READ, "its driver stops it");
    node_stop(node, now);
    turn();
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    cr_expect(node_stopped(node));
    cr_expect_eq(logged(" draining clients=1 grace_ms=10000 timeout_ms=60000 from="), 1);
    cr_expect_eq(logged(" drain_closes_port clients=2"), 1);
    cr_expect_eq(logged(" drained clients=3"), 1);
}

Test(node_drain, ends_with_its_last_client_but_not_before_the_grace, .init = begin,
    .fini = side_end)
{
    joins(1);
    orders(2, "DRAIN 10000 60000\n");
    hangs_up(1);
    passes_ms(9999);
    cr_expect(!node_is_drained(node), "nobody is there, but somebody may come");
    joins(1);
    passes_ms(5000);
    cr_expect(!node_is_drained(node));
    hangs_up(1);
    cr_expect(node_is_drained(node));
}

Test(node_drain, waits_for_the_port_to_be_closed, .init = begin, .fini = side_end)
{
    orders(2, "DRAIN 0 60000\n");
    cr_expect(node_is_drained(node));
    node_destroy(node);
    begin();
    orders(2, "DRAIN 1000 60000\n");
    now.mono_ns += 1000 * MS_NS;
    for (int i = 0; i < 9; i++)
        node_turn(node, now);
    cr_expect(!node_listens(node));
    cr_expect(!node_is_drained(node), "its driver may still bring clients");
    node_port_shut(node);
    cr_expect_leq(node_deadline(node), now.mono_ns);
    node_turn(node, now);
    cr_expect(node_is_drained(node));
}

Test(node_drain, is_undone, .init = begin, .fini = side_end)
{
    joins(1);
    orders(2, "UNDRAIN\n");
    cr_expect(strstr(heard[2], "\"draining\":false,"));
    for (int64_t ms = 5000; ms <= 15000; ms += 10000) { /* before the port closes, and after */
        orders(2, "DRAIN 10000 60000\n");
        passes_ms(ms);
        cr_expect_eq(node_listens(node), ms < 10000);
        orders(2, "UNDRAIN\n");
        cr_expect(strstr(heard[2], "\"draining\":false,"));
        cr_expect(!strstr(heard[2], "drain_"));
        cr_expect(node_listens(node));
        ready_says(" 200 ", "the only node");
        passes_ms(70000);
        cr_expect(!node_is_drained(node));
    }
    hangs_up(1);
    cr_expect(!node_is_drained(node));
    orders(2, "DRAIN 0 0\n");
    cr_expect(node_is_drained(node));
    orders(2, "UNDRAIN\n");
    hears(2, "BYE this node stops\n");
    orders(2, "DRAIN 5 5\n");
    hears(2, "BYE this node stops\n");
    cr_expect_eq(logged(" drain_undone "), 2);
}

Test(node_drain, a_second_order_sets_new_times, .init = begin, .fini = side_end)
{
    joins(1);
    orders(2, "DRAIN 10000 60000\n");
    passes_ms(5000);
    orders(2, "DRAIN 20000 30000\n");
    passes_ms(19999);
    cr_expect(node_listens(node));
    passes_ms(1);
    cr_expect(!node_listens(node));
    orders(2, "DRAIN 1000 2000\n");
    cr_expect(!node_listens(node), "it does not open again");
    passes_ms(1999);
    cr_expect(!node_is_drained(node));
    passes_ms(1);
    cr_expect(node_is_drained(node));
}

Test(node_drain, a_signal_stops_it_at_once, .init = begin, .fini = side_end)
{
    joins(1);
    orders(2, "DRAIN 10000 60000\n");
    node_stop(node, now);
    turn();
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    ready_says(" 503 ", "stopping");
    hangs_up(1);
    passes_ms(70000);
    cr_expect(node_stopped(node) && !node_is_drained(node));
}

Test(node_drain, takes_no_bad_numbers, .init = begin, .fini = side_end)
{
    static const char *const bad[] = {"DRAIN 2 1\n", "DRAIN -1 1\n", "DRAIN 1 x\n",
        "DRAIN 3600001 3600001\n", "DRAIN 0 86400001\n", "DRAIN 0 99999999999999999999\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        orders(2, bad[i]);
        hears(2, "BYE DRAIN with a bad number\n");
    }
    static const char *const none[] = {"DRAIN\n", "DRAIN 1\n", "DRAIN 1 2 3\n", "UNDRAIN 1\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        orders(2, none[i]);
        hears(2, "BYE an observer may only ask\n");
    }
    cr_expect(strstr(heard[2], "") && node_listens(node));
    orders(2, "DRAIN 3600000 86400000\n");
    cr_expect(strstr(heard[2], "\"draining\":true"));
}

/* Anybody who reaches the port could say it. */
Test(node_drain, needs_a_proof, .init = side_begin, .fini = side_end)
{
    side_start();
    static const char *const all[] = {"DRAIN 0 0\n", "UNDRAIN\n"};
    for (size_t i = 0; i < 2; i++) {
        joins_by(1, NODE_PEER_PORT);
        sends(1, OBSERVER "\n");
        forgets(1);
        sends(1, all[i]);
        hears(1, "BYE this node has neither secret nor TLS to prove who may drain it\n");
        hangs_up(1);
    }
    cr_expect(!node_is_drained(node) && node_listens(node));
    joins_by(1, NODE_PEER_PORT);
    sends(1, OBSERVER "\n");
    sends(1, "STATUS\n");
    cr_expect(strstr(heard[1], "\"draining\":false,"), "heard \"%s\"", heard[1]);
}
