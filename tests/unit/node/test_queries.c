/* test_queries.c — live queries at one node: the bytes of their replies and news, the order in
 * which both come, and limits. PROTOCOL.md, "Live queries". */
#include "unit/node/queries_side.h"

TestSuite(node_queries, .init = queries_side_begin, .fini = side_end);

/* -- bytes ------------------------------------------------------------------------------------- */

Test(node_queries, what_an_id_tells)
{
    starts();
    sends(CLIENT, "WATCH kiwi\n");
    hears(CLIENT, "WATCHING 1 kiwi\n");
    writes("IAMAT other +2+2 1\nIAMAT kiwi +1+1 1\n");
    hears(CLIENT, "! 1 NOW " AT1("kiwi", "+1+1"));
    writes("IAMAT other +3+3 2\n"); /* kiwi is not the last that has changed */
    sends(CLIENT, "WATCH   kiwi\t\n");
    hears(CLIENT, "! 2 NOW " AT1("kiwi", "+1+1") "WATCHING 2 kiwi\n");
    writes("IAMAT kiwi +2+2 1\n"); /* no newer time */
    hears(CLIENT, "");
    writes("IAMAT kiwi +2+2 2\n");
    cr_expect_eq(lines_of(CLIENT), 2);
    cr_expect(strstr(heard[CLIENT], "! 1 NOW " AT2("kiwi", "+2+2")));
    cr_expect(strstr(heard[CLIENT], "! 2 NOW " AT2("kiwi", "+2+2")));
    forgets(CLIENT);
    sends(CLIENT, "UNWATCH 1\n");
    hears(CLIENT, "UNWATCHED 1\n");
    writes("IAMAT kiwi +3+3 3\n");
    hears(CLIENT, "! 2 NOW " AT3("kiwi", "+3+3"));
    sends(CLIENT, "WATCH NEAR\n");
    hears(CLIENT, "WATCHING 3 NEAR\n");
    writes("IAMAT NEAR +3+3 3\n");
    hears(CLIENT, "! 3 NOW " AT3("NEAR", "+3+3"));
}

Test(node_queries, what_a_circle_tells)
{
    starts();
    writes("IAMAT kiwi +1+1 1\nIAMAT far +50+1 1\n");
    sends(CLIENT, "WATCH  NEAR +1.0+1.0 0120.50\n");
    hears(CLIENT, "! 1 IN " AT1("kiwi", "+1+1") "WATCHING 1 NEAR +1.0+1.0 0120.50\n");
    writes("IAMAT kiwi +1.5+1 2\n");
    hears(CLIENT, "! 1 MOVE " AT2("kiwi", "+1.5+1"));
    writes("IAMAT kiwi +3+1 3\n");
    hears(CLIENT, "! 1 EXIT " AT3("kiwi", "+3+1"));
    writes("IAMAT kiwi +4+1 4\n");
    hears(CLIENT, "");
    writes("IAMAT far +1+1 2\n");
    hears(CLIENT, "! 1 ENTER " AT2("far", "+1+1"));
    sends(CLIENT, "UNWATCH 01\n");
    cr_expect(strncmp(heard[CLIENT], "UNWATCHED 1\n", 12) == 0 ||
                  strncmp(heard[CLIENT], "UNWATCHED 01\n", 13) == 0,
        "%s", heard[CLIENT]);
    forgets(CLIENT);
    writes("IAMAT far +1+1 3\n");
    hears(CLIENT, "");
}

Test(node_queries, what_is_near)
{
    starts();
    writes("IAMAT b +1+1 1\nIAMAT a +1+1 1\nIAMAT c +1+2 1\nIAMAT d +60+60 1\n");
    sends(CLIENT, "NEAR  +1+1.00 0200 3\n");
    hears(CLIENT, "NEAR 3 +1+1.00 0200 3\n0.000 " AT1("a", "+1+1") "0.000 " AT1("b", "+1+1")
                  "111.178 " AT1("c", "+1+2"));
    sends(CLIENT, "NEAR +1+1 20038 1\nNEAR +1+1 1 00\nNEAR -1-1 1 5\n");
    hears(CLIENT,
        "NEAR 1 +1+1 20038 1\n0.000 " AT1("a", "+1+1") "NEAR 0 +1+1 1 00\nNEAR 0 -1-1 1 5\n");
    writes("IAMAT now +1+1 1699999990\n");
    sends(CLIENT, "NEAR +1+1 1 5 0.0\n");
    cr_expect_eq(lines_of(CLIENT), 1 + 3);
}

Test(node_queries, an_age_counts_from_what_was_received)
{
    starts();
    writes("IAMAT old +1+1 1\n");
    passes_ms(1000);
    writes("IAMAT new +1+1 1\n");
    sends(CLIENT, "NEAR +1+1 1 5 0.999999999\n");
    hears(CLIENT, "NEAR 1 +1+1 1 5\n0.000 AT Goloman +1700000000.000000000 new +1+1 1\n");
    sends(CLIENT, "NEAR +1+1 1 5 1\n");
    cr_expect_eq(lines_of(CLIENT), 3);
    forgets(CLIENT);
    sends(CLIENT, "NEAR +1+1 1 5 9223372036.854775807\n");
    cr_expect_eq(lines_of(CLIENT), 3);
}

Test(node_queries, what_everything_tells)
{
    starts();
    writes("IAMAT a +1+1 1\nIAMAT b +2+2 1\n");
    sends(CLIENT, "WATCH\n");
    hears(CLIENT, "! 1 NOW " AT1("a", "+1+1") "! 1 NOW " AT1("b", "+2+2") "WATCHING 1\n");
    writes("IAMAT a +3+3 2\nIAMAT c +1+1 1\n");
    hears(CLIENT, "! 1 NOW " AT2("a", "+3+3") "! 1 NOW " AT1("c", "+1+1"));
    sends(CLIENT, "UNWATCH 1\n");
    hears(CLIENT, "UNWATCHED 1\n");
    writes("IAMAT a +3+3 3\n");
    hears(CLIENT, "");
}

/* The stamp that is evicted was told of within the put, before that is answered. */
Test(node_queries, what_is_evicted_is_gone_before_the_reply)
{
    topology.limits.stamps = 2;
    topology.limits.stamps_evict = true;
    starts();
    writes("IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    sends(CLIENT, "WATCH a\nWATCH NEAR +1+1 1\n");
    forgets(CLIENT);
    sends(CLIENT, "IAMAT c +5+5 1\n");
    char *reply = strstr(heard[CLIENT], AT1("c", "+5+5"));
    cr_assert(reply);
    cr_expect_str_eq(reply, AT1("c", "+5+5"), "%s", heard[CLIENT]);
    cr_expect(strstr(heard[CLIENT], "! 1 GONE a\n"));
    cr_expect(strstr(heard[CLIENT], "! 2 GONE a\n"));
    cr_expect_eq(lines_of(CLIENT), 3);
    forgets(CLIENT);
    writes("IAMAT a +1+1 1\n"); /* and b goes */
    cr_expect(strstr(heard[CLIENT], "! 1 NOW " AT1("a", "+1+1")));
    cr_expect(strstr(heard[CLIENT], "! 2 ENTER " AT1("a", "+1+1")));
    cr_expect(strstr(heard[CLIENT], "! 2 GONE b\n"));
    cr_expect_eq(lines_of(CLIENT), 3);
}

/* -- numbers and limits ------------------------------------------------------------------------ */

Test(node_queries, what_is_refused_takes_no_number)
{
    topology.limits.fence = 1;
    topology.limits.watch_all = 0;
    starts();
    writes("IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    hears_refusal(CLIENT, "WATCH NEAR  +1+1\t5 \n");
    hears_refusal(CLIENT, "WATCH\n");
    hears_refusal(CLIENT, "WATCH  \n");
    hears_refusal(CLIENT, "WATCH NEAR +1+1\n");
    hears_refusal(CLIENT, "WATCH NEAR +1+1 20039\n");
    hears_refusal(CLIENT, "UNWATCH 1\n");
    hears_refusal(CLIENT, "UNWATCH 0\n");
    hears_refusal(CLIENT, "NEAR +1+1 1 101\n");
    sends(CLIENT, "WATCH a\nWATCH a\nWATCH NEAR +5+5 1\n");
    hears(CLIENT, "! 1 NOW " AT1("a", "+1+1") "WATCHING 1 a\n! 2 NOW " AT1("a", "+1+1")
                  "WATCHING 2 a\nWATCHING 3 NEAR +5+5 1\n");
    hears_refusal(CLIENT, "UNWATCH 7\n");
    sends(CLIENT, "UNWATCH 2\n");
    hears(CLIENT, "UNWATCHED 2\n");
    hears_refusal(CLIENT, "UNWATCH 2\n");
    sends(CLIENT, "UNWATCH 3\nWATCH b\n");
    hears(CLIENT, "UNWATCHED 3\n! 4 NOW " AT1("b", "+1+1") "WATCHING 4 b\n");
    cr_expect_eq(node_metrics(node)->lines_invalid, 10);
}

Test(node_queries, as_many_watches_as_a_connection_may_have)
{
    char line[64];
    starts();
    for (unsigned i = 1; i <= 1000; i++) {
        snprintf(line, sizeof line, "WATCH id%u\n", i % 2 ? i : 1);
        sends(CLIENT, line);
    }
    cr_expect(ends_with(CLIENT, "WATCHING 1000 id1\n"));
    forgets(CLIENT);
    hears_refusal(CLIENT, "WATCH one\n");
    hears_refusal(CLIENT, "WATCH\n");
    hears_refusal(CLIENT, "WATCH NEAR +1+1 1\n");
    sends(CLIENT, "UNWATCH 1000\nWATCH one\n");
    hears(CLIENT, "UNWATCHED 1000\nWATCHING 1001 one\n");
    joins(OTHER);
    sends(OTHER, "WATCH one\n");
    hears(OTHER, "WATCHING 1 one\n");
}

Test(node_queries, as_many_watches_as_a_node_may_have)
{
    topology.limits.watches_total = 2;
    starts();
    joins(OTHER);
    holds(5000);
    says(CLIENT, "WATCH a\n");
    says(OTHER, "WATCH NEAR +1+1 1\n"); /* both of these wait for the index */
    says(WRITER, "WATCH NEAR  +1+1 1\n");
    turn();
    hears(CLIENT, "WATCHING 1 a\n");
    hears(OTHER, "WATCHING 1 NEAR +1+1 1\n");
    hears(WRITER, "? WATCH NEAR  +1+1 1\n");
    hears_refusal(CLIENT, "WATCH b\n");
    hangs_up(OTHER);
    sends(CLIENT, "WATCH b\n");
    hears(CLIENT, "WATCHING 2 b\n");
}

Test(node_queries, eight_may_watch_everything)
{
    topology.limits.connections = 12;
    topology.limits.connections_per_address = 12;
    starts();
    for (uint32_t i = 0; i < 8; i++) {
        joins(10 + i);
        sends(10 + i, "WATCH\n");
        hears(10 + i, "WATCHING 1\n");
    }
    hears_refusal(CLIENT, "WATCH\n");
    sends(10, "UNWATCH 1\n");
    sends(CLIENT, "WATCH\n");
    hears(CLIENT, "WATCHING 1\n");
    hangs_up(11);
    sends(10, "WATCH\n");
    hears(10, "UNWATCHED 1\nWATCHING 2\n");
}

Test(node_queries, limits_that_a_reload_changes_are_for_what_comes)
{
    static struct topology next;
    starts();
    sends(CLIENT, "WATCH a\nWATCH b\n");
    forgets(CLIENT);
    next = topology;
    next.limits.watches = 1;
    next.limits.near = 1;
    next.limits.fence = 1;
    cr_assert_null(node_take_topology(node, &next, CONNECTIONS, now));
    turn();
    writes("IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    cr_expect_eq(lines_of(CLIENT), 2, "both are still told");
    forgets(CLIENT);
    hears_refusal(CLIENT, "WATCH c\n");
    hears_refusal(CLIENT, "NEAR +1+1 1 2\n");
    joins(OTHER);
    hears_refusal(OTHER, "WATCH NEAR +1+1 1\n");
}

/* -- order ------------------------------------------------------------------------------------- */

Test(node_queries, replies_that_wait_keep_their_order)
{
    starts();
    holds(5000);
    writes("IAMAT kiwi +1+1 1\n");
    says(CLIENT, "NEAR +1+1 1 1\nWATCH kiwi\nNEAR +1+1 2 1\nnonsense\n");
    says(WRITER, "IAMAT kiwi +1+1 2\n");
    turn();
    cr_expect(strncmp(heard[CLIENT], "NEAR 1 +1+1 1 1\n0.000 AT ", 24) == 0);
    const char *rest = strstr(heard[CLIENT], "! 1 NOW " AT1("kiwi", "+1+1") "WATCHING 1 kiwi\n"
                                             "NEAR 1 +1+1 2 1\n0.000 ");
    cr_assert(rest, "%s", heard[CLIENT]);
    cr_expect_str_eq(strstr(rest, "? "), "? nonsense\n! 1 NOW " AT2("kiwi", "+1+1"));
    cr_expect_eq(lines_of(CLIENT), 8);
}

Test(node_queries, news_wait_for_places)
{
    starts();
    writes("IAMAT kiwi +1+1 1\n");
    sends(CLIENT, "WATCH kiwi\n");
    forgets(CLIENT);
    sends(CLIENT, "WHATSAT kiwi 1 1\nnonsense\n");
    writes("IAMAT kiwi +1+1 2\n");
    writes("IAMAT kiwi +1+1 3\n");
    hears(CLIENT, "");
    slow_make_ready(&places, 0);
    turn();
    hears(CLIENT, AT1("kiwi", "+1+1") "{}\n\n? nonsense\n! 1 NOW " AT3("kiwi", "+1+1"));
}

Test(node_queries, a_circle_that_waits_is_not_overtaken)
{
    starts();
    holds(5000);
    says(CLIENT, "WATCH NEAR +1+1 1\nWATCH kiwi\nWATCH NEAR +1+1 2\nnonsense\n");
    cr_expect_eq(heard_len[CLIENT], 0);
    turn();
    hears(CLIENT, "WATCHING 1 NEAR +1+1 1\nWATCHING 2 kiwi\nWATCHING 3 NEAR +1+1 2\n? nonsense\n");
    writes("IAMAT kiwi +1+1 1\n");
    cr_expect_eq(lines_of(CLIENT), 3);
}

Test(node_queries, nothing_behind_everything_is_read_until_it_is_told)
{
    starts();
    holds(5000);
    deaf[CLIENT] = true;
    sends(CLIENT, "WATCH\nIAMAT mine +1+1 1\nWATCH kiwi\n");
    sends(CLIENT, "nonsense\n");
    cr_expect_not(wants[CLIENT] & NODE_WANT_READ);
    joins(OTHER);
    sends(OTHER, "WATCH mine\n");
    hears(OTHER, "WATCHING 1 mine\n"); /* no stamp of it yet */
    reads(CLIENT);
    turn();
    cr_expect(wants[CLIENT] & NODE_WANT_READ);
    const char *reply = strstr(heard[CLIENT], "WATCHING 1\n");
    cr_assert(reply);
    cr_expect_eq(lines_of(CLIENT), 5000 + 5, "%u", lines_of(CLIENT));
    cr_expect(strstr(reply, "\n" AT1("mine", "+1+1")));
    cr_expect(strstr(reply, "\n! 1 NOW " AT1("mine", "+1+1")));
    cr_expect(strstr(reply, "\nWATCHING 2 kiwi\n"));
    cr_expect(strstr(reply, "\n? nonsense\n"));
    hears(OTHER, "! 1 NOW " AT1("mine", "+1+1"));
}

Test(node_queries, everything_behind_a_search_that_waits)
{
    starts();
    holds(5000);
    says(CLIENT, "NEAR +1+1 1 1\nWATCH\nnonsense\n");
    turn();
    cr_expect_eq(strncmp(heard[CLIENT], "NEAR 0 +1+1 1 1\n! 1 NOW AT ", 27), 0);
    cr_expect(ends_with(CLIENT, "WATCHING 1\n? nonsense\n"));
    cr_expect_eq(lines_of(CLIENT), 5003, "%u", lines_of(CLIENT));
}

Test(node_queries, a_watch_without_its_lf_is_not_taken)
{
    topology.limits.partial_ms = 1000;
    starts();
    sends(CLIENT, "WATCH kiwi");
    joins(OTHER);
    sends(OTHER, "NEAR +1+1 1 1");
    passes_ms(5000);
    hears(CLIENT, "");
    hears(OTHER, "");
    sends(CLIENT, "\n");
    hears(CLIENT, "WATCHING 1 kiwi\n");
}
