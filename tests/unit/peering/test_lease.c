/* The receiver's side of a spare link, line by line; what a whole herd makes of it is
 * test_flooding's. */
#include "unit/peering/spare.h"

TestSuite(lease, .init = create_spare, .fini = destroy_spare);

#define FROM_WELSH "AT Welsh +0.500000000 kiwi +1-1 2 Welsh "

Test(lease, a_spare_link_is_pruned_when_it_comes_up_and_a_tree_link_never)
{
    link_both_lazy();
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

Test(lease, a_spare_link_stays_eager_while_the_tree_is_not_whole)
{
    link_lazy(WILKES, true);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS);
    pass_ms(PEERING_LEASE_FIRST_MS);
    says(WILKES, "");
    peering_peer_up(&g.node, &g.peers[HANDS]);
    pass_ms(PEERING_LEASE_FIRST_MS - 1);
    says(WILKES, "");
    pass_ms(1);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lease, a_peer_without_lazy_is_never_pruned)
{
    peering_peer_up(&g.node, &g.peers[HANDS]);
    link_lazy(WILKES, false);
    pass_ms(9000);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), NEVER_NS);
}

Test(lease, notices_of_known_stamps_are_marked_like_stamps)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 1000\n");
    hears(HANDS, FROM_WELSH "Hands\n");
    side_put(&g, "fig", 3);
    (void)side_says(&g, HANDS); /* from now on others can know of fig */
    char seen[100];
    int len = sprintf(seen, "SEEN 7 %s", hash_of("kiwi"));
    sprintf(seen + len, " %s\nMARK 8\n", hash_of("fig"));
    hears(WILKES, seen);
    says(WILKES, "ACK 8\n");
    cr_expect_eq(g.peers[WILKES].have_change, 8);
    cr_expect_eq(g.peers[WILKES].got_notices, 2);
    cr_expect_eq(g.peers[WILKES].grafts, 0);
}

/* Its own hash, not that of the newer stamp which is held. */
Test(lease, a_stamp_that_came_and_was_not_new_is_known)
{
    struct stamp older = {.id = SPAN("kiwi"),
        .position = SPAN("+1-1"),
        .time = SPAN("1"),
        .origin = SPAN("Welsh"),
        .time_ns = SECOND_NS,
        .skew_ns = SECOND_NS / 2};
    char seen[100];
    link_both_lazy();
    hears(WILKES, "PRUNE 1000\n");
    hears(HANDS, FROM_WELSH "Hands\n"
                            "AT Welsh +0.500000000 kiwi +1-1 1 Hands\n");
    sprintf(seen, "SEEN 7 %016llx\n", (unsigned long long)stamp_hash(&older));
    hears(WILKES, seen);
    says(WILKES, "");
    cr_expect_eq(g.peers[WILKES].grafts, 0);
}

Test(lease, an_unknown_hash_is_a_graft_and_marks_wait_for_it)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 1000\n");
    hears(HANDS, FROM_WELSH "Hands\n");
    char seen[100];
    sprintf(seen, "SEEN 7 %s 0123456789abcdef 0123456789abcdee\nMARK 9\n", hash_of("kiwi"));
    hears(WILKES, "MARK 4\n");
    hears(WILKES, seen);
    says(WILKES, "GRAFT 7\nACK 4\n");
    hears(WILKES, "SEEN 10 0123456789abcded\nMARK 10\n"); /* sent before the GRAFT was heard */
    says(WILKES, "");
    cr_expect_eq(g.peers[WILKES].have_change, 4);
    hears(WILKES, "EAGER 7\n");
    says(WILKES, "ACK 7\n");
    hears(WILKES, "AT Welsh +0.500000000 plum +1-1 2 Wilkes\nMARK 10\n");
    says(WILKES, "ACK 10\n");
    cr_expect_eq(g.peers[WILKES].have_change, 10);
    cr_expect_eq(g.peers[WILKES].grafts, 1);
}

Test(lease, leases_end_and_those_renewed_soon_are_longer)
{
    link_both_lazy();
    static const int64_t leases_ms[] = {
        4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 512000};
    unsigned change = 1;
    for (size_t i = 0; i < sizeof leases_ms / sizeof leases_ms[0]; i++, change++) {
        char text[100];
        if (i)
            pass_ms(leases_ms[i - 1]); /* soon enough after the last lease */
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

/* As many stamps as a lease is judged by come by the spare link. Of each 16, `tree_brings` come by
 * the tree as well, sooner or later. */
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

Test(lease, a_lease_ends_when_the_tree_brings_the_same)
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
    link_both_lazy();
    pass_ms(3 * PEERING_LEASE_FIRST_MS);
    unsigned at = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, at += PEERING_LEASE_STAMPS) {
        graft((unsigned)i + 1);
        if (!rows[i].tree_whole)
            peering_peer_down(&g.node, &g.peers[HANDS]);
        lease_stamps(at, rows[i].tree_brings, rows[i].tree_first);
        bool ended = strstr(side_says(&g, WILKES), "PRUNE ");
        cr_expect_eq(ended, rows[i].ends, "%s", rows[i].name);
        peering_peer_up(&g.node, &g.peers[HANDS]);
        pass_ms(3 * g.links[WILKES].lease.length_ms); /* the next one does not follow soon */
        (void)side_says(&g, WILKES);
        pass_ms(3 * g.links[WILKES].lease.length_ms);
    }
}

Test(lease, a_peer_without_lazy_is_not_pruned_for_what_the_tree_repeats)
{
    link_lazy(HANDS, true);
    peering_peer_up(&g.node, &g.peers[HANDS]);
    link_lazy(WILKES, false);
    lease_stamps(1, 16, false);
    cr_expect_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lease, a_lease_after_one_that_the_tree_repeated_is_no_longer)
{
    link_both_lazy();
    pass_ms(3 * PEERING_LEASE_FIRST_MS);
    graft(1);
    lease_stamps(1, 16, false);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
    graft(2);
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS);
}

Test(lease, a_lease_asked_for_again_soon_has_notices_run_further_behind)
{
    link_both_lazy();
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

Test(lease, notices_run_behind_by_the_way_of_the_tree_as_well)
{
    static const struct {
        int round_trip_ms;
        int64_t behind_ms; /* beyond what it is without a tree; -1: no PRUNE */
    } rows[] = {{100, 200}, {110, -1}, {10, 20}, {20000, PEERING_BEHIND_MS_MAX}};
    g.peers[WILKES].tree_hops = 4;
    link_both_lazy();
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

Test(lease, a_spare_link_measures_its_round_trip_at_once)
{
    g.peers[WILKES].tree_hops = g.peers[HANDS].tree_hops = 2;
    link_lazy(HANDS, true);
    peering_peer_up(&g.node, &g.peers[HANDS]);
    cr_expect_null(strstr(side_says(&g, HANDS), "PING "));
    side_begin(&g, WILKES, ACCEPTED);
    cr_assert_eq(side_hears(&g, WILKES,
                     "HELLO stampede/1 herd=demo from=Wilkes to=Goloman boot=00000000000000ab "
                     "nonce=99999999999999999999999999999999 have=0000000000000000:0 lazy=1\n"),
        PEERING_UP);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PING "));
    says(WILKES, "");
}

Test(lease, losing_a_tree_link_asks_the_spare_ones_at_once)
{
    link_both_lazy();
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
    peering_peer_up(&g.node, &g.peers[HANDS]);
    pass_ms(PEERING_LEASE_LAST_MS);
    cr_expect_not_null(strstr(side_says(&g, WILKES), "PRUNE "));
}

Test(lease, lines_that_are_wrong_end_the_link)
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
        destroy_spare();
        create_spare();
        link_both_lazy();
        if (rows[i].asked) {
            hears(WILKES, "SEEN 3 0123456789abcdef\n");
            says(WILKES, "GRAFT 2\n");
        }
        cr_expect_eq(side_hears(&g, WILKES, rows[i].line), PEERING_ENDED, "%zu", i);
        cr_expect_str_eq(g.links[WILKES].reason, rows[i].why, "%zu: %s", i, g.links[WILKES].reason);
    }
}

Test(lease, a_node_without_spare_links_does_not_say_lazy)
{
    spare_links_destroy(g.node.spare_links);
    g.node.spare_links = NULL;
    side_begin(&g, HANDS, HANDS);
    cr_expect_null(strstr(side_says(&g, HANDS), "lazy"));
}
