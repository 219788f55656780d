/* test_watchers.c — clients that watch: what one that does not read costs and is told, and how
 * they end. PROTOCOL.md, "Live queries". */
#include "unit/node/queries_side.h"

TestSuite(node_watchers, .init = queries_side_begin, .fini = side_end);

/* -- those who do not read --------------------------------------------------------------------- */

Test(node_watchers, who_does_not_read_is_told_the_newest_and_costs_little)
{
    unsigned at = 0;
    starts();
    sends(CLIENT, "WATCH kiwi\n");
    forgets(CLIENT);
    deaf[CLIENT] = true;
    changes("kiwi", 3000, &at);
    size_t unread = reads(CLIENT);
    cr_expect_geq(unread, 65536);
    cr_expect_leq(unread, 65536 + 128, "%zu", unread);
    forgets(CLIENT);
    turn();
    hears(CLIENT, "! 1 NOW AT Goloman +1699997000.000000000 kiwi +1+1 3000\n");
    changes("kiwi", 1, &at);
    cr_expect_eq(lines_of(CLIENT), 1);
}

Test(node_watchers, a_watch_that_is_behind_can_be_ended)
{
    unsigned at = 0;
    topology.limits.output_bytes = 1 << 20;
    starts();
    writes("IAMAT other +2+2 1\n");
    sends(CLIENT, "WATCH kiwi\nWATCH NEAR +1+1 1\nWATCH other\n");
    forgets(CLIENT);
    deaf[CLIENT] = true;
    changes("kiwi", 1500, &at);
    writes("IAMAT other +2+2 2\n");
    sends(CLIENT, "UNWATCH 1\nUNWATCH 2\nUNWATCH 2\n");
    reads(CLIENT);
    cr_assert(ends_with(CLIENT, "UNWATCHED 1\nUNWATCHED 2\n? UNWATCH 2\n"));
    forgets(CLIENT);
    turn();
    hears(CLIENT, "! 3 NOW " AT2("other", "+2+2"));
}

Test(node_watchers, a_circle_too_much_of_which_is_untold_is_full)
{
    unsigned at = 0;
    topology.limits.fence = 3;
    starts();
    sends(CLIENT, "WATCH NEAR +1+1 1\n");
    forgets(CLIENT);
    deaf[CLIENT] = true;
    changes("kiwi", 1500, &at);
    writes("IAMAT a +1+1 1\nIAMAT b +1+1 1\nIAMAT c +1+1 1\nIAMAT d +1+1 1\n");
    reads(CLIENT);
    forgets(CLIENT);
    turn();
    hears(CLIENT, "! 1 FULL\n");
    hears_refusal(CLIENT, "UNWATCH 1\n");
    writes("IAMAT a +1+1 2\n");
    hears(CLIENT, "");
}

Test(node_watchers, unread_news_count_for_all_clients_together)
{
    unsigned at = 0;
    topology.limits.output_total_bytes = 32768;
    starts();
    sends(CLIENT, "WATCH kiwi\n");
    deaf[CLIENT] = true;
    changes("kiwi", 1500, &at);
    cr_expect_eq(wants[CLIENT], NODE_WANT_ABORT);
    cr_expect_eq(node_metrics(node)->clients_dropped_unread, 1);
}

Test(node_watchers, who_watches_may_be_silent)
{
    topology.limits.idle_ms = 8000;
    topology.limits.stall_ms = 800;
    starts();
    joins(OTHER);
    sends(CLIENT, "WATCH kiwi\nWATCH a\n");
    cr_expect_eq(wants[CLIENT], NODE_WANT_READ | NODE_WANT_KEEP);
    for (int i = 0; i < 20; i++)
        passes_ms(1000);
    cr_expect_eq(wants[OTHER], NODE_WANT_ABORT);
    cr_expect_eq(wants[CLIENT], NODE_WANT_READ | NODE_WANT_KEEP);
    sends(CLIENT, "UNWATCH 1\n");
    for (int i = 0; i < 20; i++)
        passes_ms(1000);
    cr_expect_eq(wants[CLIENT], NODE_WANT_READ | NODE_WANT_KEEP);
    sends(CLIENT, "UNWATCH 2\n");
    for (int i = 0; i < 10; i++)
        passes_ms(1000);
    cr_expect_eq(wants[CLIENT], NODE_WANT_ABORT);
}

/* More replies than limits.output are unread, too. */
Test(node_watchers, who_watches_may_stand_still)
{
    topology.limits.stall_ms = 8000;
    starts();
    sends(CLIENT, "WATCH kiwi\n");
    forgets(CLIENT);
    deaf[CLIENT] = true;
    unconfirmed[CLIENT] = 1000;
    for (unsigned i = 0; i < 70; i++) {
        static char line[1001];
        memset(line, 'x', sizeof line - 2);
        line[sizeof line - 2] = '\n';
        sends(CLIENT, line);
    }
    cr_expect_not(wants[CLIENT] & NODE_WANT_READ);
    for (int i = 0; i < 40; i++)
        passes_ms(1000);
    cr_expect_not(wants[CLIENT] & NODE_WANT_ABORT);
}

Test(node_watchers, who_said_fin_and_does_not_read_is_reset)
{
    topology.limits.stall_ms = 8000;
    starts();
    writes("IAMAT kiwi +1+1 1\n");
    deaf[CLIENT] = true;
    unconfirmed[CLIENT] = 1000;
    sends(CLIENT, "WATCH kiwi\n");
    finishes(CLIENT);
    for (int i = 0; i < 20; i++)
        passes_ms(1000);
    cr_expect_eq(wants[CLIENT], NODE_WANT_ABORT);
}

/* After FULL nobody watches any more. */
Test(node_watchers, after_full_silence_counts_again)
{
    unsigned at = 0;
    topology.limits.fence = 1;
    topology.limits.idle_ms = 8000;
    starts();
    sends(CLIENT, "WATCH NEAR +1+1 1\n");
    deaf[CLIENT] = true;
    changes("kiwi", 1500, &at);
    writes("IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    reads(CLIENT);
    turn();
    cr_assert(ends_with(CLIENT, "! 1 FULL\n"));
    for (int i = 0; i < 10; i++)
        passes_ms(1000);
    cr_expect_eq(wants[CLIENT], NODE_WANT_ABORT);
}

/* -- ends -------------------------------------------------------------------------------------- */

Test(node_watchers, after_fin_a_watch_is_one_look)
{
    starts();
    writes("IAMAT kiwi +1+1 1\n");
    deaf[CLIENT] = true;
    sends(CLIENT, "WATCH kiwi\n");
    finishes(CLIENT);
    writes("IAMAT kiwi +2+2 2\n");
    reads(CLIENT);
    hears(CLIENT, "! 1 NOW " AT1("kiwi", "+1+1") "WATCHING 1 kiwi\n");
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
    joins(OTHER);
    sends(OTHER, "WATCH kiwi"); /* a last line */
    finishes(OTHER);
    hears(OTHER, "! 1 NOW " AT2("kiwi", "+2+2") "WATCHING 1 kiwi\n");
    cr_expect_eq(wants[OTHER], NODE_WANT_CLOSE);
}

Test(node_watchers, after_fin_searches_that_wait_are_answered)
{
    starts();
    holds(9000);
    writes("IAMAT kiwi +1+1 1\n");
    says(CLIENT, "NEAR +1+1 1 1\nWATCH NEAR +1+1 1\nWATCH kiwi\n");
    node_ended(node, CLIENT, now);
    says(WRITER, "IAMAT kiwi +1+1 2\nIAMAT other +1+1 2\n");
    turn();
    cr_expect_eq(strncmp(heard[CLIENT], "NEAR 1 +1+1 1 1\n", 16), 0);
    cr_expect(ends_with(CLIENT, "WATCHING 1 NEAR +1+1 1\n"
                                "! 2 NOW " AT2("kiwi", "+1+1") "WATCHING 2 kiwi\n"),
        "%s", heard[CLIENT]);
    cr_expect_eq(lines_of(CLIENT), 2 + 3 + 2, "%s", heard[CLIENT]);
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
}

Test(node_watchers, after_fin_everything_ends_with_its_reply)
{
    starts();
    holds(5000);
    deaf[CLIENT] = true;
    sends(CLIENT, "WATCH\n");
    finishes(CLIENT);
    writes("IAMAT kiwi +1+1 1\nIAMAT n04999 +1+1 2\n");
    reads(CLIENT);
    turn();
    cr_expect(ends_with(CLIENT, "WATCHING 1\n"));
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
}

static void one_reply(const char *line, const char *expected)
{
    topology.client_close = CLIENT_CLOSE_REPLY;
    side_start();
    joins(WRITER);
    sends(WRITER, "IAMAT kiwi +1+1 1\nIAMAT unread +1+1 1\n");
    cr_assert_eq(wants[WRITER], NODE_WANT_CLOSE);
    joins(CLIENT);
    sends(CLIENT, line);
    hears(CLIENT, expected);
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
    joins(OTHER);
    sends(OTHER, "WHATSAT more 1 1\n");
    hears(OTHER, "? WHATSAT more 1 1\n");
}

#define MORE "\nIAMAT more +1+1 1\nWATCH more\n"

Test(node_watchers, one_reply_to_near)
{
    one_reply("NEAR +1+1 1 5" MORE, "NEAR 1 +1+1 1 5\n0.000 " AT1("kiwi", "+1+1"));
}

Test(node_watchers, one_reply_to_near_none)
{
    one_reply("NEAR +1+1 1 0" MORE, "NEAR 0 +1+1 1 0\n");
}

Test(node_watchers, one_reply_to_watch)
{
    one_reply("WATCH kiwi" MORE, "! 1 NOW " AT1("kiwi", "+1+1") "WATCHING 1 kiwi\n");
}

Test(node_watchers, one_reply_to_watch_near)
{
    one_reply("WATCH NEAR +1+1 1" MORE,
        "! 1 IN " AT1("kiwi", "+1+1") "WATCHING 1 NEAR +1+1 1\n");
}

Test(node_watchers, one_reply_to_watch_all)
{
    one_reply("WATCH" MORE, "! 1 NOW " AT1("kiwi", "+1+1") "WATCHING 1\n");
}

Test(node_watchers, one_reply_to_unwatch)
{
    one_reply("UNWATCH 1" MORE, "? UNWATCH 1\n");
}

Test(node_watchers, one_reply_that_waits_for_the_index)
{
    static struct topology next;
    starts();
    holds(5000);
    next = topology;
    next.client_close = CLIENT_CLOSE_REPLY;
    cr_assert_null(node_take_topology(node, &next, CONNECTIONS, now));
    joins(OTHER);
    says(CLIENT, "NEAR +1+1 1 1" MORE);
    says(OTHER, "WATCH NEAR +1+1 1" MORE);
    turn();
    hears(CLIENT, "NEAR 0 +1+1 1 1\n");
    hears(OTHER, "WATCHING 1 NEAR +1+1 1\n");
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
    cr_expect_eq(wants[OTHER], NODE_WANT_CLOSE);
}

Test(node_watchers, one_that_goes_takes_its_searches_along)
{
    starts();
    holds(5000);
    joins(OTHER);
    says(CLIENT, "WATCH kiwi\nNEAR +1+1 1 1\nNEAR +1+1 1 1\nWATCH NEAR +1+1 1\nWATCH kiwi\n");
    says(OTHER, "NEAR +1+1 1 1\n");
    node_closed(node, CLIENT, "", now);
    turn();
    hears(OTHER, "NEAR 0 +1+1 1 1\n");
    joins(CLIENT);
    sends(CLIENT, "WATCH kiwi\n");
    hears(CLIENT, "WATCHING 1 kiwi\n");
    writes("IAMAT kiwi +1+1 1\n");
    hears(CLIENT, "! 1 NOW " AT1("kiwi", "+1+1"));
}

Test(node_watchers, one_that_goes_while_everything_is_told)
{
    starts();
    holds(5000);
    deaf[CLIENT] = true;
    sends(CLIENT, "WATCH\nnonsense\n");
    hangs_up(CLIENT);
    joins(CLIENT);
    sends(CLIENT, "nonsense\n");
    hears(CLIENT, "? nonsense\n");
}

Test(node_watchers, a_node_that_stops_closes_those_who_watch)
{
    starts();
    holds(5000);
    joins(OTHER);
    joins(THIRD);
    sends(OTHER, "WATCH kiwi\n");
    deaf[THIRD] = true;
    sends(THIRD, "WATCH\n");
    says(CLIENT, "NEAR +1+1 1 1\n");
    node_stop(node, now);
    turn();
    hears(CLIENT, "NEAR 0 +1+1 1 1\n");
    hears(OTHER, "WATCHING 1 kiwi\n");
    cr_expect_eq(wants[CLIENT], NODE_WANT_CLOSE);
    cr_expect_eq(wants[OTHER], NODE_WANT_CLOSE);
    reads(THIRD);
    cr_expect_eq(wants[THIRD], NODE_WANT_CLOSE);
}

/* -- one turn ---------------------------------------------------------------------------------- */

enum { MANY = 600 };

Test(node_watchers, more_readers_than_are_told_in_one_turn)
{
    topology.limits.connections = topology.limits.connections_per_address = MANY + 2;
    starts();
    for (uint32_t i = 0; i < MANY; i++) {
        joins(10 + i);
        sends(10 + i, "WATCH kiwi\n");
        forgets(10 + i);
    }
    says(WRITER, "IAMAT kiwi +1+1 1\n");
    node_turn(node, now);
    unsigned told = 0;
    for (uint32_t i = 0; i < MANY; i++)
        told += node_output(node, 10 + i).len > 0;
    cr_expect_eq(told, 512);
    says(WRITER, "IAMAT kiwi +1+1 2\n");
    turn();
    for (uint32_t i = 0; i < MANY; i++) {
        cr_assert(ends_with(10 + i, "! 1 NOW " AT2("kiwi", "+1+1")), "%u: %s", i, heard[10 + i]);
        cr_assert_leq(lines_of(10 + i), 2);
    }
}
