/* test_links.c — one node, driven by hand, and peers whose words are in the test: links, dials,
 * observers, strangers. Goloman's neighbours are Ant, whose name sorts before its own, and Hands,
 * whose name sorts behind. The simulator tests links between real nodes. */
#include "core/store/store.h"
#include "unit/node/side.h"

enum { ANT, HANDS };

#define HELLO(from, boot, have)                                                    \
    "HELLO stampede/1 herd=test from=" from " to=Goloman boot=00000000000000" boot \
    " nonce=000102030405060708090a0b0c0d0e0f have=" have "\n"
#define NOTHING_YET "0000000000000000:0"
#define ANT_HELLO HELLO("Ant", "a1", NOTHING_YET)
#define HANDS_HELLO HELLO("Hands", "b1", NOTHING_YET)
#define HANDS_KNOWS_STOPPING HELLO("Hands", "b1", NOTHING_YET " stop=1")
#define OBSERVER_HELLO HELLO("-", "c1", NOTHING_YET)

static void begin(void)
{
    static uint16_t neighbours[] = {1, 2};
    side_begin();
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 2;
    side_start();
    turn();
}

TestSuite(node_links, .init = begin, .fini = side_end);

/* A dial of the node's has made a connection. */
static void answers(uint32_t conn, unsigned neighbour)
{
    forgets(conn);
    deaf[conn] = false;
    cr_assert(node_dialled(node, conn, neighbour, now));
    turn();
}

static void asks_in(uint32_t conn)
{
    joins_by(conn, NODE_PEER_PORT);
}

/* What it heard begins with Goloman's HELLO to `to`, and goes on with `rest`. */
static void hears_hello(uint32_t conn, const char *to, const char *rest)
{
    char expected[100];
    snprintf(expected, sizeof expected, "HELLO stampede/1 herd=test from=Goloman to=%s boot=", to);
    size_t len = strlen(expected);
    cr_assert_eq(strncmp(heard[conn], expected, len), 0, "heard \"%s\"", heard[conn]);
    const char *lf = strchr(heard[conn], '\n');
    cr_assert_not_null(lf);
    cr_assert_str_eq(lf + 1, rest);
    forgets(conn);
}

/* A link that Hands has dialled. */
static void hands_links(uint32_t conn)
{
    asks_in(conn);
    sends(conn, HANDS_HELLO);
    hears_hello(conn, "Hands", "");
}

/* A star around Goloman, or a ring, in which the tree is Ant's links. */
static void start_again(bool ring)
{
    static uint16_t of_ant[] = {0, 1 + HANDS}, of_hands[] = {0, 1 + ANT};
    nodes[1 + ANT].neighbours = of_ant;
    nodes[1 + HANDS].neighbours = of_hands;
    nodes[1 + ANT].neighbours_count = nodes[1 + HANDS].neighbours_count = ring ? 2 : 1;
    node_destroy(node);
    side_start();
    turn();
}

/* Only a node with a spare link has a use for notices, and for the memory that they take. */
Test(node_links, a_hello_speaks_of_notices_where_a_link_is_spare)
{
    for (int ring = 0; ring < 2; ring++) {
        start_again(ring);
        asks_in(0);
        sends(0, HANDS_HELLO);
        cr_expect_eq(strstr(heard[0], " lazy=1") != NULL, ring, "heard \"%s\"", heard[0]);
    }
}

Test(node_links, the_spare_link_is_pruned_when_that_of_the_tree_is_up)
{
    start_again(true);
    asks_in(0);
    sends(0, HELLO("Hands", "b1", NOTHING_YET " lazy=1"));
    passes_ms(9000);
    cr_expect_null(strstr(heard[0], "\nPRUNE "), "heard \"%s\"", heard[0]);
    sends(0, "PONG 1\n");
    asks_in(1);
    sends(1, HELLO("Ant", "a1", NOTHING_YET " lazy=1"));
    passes_ms(9000);
    cr_expect_not_null(strstr(heard[0], "\nPRUNE "), "heard \"%s\"", heard[0]);
    cr_expect_null(strstr(heard[1], "\nPRUNE "), "heard \"%s\"", heard[1]);
}

static const char *status(void)
{
    static char text[65536];
    struct buf out = buf_over(text, sizeof text - 1);
    node_status(node, &out, now);
    cr_assert_not(out.overflow);
    text[out.len] = '\0';
    return text;
}

static void status_has(const char *part)
{
    cr_assert_not_null(strstr(status(), part), "no %s in %s", part, status());
}

Test(node_links, status_counts_the_clients)
{
    for (uint32_t i = 2; i < 5; i++)
        joins(i);
    asks_in(0);
    status_has("\"clients\":3,");
    hangs_up(3);
    status_has("\"clients\":2,");
}

/* -- stamps by links --------------------------------------------------------------------------- */

Test(node_links, a_link_that_was_accepted_gets_what_clients_say)
{
    asks_in(0);
    hears(0, "");
    sends(0, HANDS_HELLO);
    hears_hello(0, "Hands", "");
    cr_assert_eq(logged(" link_up peer=Hands dialled_by=Hands "), 1);
    status_has("\"peer\":\"Hands\",\"up\":true,\"dialled_by\":\"Hands\",\"lag\":0");
    joins(1);
    sends(1, "IAMAT k +1+1 1\nIAMAT k +2+2 0.5\n");
    hears(0, "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    status_has("\"lag\":1");
    sends(0, "ACK 1\n");
    status_has("\"lag\":0");
    cr_assert_not(node_linked(node));
    asks_in(2);
    sends(2, ANT_HELLO);
    hears_hello(2, "Ant", "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    cr_assert(node_linked(node));
}

Test(node_links, a_stamp_of_another_node_is_answered_as_it_is_and_passed_on_once)
{
    hands_links(0);
    answers(1, ANT);
    hears_hello(1, "Ant", "");
    sends(1, ANT_HELLO);
    sends(0, "AT Welsh -0.500000000 k +1.50-2 1700000000.250 Welsh Hands\nMARK 7\n");
    hears(0, "MARK 1\nACK 7\n");
    hears(1, "AT Welsh -0.500000000 k +1.50-2 1700000000.250 Welsh Hands Goloman\nMARK 1\n");
    joins(2);
    sends(2, "WHATSAT k 1 1\nIAMAT k +9+9 1700000000.250\n");
    slow_make_ready(&places, 0);
    turn();
    hears(2, "AT Welsh -0.500000000 k +1.50-2 1700000000.250\n{}\n\n"
             "AT Welsh -0.500000000 k +1.50-2 1700000000.250\n");
    hears(1, "");
    sends(2, "AT Welsh -0.500000000 k +1.50-2 1700000000.250 Welsh Hands\n");
    hears(2, "? AT Welsh -0.500000000 k +1.50-2 1700000000.250 Welsh Hands\n");
}

Test(node_links, a_neighbour_that_stops_is_no_warning)
{
    hands_links(0);
    sends(0, "BYE this node stops\n");
    cr_assert_eq(logged(" info link_down peer=Hands why=\"the neighbour stops\"\n"), 1);
    hangs_up(0);
    hands_links(0);
    sends(0, "BYE a mistake\n");
    cr_assert_eq(logged(" warn link_down peer=Hands why=\"a mistake\"\n"), 1);
}

Test(node_links, a_link_that_comes_back_resumes_and_the_log_says_so)
{
    hands_links(0);
    joins(1);
    sends(1, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    finishes(0);
    cr_assert_eq(logged(" link_down peer=Hands why=\"connection closed by the other end\"\n"), 1);
    hangs_up(0);
    sends(1, "IAMAT c +1+1 1\n");
    char hello[300], boot[17] = {0};
    memcpy(boot, strstr(status(), "\"boot\":\"") + 8, 16);
    snprintf(hello, sizeof hello,
        "HELLO stampede/1 herd=test from=Hands to=Goloman boot=00000000000000b1"
        " nonce=000102030405060708090a0b0c0d0e0f have=%s:1\n",
        boot);
    asks_in(0);
    sends(0, hello);
    hears_hello(0, "Hands",
        "AT Goloman +1699999999.000000000 b +1+1 1 Goloman\n"
        "AT Goloman +1699999999.000000000 c +1+1 1 Goloman\nMARK 3\n");
    cr_assert_eq(logged(" sends=everything "), 1, "the first time");
    cr_assert_eq(logged(" sends=\"what is new\" "), 1, "the second time");
}

Test(node_links, a_peer_that_does_not_read_costs_a_bounded_output_and_then_its_connection)
{
    hands_links(0);
    joins(1);
    deaf[0] = true;
    char line[64];
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned k = 0; k < 4; k++) {
            snprintf(line, sizeof line, "IAMAT k%u +1+1 %u\n", i, 1 + k);
            sends(1, line);
        }
    }
    forgets(1);
    cr_assert_eq(store_change(node_store(node)), 4000);
    deaf[0] = false;
    wants[0] = node_wants(node, 0);
    send_out(0);
    cr_assert_leq(heard_len[0], 65536 + 16384, "4000 lines of 50 bytes are 200 KB");
    turn();
    cr_assert_str_eq(heard[0] + heard_len[0] - 10, "MARK 4000\n");
    deaf[0] = true;
    sends(1, "IAMAT k1 +1+1 5\n");
    passes_ms(10000);
    cr_assert_eq(logged(" link_down peer=Hands why=\"no byte for 10 s\"\n"), 1);
    cr_assert_eq(wants[0], NODE_WANT_READ | NODE_WANT_WRITE, "what is unsent, and BYE");
    passes_ms(29999);
    sends(0, "AT"); /* is discarded, and does not count as active: it does not read */
    cr_assert_eq(wants[0], NODE_WANT_READ | NODE_WANT_WRITE);
    passes_ms(30000 / 8 + 1);
    cr_assert_eq(wants[0], NODE_WANT_ABORT);
    cr_assert_eq(node_metrics(node)->clients_dropped_stalled, 0);
}

/* -- who dials --------------------------------------------------------------------------------- */

Test(node_links, of_two_links_the_one_dialled_by_the_first_name_stays)
{
    cr_assert_eq(dials[ANT], 1);
    cr_assert_eq(dials[HANDS], 1);
    static const struct {
        unsigned peer;
        const char *name, *hello;
        bool ours_stays;
    } each[] = {{ANT, "Ant", ANT_HELLO, false}, {HANDS, "Hands", HANDS_HELLO, true}};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned first = 0; first < 2; first++) {
            uint32_t theirs = 10 * i + 2 * first, ours = theirs + 1;
            asks_in(theirs);
            answers(ours, each[i].peer);
            sends(first ? ours : theirs, each[i].hello);
            sends(first ? theirs : ours, each[i].hello);
            uint32_t stays = each[i].ours_stays ? ours : theirs, goes = stays ^ 1;
            cr_assert_eq(wants[stays], NODE_WANT_READ);
            cr_assert_eq(wants[goes], NODE_WANT_CLOSE);
            cr_assert_not_null(strstr(heard[goes], "BYE duplicate of another link\n"));
            hangs_up(goes);
            cr_assert_eq(wants[stays], NODE_WANT_READ);
            hangs_up(stays);
            passes_ms(5000);
            cr_assert_eq(dials[each[i].peer], 2 + first);
        }
    cr_assert_eq(logged(" link_up "), 4);
    cr_assert_eq(logged(" link_down "), 4, "duplicates are no loss");
    cr_assert_eq(logged(" link_refused "), 0);
    cr_assert_eq(node_metrics(node)->dials_failed, 0);
}

Test(node_links, a_dial_that_the_peer_calls_a_duplicate_is_no_failure)
{
    answers(0, ANT);
    hears_hello(0, "Ant", "");
    asks_in(1);
    sends(1, ANT_HELLO);
    hears_hello(1, "Ant", "");
    sends(0, "BYE duplicate of another link\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hears(0, "");
    hangs_up(0);
    cr_assert_eq(wants[1], NODE_WANT_READ);
    cr_assert_eq(logged(" link_refused "), 0);
    cr_assert_eq(logged(" link_down "), 0);
    passes_ms(6000);
    cr_assert_eq(dials[ANT], 1, "a neighbour that is linked is not dialled");
    cr_assert_eq(node_metrics(node)->dials_failed, 0);
}

Test(node_links, a_dial_that_fails_while_the_peers_link_is_up_changes_nothing)
{
    hands_links(0);
    node_dial_failed(node, HANDS, "connection refused", now);
    turn();
    cr_assert_eq(dials[HANDS], 1);
    status_has("\"peer\":\"Hands\",\"up\":true");
    cr_assert_eq(node_metrics(node)->dials_failed, 0);
    hangs_up(0);
    passes_ms(100);
    cr_assert_eq(dials[HANDS], 2);
}

Test(node_links, a_dial_that_ends_in_its_handshake_is_made_again)
{
    answers(0, ANT);
    finishes(0);
    hangs_up(0);
    cr_assert_eq(node_metrics(node)->dials_failed, 1);
    status_has("\"error\":\"connection closed by the other end\"");
    passes_ms(100);
    cr_assert_eq(dials[ANT], 2);
    answers(0, ANT);
    passes_ms(2000);
    cr_assert_not_null(strstr(heard[0], "BYE no handshake within 2 s\n"));
    hangs_up(0);
    status_has("\"error\":\"no handshake within 2 s\"");
    cr_assert_eq(node_metrics(node)->dials_failed, 2);
    passes_ms(200);
    cr_assert_eq(dials[ANT], 3);
    answers(0, ANT);
    node_closed(node, 0, "connection reset", now);
    turn();
    status_has("\"error\":\"connection reset\"");
    cr_assert_eq(node_metrics(node)->dials_failed, 3);
}

Test(node_links, a_link_that_was_closed_takes_nothing_from_the_one_that_follows)
{
    hands_links(0);
    joins(1);
    deaf[0] = true;
    sends(1, "IAMAT k +1+1 1\n");
    finishes(0);
    cr_assert_eq(wants[0], NODE_WANT_WRITE);
    asks_in(2);
    sends(2, HANDS_HELLO);
    hears_hello(2, "Hands", "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    sends(1, "IAMAT k +1+1 2\n");
    hears(2, "AT Goloman +1699999998.000000000 k +1+1 2 Goloman\nMARK 2\n");
    deaf[0] = false;
    send_out(0);
    hears(0, "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
}

Test(node_links, a_peer_that_cannot_be_reached_is_told_at_growing_distances)
{
    unsigned tries = 0;
    for (; tries < 70; tries++) {
        cr_assert_eq(dials[HANDS], tries + 1);
        unsigned told = tries < 4 ? 0 : tries < 16 ? 1 : tries < 64 ? 2 : 3;
        cr_assert_eq(logged(" peer_unreachable peer=Hands "), told, "after %u tries", tries);
        node_dial_failed(node, HANDS, "connection refused", now);
        passes_ms(5000);
    }
    cr_assert_eq(logged(" tries=16 last=\"connection refused\"\n"), 1);
    cr_assert_eq(node_metrics(node)->dials_failed, tries);
    status_has("\"peer\":\"Hands\",\"up\":false,\"lag\":0,\"lag_ms\":0,"
               "\"down_ms\":350000,\"tries\":71,\"error\":\"connection refused\"");
}

/* -- who is let in ----------------------------------------------------------------------------- */

Test(node_links, an_observer_is_answered_after_hello_and_nothing_follows)
{
    asks_in(0);
    sends(0, OBSERVER_HELLO "STATUS\nSTATUS\n");
    char *answer = strchr(heard[0], '\n') + 1;
    cr_assert_eq(strncmp(answer, "{\"node\":\"Goloman\",\"herd\":\"test\",", 32), 0);
    cr_assert_str_eq(strchr(answer, '\n') - 2, "}}\n");
    *answer = '\0';
    hears_hello(0, "-", "");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
    asks_in(0);
    sends(0, OBSERVER_HELLO);
    hears_hello(0, "-", "");
    sends(0, "PING 5 0 0000000000000000\n");
    hears(0, "PONG 5\n");
    sends(0, "MARK 1\n");
    hears(0, "BYE an observer may only ask\n");
    cr_assert_eq(wants[0], NODE_WANT_CLOSE);
    hangs_up(0);
    cr_assert_eq(logged(" link_"), 0);
}

Test(node_links, a_refusal_is_logged_once_per_reason_and_counted)
{
    for (unsigned i = 0; i < 3; i++) {
        asks_in(0);
        sends(0, HELLO("Welsh", "d1", NOTHING_YET));
        hears(0, "BYE Goloman's topology.conf does not name Welsh\n");
        cr_assert_eq(wants[0], NODE_WANT_CLOSE);
        hangs_up(0);
        asks_in(0);
        sends(0, "GET / HTTP/1.1\r\n");
        cr_assert_eq(strncmp(heard[0], "BYE ", 4), 0);
        hangs_up(0);
    }
    cr_assert_eq(logged(" link_refused "), 2);
    cr_assert_eq(
        logged(" from=127.0.0.1:5 why=\"Goloman's topology.conf does not name Welsh\"\n"), 1);
    cr_assert_eq(node_metrics(node)->links_refused, 6);
}

Test(node_links, strangers_cannot_flood_the_log)
{
    for (unsigned i = 0; i < 200; i++) {
        char bye[40];
        snprintf(bye, sizeof bye, "BYE reason number %u\n", i);
        asks_in(0);
        sends(0, bye);
        hangs_up(0);
    }
    cr_assert_eq(logged(" link_refused "), 32);
    passes_ms(120000);
    asks_in(0);
    sends(0, "BYE reason number 199\n");
    cr_assert_eq(logged(" why=\"reason number 199\"\n"), 1);
}

Test(node_links, strangers_are_few_whatever_they_say_and_the_oldest_makes_room)
{
    for (uint32_t i = 0; i < 64; i++) {
        asks_in(i);
        if (i % 2)
            sends(i, OBSERVER_HELLO);
        cr_assert_neq(wants[i], NODE_WANT_ABORT);
    }
    sends(0, HANDS_HELLO);
    hears_hello(0, "Hands", "");
    asks_in(64);
    cr_assert_eq(logged(" strangers_full "), 0, "a neighbour is no stranger");
    asks_in(65);
    cr_assert_eq(wants[1], NODE_WANT_ABORT, "the oldest, though it has said who it is");
    asks_in(66);
    cr_assert_eq(wants[2], NODE_WANT_ABORT, "the oldest that is left, though 1 is not closed yet");
    hangs_up(1);
    hangs_up(2);
    cr_assert_eq(logged(" strangers_full "), 1);
    cr_assert_eq(logged(" link_refused "), 0);
    cr_assert_eq(node_metrics(node)->links_refused, 2);
    cr_assert_eq(node_metrics(node)->strangers_dropped, 2);
    sends(66, ANT_HELLO);
    hears_hello(66, "Ant", "");
    cr_assert(node_linked(node));
    passes_ms(2000);
    for (uint32_t i = 4; i < 64; i += 2)
        cr_assert_eq(wants[i], NODE_WANT_CLOSE, "no handshake");
    cr_assert_eq(wants[0], NODE_WANT_READ);
    cr_assert_eq(wants[66], NODE_WANT_READ);
}

/* Thousands of connections a second would push a neighbour out before it has said HELLO. */
Test(node_links, strangers_of_other_hosts_make_room_first)
{
    struct address here = caller;
    asks_in(0);
    caller = (struct address){.ip = {10, 0, 0, 9}, .port = 5};
    for (uint32_t i = 1; i < 100; i++)
        asks_in(i);
    caller = here;
    cr_assert_eq(wants[0], NODE_WANT_READ, "the oldest, but of a host of the topology");
    cr_assert_eq(node_metrics(node)->strangers_dropped, 36);
    for (uint32_t i = 1; i < 37; i++)
        cr_assert_eq(wants[i], NODE_WANT_ABORT);
    sends(0, HANDS_HELLO);
    hears_hello(0, "Hands", "");
}

Test(node_links, with_a_secret_nobody_is_heard_before_auth)
{
    node_destroy(node);
    node = side_node("0123456789abcdef");
    static const char *const lines[] = {
        HANDS_HELLO "AT Welsh -0.500000000 k +1+1 1 Welsh Hands\n",
        OBSERVER_HELLO "STATUS\n",
        HANDS_HELLO "AUTH 0000000000000000000000000000000000000000000000000000000000000000\n",
    };
    for (uint32_t i = 0; i < 3; i++) {
        asks_in(i);
        sends(i, lines[i]);
        cr_assert_eq(strncmp(heard[i], "BYE ", 4), 0);
        cr_assert_eq(wants[i], NODE_WANT_CLOSE);
    }
    cr_assert_eq(store_count(node_store(node)), 0);
    cr_assert_eq(node_metrics(node)->links_refused, 3);
    cr_assert_eq(logged(" link_refused "), 2, "two of them for one reason");
    cr_assert_eq(logged(" link_up "), 0);
    asks_in(3);
    sends(3, HANDS_HELLO);
    cr_assert_eq(strncmp(strchr(heard[3], '\n'), "\nAUTH ", 6), 0);
}

Test(node_links, digests_that_stay_unequal_are_an_alarm)
{
    hands_links(0);
    sends(0, "PING 5 1 0000000000000001\n");
    cr_assert_eq(node_metrics(node)->divergences, 0);
    sends(0, "PING 6 1 0000000000000001\n");
    cr_assert_eq(node_metrics(node)->divergences, 1);
    cr_assert_eq(logged(" error diverged peer=Hands stamps=0 stamps_of_peer=1 "), 1);
    hears(0, "PONG 5\nPONG 6\n");
    cr_assert_eq(wants[0], NODE_WANT_READ);
}

/* -- stopping ---------------------------------------------------------------------------------- */

/* What it heard is `first` and a PING; its PONG, ready to be sent. */
static const char *is_asked(uint32_t conn, const char *first)
{
    static char pong[64];
    unsigned long long number = 0;
    size_t len = strlen(first);
    cr_assert_eq(strncmp(heard[conn], first, len), 0, "heard \"%s\"", heard[conn]);
    cr_assert_eq(sscanf(heard[conn] + len, "PING %llu ", &number), 1, "heard \"%s\"", heard[conn]);
    snprintf(pong, sizeof pong, "PONG %llu\n", number);
    forgets(conn);
    return pong;
}

static void is_heard_first(uint32_t conn, const char *first)
{
    cr_assert_eq(strncmp(heard[conn], first, strlen(first)), 0, "heard \"%s\"", heard[conn]);
    forgets(conn);
}

/* Hands is linked, and was sent the stamp of a client. */
static void hands_gets_a_stamp(const char *hello)
{
    asks_in(0);
    sends(0, hello);
    hears_hello(0, "Hands", "");
    joins(1);
    sends(1, "IAMAT k +1+1 1\n");
    hears(0, "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    node_stop(node, now);
    turn();
    cr_assert_eq(wants[1], NODE_WANT_CLOSE);
}

Test(node_links, bye_comes_after_the_last_ack)
{
    hands_gets_a_stamp(HANDS_KNOWS_STOPPING);
    const char *pong = is_asked(0, "STOPPING 1\n");
    sends(0, pong);
    hears(0, "");
    cr_assert_not(node_stopped(node));
    sends(0, "ACK 1\n");
    hears(0, "BYE this node stops\n");
    cr_assert(node_stopped(node));
    cr_assert_eq(node_unconfirmed(node), 0);
}

Test(node_links, a_peer_that_does_not_know_stopping_is_asked_all_the_same)
{
    hands_gets_a_stamp(HANDS_HELLO);
    const char *pong = is_asked(0, "");
    sends(0, "ACK 1\n");
    hears(0, "");
    sends(0, pong);
    hears(0, "BYE this node stops\n");
    cr_assert_eq(node_unconfirmed(node), 0);
}

Test(node_links, a_pong_to_an_earlier_ping_confirms_nothing)
{
    asks_in(0);
    sends(0, HANDS_KNOWS_STOPPING);
    hears_hello(0, "Hands", "");
    passes_ms(3000);
    const char *pong = is_asked(0, "");
    now.real_ns++;
    node_stop(node, now);
    turn();
    sends(0, pong);
    is_asked(0, "STOPPING 0\n");
    cr_assert_not(node_stopped(node));
}

Test(node_links, a_second_stop_waits_for_nothing_and_counts_what_is_left)
{
    hands_gets_a_stamp(HANDS_KNOWS_STOPPING);
    is_asked(0, "STOPPING 1\n");
    cr_assert_not(node_stopped(node));
    node_stop(node, now);
    turn();
    hears(0, "BYE this node stops\n");
    cr_assert(node_stopped(node));
    cr_assert_eq(node_unconfirmed(node), 1);
    cr_assert_eq(logged(" warn unconfirmed stamps=1 "), 1);
}

Test(node_links, what_a_peer_that_stops_tells_has_to_be_confirmed_by_another)
{
    hands_gets_a_stamp(HANDS_KNOWS_STOPPING);
    const char *pong = is_asked(0, "STOPPING 1\n");
    sends(0, "STOPPING 7\nACK 1\n");
    sends(0, pong);
    hears(0, ""); /* it has not told all that it has to */
    sends(0, "AT Hands +1.000000000 m +1+1 1 Hands\nMARK 7\n");
    is_heard_first(0, "STOPPING 2\n");
    sends(0, "ACK 2\n");
    cr_assert(node_stopped(node));
    cr_assert_eq(node_unconfirmed(node), 2); /* Hands is as good as gone */
}

Test(node_links, a_peer_that_stops_is_confirmed_at_once)
{
    asks_in(0);
    sends(0, HANDS_KNOWS_STOPPING);
    hears_hello(0, "Hands", "");
    sends(0, "AT Hands +1.000000000 m +1+1 1 Hands\nMARK 1\n");
    hears(0, "MARK 1\nACK 1\n"); /* this goes at once: it is the first */
    sends(0, "AT Hands +1.000000000 o +1+1 1 Hands\nMARK 2\n");
    hears(0, "");
    sends(0, "STOPPING 3\n");
    hears(0, "ACK 2\n");
    sends(0, "AT Hands +1.000000000 p +1+1 1 Hands\nMARK 3\n");
    hears(0, "ACK 3\n");
    sends(0, "STOPPING 1\n");
    hears(0, "BYE STOPPING with a bad number\n");
}

/* -- ends -------------------------------------------------------------------------------------- */

Test(node_links, links_hear_bye_when_the_node_stops)
{
    hands_links(0);
    node_dial_failed(node, HANDS, "connection refused", now);
    answers(1, ANT);
    asks_in(2);
    node_stop(node, now);
    turn();
    for (uint32_t i = 1; i < 3; i++)
        cr_assert_eq(wants[i], NODE_WANT_CLOSE);
    is_asked(0, "");
    passes_ms(999); /* and nothing comes from Hands */
    hears(0, "");
    cr_assert_not(node_stopped(node));
    passes_ms(1);
    hears(0, "BYE this node stops\n");
    cr_assert(node_stopped(node));
    for (uint32_t i = 0; i < 3; i++)
        hangs_up(i);
    cr_assert_eq(logged(" unconfirmed "), 0); /* it holds nothing */
    cr_assert_not(node_linked(node));
    status_has("\"peer\":\"Hands\",\"up\":false");
    cr_assert_eq(logged(" link_down "), 0);
    asks_in(3);
    cr_assert_eq(wants[3], NODE_WANT_ABORT);
    passes_ms(150); /* a dial would be due */
    cr_assert_eq(dials[ANT] + dials[HANDS], 2);
}

Test(node_links, a_node_that_is_destroyed_says_nothing_more)
{
    hands_links(0);
    joins(1);
    size_t said = log_.pending.len;
    sends(1, "IAMAT k +1+1 1\nIAM");
    node_destroy(node);
    node = NULL;
    cr_assert_eq(log_.pending.len, said);
}

Test(node_links, the_rate_is_of_now_though_nothing_happened_for_long)
{
    joins(0);
    for (unsigned i = 1; i <= 1000; i++) {
        char line[40];
        snprintf(line, sizeof line, "IAMAT k +1+1 %u\n", i);
        sends(0, line);
    }
    passes_ms(1000);
    status_has("\"updates_per_s\":1000,");
    now.mono_ns += 10 * SECOND_NS;
    status_has("\"updates_per_s\":0,");
}
