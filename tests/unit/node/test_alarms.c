/* test_alarms.c — what a node notices about its herd (clocks, digests, stamps that it refuses),
 * and what log, STATUS and TRACE say about it. Goloman's neighbours are Ant and Hands; connection 0
 * is a link that Hands has dialled. */
#include "core/node/history.h"
#include "unit/node/side.h"

enum { HANDS_CONN, OBSERVER_CONN, CLIENT_CONN };

#define HELLO(from)                                                             \
    "HELLO stampede/1 herd=test from=" from " to=Goloman boot=00000000000000b1" \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0\n"

#define NEW_BOOT(from)                                                          \
    "HELLO stampede/1 herd=test from=" from " to=Goloman boot=00000000000000b2" \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0\n"

static void begin(void)
{
    static uint16_t neighbours[] = {1, 2};
    side_begin();
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 2;
    side_start();
    turn();
    joins_by(HANDS_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, HELLO("Hands"));
    joins(CLIENT_CONN);
}

TestSuite(node_alarms, .init = begin, .fini = side_end);

/* The answer to an observer's question. */
static const char *asks(const char *question)
{
    joins_by(OBSERVER_CONN, NODE_PEER_PORT);
    sends(OBSERVER_CONN, HELLO("-"));
    forgets(OBSERVER_CONN);
    sends(OBSERVER_CONN, question);
    cr_assert_eq(wants[OBSERVER_CONN], NODE_WANT_CLOSE);
    hangs_up(OBSERVER_CONN);
    return heard[OBSERVER_CONN];
}

static void answers(const char *question, const char *part)
{
    const char *answer = asks(question);
    cr_assert_not_null(strstr(answer, part), "no %s in %s", part, answer);
}

/* Hands PINGs; its clock is `ahead_ms` ahead. */
static void pings(int64_t ahead_ms, uint64_t count, uint64_t digest, const char *partial)
{
    char line[100];
    snprintf(line, sizeof line, "PING %lld %llu %016llx%s\n",
        (long long)(now.real_ns + ahead_ms * MS_NS), (unsigned long long)count,
        (unsigned long long)digest, partial);
    sends(HANDS_CONN, line);
}

Test(node_alarms, a_clock_that_differs_is_told_once_an_episode)
{
    static const struct {
        int64_t ahead_ms;
        unsigned differ, agree;
        const char *status;
    } rows[] = {
        {-501, 0, 0, "\"clock_ahead_ms\":-501,\"clock_ahead_us\":-501000,\"clock_off\":false"},
        {-501, 1, 0, "\"clock_ahead_ms\":-501,\"clock_ahead_us\":-501000,\"clock_off\":true"},
        {-501, 1, 0, "\"clock_off\":true"},
        {-450, 1, 0, "\"clock_ahead_ms\":-450,\"clock_ahead_us\":-450000,\"clock_off\":true"},
        {3, 1, 1, "\"clock_ahead_ms\":3,\"clock_ahead_us\":3000,\"clock_off\":false"},
        {-3, 1, 1, "\"clock_off\":false"},
        {700, 2, 1, "\"clock_ahead_ms\":700,\"clock_ahead_us\":700000,\"clock_off\":true"},
    };
    answers("STATUS\n", "\"round_trip_us\":0,\"sent\"");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pings(rows[i].ahead_ms, 0, 0, "");
        answers("STATUS\n", rows[i].status);
        cr_assert_eq(logged(" warn clocks_differ peer=Hands "), rows[i].differ, "row %zu", i);
        cr_assert_eq(logged(" info clocks_agree peer=Hands ahead_ms=3\n"), rows[i].agree);
        passes_ms(1000);
    }
    cr_assert_eq(logged(" clocks_differ peer=Hands ahead_ms=-501\n"), 1);
}

/* What came in may have waited as long as the turn was late. PROTOCOL.md, "PING and PONG". */
Test(node_alarms, a_clock_that_was_read_in_a_turn_that_began_late_is_not_believed)
{
    for (unsigned i = 0; i < 8; i++) {
        passes_ms(1000);
        node_slept(node, 600 * MS_NS, now);
        pings(-600, 0, 0, "");
        answers("STATUS\n", "\"round_trip_us\":0,\"sent\"");
    }
    cr_assert_eq(logged(" clocks_differ "), 0);
    pings(-600, 0, 0, "");
    answers("STATUS\n", "\"clock_ahead_ms\":-600,");
    pings(-600, 0, 0, "");
    cr_assert_eq(logged(" clocks_differ peer=Hands ahead_ms=-600\n"), 1);
}

Test(node_alarms, divergence_is_shown_until_digests_agree)
{
    answers("STATUS\n", "\"divergences\":0,\"diverged\":false");
    pings(0, 1, 1, "");
    answers("STATUS\n", "\"divergences\":0,\"diverged\":false");
    pings(0, 1, 1, "");
    cr_assert_eq(logged(" error diverged peer=Hands "), 1);
    answers("STATUS\n", "\"divergences\":1,\"diverged\":true");
    cr_assert_eq(logged(" converged "), 0);
    pings(0, 0, 0, "");
    answers("STATUS\n", "\"divergences\":1,\"diverged\":false");
    cr_assert_eq(logged(" info converged peer=Hands stamps=0\n"), 1);
    pings(0, 0, 0, "");
    cr_assert_eq(logged(" converged "), 1);
}

/* A day ahead of the origin's clock is allowed, a nanosecond more is not, whichever peer sends
 * it. */
Test(node_alarms, stamps_of_the_future_are_refused_by_their_skew_alone)
{
    sends(HANDS_CONN, "AT Welsh -86400.000000000 a +1+1 1700086400 Hands\n");
    answers("STATUS\n", "\"partial\":false");
    sends(HANDS_CONN, "AT Welsh -86400.000000001 b +1+1 1700086400 Hands\nMARK 2\n");
    answers("STATUS\n", "\"stamps\":1,");
    answers("STATUS\n", "\"partial\":true");
    answers("STATUS\n", "\"got\":2,\"got_new\":1,\"got_lost\":0,\"got_future\":1");
}

/* What is refused from peers is told, as what is refused from clients is. */
Test(node_alarms, stamps_of_peers_that_have_no_room_are_told)
{
    char line[80];
    for (int i = 0; i < 1003; i++) {
        snprintf(line, sizeof line, "AT Welsh +1.000000000 id%d +1+1 1 Hands\n", i);
        sends(HANDS_CONN, line);
    }
    cr_assert_eq(logged(" warn stamps_full from=peers limits.stamps=1000 "), 1);
    cr_assert_eq(logged(" stamps_full from=clients "), 0);
    passes_ms(60000);
    cr_assert_eq(logged(" info stamps_full_over from=peers count=3 lasted_ms=0\n"), 1);
}

/* Poison: its skew is in order, and its time is that of the year 2262. limits.future is a day,
 * limits.clock a minute: what was received up to a day and two minutes from now is stored. */
Test(node_alarms, stamps_that_no_right_clock_can_have_made_yet_are_refused_and_told)
{
    sends(HANDS_CONN, "AT Welsh +0.000000000 poison +1-1 9223372036.5 Hands\nMARK 1\n");
    cr_assert_eq(logged(" error stamps_ahead peer=Hands origin=Welsh limits.future_s=86400 "
                        "limits.clock_s=60 "), 1);
    answers("STATUS\n", "\"stamps\":0,");
    answers("STATUS\n", "\"partial\":true");
    answers("STATUS\n", "\"got_ahead\":1,\"got_unknown\":0");
    answers("STATUS\n", "\"incomplete\":true");
    sends(HANDS_CONN, "AT Welsh +0.000000000 early +1+1 1700086520 Hands\n");
    answers("STATUS\n", "\"stamps\":1,");
    sends(HANDS_CONN, "AT Welsh +0.000000001 early +1+1 1700086520 Hands\n");
    answers("STATUS\n", "\"got_ahead\":2,");
    passes_ms(60000);
    cr_assert_eq(logged(" info stamps_ahead_over peer=Hands count=2 lasted_ms=0\n"), 1);
}

/* Welsh is retired, Wilkes was never heard of. */
Test(node_alarms, stamps_of_unknown_origins_are_refused_and_told)
{
    sends(HANDS_CONN, "AT Wilkes +1.000000000 a +1+1 1 Hands\n"
                      "AT Welsh +1.000000000 b +1+1 1 Hands\nMARK 2\n");
    cr_assert_eq(logged(" warn stamps_of_unknown peer=Hands origin=Wilkes effect="), 1);
    answers("STATUS\n", "\"stamps\":1,");
    answers("STATUS\n", "\"partial\":true");
    answers("STATUS\n", "\"got_ahead\":0,\"got_unknown\":1,\"unknown_origin\":\"Wilkes\"");
    answers("STATUS\n", "\"incomplete\":true");
    passes_ms(60000);
    cr_assert_eq(logged(" info stamps_of_unknown_over peer=Hands count=1 lasted_ms=0\n"), 1);
}

/* Of two links on which clocks are known, one is no more than half. */
Test(node_alarms, a_clock_that_is_far_from_most_others_is_an_error)
{
    pings(60001, 0, 0, "");
    cr_assert_eq(logged(" clock_wrong "), 0, "one reading is none");
    answers("STATUS\n", "\"clock_wrong\":false");
    pings(60001, 0, 0, "");
    cr_assert_eq(
        logged(" error clock_wrong limits.clock_s=60 links=1 apart=1 ahead_ms=-60001 "), 1);
    answers("STATUS\n", "\"clock_wrong\":true");
    pings(60001, 0, 0, "");
    joins_by(3, NODE_PEER_PORT);
    sends(3, HELLO("Ant"));
    char line[100];
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "PING %lld 0 0000000000000000\n", (long long)now.real_ns);
        sends(3, line);
    }
    cr_assert_eq(logged(" clock_wrong "), 1);
    cr_assert_eq(logged(" info clock_right limits.clock_s=60 links=2 apart=1\n"), 1);
    answers("STATUS\n", "\"clock_wrong\":false");
    for (int i = 0; i < 4; i++) {
        snprintf(line, sizeof line, "PING %lld 0 0000000000000000\n",
            (long long)(now.real_ns - 60001 * MS_NS));
        sends(3, line);
    }
    cr_assert_eq(logged(" error clock_wrong limits.clock_s=60 links=2 apart=2 "), 1);
    hangs_up(3);
    for (int i = 0; i < 4; i++)
        pings(60000, 0, 0, "");
    cr_assert_eq(logged(" info clock_right limits.clock_s=60 links=1 apart=0\n"), 1);
}

Test(node_alarms, stamps_of_the_future_are_told_once_an_episode)
{
    for (int i = 0; i < 3; i++)
        sends(HANDS_CONN, "AT Welsh -86401.000000000 c +1+1 86402 Hands\n");
    cr_assert_eq(logged(" warn stamps_of_future peer=Hands limits.future_s=86400 "), 1);
    answers("STATUS\n", "\"got_future\":3");
    int64_t over_ns = now.mono_ns + 60000 * MS_NS;
    forgets(HANDS_CONN);
    passes_ms(3000);
    cr_assert_not_null(strstr(heard[HANDS_CONN], " partial\n"), "%s", heard[HANDS_CONN]);
    passes_ms((over_ns - now.mono_ns) / MS_NS);
    cr_assert_eq(logged(" info stamps_of_future_over peer=Hands count=3 lasted_ms=0\n"), 1);
}

Test(node_alarms, lag_is_in_stamps_and_since_when)
{
    answers("STATUS\n",
        "\"peer\":\"Hands\",\"up\":true,\"dialled_by\":\"Hands\",\"lag\":0,\"lag_ms\":0");
    sends(CLIENT_CONN, "IAMAT a +1+1 1\n");
    passes_ms(40);
    sends(CLIENT_CONN, "IAMAT b +1+1 1\n");
    for (int i = 2; i < 9; i++)
        sends(CLIENT_CONN, (char[]){'I', 'A', 'M', 'A', 'T', ' ', 'b', ' ', '+', '1', '+', '1', ' ',
                               (char)('0' + i), '\n', '\0'});
    passes_ms(60);
    answers("STATUS\n", "\"dialled_by\":\"Hands\",\"lag\":2,\"lag_ms\":100");
    answers("STATUS\n", "\"peer\":\"Ant\",\"up\":false,\"lag\":2,\"lag_ms\":100");
    sends(HANDS_CONN, "ACK 1\n");
    answers("STATUS\n", "\"dialled_by\":\"Hands\",\"lag\":2,\"lag_ms\":60");
    sends(HANDS_CONN, "ACK 9\n");
    answers("STATUS\n", "\"dialled_by\":\"Hands\",\"lag\":0,\"lag_ms\":0");
}

Test(node_alarms, a_full_send_is_shown_until_it_is_confirmed)
{
    sends(CLIENT_CONN, "IAMAT a +1+1 1\nIAMAT b +1+1 1\n");
    sends(HANDS_CONN, "ACK 2\n");
    answers("STATUS\n", "\"full_send\":false,\"incomplete\":false,");
    hangs_up(HANDS_CONN);
    answers("STATUS\n", "\"tries\":0,\"error\"");
    joins_by(HANDS_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, HELLO("Hands")); /* which has nothing of this node's feed */
    answers("STATUS\n", "\"full_send\":true");
    sends(HANDS_CONN, "ACK 2\n");
    answers("STATUS\n", "\"full_send\":false");
}

/* It is of the peer's present boot. */
Test(node_alarms, when_digests_last_agreed_is_shown)
{
    answers("STATUS\n", "\"peer_partial\":false,\"divergences\"");
    pings(0, 0, 0, "");
    passes_ms(70);
    answers("STATUS\n", "\"peer_partial\":false,\"agreed_ms\":70,");
    pings(0, 1, 1, " partial");
    answers("STATUS\n", "\"peer_partial\":true,\"agreed_ms\":70,");
    hangs_up(HANDS_CONN);
    joins_by(HANDS_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, HELLO("Hands"));
    answers("STATUS\n", "\"peer_partial\":true,\"agreed_ms\":70,");
    hangs_up(HANDS_CONN);
    joins_by(HANDS_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, NEW_BOOT("Hands"));
    answers("STATUS\n", "\"peer_partial\":false,\"divergences\"");
}

Test(node_alarms, a_link_keeps_its_last_error)
{
    hangs_up(HANDS_CONN);
    answers("STATUS\n", "\"peer\":\"Hands\",\"up\":false");
    answers("STATUS\n", "\"error\":\"connection closed\"");
    joins_by(HANDS_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, HELLO("Hands"));
    passes_ms(20);
    answers("STATUS\n", "\"up_ms\":20,\"last_error\":\"connection closed\"");
}

Test(node_alarms, trace_tells_of_a_clients_stamp)
{
    sends(CLIENT_CONN, "IAMAT kiwi +1.5-2 1699999999.50\n");
    passes_ms(5000);
    answers("TRACE kiwi\n",
        "\"known\":true,\"origin\":\"Goloman\",\"skew\":\"+0.500000000\",\"position\":\"+1.5-2\","
        "\"time\":\"1699999999.50\",\"change\":1,\"taken_ns\":\"1700000000000000000\","
        "\"taken_within_ns\":0,\"via\":[],\"links\":[{\"peer\":\"Ant\"");
}

Test(node_alarms, trace_tells_the_way_of_a_stamp)
{
    sends(HANDS_CONN, "AT Welsh +1.000000000 kiwi +1.5-2 5 Welsh Holiday Hands\n");
    passes_ms(5000);
    answers("TRACE kiwi\n", "\"time\":\"5\",\"change\":1,\"taken_ns\":\"1700000000000000000\","
                            "\"taken_within_ns\":100000,\"via\":[\"Welsh\",\"Holiday\",\"Hands\"]");
    answers("TRACE emu\n", "\"boot\":\"0707070707070707\",\"known\":false,\"links\"");
}

/* A change from before the oldest bucket of the history is reported as older than that. */
Test(node_alarms, trace_of_an_old_stamp)
{
    sends(HANDS_CONN, "AT Welsh +1.000000000 old +1+1 1 Hands\n");
    char line[80];
    for (int i = 1; i <= HISTORY_BUCKETS + 1; i++) {
        passes_ms(200000); /* a link that is silent for so long ends: each stamp needs a new one */
        hangs_up(HANDS_CONN);
        joins_by(HANDS_CONN, NODE_PEER_PORT);
        sends(HANDS_CONN, HELLO("Hands"));
        snprintf(line, sizeof line, "AT Welsh +1.000000000 new +1+1 %d Hands\n", i);
        sends(HANDS_CONN, line);
    }
    answers("TRACE old\n", "\"taken_before_ns\":\"1700000400000000000\",\"via\"");
}

Test(node_alarms, an_observer_that_asks_wrongly)
{
    static const char *const rows[] = {"TRACE\n", "TRACE a b\n", "TRACE a\x01\n", "trace a\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(asks(rows[i]), "BYE an observer may only ask\n", "row %zu", i);
    joins_by(OBSERVER_CONN, NODE_PEER_PORT);
    sends(HANDS_CONN, "TRACE a\n");
    cr_expect_eq(wants[HANDS_CONN], NODE_WANT_CLOSE);
}
