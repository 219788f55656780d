/* Spare links: scripts for one end, line by line; what a whole herd makes of it is
 * test_flooding's. */
#include "unit/peering/side.h"

enum { HANDS, WILKES }; /* by the tree, and spare */

static struct side g;

static void create(void)
{
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, 1000);
    g.node.flood = flood_create(1000);
    g.peers[HANDS].in_tree = true;
}

static void destroy(void)
{
    flood_destroy(g.node.flood);
    side_close(&g);
}

TestSuite(lazy, .init = create, .fini = destroy);

#define AT(id, time, list) "AT Goloman +0.500000000 " id " +34.0-118.0 " time " " list "\n"
#define FROM_WELSH "AT Welsh +0.500000000 kiwi +1-1 2 Welsh "

static void says(int link, const char *text)
{
    const char *said = side_says(&g, link);
    cr_expect_str_eq(said, text, "said: %s", said);
}

static void hears(int link, const char *text)
{
    cr_expect_eq(side_hears(&g, link, text), PEERING_NOTHING, "%s", g.links[link].reason);
}

/* Linked; what it says first is left to be said. */
static void link_peer_that_has(int peer, bool knows, const char *have)
{
    char hello[300], window[HELLO_LINE_BYTES_MAX];
    sprintf(hello,
        "HELLO stampede/1 herd=demo from=%s to=Goloman boot=%016x "
        "nonce=99999999999999999999999999999999 have=%s%s\n",
        peer == HANDS ? "Hands" : "Wilkes", 0xaau + (unsigned)peer, have, knows ? " lazy=1" : "");
    side_begin(&g, peer, ACCEPTED);
    cr_assert_eq(side_hears(&g, peer, hello), PEERING_UP, "%s", g.links[peer].reason);
    struct buf out = buf_over(window, sizeof window);
    (void)peering_pull(&g.links[peer], &out, 0, now);
    window[out.len - 1] = '\0';
    cr_assert_not_null(strstr(window, " lazy=1"), "%s", window);
    if (strchr(window, '\n'))
        cr_assert_not_null(strstr(window, "\nPRUNE "), "%s", window);
}

static void link_peer(int peer, bool knows)
{
    link_peer_that_has(peer, knows, "0000000000000000:0");
}

/* Both are up, and the spare one has been told to be lazy. */
static void link_both(void)
{
    link_peer(HANDS, true);
    peering_peer_up(&g.peers[HANDS]);
    link_peer(WILKES, true);
    peering_peer_up(&g.peers[WILKES]);
    (void)side_says(&g, HANDS);
    (void)side_says(&g, WILKES);
    cr_assert_eq(g.links[WILKES].lease.state, LEASE_LAZY);
    pass_ms(PEERING_LISTS_MS);
}

static const char *hash_of(const char *id)
{
    static char text[17];
    struct feed_item item;
    struct stamp_text room;
    struct span key = span_of(id);
    cr_assert(store_get(g.node.store, key, store_hash(g.node.store, key), &item, &room));
    sprintf(text, "%016llx", (unsigned long long)item.hash);
    return text;
}

/* -- what comes in ----------------------------------------------------------------------------- */

Test(lazy, a_spare_link_is_pruned_when_it_comes_up_and_one_of_the_tree_never)
{
    link_both();
    for (int i = 0; i < 100; i++) {
        pass_ms(1000);
        hears(HANDS, "MARK 0\n");
        cr_expect_null(strstr(side_says(&g, HANDS), "PRUNE"));
    }
    cr_expect_eq(g.links[HANDS].lease.state, LEASE_EAGER);
    int64_t behind_ms = g.links[WILKES].lease.behind_ms;
    cr_expect(behind_ms >= PEERING_BEHIND_FIRST_MS &&
              behind_ms < PEERING_BEHIND_FIRST_MS + PEERING_BEHIND_SPREAD_MS);
}

Test(lazy, a_spare_link_stays_eager_while_the_tree_is_not_whole)
{
    link_peer(WILKES, true);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS);
    pass_ms(PEERING_LEASE_FIRST_MS);
    says(WILKES, "");
    peering_peer_up(&g.peers[HANDS]);
    pass_ms(PEERING_LEASE_FIRST_MS - 1);
    says(WILKES, "");
    pass_ms(1);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lazy, who_does_not_know_it_is_never_pruned)
{
    peering_peer_up(&g.peers[HANDS]);
    link_peer(WILKES, false);
    pass_ms(9000);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), NEVER_NS);
}

Test(lazy, notices_of_what_was_had_are_marked_like_stamps)
{
    link_both();
    hears(WILKES, "PRUNE 1000\n");
    hears(HANDS, FROM_WELSH "Hands\n");
    side_put(&g, "fig", 3);
    (void)side_says(&g, HANDS); /* from now on others can know of it */
    char seen[100];
    int len = sprintf(seen, "SEEN 7 %s", hash_of("kiwi"));
    sprintf(seen + len, " %s\nMARK 8\n", hash_of("fig"));
    hears(WILKES, seen);
    says(WILKES, "ACK 8\n");
    cr_expect_eq(g.peers[WILKES].have_change, 8);
    cr_expect_eq(g.peers[WILKES].got_notices, 2);
    cr_expect_eq(g.peers[WILKES].grafts, 0);
}

Test(lazy, a_notice_of_what_was_not_had_is_a_graft_and_marks_wait_for_it)
{
    link_both();
    hears(WILKES, "PRUNE 1000\n");
    hears(HANDS, FROM_WELSH "Hands\n");
    char seen[100];
    sprintf(seen, "SEEN 7 %s 0123456789abcdef 0123456789abcdee\nMARK 9\n", hash_of("kiwi"));
    hears(WILKES, "MARK 4\n");
    hears(WILKES, seen);
    says(WILKES, "GRAFT 7\nACK 4\n");
    hears(WILKES, "SEEN 10 0123456789abcded\nMARK 10\n"); /* was under way */
    says(WILKES, "");
    cr_expect_eq(g.peers[WILKES].have_change, 4);
    hears(WILKES, "EAGER 7\n");
    says(WILKES, "ACK 7\n");
    hears(WILKES, "AT Welsh +0.500000000 plum +1-1 2 Wilkes\nMARK 10\n");
    says(WILKES, "ACK 10\n");
    cr_expect_eq(g.peers[WILKES].have_change, 10);
    cr_expect_eq(g.peers[WILKES].grafts, 1);
}

Test(lazy, leases_end_and_those_renewed_soon_are_longer)
{
    link_both();
    static const int64_t leases_ms[] = {
        4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 512000};
    unsigned change = 1;
    for (size_t i = 0; i < sizeof leases_ms / sizeof leases_ms[0]; i++, change++) {
        char text[100];
        if (i)
            pass_ms(leases_ms[i - 1]); /* soon enough after that one */
        else
            pass_ns(-PEERING_LISTS_MS * MS_NS);
        sprintf(text, "SEEN %u %016x\n", change, change);
        hears(WILKES, text);
        sprintf(text, "GRAFT %u\n", change - 1);
        says(WILKES, text);
        sprintf(text, "EAGER %u\n", change - 1);
        hears(WILKES, text);
        (void)side_says(&g, WILKES);
        cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + leases_ms[i] * MS_NS);
        sprintf(text, "AT Welsh +0.500000000 kiwi +1-1 %u Wilkes\nMARK %u\n", change, change);
        hears(WILKES, text);
        pass_ms(leases_ms[i]);
        cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
    }
    pass_ms(2 * PEERING_LEASE_LAST_MS);
    hears(WILKES, "SEEN 90 0123456789abcdef\n");
    cr_expect_eq(g.links[WILKES].lease.length_ms, PEERING_LEASE_FIRST_MS);
}

/* As many stamps as a lease is judged by; `tree_brings` of each 16 by the tree, before or behind
 * the spare link. */
static void lease_stamps(unsigned from, unsigned tree_brings, bool tree_first)
{
    for (unsigned i = from; i < from + PEERING_LEASE_STAMPS; i++) {
        char text[100];
        for (int turn = 0; turn < 2; turn++) {
            bool tree = tree_first == (turn == 0);
            if (tree && i % 16 >= tree_brings)
                continue;
            sprintf(text, "AT Welsh +0.500000000 kiwi +1-1 %u %s\n", i, tree ? "Hands" : "Wilkes");
            hears(tree ? HANDS : WILKES, text);
        }
    }
}

static void graft(unsigned change)
{
    char text[100];
    sprintf(text, "SEEN %u %016x\n", change, change);
    hears(WILKES, text);
    sprintf(text, "GRAFT %u\n", change - 1);
    says(WILKES, text);
    sprintf(text, "EAGER %u\n", change - 1);
    hears(WILKES, text);
    cr_expect_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lazy, a_lease_ends_when_the_tree_brings_the_same)
{
    static const struct {
        const char *name;
        unsigned tree_brings; /* of each 16 */
        bool tree_first, tree_whole, ends;
    } rows[] = {
        {"all, later", 16, false, true, true},
        {"all, sooner", 16, true, true, true},
        {"most", 15, false, true, true},
        {"not enough", 13, false, true, false},
        {"nothing", 0, false, true, false},
        {"all, but a link of it is down", 16, false, false, false},
    };
    link_both();
    pass_ms(3 * PEERING_LEASE_FIRST_MS);
    unsigned at = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, at += PEERING_LEASE_STAMPS) {
        graft((unsigned)i + 1);
        if (!rows[i].tree_whole)
            peering_peer_down(&g.node, &g.peers[HANDS]);
        lease_stamps(at, rows[i].tree_brings, rows[i].tree_first);
        bool ended = strstr(side_says(&g, WILKES), "PRUNE ");
        cr_expect_eq(ended, rows[i].ends, "%s", rows[i].name);
        peering_peer_up(&g.peers[HANDS]);
        pass_ms(3 * g.links[WILKES].lease.length_ms); /* the next one is no sequel */
        (void)side_says(&g, WILKES);
        pass_ms(3 * g.links[WILKES].lease.length_ms);
    }
}

Test(lazy, who_does_not_know_it_is_not_pruned_for_what_the_tree_repeats)
{
    link_peer(HANDS, true);
    peering_peer_up(&g.peers[HANDS]);
    link_peer(WILKES, false);
    lease_stamps(1, 16, false);
    cr_expect_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lazy, a_lease_behind_one_in_vain_is_no_longer_than_that)
{
    link_both();
    pass_ms(3 * PEERING_LEASE_FIRST_MS);
    graft(1);
    lease_stamps(1, 16, false);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
    graft(2);
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS);
}

Test(lazy, asked_again_soon_it_runs_further_behind)
{
    link_both();
    int64_t behind_ms = g.links[WILKES].lease.behind_ms;
    pass_ms(-PEERING_LISTS_MS);
    for (int i = 0; i < 5; i++) {
        char text[100];
        bool soon = i != 1;
        pass_ms(soon ? 1 : 2 * g.links[WILKES].lease.length_ms);
        sprintf(text, "SEEN %d 0123456789abcdef\n", i + 1);
        hears(WILKES, text);
        (void)side_says(&g, WILKES);
        sprintf(text, "EAGER %d\n", i);
        hears(WILKES, text);
        pass_ms(PEERING_LEASE_LAST_MS);
        if (soon)
            behind_ms = earlier_ns(2 * behind_ms, PEERING_BEHIND_LAST_MS);
        sprintf(text, "PRUNE %d\n", (int)behind_ms);
        cr_expect_not_null(strstr(side_says(&g, WILKES), text), "%d", i);
    }
}

Test(lazy, it_runs_behind_by_the_way_of_the_tree_as_well)
{
    static const struct {
        int round_trip_ms;
        int64_t behind_ms; /* less what it is without a tree; -1: nothing is said */
    } rows[] = {{100, 200}, {110, -1}, {10, 20}, {20000, PEERING_BEHIND_MS_MAX}};
    g.peers[WILKES].tree_hops = 4;
    link_both();
    int64_t own_ms = g.links[WILKES].lease.behind_ms;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        clock_gauge_forget(&g.peers[WILKES].clock);
        clock_gauge_trip(&g.peers[WILKES].clock, rows[i].round_trip_ms * MS_NS);
        int64_t ms = earlier_ns(own_ms + rows[i].behind_ms, PEERING_BEHIND_MS_MAX);
        snprintf(text, sizeof text, "PRUNE %d\n", (int)ms);
        says(WILKES, rows[i].behind_ms < 0 ? "" : text);
    }
    cr_expect_eq(g.links[WILKES].lease.behind_ms, own_ms);
}

Test(lazy, a_spare_link_measures_its_round_trip_at_once)
{
    g.peers[WILKES].tree_hops = g.peers[HANDS].tree_hops = 2;
    link_peer(HANDS, true);
    peering_peer_up(&g.peers[HANDS]);
    cr_expect_null(strstr(side_says(&g, HANDS), "PING "));
    side_begin(&g, WILKES, ACCEPTED);
    cr_assert_eq(side_hears(&g, WILKES,
                     "HELLO stampede/1 herd=demo from=Wilkes to=Goloman boot=00000000000000ab "
                     "nonce=99999999999999999999999999999999 have=0000000000000000:0 lazy=1\n"),
        PEERING_UP);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PING "));
    says(WILKES, "");
}

Test(lazy, losing_a_link_of_the_tree_asks_the_spare_ones_at_once)
{
    link_both();
    hears(WILKES, "MARK 5\n");
    says(WILKES, "ACK 5\n");
    peering_peer_down(&g.node, &g.peers[HANDS]);
    says(WILKES, "GRAFT 5\n");
    hears(WILKES, "EAGER 5\n");
    says(WILKES, "ACK 5\n");
    pass_ms(PEERING_LEASE_LAST_MS);
    says(WILKES, ""); /* renewed */
    peering_peer_down(&g.node, &g.peers[HANDS]);
    says(WILKES, "");
    peering_peer_up(&g.peers[HANDS]);
    pass_ms(PEERING_LEASE_LAST_MS);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lazy, lines_that_are_wrong_end_the_link)
{
    static const struct {
        const char *line, *why;
        bool asked;
    } rows[] = {
        {"SEEN 0 0123456789abcdef\n", "SEEN with a bad number", false},
        {"SEEN x 0123456789abcdef\n", "SEEN with a bad number", false},
        {"SEEN 18446744073709551615 0123456789abcdef\n", "SEEN with a bad number", false},
        {"MARK 5\nSEEN 5 0123456789abcdef\n", "SEEN with a bad number", false},
        {"SEEN 1 0123456789abcde\n", "SEEN with a bad hash", false},
        {"SEEN 1 0123456789abcdeF\n", "SEEN with a bad hash", false},
        {"SEEN 1\n", "a line that is none of the peer protocol", false},
        {"EAGER 0\n", "EAGER that nobody asked for", false},
        {"SEEN 3 0123456789abcdef\nEAGER 2\n", "EAGER that nobody asked for", false},
        {"EAGER 3\n", "EAGER that nobody asked for", true},
        {"EAGER 2\nEAGER 2\n", "EAGER that nobody asked for", true},
        {"EAGER 2\nSEEN 9 0123456789abcdef\n", "SEEN that nobody asked for", true},
        {"PRUNE 0\n", "PRUNE with a bad number", false},
        {"PRUNE 1001\n", "PRUNE with a bad number", false},
        {"PRUNE\n", "a line that is none of the peer protocol", false},
        {"PRUNE -1\n", "a line that is none of the peer protocol", false},
        {"GRAFT 1\n", "GRAFT of what is not there", false},
        {"GRAFT 18446744073709551616\n", "a line that is none of the peer protocol", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        destroy();
        create();
        link_both();
        if (rows[i].asked) {
            hears(WILKES, "SEEN 3 0123456789abcdef\n");
            says(WILKES, "GRAFT 2\n");
        }
        cr_expect_eq(side_hears(&g, WILKES, rows[i].line), PEERING_ENDED, "%zu", i);
        cr_expect_str_eq(g.links[WILKES].reason, rows[i].why, "%zu: %s", i, g.links[WILKES].reason);
    }
}

Test(lazy, without_other_links_its_words_are_unknown)
{
    flood_destroy(g.node.flood);
    g.node.flood = NULL;
    side_begin(&g, HANDS, HANDS);
    cr_expect_null(strstr(side_says(&g, HANDS), "lazy"));
}

/* -- what goes out ----------------------------------------------------------------------------- */

Test(lazy, pruned_it_notices_what_has_not_changed_for_a_while)
{
    link_both();
    hears(WILKES, "PRUNE 300\n");
    side_put(&g, "kiwi", 1);
    says(WILKES, "");
    pass_ms(100);
    side_put(&g, "fig", 1);
    says(WILKES, "");
    pass_ms(100);
    side_put(&g, "kiwi", 2); /* what it was is never noticed */
    says(WILKES, "");
    pass_ns(200 * MS_NS - 1);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + 1);
    pass_ns(1);
    char seen[100];
    sprintf(seen, "SEEN 2 %s\nMARK 2\n", hash_of("fig"));
    says(WILKES, seen);
    pass_ms(100);
    sprintf(seen, "SEEN 3 %s\nMARK 3\n", hash_of("kiwi"));
    says(WILKES, seen);
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), NEVER_NS);
    cr_expect_eq(g.peers[WILKES].sent_stamps, 0);
    cr_expect_eq(g.peers[WILKES].sent_notices, 2);
    hears(WILKES, "ACK 3\n");
    cr_expect_eq(side_lag(&g, WILKES), 0);
}

Test(lazy, a_line_of_notices_has_no_gap_and_an_end)
{
    link_both();
    hears(WILKES, "PRUNE 1\n");
    for (int i = 0; i < PEERING_SEEN_MAX + 2; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 1);
    }
    hears(WILKES, "AT Welsh +0.500000000 fig +1-1 2 Wilkes\n"); /* it is not told what it told */
    side_put(&g, "plum", 1);
    says(WILKES, "");
    pass_ms(1);
    const char *said = side_says(&g, WILKES);
    static const char *const parts[] = {"SEEN 1 ", "\nSEEN 33 ", "\nSEEN 36 ", "\nMARK 36\n"};
    for (int i = 0; i < 4; i++) {
        said = strstr(said, parts[i]);
        cr_assert_not_null(said, "%s", parts[i]);
    }
    cr_expect_eq(g.peers[WILKES].sent_notices, PEERING_SEEN_MAX + 3);
}

Test(lazy, notices_fit_windows_of_every_size)
{
    for (size_t window = 80; window < 400; window += 7) {
        destroy();
        create();
        link_both();
        hears(WILKES, "PRUNE 1\n");
        for (int i = 0; i < 20; i++) {
            char id[16];
            sprintf(id, "id%d", i);
            side_put(&g, id, 1);
        }
        says(WILKES, "");
        pass_ms(1);
        const char *said = side_says_by(&g, WILKES, window);
        cr_expect_eq(strncmp(said, "SEEN 1 ", 7), 0, "%s", said);
        cr_expect_str_eq(said + strlen(said) - 8, "MARK 20\n");
        cr_expect_eq(g.peers[WILKES].sent_notices, 20);
    }
}

Test(lazy, grafted_it_sends_from_there_and_says_so_first)
{
    link_both();
    hears(WILKES, "PRUNE 50\n");
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    says(WILKES, "");
    pass_ms(50);
    cr_expect_eq(strncmp(side_says(&g, WILKES), "SEEN 1 ", 7), 0);
    side_put(&g, "plum", 1);
    hears(WILKES, "GRAFT 1\nPRUNE 50\n"); /* what is there goes as stamps all the same */
    says(WILKES, "EAGER 1\n" AT("fig", "1", "Goloman") AT("plum", "1", "Goloman") "MARK 3\n");
    side_put(&g, "kiwi", 2);
    says(WILKES, "");
    hears(WILKES, "GRAFT 3\n");
    says(WILKES, "EAGER 3\n" AT("kiwi", "2", "Goloman") "MARK 4\n");
    hears(WILKES, "ACK 3\nACK 4\n");
    cr_expect_eq(side_lag(&g, WILKES), 0);
    hears(WILKES, "GRAFT 4\n"); /* for nothing */
    says(WILKES, "EAGER 4\n");
    hears(WILKES, "ACK 4\n");
}

Test(lazy, what_was_there_at_the_start_goes_as_stamps_though_it_is_pruned)
{
    link_both();
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    link_peer_that_has(WILKES, true, "0000000000000060:1"); /* again: it goes on from there */
    hears(WILKES, "PRUNE 50\n");
    const char *said = side_says(&g, WILKES);
    cr_expect_null(strstr(said, " kiwi "), "said: %s", said);
    cr_expect_not_null(strstr(said, AT("fig", "1", "Goloman")), "said: %s", said);
}

/* What the lease has not brought until then is noticed like all else. */
Test(lazy, a_lease_that_is_over_sends_no_more_stamps)
{
    link_both();
    hears(WILKES, "PRUNE 50\n");
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    hears(WILKES, "GRAFT 0\n");
    char window[1000];
    struct buf out = buf_over(window, sizeof window - 1);
    (void)peering_pull(&g.links[WILKES], &out, 1, now);
    window[out.len] = '\0';
    cr_expect_str_eq(window, "EAGER 0\n" AT("kiwi", "1", "Goloman") "MARK 1\n");
    hears(WILKES, "PRUNE 50\n");
    says(WILKES, "");
    pass_ms(50);
    const char *said = side_says(&g, WILKES);
    cr_expect_eq(strncmp(said, "SEEN 2 ", 7), 0, "said: %s", said);
    cr_expect_eq(g.peers[WILKES].sent_notices, 1);
}

Test(lazy, a_ping_says_that_notices_are_to_come_and_such_a_one_is_not_compared)
{
    link_both();
    hears(WILKES, "PRUNE 1000\n");
    pass_ms(4000);
    side_put(&g, "kiwi", 1);
    cr_expect_eq(peering_tick(&g.links[WILKES], now), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, WILKES), " behind\n"));
    pass_ms(1000);
    (void)side_says(&g, WILKES);
    hears(WILKES, "ACK 1\n");
    for (int i = 0; i < 5; i++)
        hears(WILKES, "PING 1 9 0123456789abcdef behind\n");
    cr_expect_eq(g.peers[WILKES].unequal, 0);
    hears(WILKES, "PING 1 9 0123456789abcdef\n");
    cr_expect_eq(g.peers[WILKES].unequal, 1);
    hears(WILKES, "SEEN 9 0123456789abcdef\nPING 1 9 0123456789abcdef\n");
    cr_expect_eq(g.peers[WILKES].unequal, 1, "what is missing is asked for");
}

/* Both ends' cursors and marks, with the link cut at every byte while it is pruned and grafted. */
Test(lazy, a_cut_in_the_middle_of_it_loses_nothing)
{
    link_both();
    for (int round = 0; round < 200; round++) {
        char id[16];
        sprintf(id, "id%d", round % 7);
        side_put(&g, id, 1000 + round);
        hears(WILKES, round % 3 ? "PRUNE 20\n" : "GRAFT 0\n");
        pass_ms(7);
        (void)side_says(&g, WILKES);
        if (round % 5)
            continue;
        link_peer(WILKES, true);
        (void)side_says(&g, WILKES);
    }
    hears(WILKES, "GRAFT 0\n");
    const char *said = side_says(&g, WILKES);
    for (int i = 0; i < 7; i++) {
        char id[16];
        sprintf(id, " id%d ", i);
        cr_expect_not_null(strstr(said, id), "%s: %s", id, said);
    }
    cr_expect_not_null(strstr(said, "MARK 200\n"), "%s", said);
}

static void says_up_to(const char *seen, const char *mark)
{
    const char *said = side_says(&g, WILKES);
    cr_expect(strncmp(said, seen, strlen(seen)) == 0 && strstr(said, mark), "said: %s", said);
}

Test(lazy, notices_wait_for_the_tree_as_long_as_it_moves)
{
    link_both();
    hears(WILKES, "PRUNE 100\n");
    side_put(&g, "fig", 1);
    (void)side_says(&g, HANDS);
    pass_ms(20);
    hears(HANDS, "ACK 1\n");
    side_put(&g, "kiwi", 2);
    side_put(&g, "plum", 3);
    (void)side_says(&g, HANDS);
    pass_ms(70);
    hears(HANDS, "ACK 2\n"); /* so slow is it */
    (void)side_says(&g, HANDS);
    pass_ms(10);
    says_up_to("SEEN 1 ", "\nMARK 1\n");
    pass_ms(89);
    says(WILKES, "");
    pass_ms(1);
    says_up_to("SEEN 2 ", "\nMARK 2\n"); /* the third it has not confirmed for too long */
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + 100 * MS_NS);
    pass_ms(100);
    says_up_to("SEEN 3 ", "\nMARK 3\n");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), NEVER_NS);
}
