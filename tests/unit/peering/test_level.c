/* Whether both ends of a link have held the same, found while stamps keep coming: scripts for one
 * end, and herds under load. */
#include "unit/peering/goloman.h"
#include "unit/peering/herd.h"

TestSuite(level, .init = create, .fini = destroy);

static const char *ping(uint64_t count, uint64_t digest, const char *more)
{
    static char text[100];
    sprintf(text, "PING 1 %llu %016llx%s\n", (unsigned long long)count, (unsigned long long)digest,
        more);
    return text;
}

/* -- scripts ----------------------------------------------------------------------------------- */

/* Linked and watched, PINGs said and answered. */
static void watched(void)
{
    link_peer(HANDS, 0xaa, NONE);
    pass_ms(LEVEL_PING_MS);
    peering_watch(&g.links[HANDS], now);
    (void)side_says(&g, HANDS);
}

/* Goloman marks a stamp and puts one more, Hands tells one. What the digest of Hands then is. */
static uint64_t both_tell(void)
{
    side_put(&g, "kiwi", 1);
    (void)side_says(&g, HANDS);
    uint64_t marked = store_digest(g.node.store);
    side_put(&g, "late", 1);
    uint64_t before = store_digest(g.node.store);
    hears(HANDS, "AT Hands +0.500000000 fig +1-1 2 Hands\nMARK 1\n");
    return marked + store_digest(g.node.store) - before;
}

static void agreed(bool expected)
{
    cr_expect_eq(g.peers[HANDS].agreed, expected);
    g.peers[HANDS].agreed = false;
}

Test(level, the_digest_at_a_mark_and_what_the_peer_has_told_since)
{
    watched();
    uint64_t theirs = both_tell();
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(2, theirs ^ 1, ""));
    agreed(false);
    hears(HANDS, ping(2, theirs, " behind"));
    agreed(false);
    hears(HANDS, ping(2, theirs, ""));
    agreed(true);
    cr_expect_eq(g.peers[HANDS].unequal, 0);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 3\n");
    hears(HANDS, ping(2, theirs, "")); /* of another mark */
    agreed(false);
}

Test(level, of_a_link_that_is_not_watched_no_mark_is_known)
{
    watched();
    pass_ms(LEVEL_WATCH_MS);
    uint64_t theirs = both_tell();
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(2, theirs, ""));
    agreed(false);
}

Test(level, a_mark_that_was_said_too_early_is_not_booked)
{
    watched();
    side_put(&g, "kiwi", 1);
    side_put(&g, "late", 1);
    char window[PEERING_LINE_BYTES_MAX];
    struct buf out = buf_over(window, sizeof window);
    cr_assert(peering_pull(&g.links[HANDS], &out, 1, now), "one of two stamps");
    cr_assert_eq(g.links[HANDS].link.mark_said, 1);
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, 0, ""));
    agreed(false);
    for (unsigned i = 0; i < LEVEL_MARKS; i++)
        cr_expect_eq(g.links[HANDS].level.marks[i].change, 0);
}

Test(level, the_last_marks_are_kept)
{
    watched();
    for (int i = 0; i <= LEVEL_MARKS; i++) {
        side_put(&g, "kiwi", i + 1);
        (void)side_says(&g, HANDS);
    }
    uint64_t digest = store_digest(g.node.store);
    side_put(&g, "late", 1); /* so that the present digest is another */
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, digest, ""));
    agreed(false);
    hears(HANDS, "ACK 65\n");
    hears(HANDS, ping(1, digest, ""));
    agreed(true);
}

Test(level, equal_digests_of_one_moment_need_no_mark)
{
    link_hands();
    side_put(&g, "kiwi", 1);
    hears(HANDS, ping(1, store_digest(g.node.store), " behind"));
    agreed(true);
    hears(HANDS, ping(2, store_digest(g.node.store), ""));
    agreed(false);
}

/* What was evicted since the mark is missing at this node, and not in the digest of the mark. */
Test(level, does_not_end_being_partial)
{
    watched();
    g.peers[HANDS].lost_stamps = g.peers[HANDS].got_stamps = 1;
    uint64_t theirs = both_tell();
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(2, theirs, ""));
    agreed(true);
    cr_expect(peering_partial(&g.node));
}

static bool asks(int link)
{
    return strstr(side_says(&g, link), "PING ") != NULL;
}

Test(level, a_watched_link_says_ping_ten_times_a_second_at_most)
{
    link_both();
    (void)asks(HANDS);
    unsigned said = 0;
    for (unsigned i = 0; i < 1000; i += 10) {
        pass_ms(10);
        peering_watch(&g.links[HANDS], now);
        said += asks(HANDS);
    }
    cr_expect_eq(said, 10);
}

/* -- herds ------------------------------------------------------------------------------------- */

static void shipped(struct herd *h)
{
    static const unsigned edges[][2] = {{0, 1}, {0, 2}, {0, 4}, {1, 4}, {2, 3}, {2, 4}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        herd_edge(h, edges[i][0], edges[i][1]);
}

/* For so long, each millisecond every node is told a stamp, and every fifth of a second watched. */
static void under_load(struct herd *h, unsigned ms)
{
    for (unsigned i = 0; i < ms; i++) {
        for (unsigned node = 0; node < h->count; node++)
            herd_put(h, node, node * 1000 + i % 900, (unsigned)(h->now.mono_ns / MS_NS));
        for (unsigned node = 0; i % 200 == 0 && node < h->count; node++)
            for (unsigned k = 0; k < h->topology_nodes[node].neighbours_count; k++)
                peering_watch(&h->nodes[node].ends[k]->peering, h->now);
        herd_step(h);
    }
}

static void all_level_since(const struct herd *h, int64_t since_ns, bool expected)
{
    for (unsigned node = 0; node < h->count; node++)
        for (unsigned k = 0; k < h->topology_nodes[node].neighbours_count; k++) {
            const struct peer *p = &h->nodes[node].peers[k];
            bool level = p->agreed && p->agreed_ns > since_ns;
            if (p->in_tree)
                cr_expect_eq(level, expected, "node %u, neighbour %u", node, k);
        }
}

/* After a while under load, all links are level within the next one. */
static void levels_under_load(struct herd *h, unsigned before_ms, unsigned within_ms)
{
    under_load(h, before_ms);
    int64_t since_ns = h->now.mono_ns;
    under_load(h, within_ms);
    all_level_since(h, since_ns, true);
}

Test(level, a_pair_under_load_whose_link_takes_40_ms)
{
    struct herd *h = herd_create(2, 1);
    herd_edge(h, 0, 1);
    herd_open(h, 20000, 20000);
    levels_under_load(h, 1000, 1000);
    herd_destroy(h);
}

Test(level, a_herd_with_spare_links_under_load)
{
    struct herd *h = herd_create(5, 2);
    shipped(h);
    herd_open(h, 1000, 9000);
    levels_under_load(h, 5000, 2000);
    herd_destroy(h);
}

/* One end holds a stamp of which it believes that the other had it first. */
Test(level, a_stamp_that_is_missing_shows_however_long_is_watched)
{
    struct herd *h = herd_create(2, 3);
    herd_edge(h, 0, 1);
    herd_open(h, 1000, 1000);
    under_load(h, 100);
    struct stamp in = {.id = SPAN("lost"),
        .position = SPAN("+1-1"),
        .time = SPAN("1"),
        .origin = h->nodes[0].node.name,
        .time_ns = SECOND_NS};
    struct store *store = h->nodes[1].node.store;
    uint16_t route;
    cr_assert(route_number(h->nodes[1].node.routes, h->nodes[0].node.name, 0, &route));
    cr_assert_eq(store_put(store, &in, store_hash(store, in.id), route), STORE_NEW);
    int64_t since_ns = h->now.mono_ns;
    under_load(h, 5000);
    all_level_since(h, since_ns, false);
    herd_destroy(h);
}
