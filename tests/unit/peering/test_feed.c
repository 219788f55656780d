/* What goes out of the feed by a link, in which order and up to where: scripts for one end. */
#include "unit/peering/goloman.h"

TestSuite(feed, .init = create, .fini = destroy);

#define OURS(change) "0000000000000060:" change

/* -- what is sent ------------------------------------------------------------------------------ */

Test(feed, own_stamps_go_to_all_and_are_marked_after_each_batch)
{
    link_both();
    side_put(&g, "kiwi", 100);
    side_put(&g, "fig", 101);
    for (int link = HANDS; link <= WILKES; link++) {
        says(link, OWN("kiwi", "100", "Goloman") OWN("fig", "101", "Goloman") "MARK 2\n");
        says(link, "");
        cr_expect_eq(side_lag(&g, link), 2);
        hears(link, "ACK 2\n");
        cr_expect_eq(side_lag(&g, link), 0);
        hears(link, "ACK 1\n");
        cr_expect_eq(side_lag(&g, link), 0, "an ACK does not go back");
    }
    side_put(&g, "kiwi", 102);
    says(HANDS, OWN("kiwi", "102", "Goloman") "MARK 3\n");
    cr_expect_eq(g.peers[HANDS].sent_stamps, 3);
    cr_expect_eq(g.peers[WILKES].sent_stamps, 2);
}

Test(feed, a_stamp_goes_neither_back_nor_to_a_peer_on_its_list)
{
    static const struct {
        const char *list, *to_wilkes;
    } rows[] = {
        {"Hands", "Hands Goloman"},
        {"Welsh Hands", "Welsh Hands Goloman"},
        {"Wilkes Hands", NULL},
        {"Wilkes Welsh Hands", NULL},
        {"Wilke Hands", "Wilke Hands Goloman"},
        {"Goloman Hands", "Goloman Hands Goloman"},
    };
    link_both();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char at[200], out[300] = "", mark[32];
        sprintf(at, "AT Welsh -1.000000000 kiwi +1-1 %zu %s\n", i + 1, rows[i].list);
        hears(HANDS, at);
        if (rows[i].to_wilkes)
            sprintf(out, "AT Welsh -1.000000000 kiwi +1-1 %zu %s\n", i + 1, rows[i].to_wilkes);
        sprintf(mark, "MARK %zu\n", i + 1);
        says(WILKES, strcat(out, mark));
        says(HANDS, mark);
    }
    cr_expect_eq(g.peers[HANDS].sent_stamps, 0);
}

/* Neither an ACK nor a MARK of items that the peer has already is a reason to wake it. */
Test(feed, an_ack_and_a_mark_without_stamps_are_delayed_but_not_for_long)
{
    link_both();
    hears(HANDS, "AT Welsh -1.000000000 lime +1-1 1 Hands\nMARK 6\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "MARK 1\nACK 6\n", "the first one: to resume");
    says(WILKES, "AT Welsh -1.000000000 lime +1-1 1 Hands Goloman\nMARK 1\n");
    hears(HANDS, "AT Welsh -1.000000000 kiwi +1-1 1 Hands\nMARK 7\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "");
    int64_t alone_ns = now.mono_ns + PEERING_ACK_DELAY_MS * MS_NS;
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), alone_ns);
    cr_expect_str_eq(side_says_at_once(&g, WILKES),
        "AT Welsh -1.000000000 kiwi +1-1 1 Hands Goloman\nMARK 2\n", "a stamp waits for nothing");
    pass_ms(1);
    hears(HANDS, "MARK 8\n"); /* does not delay the ACK further */
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "");
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), alone_ns);
    side_put(&g, "fig", 2);
    cr_expect_str_eq(
        side_says_at_once(&g, HANDS), OWN("fig", "2", "Goloman") "MARK 3\nACK 8\n", "company");
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), NEVER_NS);
    hears(HANDS, "AT Welsh -1.000000000 plum +1-1 1 Hands\nMARK 9\nPING 1 3 0123456789abcdef\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "ACK 9\nPONG 1\n", "before a PONG");
    pass_ms(PEERING_ACK_DELAY_MS - 1);
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "");
    pass_ms(1);
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "MARK 4\n", "alone in the end");
}

/* -- room -------------------------------------------------------------------------------------- */

Test(feed, whole_lines_only_in_windows_of_every_size)
{
    enum { LINE = sizeof OWN("kiwi", "100", "Goloman") - 1, MARK_ROOM = 26 };
    link_peer(HANDS, 0xaa, NONE);
    for (int seconds = 100; seconds < 103; seconds++) {
        char id[2] = {(char)('a' + seconds - 100)};
        side_put(&g, id, seconds);
    }
    char window[4 * LINE];
    for (size_t cap = 0; cap < LINE - 3 + MARK_ROOM; cap++) {
        struct buf out = buf_over(window, cap);
        cr_expect(peering_pull(&g.links[HANDS], &out, 9, now), "%zu", cap);
        cr_expect_eq(out.len, 0, "%zu", cap);
    }
    const char *said = side_says_by(&g, HANDS, LINE - 3 + MARK_ROOM);
    cr_expect_str_eq(said, OWN("a", "100", "Goloman") "MARK 1\n" OWN("b", "101",
                               "Goloman") "MARK 2\n" OWN("c", "102", "Goloman") "MARK 3\n");
}

Test(feed, at_most_so_many_stamps_at_a_time)
{
    link_peer(HANDS, 0xaa, NONE);
    side_put(&g, "a", 1);
    side_put(&g, "b", 1);
    static const char *const batches[] = {
        OWN("a", "1", "Goloman") "MARK 1\n", OWN("b", "1", "Goloman") "MARK 2\n"};
    for (int i = 0; i < 2; i++) {
        char window[200];
        struct buf out = buf_over(window, sizeof window);
        cr_expect_eq(peering_pull(&g.links[HANDS], &out, 1, now), i == 0);
        cr_expect(span_equal(buf_span(&out), span_of(batches[i])));
    }
}

Test(feed, a_slow_peer_gets_only_the_newest_of_each)
{
    link_peer(HANDS, 0xaa, NONE);
    for (int i = 1; i <= 1000; i++) {
        side_put(&g, "kiwi", i);
        side_put(&g, "fig", i);
    }
    says(HANDS, OWN("kiwi", "1000", "Goloman") OWN("fig", "1000", "Goloman") "MARK 2000\n");
    cr_expect_eq(g.peers[HANDS].sent_stamps, 2);
}

/* The stamp under the cursor, and those behind and before it, move while the peer reads on. */
Test(feed, changes_under_the_cursor_are_neither_lost_nor_doubled)
{
    link_peer(HANDS, 0xaa, NONE);
    side_put(&g, "a", 1);
    side_put(&g, "b", 1);
    side_put(&g, "c", 1);
    char window[60 + 26];
    struct buf out = buf_over(window, sizeof window);
    cr_expect(peering_pull(&g.links[HANDS], &out, 9, now));
    cr_expect(span_equal(buf_span(&out), SPAN(OWN("a", "1", "Goloman") "MARK 1\n")));
    side_put(&g, "b", 2);
    side_put(&g, "a", 2);
    says(HANDS,
        OWN("c", "1", "Goloman") OWN("b", "2", "Goloman") OWN("a", "2", "Goloman") "MARK 5\n");
}

/* -- coming back ------------------------------------------------------------------------------- */

Test(feed, where_a_link_reads_on)
{
    static const struct {
        int boot; /* linked as 0xaa before */
        const char *have;
        int first;
    } rows[] = {
        {0xaa, OURS("0"), 1},
        {0xaa, OURS("1"), 2},
        {0xaa, OURS("2"), 3},
        {0xaa, OURS("3"), 4},
        {0xaa, OURS("4"), 1}, /* more than this node has */
        {0xaa, OURS("18446744073709551615"), 1}, /* the most that can be written */
        {0xaa, NONE, 1},
        {0xaa, "0000000000000061:2", 1}, /* of another boot of ours */
        {0xcc, NONE, 1},
        {0xcc, OURS("2"), 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        destroy();
        create();
        link_peer(HANDS, 0xaa, NONE);
        side_put(&g, "a", 1);
        side_put(&g, "b", 2);
        side_put(&g, "c", 3);
        (void)side_says(&g, HANDS);
        hears(HANDS, "ACK 1\n");
        link_peer(HANDS, rows[i].boot, rows[i].have);
        cr_expect_eq(peering_resumes(&g.links[HANDS]), i < 4 || i == 9, "row %zu", i);
        char expected[400] = "";
        for (int k = rows[i].first; k <= 3; k++)
            sprintf(expected + strlen(expected), OWN("%c", "%d", "Goloman"), 'a' + k - 1, k);
        says(HANDS, strcat(expected, rows[i].first <= 3 ? "MARK 3\n" : ""));
        int known = rows[i].first - 1;
        if (rows[i].boot == 0xaa && strncmp(rows[i].have, OURS(""), 17) == 0 && known == 0)
            continue; /* what the peer confirmed earlier may still count */
        cr_expect_eq(side_lag(&g, HANDS), (uint64_t)(3 - known), "row %zu", i);
    }
}

/* The peer chooses how far back it is. */
Test(feed, a_long_way_back_to_have_is_gone_in_steps_and_only_answers_are_said_on_it)
{
    enum { STAMPS = 3 * PEERING_BACK_STEPS + 5 };
    static char window[65536];
    destroy();
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, STAMPS);
    link_peer(HANDS, 0xaa, NONE);
    for (unsigned i = 0; i < STAMPS; i++) {
        char id[16];
        sprintf(id, "id%u", i);
        side_put(&g, id, 1);
    }
    for (bool more = true; more;) {
        struct buf out = buf_over(window, sizeof window);
        more = peering_pull(&g.links[HANDS], &out, STAMPS, now);
    }
    link_peer(HANDS, 0xaa, OURS("2")); /* one step */
    cr_expect_eq(side_lag(&g, HANDS), STAMPS - 2);
    for (unsigned turn = 0; turn < 2; turn++) {
        hears(HANDS, "PING 7 0 0000000000000000 behind\n");
        g.links[HANDS].ping_due = true;
        struct buf out = buf_over(window, sizeof window - 1);
        cr_expect(peering_pull(&g.links[HANDS], &out, 1, now), "the next turn comes at once");
        window[out.len] = '\0';
        cr_expect_str_eq(window, "PONG 7\n");
        side_put(&g, turn ? "id3" : "id5", 2); /* the feed changes meanwhile */
    }
    struct buf out = buf_over(window, sizeof window - 1);
    cr_expect(peering_pull(&g.links[HANDS], &out, 2, now));
    window[out.len] = '\0';
    cr_expect_str_eq(window, OWN("id2", "1", "Goloman") OWN("id4", "1", "Goloman") "MARK 6\n");
}

Test(feed, own_hello_says_how_far_the_peer_has_marked)
{
    static const char *const wants[] = {" have=0000000000000000:0 ", " have=00000000000000aa:7 ",
        " have=00000000000000aa:7 ", " have=00000000000000aa:7 ", " have=00000000000000cc:2 "};
    for (int i = 0; i < 5; i++) {
        side_begin(&g, HANDS, HANDS);
        const char *said = side_says(&g, HANDS);
        cr_expect_not_null(strstr(said, wants[i]), "%d: %s", i, said);
        if (i == 0) {
            link_peer(HANDS, 0xaa, NONE);
            hears(HANDS, "MARK 3\nMARK 7\n");
        }
        if (i == 1)
            link_peer(HANDS, 0xaa, NONE); /* the same boot, and no new MARK */
        if (i == 2)
            link_peer(HANDS, 0xcc, NONE); /* another process: it may know the former one */
        if (i == 3) {
            link_peer(HANDS, 0xcc, NONE);
            hears(HANDS, "MARK 2\n");
        }
    }
}

#define FROM_WILKES "AT Wilkes +0.500000000 fig +1-1 1 Wilkes\n"
#define NAMES_WILKES "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands\n"

/* Wilkes gets back what it once sent itself, and stamps whose lists name it. */
Test(feed, a_peer_that_restarted_gets_everything)
{
    link_both();
    hears(WILKES, FROM_WILKES);
    hears(HANDS, NAMES_WILKES);
    says(WILKES, "MARK 2\n");
    pass_ms(60000);
    link_peer(WILKES, 0xb2, NONE);
    says(WILKES, "AT Wilkes +0.500000000 fig +1-1 1 Wilkes Goloman\n"
                 "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands Goloman\nMARK 2\n");
}

/* The MARK that would have ended its full send was lost with the link. */
Test(feed, a_full_send_that_was_cut_goes_on_as_one)
{
    link_both();
    side_put(&g, "plum", 1);
    hears(WILKES, FROM_WILKES);
    hears(HANDS, NAMES_WILKES);
    link_peer(WILKES, 0xb2, NONE);
    (void)side_says(&g, WILKES);
    pass_ms(60000);
    link_peer(WILKES, 0xb2, OURS("1"));
    says(WILKES, "AT Wilkes +0.500000000 fig +1-1 1 Wilkes Goloman\n"
                 "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands Goloman\nMARK 3\n");
}

/* The peer restarted, or it never had a MARK: lists and sources do not count in what is sent. */
Test(feed, every_way_of_starting_over_is_a_full_send)
{
    static const struct {
        int boot;
        const char *have;
        bool plum;
    } rows[] = {{0xbb, NONE, true}, {0xb2, NONE, true}, {0xb2, OURS("1"), false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        destroy();
        create();
        link_both();
        side_put(&g, "plum", 1);
        hears(WILKES, FROM_WILKES);
        hears(HANDS, NAMES_WILKES);
        says(WILKES, OWN("plum", "1", "Goloman") "MARK 3\n");
        hears(WILKES, "ACK 3\n");
        link_peer(WILKES, rows[i].boot, rows[i].have);
        pass_ms(PEERING_LISTS_MS);
        char expected[400] = "";
        strcat(expected, rows[i].plum ? OWN("plum", "1", "Goloman") : "");
        strcat(expected, "AT Wilkes +0.500000000 fig +1-1 1 Wilkes Goloman\n"
                         "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands Goloman\nMARK 3\n");
        says(WILKES, expected);
        cr_expect_eq(side_lag(&g, WILKES), rows[i].plum ? 3 : 2);
    }
}

/* A stamp that was under way elsewhere while Wilkes restarted comes with a list that names it. */
Test(feed, lists_do_not_count_for_a_while_after_a_restart_but_sources_do)
{
    link_both();
    link_peer(WILKES, 0xb2, NONE);
    says(WILKES, "");
    pass_ns(PEERING_LISTS_MS * MS_NS - 1);
    hears(HANDS, NAMES_WILKES);
    hears(WILKES, FROM_WILKES);
    says(WILKES, "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands Goloman\nMARK 2\n");
    hears(HANDS, "AT Welsh +0.500000000 kiwi +1-1 3 Wilkes Hands\n");
    pass_ns(1);
    hears(HANDS, "AT Welsh +0.500000000 kiwi +1-1 4 Wilkes Hands\n");
    says(WILKES, "MARK 4\n");
    says(HANDS, "AT Wilkes +0.500000000 fig +1-1 1 Wilkes Goloman\nMARK 4\n");
}

/* Two links to Hands at once: the one that is ended before it is pulled from changes nothing. */
Test(feed, a_loser_of_two_links_does_not_move_the_cursor)
{
    link_peer(HANDS, 0xaa, NONE);
    side_put(&g, "kiwi", 1);
    says(HANDS, OWN("kiwi", "1", "Goloman") "MARK 1\n");
    side_begin(&g, 1, HANDS);
    (void)side_says(&g, 1);
    cr_expect_eq(side_hears(&g, 1,
                     "HELLO stampede/1 herd=demo from=Hands to=Goloman boot=00000000000000aa "
                     "nonce=99999999999999999999999999999999 have=" NONE "\n"),
        PEERING_UP);
    peering_end(&g.links[1], PEERING_DUPLICATE);
    says(1, "BYE duplicate of another link\n");
    side_put(&g, "fig", 2);
    says(HANDS, OWN("fig", "2", "Goloman") "MARK 2\n");
    hears(HANDS, "ACK 2\n");
    cr_expect_eq(side_lag(&g, HANDS), 0);
}

/* What one of two links to a peer has brought need not come by the other, but each ACK is about its
 * own link. */
Test(feed, an_ack_echoes_the_mark_of_its_link)
{
    link_peer(HANDS, 0xaa, NONE);
    hears(HANDS, "MARK 9\n");
    says(HANDS, "ACK 9\n");
    link_peer(HANDS, 0xaa, NONE);
    hears(HANDS, "MARK 4\n");
    says(HANDS, "ACK 4\n");
    cr_expect_eq(g.peers[HANDS].have_change, 9);
}
