/* test_unread.c — the unread output of all clients has a bound, and who has the most goes
 * first. */
#include "unit/node/side.h"

TestSuite(unread, .init = side_begin, .fini = side_end);

enum { TOTAL = 1 << 20 };

static void begins(void)
{
    topology.limits.output_bytes = TOTAL; /* no client alone is choked by it */
    topology.limits.output_total_bytes = TOTAL;
    topology.limits.line_bytes = 8192;
    topology.limits.connections = topology.limits.connections_per_address = 64;
    side_start();
    send_at_most = 0;
}

/* A client with so many replies, each of which fills half a chunk. */
static void piles_up(uint32_t conn, unsigned replies)
{
    static char line[8193];
    memset(line, 'x', 8000);
    strcpy(line + 8000, "\n");
    for (unsigned i = 0; i < replies; i++)
        sends(conn, line);
}

static bool is_reset(uint32_t conn)
{
    return wants[conn] & NODE_WANT_ABORT;
}

/* 64 chunks are the total. The three take 40, 20 and 4. */
Test(unread, who_has_the_most_goes)
{
    begins();
    log_.level = LOG_DEBUG;
    for (uint32_t i = 0; i < 3; i++)
        joins(i);
    log_.level = LOG_INFO;
    piles_up(0, 8);
    piles_up(1, 2 * 20);
    piles_up(2, 2 * 40);
    cr_assert(!is_reset(0) && !is_reset(1) && !is_reset(2), "it is not exceeded");
    cr_assert_eq(logged(" output_full "), 0);
    piles_up(0, 1);
    cr_expect(!is_reset(0) && !is_reset(1));
    cr_expect(is_reset(2));
    cr_expect_eq(node_metrics(node)->clients_dropped_unread, 1);
    cr_expect_eq(logged(" output_full limits.output_total=1048576 effect="), 1);
    piles_up(1, 2); /* 27 chunks, and 40 of one that is about to be closed */
    cr_expect(!is_reset(0) && !is_reset(1));
    log_.level = LOG_DEBUG;
    hangs_up(2);
    cr_expect_eq(logged(" debug client_closed conn=2 why=\"it had most unread at "
                        "limits.output_total\" lines="), 1);
    passes_ms(60000);
    cr_expect_eq(logged(" output_full_over count=1 "), 1);
}

/* More than are found by one look, all alike: an eighth is free afterwards, and not much more. */
Test(unread, as_many_go_as_must)
{
    begins();
    for (uint32_t i = 0; i < 64; i++) {
        joins(i);
        piles_up(i, 1);
    }
    cr_assert_eq(node_metrics(node)->clients_dropped_unread, 0);
    piles_up(0, 2);
    cr_expect_eq(node_metrics(node)->clients_dropped_unread, 8);
    cr_expect(is_reset(0), "it has the most");
}

/* Looking for those with the most, and telling of each, takes its time. */
Test(unread, many_go_in_several_turns)
{
    enum { CLIENTS = 64, EACH = 4, AT_ONCE = 32, MUST_GO = 36 }; /* 56 of 128 chunks may stay */
    static char lines[EACH * 8001];
    memset(lines, 'x', sizeof lines);
    for (unsigned i = 1; i <= EACH; i++)
        lines[i * 8001 - 1] = '\n';
    begins();
    for (uint32_t i = 0; i < CLIENTS; i++)
        joins(i);
    for (uint32_t i = 0; i < CLIENTS; i++)
        node_received(node, i, (struct span){lines, sizeof lines}, now);
    node_turn(node, now);
    cr_expect_eq(node_metrics(node)->clients_dropped_unread, AT_ONCE);
    cr_expect_eq(node_deadline(node), 0, "the next turn comes at once");
    turn();
    cr_expect_eq(node_metrics(node)->clients_dropped_unread, MUST_GO);
    cr_expect_gt(node_deadline(node), now.mono_ns);
}

/* Answers of places that are not taken from the pool count as well. */
Test(unread, answers_that_wait_count)
{
    begins();
    joins(0);
    joins(1);
    sends(1, "IAMAT kiwi +1+1 1\n");
    for (unsigned i = 0; i < 60; i++)
        sends(1, "WHATSAT kiwi 1 1\n");
    piles_up(0, 2 * 63);
    cr_expect(is_reset(0) && !is_reset(1));
}

static void answers_all(void)
{
    while (places.waiting_count)
        slow_make_ready(&places, 0);
    turn();
}

/* Whatever was counted is given back: the pool asserts that at the end. */
Test(unread, gates_are_given_back)
{
    begins();
    joins(0);
    sends(0, "IAMAT kiwi +1+1 1\n");
    for (unsigned i = 0; i < 20; i++)
        sends(0, "WHATSAT kiwi 1 1\nIAMAT kiwi +1+1 1\n");
    slow_make_ready(&places, 9);
    turn();
    answers_all();
    send_at_most = SIZE_MAX;
    piles_up(0, 1);
    hangs_up(0);
}
