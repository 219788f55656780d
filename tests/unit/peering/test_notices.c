/* The sender's side of a spare link, line by line. */
#include "unit/peering/spare.h"

TestSuite(notices, .init = create_spare, .fini = destroy_spare);

Test(notices, a_pruned_link_notices_what_has_not_changed_for_a_while)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 300\n");
    side_put(&g, "kiwi", 1);
    says(WILKES, "");
    pass_ms(100);
    side_put(&g, "fig", 1);
    says(WILKES, "");
    pass_ms(100);
    side_put(&g, "kiwi", 2); /* the stamp that this replaces is never noticed */
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

Test(notices, a_line_of_notices_has_no_gap_and_an_end)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 1\n");
    for (int i = 0; i < PEERING_SEEN_MAX + 2; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 1);
    }
    hears(WILKES, "AT Welsh +0.500000000 fig +1-1 2 Wilkes\n"); /* never noticed to Wilkes */
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

Test(notices, notices_fit_windows_of_every_size)
{
    for (size_t window = 80; window < 400; window += 7) {
        destroy_spare();
        create_spare();
        link_both_lazy();
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

Test(notices, a_grafted_link_says_eager_and_sends_from_there)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 50\n");
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    says(WILKES, "");
    pass_ms(50);
    cr_expect_eq(strncmp(side_says(&g, WILKES), "SEEN 1 ", 7), 0);
    side_put(&g, "plum", 1);
    hears(WILKES, "GRAFT 1\nPRUNE 50\n"); /* what the feed holds still goes as stamps */
    says(WILKES, "EAGER 1\n" OWN("fig", "1", "Goloman") OWN("plum", "1", "Goloman") "MARK 3\n");
    side_put(&g, "kiwi", 2);
    says(WILKES, "");
    pass_ms(PEERING_LEASE_FIRST_MS);
    (void)side_says(&g, WILKES);
    hears(WILKES, "GRAFT 3\n");
    says(WILKES, "EAGER 3\n" OWN("kiwi", "2", "Goloman") "MARK 4\n");
    hears(WILKES, "ACK 3\nACK 4\n");
    cr_expect_eq(side_lag(&g, WILKES), 0);
    pass_ms(PEERING_LEASE_FIRST_MS);
    hears(WILKES, "GRAFT 4\n"); /* there is nothing to send */
    says(WILKES, "EAGER 4\n");
    hears(WILKES, "ACK 4\n");
}

/* PROTOCOL.md, "Spare links": a peer in a loop gets the feed once a lease. */
Test(notices, a_graft_is_answered_once_a_lease_and_the_last_one_counts)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 50\n");
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    hears(WILKES, "GRAFT 0\n");
    says(WILKES, "EAGER 0\n" OWN("kiwi", "1", "Goloman") OWN("fig", "1", "Goloman") "MARK 2\n");
    for (int i = 0; i < 100; i++) {
        hears(WILKES, "GRAFT 0\n");
        says(WILKES, "");
    }
    hears(WILKES, "GRAFT 1\n");
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_LEASE_FIRST_MS * MS_NS);
    pass_ms(PEERING_LEASE_FIRST_MS - 1);
    says(WILKES, "");
    pass_ms(1);
    says(WILKES, "EAGER 1\n" OWN("fig", "1", "Goloman") "MARK 2\n");
    hears(WILKES, "GRAFT 0\nPRUNE 50\n");
    says(WILKES, "");
    pass_ms(PEERING_LEASE_FIRST_MS);
    says(WILKES, "EAGER 0\n" OWN("kiwi", "1", "Goloman") OWN("fig", "1", "Goloman") "MARK 2\n");
    side_put(&g, "plum", 1);
    says(WILKES, "");
    pass_ms(50);
    cr_expect_eq(strncmp(side_says(&g, WILKES), "SEEN 3 ", 7), 0, "pruned while it waited");
}

Test(notices, a_graft_does_not_wait_when_a_node_stops_but_only_once)
{
    for (unsigned who = 0; who < 2; who++) {
        destroy_spare();
        create_spare();
        link_both_lazy();
        side_put(&g, "kiwi", 1);
        hears(WILKES, "GRAFT 0\n");
        says(WILKES, "EAGER 0\n" OWN("kiwi", "1", "Goloman") "MARK 1\n");
        hears(WILKES, "GRAFT 0\n");
        says(WILKES, "");
        g.links[WILKES].link.peer_stops = who == 0;
        g.node.stopping = who == 1;
        const char *said = side_says_at_once(&g, WILKES);
        cr_expect_not_null(strstr(said, "EAGER 0\n" OWN("kiwi", "1", "Goloman")), "%s", said);
        hears(WILKES, "GRAFT 0\n");
        said = side_says_at_once(&g, WILKES);
        cr_expect_null(strstr(said, "EAGER"), "%s", said);
        g.node.stopping = false;
    }
}

Test(notices, a_long_way_back_is_gone_in_steps_and_nothing_is_said_on_it)
{
    enum { STAMPS = 2 * PEERING_BACK_STEPS + 2 };
    static char window[65536];
    destroy_spare();
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, STAMPS);
    g.node.spare_links = spare_links_create(STAMPS);
    g.peers[HANDS].in_tree = true;
    link_both_lazy();
    for (unsigned i = 0; i < STAMPS; i++) {
        char id[16];
        sprintf(id, "id%u", i);
        side_put(&g, id, 1);
    }
    for (bool more = true; more;) {
        struct buf out = buf_over(window, sizeof window);
        more = peering_pull(&g.links[WILKES], &out, STAMPS, now);
    }
    hears(WILKES, "GRAFT 1\n");
    for (unsigned turn = 0; turn < 2; turn++) {
        struct buf out = buf_over(window, sizeof window);
        cr_expect(peering_pull(&g.links[WILKES], &out, 1, now), "the next turn comes at once");
        cr_expect_eq(out.len, 0);
    }
    struct buf out = buf_over(window, sizeof window - 1);
    cr_expect(peering_pull(&g.links[WILKES], &out, 1, now));
    window[out.len] = '\0';
    cr_expect_str_eq(window, "EAGER 1\n" OWN("id1", "1", "Goloman") "MARK 2\n");
}

/* A GRAFT that comes while the link is on its way back to `have` waits until it is there. */
Test(notices, a_graft_on_the_way_back_to_have_is_answered_behind_it)
{
    enum { STAMPS = 2 * PEERING_BACK_STEPS + 4 };
    static char window[65536];
    static const struct {
        const char *graft, *eager;
    } rows[] = {
        {"GRAFT 1\n", "EAGER 1\n" OWN("id1", "1", "Goloman") "MARK 2\n"},
        {"GRAFT 3\n", "EAGER 3\n" OWN("id3", "1", "Goloman") "MARK 4\n"},
    };
    destroy_spare();
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, STAMPS);
    g.node.spare_links = spare_links_create(STAMPS);
    g.peers[HANDS].in_tree = true;
    for (unsigned i = 0; i < STAMPS; i++) {
        char id[16];
        sprintf(id, "id%u", i);
        side_put(&g, id, 1);
    }
    for (unsigned i = 0; i < 2; i++) {
        link_lazy_that_has(WILKES, true, "0000000000000060:2"); /* one step */
        hears(WILKES, rows[i].graft);
        const char *says[] = {"", OWN("id2", "1", "Goloman") "MARK 3\n", rows[i].eager};
        for (unsigned turn = 0; turn < 3; turn++) {
            struct buf out = buf_over(window, sizeof window - 1);
            cr_expect(peering_pull(&g.links[WILKES], &out, 1, now));
            window[out.len] = '\0';
            cr_expect_str_eq(window, says[turn], "%u, %u: %s", i, turn, window);
        }
    }
}

/* EAGER says what a MARK would have said. */
Test(notices, a_graft_takes_back_a_mark_that_waits)
{
    link_both_lazy();
    hears(WILKES, "AT Welsh +0.500000000 kiwi +1-1 1 Wilkes\n");
    cr_expect_str_eq(side_says_at_once(&g, WILKES), "MARK 1\n");
    hears(WILKES, "AT Welsh +0.500000000 plum +1-1 1 Wilkes\n");
    cr_expect_str_eq(side_says_at_once(&g, WILKES), "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + PEERING_ACK_DELAY_MS * MS_NS);
    hears(WILKES, "GRAFT 2\n");
    cr_expect_str_eq(side_says_at_once(&g, WILKES), "EAGER 2\n");
    pass_ms(PEERING_ACK_DELAY_MS);
    cr_expect_str_eq(side_says_at_once(&g, WILKES), "");
    cr_expect_gt(peering_pull_ns(&g.links[WILKES]), now.mono_ns);
}

Test(notices, what_the_feed_held_at_the_start_goes_as_stamps_though_pruned)
{
    link_both_lazy();
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    link_lazy_that_has(WILKES, true, "0000000000000060:1"); /* a new link, which resumes */
    hears(WILKES, "PRUNE 50\n");
    const char *said = side_says(&g, WILKES);
    cr_expect_null(strstr(said, " kiwi "), "said: %s", said);
    cr_expect_not_null(strstr(said, OWN("fig", "1", "Goloman")), "said: %s", said);
}

/* What the lease has not brought by then is noticed, like everything else. */
Test(notices, a_lease_that_is_over_sends_no_more_stamps)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 50\n");
    side_put(&g, "kiwi", 1);
    side_put(&g, "fig", 1);
    hears(WILKES, "GRAFT 0\n");
    char window[1000];
    struct buf out = buf_over(window, sizeof window - 1);
    (void)peering_pull(&g.links[WILKES], &out, 1, now);
    window[out.len] = '\0';
    cr_expect_str_eq(window, "EAGER 0\n" OWN("kiwi", "1", "Goloman") "MARK 1\n");
    hears(WILKES, "PRUNE 50\n");
    says(WILKES, "");
    pass_ms(50);
    const char *said = side_says(&g, WILKES);
    cr_expect_eq(strncmp(said, "SEEN 2 ", 7), 0, "said: %s", said);
    cr_expect_eq(g.peers[WILKES].sent_notices, 1);
}

Test(notices, a_ping_with_behind_is_sent_while_notices_wait_and_not_compared)
{
    link_both_lazy();
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

/* The link comes back again and again while it is pruned and grafted. */
Test(notices, a_link_that_comes_back_in_the_middle_of_it_loses_nothing)
{
    link_both_lazy();
    for (int round = 0; round < 200; round++) {
        char id[16];
        sprintf(id, "id%d", round % 7);
        side_put(&g, id, 1000 + round);
        hears(WILKES, round % 3 ? "PRUNE 20\n" : "GRAFT 0\n");
        pass_ms(7);
        (void)side_says(&g, WILKES);
        if (round % 5)
            continue;
        link_lazy(WILKES, true);
        (void)side_says(&g, WILKES);
    }
    hears(WILKES, "GRAFT 0\n");
    pass_ms(PEERING_LEASE_FIRST_MS);
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

Test(notices, notices_wait_for_the_tree_while_it_moves)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 100\n");
    side_put(&g, "fig", 1);
    (void)side_says(&g, HANDS);
    pass_ms(20);
    hears(HANDS, "ACK 1\n");
    side_put(&g, "kiwi", 2);
    side_put(&g, "plum", 3);
    (void)side_says(&g, HANDS);
    pass_ms(70);
    hears(HANDS, "ACK 2\n"); /* 70 ms after it was sent */
    (void)side_says(&g, HANDS);
    pass_ms(10);
    says_up_to("SEEN 1 ", "\nMARK 1\n");
    pass_ms(89);
    says(WILKES, "");
    pass_ms(1);
    says_up_to("SEEN 2 ", "\nMARK 2\n"); /* Hands was too slow with the third: it stopped moving */
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + 100 * MS_NS);
    pass_ms(100);
    says_up_to("SEEN 3 ", "\nMARK 3\n");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), NEVER_NS);
}

/* It is woken then, and not before. */
Test(notices, a_notice_has_its_deadline_when_the_tree_has_stopped_moving)
{
    link_both_lazy();
    hears(WILKES, "PRUNE 10\n");
    side_put(&g, "fig", 1);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
    side_put(&g, "kiwi", 2);
    (void)side_says(&g, HANDS);
    says(WILKES, "");
    pass_ms(10);
    says_up_to("SEEN 1 ", "\nMARK 1\n");
    cr_expect_eq(
        peering_pull_ns(&g.links[WILKES]), now.mono_ns + (PEERING_MOVES_MS - 10) * MS_NS);
    pass_ms(PEERING_MOVES_MS - 10);
    says(WILKES, "");
    cr_expect_eq(peering_pull_ns(&g.links[WILKES]), now.mono_ns + 10 * MS_NS);
    pass_ms(10);
    says_up_to("SEEN 2 ", "\nMARK 2\n");
}
