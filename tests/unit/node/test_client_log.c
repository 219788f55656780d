/* test_client_log.c — what the log says of clients' connections, and of the node's memory. */
#include "unit/node/side.h"

static void begin(void)
{
    side_begin();
    log_.level = LOG_DEBUG;
}

TestSuite(client_log, .init = begin, .fini = side_end);

Test(client_log, a_connection_is_told_with_what_it_has_said)
{
    side_start();
    joins(0);
    cr_expect_eq(logged(" debug client_opened conn=0 from="), 1);
    sends(0, "IAMAT kiwi +1+1 1\nIAMAT ki");
    sends(0, "wi +1+1 2\n");
    passes_ms(3999);
    finishes(0);
    hangs_up(0);
    cr_expect_eq(logged(" debug client_closed conn=0 why=\"the client has ended its input\" "
                        "lines=2 bytes=36 seconds=3\n"), 1);
}

Test(client_log, why_a_connection_is_closed)
{
    topology.limits.idle_ms = 2000;
    side_start();
    joins(0);
    hangs_up(0);
    cr_expect_eq(logged(" why=\"the client has closed\" lines=0 bytes=0 seconds=0\n"), 1);
    joins(0);
    sends(0, "GET / HTTP/1.1\r\n");
    hangs_up(0);
    cr_expect_eq(logged(" why=\"its first line is an HTTP request\" lines=1 bytes=16 "), 1);
    joins(0);
    passes_ms(3000);
    hangs_up(0);
    cr_expect_eq(logged(" why=\"no byte for limits.idle\" lines=0 bytes=0 seconds=3\n"), 1);
    joins(0);
    node_stop(node, now);
    turn();
    hangs_up(0);
    cr_expect_eq(logged(" why=\"this node stops\" lines=0 "), 1);
}

Test(client_log, bursts_are_summed_up)
{
    side_start();
    for (unsigned i = 0; i < 80; i++) {
        joins(0);
        sends(0, "x\n");
        hangs_up(0);
    }
    cr_expect_eq(logged(" client_opened ") + logged(" client_closed "), 100);
    cr_expect_eq(logged(" clients_more "), 0);
    passes_ms(1000);
    cr_expect_eq(logged(" debug clients_more opened=30 closed=30 lines=30 bytes=60\n"), 1);
    passes_ms(5000);
    cr_expect_eq(logged(" clients_more "), 1);
    joins(0);
    cr_expect_eq(logged(" client_opened "), 51);
}

Test(client_log, nothing_is_counted_where_nobody_reads_it)
{
    side_start();
    log_.level = LOG_INFO;
    for (unsigned i = 0; i < 200; i++) {
        joins(0);
        hangs_up(0);
    }
    passes_ms(1000);
    cr_expect_eq(logged(" client"), 0);
}

Test(client_log, the_budget_of_memory_is_told_by_use)
{
    side_start();
    cr_expect_eq(logged(" info memory_budget stamps_mb="), 1);
    cr_expect_eq(logged("_mb="), 6);
    cr_expect_eq(
        logged(" means=\"the most that it comes to hold, if all limits are reached\"\n"), 1);
}
