/* What goes out of the feed, and when two nodes agree: scripts for one end, then two ends
 * together. */
#include "unit/peering/side.h"

enum { HANDS, WILKES };

static struct side g; /* Goloman, with the neighbours Hands and Wilkes */

static void create(void)
{
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, 1000);
}

static void destroy(void)
{
    side_close(&g);
}

TestSuite(feed, .init = create, .fini = destroy);

#define OWN(id, time, list) "AT Goloman +0.500000000 " id " +34.0-118.0 " time " " list "\n"
#define NONE "0000000000000000:0"
#define OURS(change) "0000000000000060:" change

static void says(int link, const char *text)
{
    const char *said = side_says(&g, link);
    cr_expect_str_eq(said, text, "said: %s", said);
}

static void hears(int link, const char *text)
{
    cr_expect_eq(side_hears(&g, link, text), PEERING_NOTHING, "%s", g.links[link].reason);
}

/* Link number `peer` to that peer, which has just booted as `boot` or come back; HELLO is said. */
static void link_peer(int peer, int boot, const char *have)
{
    char hello[400], window[HELLO_LINE_BYTES_MAX];
    sprintf(hello,
        "HELLO stampede/1 herd=demo from=%s to=Goloman boot=%016x "
        "nonce=99999999999999999999999999999999 have=%s\n",
        peer == HANDS ? "Hands" : "Wilkes", (unsigned)boot, have);
    side_begin(&g, peer, ACCEPTED);
    cr_assert_eq(side_hears(&g, peer, hello), PEERING_UP, "%s", g.links[peer].reason);
    struct buf out = buf_over(window, sizeof window);
    (void)peering_pull(&g.links[peer], &out, 0, now);
    cr_assert(out.len > 6 && memcmp(window, "HELLO ", 6) == 0);
    cr_assert_eq(memchr(window, '\n', out.len), window + out.len - 1, "nothing but HELLO");
}

/* Both linked for so long that lists count. */
static void link_both(void)
{
    link_peer(HANDS, 0xaa, NONE);
    link_peer(WILKES, 0xbb, NONE);
    pass_ms(PEERING_LISTS_MS);
}

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

Test(feed, a_stamp_goes_neither_back_nor_to_whom_its_list_names)
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

/* What was passed for the peer has it, and what it marked, is no reason to wake it. */
Test(feed, an_ack_and_a_mark_behind_no_stamp_wait_for_company_but_not_for_long)
{
    link_both();
    hears(HANDS, "AT Welsh -1.000000000 lime +1-1 1 Hands\nMARK 6\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "MARK 1\nACK 6\n", "the first one: to resume");
    says(WILKES, "AT Welsh -1.000000000 lime +1-1 1 Hands Goloman\nMARK 1\n");
    hears(HANDS, "AT Welsh -1.000000000 kiwi +1-1 1 Hands\nMARK 7\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "");
    int64_t alone_ns = now.mono_ns + PEERING_COMPANY_MS * MS_NS;
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), alone_ns);
    cr_expect_str_eq(side_says_at_once(&g, WILKES),
        "AT Welsh -1.000000000 kiwi +1-1 1 Hands Goloman\nMARK 2\n", "a stamp waits for nothing");
    pass_ms(1);
    hears(HANDS, "MARK 8\n"); /* no reason to wait longer */
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "");
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), alone_ns);
    side_put(&g, "fig", 2);
    cr_expect_str_eq(
        side_says_at_once(&g, HANDS), OWN("fig", "2", "Goloman") "MARK 3\nACK 8\n", "company");
    cr_expect_eq(peering_pull_ns(&g.links[HANDS]), NEVER_NS);
    hears(HANDS, "AT Welsh -1.000000000 plum +1-1 1 Hands\nMARK 9\nPING 1 3 0123456789abcdef\n");
    cr_expect_str_eq(side_says_at_once(&g, HANDS), "ACK 9\nPONG 1\n", "before a PONG");
    pass_ms(PEERING_COMPANY_MS - 1);
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
        {0xaa, OURS("4"), 1}, /* more than there is */
        {0xaa, OURS("18446744073709551615"), 1}, /* far more */
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
            continue; /* what it confirmed before may still stand */
        cr_expect_eq(side_lag(&g, HANDS), (uint64_t)(3 - known), "row %zu", i);
    }
}

Test(feed, own_hello_says_how_far_the_peer_has_marked)
{
    static const char *const wants[] = {" have=0000000000000000:0\n", " have=00000000000000aa:7\n",
        " have=00000000000000aa:7\n", " have=0000000000000000:0\n"};
    for (int i = 0; i < 4; i++) {
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
            link_peer(HANDS, 0xcc, NONE);
    }
}

#define FROM_WILKES "AT Wilkes +0.500000000 fig +1-1 1 Wilkes\n"
#define NAMES_WILKES "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands\n"

/* Wilkes gets back what it had once sent itself, and what it is on the list of. */
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

/* It restarted, or it never had a MARK; what is sent from there on does not mind list and source.
 * */
Test(feed, every_way_of_starting_anew_is_a_full_send)
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

/* A stamp that was under way elsewhere while Wilkes restarted comes in with a list that names it.
 * */
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

/* Two links to Hands at once: the one that is ended before it is pulled from leaves no trace. */
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

/* What the peer has had by one link it need not hear of by the other; ACK speaks of its own link.
 * */
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

/* -- digests ----------------------------------------------------------------------------------- */

static const char *ping(uint64_t count, uint64_t digest, const char *partial)
{
    static char text[100];
    sprintf(text, "PING 1 %llu %016llx%s\n", (unsigned long long)count, (unsigned long long)digest,
        partial);
    return text;
}

/* Linked, one stamp sent and confirmed. */
static void catch_up(void)
{
    link_peer(HANDS, 0xaa, NONE);
    side_put(&g, "kiwi", 1);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
}

Test(feed, unequal_twice_in_a_row_is_an_alarm_and_a_full_send)
{
    catch_up();
    uint64_t digest = store_digest(g.node.store);
    hears(HANDS, ping(1, digest, ""));
    hears(HANDS, ping(1, digest ^ 1, ""));
    hears(HANDS, ping(1, digest, ""));
    hears(HANDS, ping(2, digest, ""));
    cr_expect_eq(g.peers[HANDS].divergences, 0);
    cr_expect_eq(side_hears(&g, HANDS, ping(1, digest ^ 1, "")), PEERING_DIVERGED);
    cr_expect_eq(g.peers[HANDS].divergences, 1);
    cr_expect_eq(g.links[HANDS].state, PEERING_LINKED);
    says(HANDS, "PONG 1\n" OWN("kiwi", "1", "Goloman") "MARK 1\n");
    says(HANDS, "");
    pass_ms(PEERING_RESEND_FIRST_MS);
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(1, digest ^ 1, "")); /* maybe said before it heard all of that */
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, digest ^ 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, digest ^ 1, "")), PEERING_DIVERGED);
}

Test(feed, unequal_once_before_a_restart_and_once_after_is_not_twice)
{
    catch_up();
    hears(HANDS, ping(1, 1, ""));
    link_peer(HANDS, 0xab, NONE);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
}

Test(feed, after_an_alarm_it_takes_two_again)
{
    catch_up();
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
    pass_ms(60000);
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
}

/* All in one go: the stamp counts before the PING that follows it. */
Test(feed, digests_are_compared_after_the_stamps_before_them)
{
    catch_up();
    hears(HANDS, "AT Welsh +0.500000000 fig +1-1 2 Hands\nPING 1 1 0000000000000001\n"
                 "PING 1 1 0000000000000001\n");
    cr_expect_eq(g.peers[HANDS].unequal, 0);
}

Test(feed, digests_are_not_compared_before_the_cursor_is_placed)
{
    catch_up();
    side_begin(&g, HANDS, ACCEPTED);
    cr_expect_eq(side_hears(&g, HANDS,
                     "HELLO stampede/1 herd=demo from=Hands to=Goloman boot=00000000000000aa "
                     "nonce=99999999999999999999999999999999 have=" NONE "\n"),
        PEERING_UP);
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(0, 0, ""));
    cr_expect_eq(g.peers[HANDS].unequal, 0);
}

Test(feed, a_full_send_for_digests_ignores_list_and_source)
{
    link_both();
    hears(WILKES, FROM_WILKES);
    hears(HANDS, NAMES_WILKES);
    says(WILKES, "MARK 2\n");
    hears(WILKES, "ACK 2\n");
    hears(WILKES, ping(0, 0, ""));
    cr_expect_eq(side_hears(&g, WILKES, ping(0, 0, "")), PEERING_DIVERGED);
    says(WILKES, "PONG 1\nAT Wilkes +0.500000000 fig +1-1 1 Wilkes Goloman\n"
                 "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands Goloman\nMARK 2\n");
}

Test(feed, digests_are_compared_only_when_the_peer_has_and_confirmed_all)
{
    catch_up();
    side_put(&g, "fig", 2);
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(1, 1, ""));
    (void)side_says(&g, HANDS);
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(1, 1, ""));
    hears(HANDS, "ACK 2\n");
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(1, 1, "")); /* the resend has not gone out */
}

Test(feed, a_peer_that_is_partial_raises_no_alarm)
{
    catch_up();
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(9, 1, " partial"));
    cr_expect(g.peers[HANDS].partial);
    hears(HANDS, ping(9, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(9, 1, "")), PEERING_DIVERGED);
    cr_expect_not(g.peers[HANDS].partial);
}

Test(feed, a_node_that_refused_says_so_and_raises_no_alarm)
{
    destroy();
    side_open(&g, "Goloman", "Hands", "Wilkes", 0x60, 1);
    catch_up();
    hears(HANDS, "AT Welsh +0.500000000 fig +1-1 2 Hands\nMARK 5\n");
    cr_expect_eq(g.peers[HANDS].lost_stamps, 1);
    says(HANDS, "ACK 5\n");
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(9, 1, ""));
    pass_ms(3000);
    cr_expect_eq(peering_tick(&g.links[HANDS], now), PEERING_NOTHING);
    const char *said = side_says(&g, HANDS);
    cr_expect_not_null(strstr(said, " partial\n"), "%s", said);
}

Test(feed, a_node_that_lost_a_stamp_of_any_peer_is_partial)
{
    catch_up();
    g.peers[WILKES].lost_stamps = 1;
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(9, 1, ""));
    pass_ms(3000);
    cr_expect_eq(peering_tick(&g.links[HANDS], now), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, HANDS), " partial\n"));
}

/* A divergence that resends do not mend: one resend after 10 s, the next after 20 s ..., at most
 * one an hour; and anew once digests have agreed. */
Test(feed, resends_back_off)
{
    catch_up();
    int64_t began_ns = now.mono_ns, last_ns = 0, pause_ns = 0;
    for (int i = 0; now.mono_ns < began_ns + 24 * 3600 * SECOND_NS; i++) {
        enum peering_event event = side_hears(&g, HANDS, ping(1, 1, ""));
        (void)side_says(&g, HANDS);
        hears(HANDS, "ACK 1\n");
        if (event == PEERING_DIVERGED && last_ns) {
            int64_t next_ns = now.mono_ns - last_ns;
            int64_t least_ns =
                pause_ns ? earlier_ns(2 * pause_ns, 3600 * SECOND_NS) : 10 * SECOND_NS;
            cr_assert(
                next_ns >= least_ns && next_ns < least_ns + SECOND_NS, "%lld", (long long)next_ns);
            pause_ns = least_ns;
        }
        if (event == PEERING_DIVERGED)
            last_ns = now.mono_ns;
        pass_ms(1000);
    }
    cr_expect_eq(pause_ns, 3600 * SECOND_NS);
    cr_expect_lt(g.peers[HANDS].divergences, 35);
    hears(HANDS, ping(1, store_digest(g.node.store), ""));
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
    pass_ms(9999);
    hears(HANDS, ping(1, 1, ""));
    hears(HANDS, ping(1, 1, ""));
    pass_ms(1);
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
}

/* -- two ends together ------------------------------------------------------------------------- */

static struct side h; /* Hands, with the neighbours Goloman and Wilkes */

static void create_both(void)
{
    create();
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xaa, 1000);
}

static void destroy_both(void)
{
    destroy();
    side_close(&h);
}

TestSuite(pair, .init = create_both, .fini = destroy_both);

struct heard {
    int ups, alarms;
    enum peering_event last;
};

/* Moves bytes both ways, in windows and pieces of these sizes, until both are silent. */
static struct heard shuttle(size_t window, size_t piece)
{
    struct heard heard = {0};
    struct side *ends[] = {&g, &h};
    for (int quiet = 0; quiet < 2;) {
        for (int i = 0; i < 2; i++) {
            const char *said = side_says_by(ends[i], 0, window);
            quiet = *said ? 0 : quiet + 1;
            enum peering_event event = side_hear(ends[!i], 0, span_of(said), piece);
            heard.ups += event == PEERING_UP;
            heard.alarms += event == PEERING_DIVERGED;
            if (event)
                heard.last = event;
        }
    }
    return heard;
}

static void connect(void)
{
    side_begin(&g, 0, 0);
    side_begin(&h, 0, ACCEPTED);
}

static void equal(void)
{
    cr_expect_eq(store_count(g.node.store), store_count(h.node.store));
    cr_expect_eq(store_digest(g.node.store), store_digest(h.node.store));
}

static void linked(void)
{
    cr_assert_eq(g.links[0].state, PEERING_LINKED, "%s", g.links[0].reason);
    cr_assert_eq(h.links[0].state, PEERING_LINKED, "%s", h.links[0].reason);
}

/* 3 s of silence, and what it brings. */
static struct heard silence(void)
{
    pass_ms(3000);
    cr_assert_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    cr_assert_eq(peering_tick(&h.links[0], now), PEERING_NOTHING);
    return shuttle(65536, SIZE_MAX);
}

Test(pair, both_hold_the_same_after_every_way_of_cutting_bytes)
{
    static const size_t windows[] = {300, 333, 65536}, pieces[] = {1, 2, 7, 100, 65536};
    for (int with_secret = 0; with_secret < 2; with_secret++)
        for (size_t w = 0; w < 3; w++)
            for (size_t c = 0; c < 5; c++) {
                destroy_both();
                create_both();
                g.node.secret = h.node.secret = with_secret ? SPAN("sixteen bytes ok") : SPAN("");
                for (int i = 0; i < 30; i++) {
                    char id[16];
                    sprintf(id, "id%d", i);
                    side_put(i % 3 ? &g : &h, id, 100 + i);
                    side_put(i % 5 ? &g : &h, id, 100 + i % 7);
                }
                connect();
                (void)shuttle(windows[w], pieces[c]);
                linked();
                equal();
                cr_expect_eq(store_count(g.node.store), 30);
                cr_expect_eq(side_lag(&g, 0), 0);
                cr_expect_eq(side_lag(&h, 0), 0);
                for (int i = 0; i < 3; i++)
                    cr_expect_eq(silence().alarms, 0);
            }
}

Test(pair, each_comes_up_once_and_a_quiet_link_says_nothing)
{
    connect();
    struct heard heard = shuttle(65536, SIZE_MAX);
    cr_expect_eq(heard.ups, 2);
    linked();
    cr_expect_str_eq(side_says(&g, 0), "");
    cr_expect_str_eq(side_says(&h, 0), "");
    cr_expect_eq(silence().last, PEERING_NOTHING);
    linked();
}

Test(pair, different_secrets_part)
{
    g.node.secret = SPAN("sixteen bytes ok");
    h.node.secret = SPAN("sixteen bytes no");
    side_put(&g, "kiwi", 1);
    connect();
    (void)shuttle(65536, SIZE_MAX);
    cr_expect_eq(g.links[0].state, PEERING_OVER);
    cr_expect_eq(h.links[0].state, PEERING_OVER);
    cr_expect_str_eq(g.links[0].reason, "AUTH is wrong: the secrets differ");
    cr_expect_eq(store_count(h.node.store), 0);
}

Test(pair, a_secret_at_one_end_only_parts_with_a_clear_word)
{
    for (int at_dialler = 0; at_dialler < 2; at_dialler++) {
        g.node.secret = at_dialler ? SPAN("sixteen bytes ok") : SPAN("");
        h.node.secret = at_dialler ? SPAN("") : SPAN("sixteen bytes ok");
        connect();
        (void)shuttle(65536, SIZE_MAX);
        cr_expect_eq(g.links[0].state, PEERING_OVER);
        cr_expect_eq(h.links[0].state, PEERING_OVER);
        cr_expect_str_eq(g.links[0].reason, "this node has no secret, its peer wants AUTH");
        cr_expect_str_eq(h.links[0].reason, "this node has no secret, its peer wants AUTH");
        cr_expect_eq(g.peers[0].boot, 0, "neither was ever linked");
        cr_expect_eq(h.peers[0].boot, 0);
    }
}

Test(pair, a_cut_link_resumes_with_what_changed_since)
{
    for (int i = 0; i < 100; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    equal();
    for (int i = 0; i < 7; i++) { /* three ids change while it is cut, some twice */
        char id[16];
        sprintf(id, "id%d", i % 3);
        side_put(&g, id, 200 + i);
    }
    side_put(&h, "plum", 1);
    connect();
    (void)shuttle(65536, SIZE_MAX);
    linked();
    equal();
    cr_expect_eq(g.peers[0].sent_stamps, 103);
    cr_expect_eq(h.peers[0].sent_stamps, 1);
}

/* The link breaks after every number of bytes, and comes back. */
Test(pair, a_cut_at_every_byte_loses_nothing)
{
    for (size_t cut = 0; cut < 1500; cut++) {
        for (int i = 0; i < 5; i++) {
            char id[16];
            sprintf(id, "id%zu", (cut + (size_t)i) % 9);
            side_put(cut % 2 ? &g : &h, id, 100 + (int)cut);
        }
        connect();
        size_t left = cut;
        struct side *ends[] = {&g, &h};
        for (int turn = 0; left && turn < 12; turn++) {
            const char *said = side_says_by(ends[turn % 2], 0, 400);
            size_t len = strlen(said) < left ? strlen(said) : left;
            (void)side_hear(ends[!(turn % 2)], 0, (struct span){said, len}, 64);
            left -= len;
        }
        if (cut % 3)
            continue;
        connect();
        (void)shuttle(65536, SIZE_MAX);
        linked();
        cr_assert_eq(store_digest(g.node.store), store_digest(h.node.store), "cut %zu", cut);
    }
}

Test(pair, a_node_that_restarts_empty_gets_all_of_it_back)
{
    for (int i = 0; i < 20; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(i % 2 ? &g : &h, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    side_close(&h);
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xab, 1000);
    side_put(&h, "plum", 1);
    connect();
    (void)shuttle(300, 11);
    linked();
    equal();
    cr_expect_eq(store_count(h.node.store), 21);
}

/* Goloman holds a stamp that it believes to be from Hands, which has never seen it. */
Test(pair, digests_find_and_mend_what_nothing_else_would)
{
    connect();
    (void)shuttle(65536, SIZE_MAX);
    pass_ms(1);
    uint16_t route;
    cr_assert(route_number(g.node.routes, SPAN("Hands"), 0, &route));
    side_put_by(&g, "lost", 7, route);
    (void)shuttle(65536, SIZE_MAX);
    pass_ms(PEERING_COMPANY_MS);
    (void)shuttle(65536, SIZE_MAX);
    cr_expect_eq(side_time(&h, "lost"), 0);
    cr_expect_eq(silence().alarms, 0);
    struct heard second = silence();
    cr_expect_eq(second.alarms, 2, "at both ends");
    cr_expect_eq(side_time(&h, "lost"), 7);
    equal();
    for (int i = 0; i < 10; i++)
        cr_expect_eq(silence().alarms, 0);
}

Test(pair, full_stores_do_not_resend_for_ever)
{
    side_close(&h);
    side_open(&h, "Hands", "Goloman", "Wilkes", 0xab, 3);
    for (int i = 0; i < 20; i++) {
        char id[16];
        sprintf(id, "id%d", i);
        side_put(&g, id, 100);
    }
    connect();
    (void)shuttle(65536, SIZE_MAX);
    linked();
    cr_expect_eq(store_count(h.node.store), 3);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(silence().alarms, 0);
    cr_expect_eq(g.peers[0].sent_stamps, 20);
    cr_expect(g.peers[0].partial && !h.peers[0].partial);
}
