/* test_address_limits.c — what one address may take of a node: others are not touched by it,
 * nothing is lost by a pause, and the log says whose address it was. */
#include "unit/node/side.h"

TestSuite(address_limits, .init = side_begin, .fini = side_end);

static void comes_from(const char *host)
{
    char text[64];
    snprintf(text, sizeof text, "%s:4711", host);
    cr_assert_null(address_parse(span_of(text), &caller));
}

static void join_from(const char *host, uint32_t conn)
{
    comes_from(host);
    joins(conn);
}

Test(address_limits, connections)
{
    topology.limits.connections_per_address = 2;
    side_start();
    join_from("192.0.2.1", 0);
    join_from("192.0.2.1", 1);
    join_from("192.0.2.1", 2);
    cr_assert_eq(wants[2], NODE_WANT_ABORT);
    hangs_up(2);
    cr_assert_eq(node_metrics(node)->clients_refused_address, 1);
    cr_assert_eq(node_metrics(node)->clients_refused, 0);
    cr_assert_eq(
        logged(" address_connections limits.connections_per_address=2 address=192.0.2.1 "), 1);
    join_from("192.0.2.9", 2);
    cr_assert_eq(wants[2], NODE_WANT_READ);
    hangs_up(0);
    join_from("192.0.2.1", 0);
    cr_assert_eq(wants[0], NODE_WANT_READ);
    for (uint32_t i = 3; i < 8; i++) {
        join_from("127.0.0.1", i);
        cr_assert_eq(wants[i], NODE_WANT_READ, "the own machine has no such limit");
    }
    passes_ms(60000);
    cr_assert_eq(logged(" address_connections_over count=1 lasted_ms=0\n"), 1);
}

Test(address_limits, new_ids)
{
    topology.limits.new_ids_per_address = (struct topology_rate){2, 60};
    side_start();
    join_from("[2001:db8::1]", 0);
    join_from("[2001:db8::2]", 1);
    join_from("192.0.2.1", 2);
    sends(0, "IAMAT a +1+1 1\n");
    sends(1, "IAMAT b +1+1 1\n");
    forgets(0);
    forgets(1);
    sends(0, "IAMAT c +1+1 1\nIAMAT a +2+2 2\nIAMAT b +2+2 2\nWHATSAT c 1 1\n");
    hears(0, "? IAMAT c +1+1 1\nAT Goloman +1699999998.000000000 a +2+2 2\n"
             "AT Goloman +1699999998.000000000 b +2+2 2\n? WHATSAT c 1 1\n");
    cr_assert_eq(node_metrics(node)->stamps_refused_address, 1);
    cr_assert_eq(logged(" address_new_ids limits.new_ids_per_address=2 address=[2001:db8::] "), 1);
    sends(2, "IAMAT c +1+1 1\n");
    hears(2, "AT Goloman +1699999999.000000000 c +1+1 1\n");
    hangs_up(0);
    join_from("[2001:db8::3]", 0);
    sends(0, "IAMAT d +1+1 1\n");
    hears(0, "? IAMAT d +1+1 1\n");
    passes_ms(30000);
    sends(0, "IAMAT d +1+1 1\nIAMAT e +1+1 1\n");
    hears(0, "AT Goloman +1700000029.000000000 d +1+1 1\n? IAMAT e +1+1 1\n");
}

/* A full store that evicts has no more stamps than before, and yet the id is new. */
Test(address_limits, new_ids_that_evict_others)
{
    topology.limits.stamps = 1;
    topology.limits.stamps_evict = true;
    topology.limits.new_ids_per_address = (struct topology_rate){2, 60};
    side_start();
    join_from("192.0.2.1", 0);
    sends(0, "IAMAT a +1+1 1\nIAMAT b +1+1 1\nIAMAT c +1+1 1\nIAMAT b +1+1 2\n");
    hears(0,
        "AT Goloman +1699999999.000000000 a +1+1 1\nAT Goloman +1699999999.000000000 b +1+1 1\n"
        "? IAMAT c +1+1 1\nAT Goloman +1699999998.000000000 b +1+1 2\n");
}

Test(address_limits, commands_are_read_later_and_none_is_lost)
{
    topology.limits.commands_per_address = (struct topology_rate){3, 1};
    topology.limits.stall_ms = 1000;
    side_start();
    join_from("192.0.2.1", 0);
    join_from("192.0.2.1", 1);
    join_from("192.0.2.2", 2);
    sends(0, "x\ny\n");
    cr_assert_eq(wants[0], NODE_WANT_READ);
    sends(0, "IAMAT a +1+1 1\nz\nIAMAT b"); /* what has come is taken */
    hears(0, "? x\n? y\nAT Goloman +1699999999.000000000 a +1+1 1\n? z\n");
    cr_assert_eq(wants[0], 0, "it pauses");
    sends(1, "x\n");
    cr_assert_eq(wants[1], 0, "and so does the other one of this address");
    hears(1, "? x\n");
    sends(2, "x\n");
    cr_assert_eq(wants[2], NODE_WANT_READ, "but nobody else");
    cr_assert_eq(logged(" address_commands limits.commands_per_address=3 address=192.0.2.1 "), 1);
    sends(0, " +1+1 1\nIAMAT b +1+1 2\n"); /* it was on its way */
    hears(0, "");
    while (!*heard[0])
        passes_ms(20);
    hears(0,
        "AT Goloman +1700000000.000000000 b +1+1 1\nAT Goloman +1699999999.000000000 b +1+1 2\n");
    cr_assert_eq(node_metrics(node)->clients_dropped_stalled, 0);
}

Test(address_limits, a_pause_is_no_stall)
{
    topology.limits.commands_per_address = (struct topology_rate){1, 3600};
    topology.limits.stall_ms = topology.limits.idle_ms = 1000;
    side_start();
    join_from("192.0.2.1", 0);
    sends(0, "x\ny\n"); /* one was taken ahead of its hour */
    for (int i = 0; i < 7199; i++)
        passes_ms(1000);
    cr_assert_eq(wants[0], 0, "it pauses still");
    passes_ms(1000);
    cr_assert_eq(wants[0], NODE_WANT_READ);
}

Test(address_limits, a_client_that_pauses_ends_well)
{
    topology.limits.commands_per_address = (struct topology_rate){1, 1};
    side_start();
    join_from("192.0.2.1", 0);
    join_from("192.0.2.1", 1);
    join_from("192.0.2.1", 2);
    sends(0, "x\ny\n");
    sends(1, "x\n");
    sends(2, "x\n");
    sends(0, "z\n");
    finishes(0);
    hears(0, "? x\n? y\n");
    hangs_up(1); /* it stands in the middle of those that pause */
    while (wants[0] == 0)
        passes_ms(20);
    hears(0, "? z\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    node_stop(node, now);
    turn();
    cr_assert_eq(wants[2], NODE_WANT_CLOSE, "it pauses, and the node stops");
}
