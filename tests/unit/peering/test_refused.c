/* Stamps that are refused and may be taken later: a script for one end. PROTOCOL.md, "Refused
 * stamps". Goloman's clock may be a minute off; it shows 1700000000 s at first, and a stamp is
 * refused when it was received more than an hour and two minutes later. */
#include "core/peering/refused.h"
#include "unit/peering/spare.h"

enum { AHEAD_S = 3600 + 2 * 60 };

static void begin(void)
{
    now = (struct instant){.mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};
    create_spare();
    g.node.ahead_ns = AHEAD_S * SECOND_NS;
}

TestSuite(refused, .init = begin, .fini = destroy_spare);

/* Hands sends a stamp that it received `later_s` from now, by Goloman's clock. */
static void brings(int link, const char *id, int64_t later_s)
{
    char line[120];
    sprintf(line, "AT Hands +0.000000000 %s +1-1 %lld %s\n", id,
        (long long)(now.real_ns / SECOND_NS + later_s), link == HANDS ? "Hands" : "Wilkes");
    hears(link, line);
}

static bool holds(const char *id)
{
    return side_time(&g, id) > 0;
}

static void clock_is_set(int64_t by_s)
{
    now.real_ns += by_s * SECOND_NS;
}

/* As the peer would, with the word behind it; what Goloman makes of it. */
static enum peering_event pings(int link, uint64_t stamps, uint64_t digest, const char *word)
{
    char line[120];
    sprintf(line, "PING 1 %llu %016llx%s\n", (unsigned long long)stamps, (unsigned long long)digest,
        word);
    return side_hears(&g, link, line);
}

static void asks_again(int link)
{
    cr_expect_eq(pings(link, 9, 9, ""), PEERING_ENDED);
    cr_expect_str_eq(g.links[link].reason, PEERING_ASKS_AGAIN);
}

static void does_not_ask_again(int link)
{
    cr_expect_eq(pings(link, 9, 9, ""), PEERING_NOTHING, "%s", g.links[link].reason);
}

/* Goloman's HELLO on the next link to Hands. */
static void has(const char *have)
{
    side_begin(&g, HANDS, ACCEPTED);
    cr_assert_eq(side_hears(&g, HANDS, HELLO_HANDS), PEERING_UP, "%s", g.links[HANDS].reason);
    char window[HELLO_LINE_BYTES_MAX];
    struct buf out = buf_over(window, sizeof window - 1);
    (void)peering_pull(&g.links[HANDS], &out, 0, now);
    window[out.len] = '\0';
    cr_expect_not_null(strstr(window, have), "%s", window);
}

Test(refused, what_was_received_later_than_any_right_clock_can_show)
{
    link_hands();
    brings(HANDS, "in-time", AHEAD_S);
    brings(HANDS, "ahead", AHEAD_S + 1);
    hears(HANDS, "AT Hands +0.000000000 poison +1-1 9223372036.5 Hands\n");
    cr_expect(holds("in-time"));
    cr_expect_not(holds("ahead"));
    cr_expect_not(holds("poison"));
    cr_expect_eq(g.peers[HANDS].ahead_stamps, 2);
    cr_expect_str_eq(g.peers[HANDS].ahead_origin, "Hands");
    cr_expect(peering_partial(&g.node));
}

Test(refused, receive_time_counts_and_not_the_clients_time)
{
    link_hands();
    hears(HANDS, "AT Hands -3600.000000000 a +1+1 1700007000 Hands\n"
                 "AT Hands +1700004000.000000000 b +1+1 1 Hands\n");
    cr_expect(holds("a"));
    cr_expect_not(holds("b"));
}

Test(refused, a_clock_at_its_end_refuses_nothing)
{
    now.real_ns = INT64_MAX - PEERING_LISTS_MS * MS_NS;
    link_hands();
    hears(HANDS, "AT Hands +0.000000000 a +1-1 9223372036.854775807 Hands\n");
    cr_expect(holds("a"));
}

/* The skew is judged first: such a stamp is not asked for again. */
Test(refused, a_stamp_of_the_future_counts_as_had)
{
    link_hands();
    hears(HANDS, "AT Hands -86401.000000000 a +1-1 9223372036 Hands\nMARK 5\n");
    cr_expect_eq(g.peers[HANDS].future_stamps, 1);
    cr_expect_eq(g.peers[HANDS].ahead_stamps, 0);
    says(HANDS, "ACK 5\n");
    has("have=" BOOT_A ":5");
}

Test(refused, marks_behind_it_do_not_count)
{
    link_hands();
    brings(HANDS, "a", 0);
    hears(HANDS, "MARK 5\n");
    brings(HANDS, "ahead", AHEAD_S + 1);
    says(HANDS, "MARK 1\nACK 5\n"); /* which was due */
    hears(HANDS, "MARK 6\n");
    brings(HANDS, "b", 0);
    hears(HANDS, "MARK 7\n");
    cr_expect(holds("b"));
    says(HANDS, "MARK 2\n"); /* and no ACK */
    cr_expect_eq(side_hears(&g, HANDS, "MARK 6\n"), PEERING_ENDED, "none may fall");
    has("have=" BOOT_A ":5");
}

Test(refused, with_nothing_counted_before_everything_is_sent_again)
{
    link_hands();
    brings(HANDS, "ahead", AHEAD_S + 1);
    hears(HANDS, "MARK 6\n");
    says(HANDS, "");
    has("have=" NONE);
    brings(HANDS, "a", 0); /* the stamp was replaced */
    hears(HANDS, "MARK 6\n");
    says(HANDS, "MARK 1\nACK 6\n");
}

Test(refused, of_an_unknown_origin)
{
    store_know_origin(g.node.store, SPAN("Goloman"));
    store_know_origin(g.node.store, SPAN("Hands"));
    link_hands();
    brings(HANDS, "a", 0);
    hears(HANDS, "MARK 1\nAT Nobody +1.000000000 b +1+1 1 Hands\nAT Hands +1.000000000 c +1+1 1 "
                 "Nobody Hands\nMARK 3\n");
    cr_expect(holds("c"), "a list may name anybody");
    cr_expect_not(holds("b"));
    cr_expect_eq(g.peers[HANDS].unknown_stamps, 1);
    cr_expect_str_eq(g.peers[HANDS].unknown_origin, "Nobody");
    cr_expect(peering_partial(&g.node));
    says(HANDS, "MARK 2\nACK 1\n");
    clock_is_set(86400);
    pass_ms(REFUSED_AGAIN_LAST_MS);
    does_not_ask_again(HANDS);
    has("have=" BOOT_A ":1");
}

Test(refused, of_an_unknown_origin_but_older_is_ignored_as_any)
{
    store_know_origin(g.node.store, SPAN("Hands"));
    link_hands();
    brings(HANDS, "a", 0);
    hears(HANDS, "AT Nobody +1.000000000 a +1+1 1 Hands\nMARK 3\n");
    cr_expect_eq(g.peers[HANDS].unknown_stamps, 0);
    says(HANDS, "MARK 1\nACK 3\n");
}

/* Hands has had a newer stamp in the meantime, and sent it. */
Test(refused, equal_digests_make_the_link_complete)
{
    link_hands();
    brings(HANDS, "kiwi", AHEAD_S + 1);
    hears(HANDS, "MARK 5\n");
    brings(HANDS, "kiwi", 0);
    hears(HANDS, "MARK 6\n");
    does_not_ask_again(HANDS);
    says(HANDS, "PONG 1\nMARK 1\n");
    cr_expect(g.links[HANDS].link.incomplete);
    cr_expect_eq(pings(HANDS, 1, store_digest(g.node.store), " partial"), PEERING_NOTHING);
    cr_expect_not(g.links[HANDS].link.incomplete);
    says(HANDS, "ACK 6\nPONG 1\n");
    cr_expect(peering_partial(&g.node), "Hands has not confirmed MARK 1");
    hears(HANDS, "ACK 1\n");
    cr_expect_eq(pings(HANDS, 1, store_digest(g.node.store), ""), PEERING_NOTHING);
    cr_expect_not(peering_partial(&g.node));
    has("have=" BOOT_A ":6");
}

Test(refused, a_digest_without_its_count_or_behind_does_not)
{
    link_hands();
    brings(HANDS, "kiwi", AHEAD_S + 1);
    cr_expect_eq(pings(HANDS, 1, store_digest(g.node.store), ""), PEERING_NOTHING);
    cr_expect_eq(pings(HANDS, 0, store_digest(g.node.store), " behind"), PEERING_NOTHING);
    cr_expect(g.links[HANDS].link.incomplete);
    cr_expect_eq(pings(HANDS, 0, store_digest(g.node.store), ""), PEERING_NOTHING);
    cr_expect_not(g.links[HANDS].link.incomplete);
}

/* -- asking again ------------------------------------------------------------------------------ */

Test(refused, is_asked_for_again_once_the_clock_is_set_right)
{
    link_hands();
    brings(HANDS, "poison", 1000000000);
    brings(HANDS, "b", AHEAD_S + 100);
    brings(HANDS, "c", AHEAD_S + 50);
    does_not_ask_again(HANDS);
    clock_is_set(49);
    does_not_ask_again(HANDS);
    clock_is_set(1);
    cr_expect_eq(pings(HANDS, 9, 9, " behind"), PEERING_ENDED, "behind or not");
    cr_expect_str_eq(side_says(&g, HANDS), "BYE asks again for what it refused\n");
}

Test(refused, is_asked_for_again_with_pauses_that_double)
{
    int64_t pause_ms = REFUSED_AGAIN_FIRST_MS;
    link_hands();
    brings(HANDS, "b", AHEAD_S + 1);
    pass_ms(1000);
    asks_again(HANDS);
    for (int i = 0; i < 12; i++) {
        link_hands();
        brings(HANDS, "poison", 1000000000);
        brings(HANDS, "b", AHEAD_S + 1);
        pass_ms(pause_ms - PEERING_LISTS_MS - 1); /* link_hands lets some pass */
        if (pause_ms > PEERING_LISTS_MS)
            does_not_ask_again(HANDS);
        pass_ms(1001);
        asks_again(HANDS);
        pause_ms = earlier_ns(2 * pause_ms, REFUSED_AGAIN_LAST_MS);
    }
    cr_expect_eq(pause_ms, REFUSED_AGAIN_LAST_MS);
    link_hands();
    brings(HANDS, "poison", 1000000000);
    brings(HANDS, "b", AHEAD_S + 3);
    clock_is_set(3);
    asks_again(HANDS); /* no pause after the clock was set */
    link_hands();
    brings(HANDS, "b", AHEAD_S);
    does_not_ask_again(HANDS); /* and it is complete */
    brings(HANDS, "c", AHEAD_S + 1);
    pass_ms(REFUSED_AGAIN_LAST_MS);
    asks_again(HANDS);
    link_hands();
    brings(HANDS, "c", AHEAD_S + 1);
    pass_ms(1001);
    asks_again(HANDS); /* so the pause is the first one again */
}

Test(refused, is_not_asked_for_again_by_or_from_who_stops)
{
    link_hands();
    brings(HANDS, "b", AHEAD_S + 1);
    pass_ms(1000);
    hears(HANDS, "STOPPING 1\n");
    does_not_ask_again(HANDS);
    link_peer(WILKES, 0xbb, NONE);
    brings(WILKES, "b", AHEAD_S + 1);
    pass_ms(1000);
    g.node.stopping = true;
    does_not_ask_again(WILKES);
}

/* -- stopping ---------------------------------------------------------------------------------- */

/* The peer that stops has told all, and will not have an ACK; this node, which stops, too, does not
 * wait for stamps that it refuses. */
Test(refused, a_node_that_stops_does_not_wait_for_what_it_refuses)
{
    link_hands();
    brings(HANDS, "b", AHEAD_S + 1);
    hears(HANDS, "STOPPING 4\nMARK 3\n");
    g.node.stopping = true;
    peering_stop(&g.links[HANDS]);
    (void)side_says(&g, HANDS);
    char pong[60];
    sprintf(pong, "PONG %lld\n", (long long)now.real_ns);
    hears(HANDS, pong);
    cr_expect_not(peering_confirmed(&g.links[HANDS]));
    hears(HANDS, "MARK 4\n");
    cr_expect(peering_confirmed(&g.links[HANDS]));
    says(HANDS, "");
}

/* -- spare links ------------------------------------------------------------------------------- */

/* The tree has brought it, and it was refused. So its notice is of something that is not here: the
 * spare link must not count it as had, or nobody is asked when Hands is gone. */
Test(refused, its_notice_is_asked_for_and_makes_the_spare_link_incomplete)
{
    link_both_lazy();
    brings(HANDS, "b", AHEAD_S + 1);
    hears(WILKES, "MARK 4\nSEEN 5 00000000000000b1\n"); /* whatever its hash is */
    says(WILKES, "GRAFT 4\nACK 4\n");
    hears(WILKES, "EAGER 4\n");
    brings(WILKES, "b", AHEAD_S + 1);
    hears(WILKES, "MARK 5\n");
    cr_expect(g.links[WILKES].link.incomplete);
    cr_expect_eq(g.peers[WILKES].have_change, 4);
    struct stamp stamp = {.id = SPAN("b"),
        .position = SPAN("+1-1"),
        .origin = SPAN("Hands"),
        .time_ns = now.real_ns / SECOND_NS * SECOND_NS + (AHEAD_S + 1) * SECOND_NS};
    char time[20];
    sprintf(time, "%lld", (long long)(stamp.time_ns / SECOND_NS));
    stamp.time = span_of(time);
    cr_expect_not(recent_has(&g.node.spare_links->recent, stamp_hash(&stamp)));
}

/* The tree link goes down: GRAFT of the last MARK that counted, below the last one heard. */
Test(refused, an_eager_from_before_it_makes_the_link_complete)
{
    link_both_lazy();
    hears(WILKES, "MARK 4\n");
    brings(WILKES, "b", AHEAD_S + 1);
    hears(WILKES, "MARK 5\nMARK 9\n");
    says(WILKES, "ACK 4\n");
    peering_peer_down(&g.node, &g.peers[HANDS]);
    says(WILKES, "GRAFT 4\n");
    cr_expect_eq(pings(WILKES, 0, 0, ""), PEERING_NOTHING);
    cr_expect(g.links[WILKES].link.incomplete, "what was asked for is still to come");
    hears(WILKES, "EAGER 4\n");
    cr_expect_not(g.links[WILKES].link.incomplete);
    says(WILKES, "ACK 4\nPONG 1\n");
    hears(WILKES, "MARK 5\n");
    says(WILKES, "ACK 5\n");
}

Test(refused, an_eager_from_behind_it_does_not)
{
    link_both_lazy();
    hears(WILKES, "MARK 4\n");
    brings(WILKES, "b", AHEAD_S + 1);
    hears(WILKES, "MARK 5\nSEEN 6 00000000000000b1\n");
    says(WILKES, "GRAFT 5\nACK 4\n");
    hears(WILKES, "EAGER 5\n");
    cr_expect(g.links[WILKES].link.incomplete);
    says(WILKES, "");
    cr_expect_eq(g.peers[WILKES].have_change, 4);
}
