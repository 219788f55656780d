/* test_past.c — a node remembers its former processes: PROTOCOL.md, "Processes that remember". */
#include "core/peering/past.h"
#include "unit/peering/goloman.h"

TestSuite(past, .init = create, .fini = destroy);

enum { FIRST = 0x40, SECOND = 0x41, THIRD = 0x42, PRESENT = 0x60 };

static const char *const names[] = {"Hands", "Wilkes"};

static struct past past_of(struct had had, struct had confirmed)
{
    struct past past = {.boots = {FIRST, SECOND, THIRD}, .boots_count = 3, .peers_count = 1};
    past.peers[0].had = had;
    past.peers[0].confirmed = confirmed;
    strcpy(past.peers[0].name, names[HANDS]);
    return past;
}

/* The stamps a, b, c of changes 1, 2, 3. */
static void begins_with(const struct past *past, bool lacks)
{
    destroy();
    create();
    side_put(&g, "a", 1);
    side_put(&g, "b", 2);
    side_put(&g, "c", 3);
    past_recall(&g.node, past, lacks);
}

/* What is said behind HELLO to Hands. */
static const char *tells(int boot, const char *have)
{
    char hello[400];
    sprintf(hello,
        "HELLO stampede/1 herd=demo from=Hands to=Goloman boot=%016x nonce=" ONES " have=%s\n",
        (unsigned)boot, have);
    side_begin(&g, HANDS, ACCEPTED);
    cr_assert_eq(side_hears(&g, HANDS, hello), PEERING_UP);
    return strchr(side_says(&g, HANDS), '\n') + 1;
}

#define A OWN("a", "1", "Goloman")
#define B OWN("b", "2", "Goloman")
#define C OWN("c", "3", "Goloman")

Test(past, where_a_feed_is_read_on)
{
    static const struct {
        struct had confirmed;
        int boot; /* of Hands */
        const char *have, *tells;
    } rows[] = {
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:2", C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:1", B C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:3", C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:18446744073709551615", C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000042:2", C "MARK 3\n"}, /* a later one */
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000040:2", A B C "MARK 3\n"}, /* an earlier one */
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000077:2", A B C "MARK 3\n"}, /* an unknown one */
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:0", A B C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, NONE, A B C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xbb, "0000000000000041:2", A B C "MARK 3\n"}, /* of another Hands */
        {{SECOND, 2, 0xaa}, 0xbb, "0000000000000041:2 by=00000000000000aa", C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000041:2 by=00000000000000ab", A B C "MARK 3\n"},
        {{SECOND, 3, 0xaa}, 0xaa, "0000000000000041:3", "MARK 3\n"}, /* nothing is left */
        {{SECOND, 4, 0xaa}, 0xaa, "0000000000000041:3", A B C "MARK 3\n"}, /* makes no sense */
        {{0x39, 2, 0xaa}, 0xaa, "0000000000000040:2", C "MARK 3\n"}, /* before all that are known */
        {{0, 0, 0}, 0xaa, "0000000000000041:2", A B C "MARK 3\n"},
        {{SECOND, 2, 0xaa}, 0xaa, "0000000000000060:2", C "MARK 3\n"}, /* the present one */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct past past = past_of((struct had){0}, rows[i].confirmed);
        begins_with(&past, false);
        const char *said = tells(rows[i].boot, rows[i].have);
        cr_expect_str_eq(said, rows[i].tells, "row %zu: %s", i, said);
        bool all = strstr(rows[i].tells, A);
        cr_expect_eq(peering_resumes(&g.links[HANDS]), !all, "row %zu", i);
        hears(HANDS, "ACK 3\n");
        cr_expect_eq(side_lag(&g, HANDS), 0, "row %zu", i);
    }
}

/* So that it says something of the present process with its next HELLO, and is confirmed. */
Test(past, a_mark_follows_even_if_nothing_is_sent_and_is_confirmed_to_the_present_process)
{
    struct past past = past_of((struct had){0}, (struct had){THIRD, 3, 0xaa}), next;
    begins_with(&past, false);
    cr_expect_str_eq(tells(0xaa, "0000000000000042:3"), "MARK 3\n");
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.boot, THIRD);
    cr_expect_not(link_state_caught_up(&g.links[HANDS].link));
    hears(HANDS, "ACK 3\n");
    cr_expect(link_state_caught_up(&g.links[HANDS].link));
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.boot, PRESENT);
    cr_expect_eq(next.peers[HANDS].confirmed.change, 3);
    cr_expect_eq(next.peers[HANDS].confirmed.by, 0xaa);
}

Test(past, what_a_peer_says_to_have_of_the_present_process_is_confirmed_by_whom_it_says)
{
    struct past past = past_of((struct had){0}, (struct had){0}), next;
    begins_with(&past, false);
    cr_expect_str_eq(tells(0xac, "0000000000000060:2 by=00000000000000ab"), C "MARK 3\n");
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.change, 2);
    cr_expect_eq(next.peers[HANDS].confirmed.by, 0xab);
    hears(HANDS, "ACK 3\n");
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.change, 3);
    cr_expect_eq(next.peers[HANDS].confirmed.by, 0xac);
}

/* Another process of the peer has confirmed nothing yet: what the former one had stays what is
 * known. */
Test(past, what_a_process_of_the_peer_has_confirmed_is_known_until_the_next_one_confirms)
{
    struct past past = past_of((struct had){0}, (struct had){0}), next;
    begins_with(&past, false);
    (void)tells(0xaa, NONE);
    hears(HANDS, "ACK 3\n");
    cr_expect_str_eq(tells(0xbb, NONE), A B C "MARK 3\n");
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.by, 0xaa);
    hears(HANDS, "ACK 1\n");
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers[HANDS].confirmed.by, 0xbb);
    cr_expect_eq(next.peers[HANDS].confirmed.change, 1);
}

static void expect_hello(const char *have)
{
    side_begin(&g, HANDS, HANDS);
    const char *said = side_says(&g, HANDS);
    cr_expect_not_null(strstr(said, have), "%s", said);
}

Test(past, hello_says_what_a_former_process_had_and_by_which)
{
    struct past past = past_of((struct had){0xaa, 7, SECOND}, (struct had){0});
    begins_with(&past, false);
    expect_hello(" have=00000000000000aa:7 by=0000000000000041 ");
    link_peer(HANDS, 0xaa, NONE); /* it has lived on, and has nothing new */
    expect_hello(" have=00000000000000aa:7 by=0000000000000041 ");
    link_peer(HANDS, 0xaa, NONE);
    hears(HANDS, "MARK 9\n");
    expect_hello(" have=00000000000000aa:9 stop");
    link_peer(HANDS, 0xbb, NONE);
    expect_hello(" have=00000000000000aa:9 stop");
    link_peer(HANDS, 0xbb, NONE);
    hears(HANDS, "MARK 2\n");
    expect_hello(" have=00000000000000bb:2 stop");
}

/* A peer that lived on is not met anew: received lists count. */
Test(past, a_peer_that_lived_on_is_the_same)
{
    struct past past = past_of((struct had){0xaa, 7, SECOND}, (struct had){0});
    begins_with(&past, false);
    link_peer(HANDS, 0xaa, NONE);
    cr_expect_eq(g.peers[HANDS].lists_from_ns, 0);
    begins_with(&past, false);
    link_peer(HANDS, 0xbb, NONE);
    cr_expect_gt(g.peers[HANDS].lists_from_ns, 0);
}

Test(past, what_was_had_is_forgotten_where_stamps_may_have_been_refused_for_want_of_room)
{
    for (int row = 0; row < 4; row++) {
        struct past past = past_of((struct had){0xaa, 7, SECOND}, (struct had){SECOND, 2, 0xaa});
        past.partial = row & 1;
        begins_with(&past, row & 2);
        expect_hello(row == 3 ? " have=0000000000000000:0 " : " have=00000000000000aa:7 by=");
        cr_expect_str_eq(tells(0xaa, "0000000000000041:2"), C "MARK 3\n", "row %d", row);
    }
}

Test(past, a_former_process_that_was_partial_is_remembered_until_all_neighbours_agree)
{
    struct past past = past_of((struct had){0}, (struct had){0});
    begins_with(&past, false);
    cr_expect_not(peering_partial(&g.node));
    past.partial = true;
    begins_with(&past, false);
    link_both();
    (void)side_says(&g, HANDS);
    (void)side_says(&g, WILKES);
    char ping[80];
    sprintf(ping, "ACK 3\nPING 7 3 %016llx\n", (unsigned long long)store_digest(g.node.store));
    cr_expect(peering_partial(&g.node));
    hears(HANDS, ping);
    cr_expect(peering_partial(&g.node));
    hears(WILKES, ping);
    cr_expect_not(peering_partial(&g.node));
}

Test(past, who_has_no_neighbours_stays_partial)
{
    struct past past = {.partial = true};
    past_recall(&g.node, &past, false);
    g.peers[HANDS].gone = g.peers[WILKES].gone = true;
    cr_expect(peering_partial(&g.node));
}

Test(past, is_noted_and_recalled_from_process_to_process)
{
    struct past past = {0}, next;
    for (uint64_t life = 1; life <= PAST_BOOTS_MAX + 3; life++) {
        destroy();
        side_open(&g, "Goloman", "Hands", "Wilkes", 0x100 + life, 1000);
        past_recall(&g.node, &past, false);
        link_peer(HANDS, 0xaa, NONE);
        if (life == 1)
            hears(HANDS, "MARK 5\n");
        past_note(&g.node, life % 2, &next);
        past = next;
        cr_expect_eq(past.peers_count, 2);
        cr_expect_str_eq(past.peers[HANDS].name, "Hands");
        cr_expect_eq(past.peers[HANDS].had.change, 5);
        cr_expect_eq(past.peers[HANDS].had.boot, 0xaa);
        cr_expect_eq(past.peers[HANDS].had.by, 0x101);
        cr_expect_eq(past.partial, life % 2);
        cr_expect_eq(past.boots[past.boots_count - 1], 0x100 + life);
    }
    cr_expect_eq(past.boots_count, PAST_BOOTS_MAX);
    cr_expect_eq(past.boots[0], 0x100 + 4);
}

Test(past, a_neighbour_that_is_none_any_more_is_not_noted_and_its_name_not_recalled)
{
    struct past past = past_of((struct had){0xaa, 7, SECOND}, (struct had){0}), next;
    strcpy(past.peers[0].name, "Welsh");
    begins_with(&past, false);
    cr_expect_eq(g.peers[HANDS].boot, 0);
    g.peers[HANDS].gone = true;
    past_note(&g.node, false, &next);
    cr_expect_eq(next.peers_count, 1);
    cr_expect_str_eq(next.peers[0].name, "Wilkes");
}

/* A rival may be the next process of the one that is linked and has died without a word. */
Test(past, a_rival_is_told_what_was_had_of_the_process_that_is_linked)
{
    static struct peer stand_in;
    link_peer(HANDS, 0xaa, NONE);
    hears(HANDS, "MARK 7\n");
    g.peers[HANDS].up = true;
    side_begin(&g, WILKES, ACCEPTED);
    cr_expect_eq(
        side_hears(&g, WILKES, HELLO_OF("Hands", "00000000000000cc", NONE)), PEERING_RIVAL);
    peering_stand_by(&g.links[WILKES], &stand_in, now);
    const char *said = side_says(&g, WILKES);
    cr_expect_not_null(strstr(said, " have=00000000000000aa:7 "), "%s", said);
    hears(WILKES, "MARK 3\n");
    peering_admit(&g.links[WILKES], now);
    expect_hello(" have=00000000000000cc:3 ");
}
