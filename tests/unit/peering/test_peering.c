/* One end of a link against a script: every line that may come, wrong ones included, and time. */
#include "unit/peering/goloman.h"

TestSuite(peering, .init = create, .fini = destroy);

#define AT(id, time, list) "AT Welsh +0.500000000 " id " +34.0-118.0 " time " " list "\n"

/* -- time -------------------------------------------------------------------------------------- */

Test(peering, a_handshake_has_two_seconds)
{
    for (int with_hello = 0; with_hello < 2; with_hello++) {
        g.node.secrets = secrets_of("sixteen bytes ok");
        side_begin(&g, 0, ACCEPTED);
        pass_ms(1500);
        if (with_hello)
            (void)side_hears(&g, 0, HELLO_HANDS);
        (void)side_says(&g, 0);
        cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 500 * MS_NS);
        pass_ns(500 * MS_NS - 1);
        cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
        pass_ns(1);
        cr_expect_eq(peering_tick(&g.links[0], now), PEERING_ENDED);
        says(0, "BYE no handshake within 2 s\n");
        cr_expect_eq(peering_deadline(&g.links[0]), NEVER_NS);
        cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    }
}

Test(peering, silence_pings_after_three_seconds_and_kills_after_ten)
{
    link_with(0, HELLO_HANDS);
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 3 * SECOND_NS);
    pass_ns(3 * SECOND_NS - 1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    says(0, "");
    pass_ns(1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    char ping[100];
    sprintf(ping, "PING %lld 0 0000000000000000\n", (long long)now.real_ns);
    says(0, ping);
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 3 * SECOND_NS);
    pass_ns(3 * SECOND_NS);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    /* a PING that is due but cannot be written does not make the deadline come again and again */
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 4 * SECOND_NS);
    pass_ns(4 * SECOND_NS - 1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    pass_ns(1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_ENDED);
    cr_expect_str_eq(g.links[0].reason, "no byte for 10 s");
}

Test(peering, any_byte_is_life_but_only_stamps_marks_and_pings_are_speech)
{
    link_with(0, HELLO_HANDS);
    pass_ms(2000);
    cr_expect_eq(side_hears(&g, 0, "PI"), PEERING_NOTHING);
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + SECOND_NS);
    cr_expect_eq(side_hears(&g, 0, "NG 1 0 0000000000000000\nMARK 7\n"), PEERING_NOTHING);
    says(0, "ACK 7\nPONG 1\n");
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + SECOND_NS);
    side_put(&g, "kiwi", 1);
    says(0, OWN("kiwi", "1", "Goloman") "MARK 1\n");
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 3 * SECOND_NS);
    pass_ms(500);
    (void)side_hears(&g, 0, AT("fig", "1", "Hands"));
    cr_expect_str_eq(side_says_at_once(&g, 0), "");
    pass_ms(PEERING_ACK_DELAY_MS);
    says(0, "MARK 2\n");
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 3 * SECOND_NS);
    pass_ms(2999);
    (void)side_hears(&g, 0, "A");
    pass_ms(1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, 0), "PING "));
    pass_ms(2000);
    (void)side_hears(&g, 0, "T");
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + SECOND_NS);
    pass_ms(1000);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    cr_expect_eq(peering_deadline(&g.links[0]), now.mono_ns + 9 * SECOND_NS);
}

Test(peering, a_busy_link_pings_every_thirty_seconds)
{
    link_with(0, HELLO_HANDS);
    for (int s = 1; s <= 60; s++) {
        pass_ms(1000);
        (void)side_hears(&g, 0, "ACK 0\n");
        if (peering_deadline(&g.links[0]) <= now.mono_ns)
            cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
        side_put(&g, "kiwi", s);
        const char *ping = strstr(side_says(&g, 0), "\nPING ");
        cr_expect_eq(ping != NULL, s % 30 == 0, "after %d s", s);
    }
}

Test(peering, a_pong_measures_the_last_ping)
{
    link_with(0, HELLO_HANDS);
    pass_ms(3000);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_NOTHING);
    char pong[100];
    sprintf(pong, "PONG %lld\n", (long long)now.real_ns);
    (void)side_says(&g, 0);
    pass_ns(1234);
    cr_expect_eq(side_hears(&g, 0, "PONG 5\n"), PEERING_NOTHING);
    cr_expect_eq(clock_gauge_round_trip(&g.peers[HANDS].clock), 0);
    cr_expect_eq(side_hears(&g, 0, pong), PEERING_NOTHING);
    cr_expect_eq(clock_gauge_round_trip(&g.peers[HANDS].clock), 1234);
    char ping[100];
    sprintf(ping, "PING %lld 9 00000000000000ff\n", (long long)now.real_ns - 77);
    (void)side_hears(&g, 0, ping);
    int64_t ahead_ns;
    cr_assert(clock_gauge_ahead(&g.peers[HANDS].clock, &ahead_ns));
    cr_expect_eq(ahead_ns, -77 + 1234 / 2);
    cr_expect_eq(g.peers[HANDS].stamps, 9);
    cr_expect_eq(g.peers[HANDS].digest, 255);
}

/* -- lines of a linked peer -------------------------------------------------------------------- */

Test(peering, stamps_come_in_in_order_whatever_their_number)
{
    char text[8192];
    for (int count = 1; count <= 40; count++) {
        link_hands();
        int at = 0;
        for (int i = 1; i <= count; i++)
            at += sprintf(
                text + at, "AT Welsh -0.000000001 id%d-%d +1-1 %d Welsh Hands\n", count, i % 7, i);
        sprintf(text + at, "MARK %d\n", count);
        uint64_t before = store_change(g.node.store);
        cr_expect_eq(side_hears(&g, 0, text), PEERING_NOTHING);
        cr_expect_eq(store_change(g.node.store) - before, (uint64_t)count);
        char id[32], ack[32];
        sprintf(id, "id%d-%d", count, count % 7);
        cr_expect_eq(side_time(&g, id), count);
        sprintf(ack, "ACK %d\n", count);
        cr_expect(strstr(side_says(&g, 0), ack) != NULL);
    }
    cr_expect_eq(g.peers[HANDS].got_stamps, 40 * 41 / 2);
    cr_expect_eq(g.peers[HANDS].new_stamps, 40 * 41 / 2);
}

Test(peering, older_and_equal_stamps_change_nothing)
{
    link_hands();
    cr_expect_eq(side_hears(&g, 0,
                     AT("kiwi", "5", "Hands") AT("kiwi", "5", "Hands") AT("kiwi", "4", "Hands")
                         AT("kiwi", "5", "Welsh Hands")),
        PEERING_NOTHING);
    cr_expect_eq(store_change(g.node.store), 1);
    cr_expect_eq(g.peers[HANDS].got_stamps, 4);
    cr_expect_eq(g.peers[HANDS].new_stamps, 1);
    cr_expect_eq(g.peers[HANDS].lost_stamps, 0);
}

Test(peering, a_stamp_that_names_this_node_is_judged_by_its_time_alone)
{
    link_hands();
    cr_expect_eq(side_hears(&g, 0, OWN("kiwi", "5", "Goloman Welsh Hands")), PEERING_NOTHING);
    cr_expect_eq(side_time(&g, "kiwi"), 5);
}

Test(peering, each_bad_line_ends_it_after_what_was_well_before)
{
    static const char at_bad[] = "AT with a bad field";
    static const char at_list[] = "AT whose list is not one that its sender ends";
    static const char at_short[] = "AT that lacks a field, or holds a control byte";
    static const char none[] = "a line that is none of the peer protocol";
    static const struct {
        const char *line, *bye;
    } rows[] = {
        {AT("fig", "1", "Welsh"), at_list},
        {AT("fig", "1", "Hands Welsh"), at_list},
        {AT("fig", "1", "Hands Wilkes"), at_list},
        {AT("fig", "1", "We/lsh Hands"), at_list},
        {AT("fig", "1", "Hands "), at_list},
        {AT("fig", "1", " Hands"), at_list},
        {AT("fig", "1", "Welsh  Hands"), at_list},
        {AT("fig", "-1", "Hands"), at_bad},
        {AT("fig", "1e3", "Hands"), at_bad},
        {AT("fig", "9223372037", "Hands"), at_bad},
        {"AT W/lsh +0.500000000 fig +1-1 1 Hands\n", at_bad},
        {"AT - +0.500000000 fig +1-1 1 Hands\n", at_bad},
        {"AT Welsh 0.500000000 fig +1-1 1 Hands\n", at_bad},
        {"AT Welsh +0.5 fig +1-1 1 Hands\n", at_bad},
        {"AT Welsh +0.500000000 fig +91-1 1 Hands\n", at_bad},
        {"AT Welsh +0.500000000 fig +1-1 1\n", at_short},
        {"AT Welsh +0.500000000 fig +1-1 1 \n", at_short},
        {"AT \n", at_short},
        {"AT Welsh +0.500000000 f\x01g +1-1 1 Hands\n", at_short},
        {"AT Welsh +0.500000000 fig +1-1 1 Ha\x7fnds\n", at_short},
        {"AT\n", none},
        {"at Welsh +0.500000000 fig +1-1 1 Hands\n", none},
        {"\n", none},
        {"HELLO\n", none},
        {HELLO_HANDS, none},
        {"STATUS\n", none},
        {"IAMAT fig +1-1 1\n", none},
        {"MARK\n", none},
        {"MARK 1 2\n", none},
        {"MARK x\n", "MARK with a bad number"},
        {"MARK -1\n", "MARK with a bad number"},
        {"MARK 18446744073709551616\n", "MARK with a bad number"},
        {"MARK 2\nMARK 1\n", "MARK with a bad number"},
        {"ACK 1\n", "ACK of what was not marked"},
        {"ACK x\n", "ACK of what was not marked"},
        {"PING 1 0\n", none},
        {"PING 1 0 0000000000000000 partial x\n", none},
        {"PING 1 0 0000000000000000 impartial\n", "PING with a bad field"},
        {"PING -1 0 0000000000000000\n", "PING with a bad field"},
        {"PING 9223372036854775808 0 0000000000000000\n", "PING with a bad field"},
        {"PING 1 x 0000000000000000\n", "PING with a bad field"},
        {"PING 1 0 000000000000000\n", "PING with a bad field"},
        {"PONG\n", none},
        {"PONG x\n", "PONG with a bad number"},
    };
    uint64_t change = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        link_hands();
        char text[1024], bye[300];
        sprintf(text, AT("good%zu", "1", "Hands") "%s" AT("after", "1", "Hands"), i, rows[i].line);
        sprintf(bye, "BYE %s\n", rows[i].bye);
        cr_expect_eq(side_hears(&g, 0, text), PEERING_ENDED, "%s", rows[i].line);
        says(0, bye);
        cr_expect_eq(store_change(g.node.store), ++change, "%s", rows[i].line);
    }
    cr_expect_eq(side_time(&g, "after"), 0);
    cr_expect_eq(side_time(&g, "fig"), 0);
}

/* An AT of `bytes` bytes with LF, made so by leading zeros of its time. */
static const char *long_at(size_t time_bytes, const char *list)
{
    static char text[2 * PEERING_LINE_BYTES_MAX];
    size_t at = (size_t)sprintf(text, "AT Welsh +0.500000000 long +1-1 ");
    memset(text + at, '0', time_bytes - 1);
    at += time_bytes - 1;
    sprintf(text + at, "7 %s\n", list);
    return text;
}

Test(peering, the_longest_stamp_is_taken_and_passed_on)
{
    char list[ROUTE_NAMES_MAX * 64 + 1] = "";
    for (int i = 0; i < ROUTE_NAMES_MAX - 1; i++)
        sprintf(list + strlen(list), "n%062d ", i);
    strcat(list, "Hands");
    for (size_t piece = 1000; piece <= 100000; piece *= 10) {
        link_hands();
        const char *line = long_at(STAMPEDE_LINE_BYTES_MAX, list);
        cr_assert_lt(strlen(line), (size_t)PEERING_LINE_BYTES_MAX);
        cr_expect_eq(side_hear(&g, 0, span_of(line), piece), PEERING_NOTHING);
        cr_expect_eq(side_time(&g, "long"), 7);
    }
    link_with(1, HELLO_WILKES);
    const char *said = side_says_by(&g, 1, PEERING_LINE_BYTES_MAX);
    cr_expect_eq(strncmp(said, "AT Welsh +0.500000000 long +1-1 000", 35), 0);
    cr_expect_not_null(
        strstr(said, "n00000000000000000000000000000000000000000000000000000000000000"
                     " n0"));
    cr_expect_not_null(strstr(said, " Hands Goloman\nMARK 1\n"));
}

Test(peering, longer_ones_are_refused)
{
    link_hands();
    cr_expect_eq(side_hears(&g, 0, long_at(STAMPEDE_LINE_BYTES_MAX + 1, "Hands")), PEERING_ENDED);
    says(0, "BYE AT with a bad field\n");
    for (int with_hello = 0; with_hello < 2; with_hello++) {
        side_begin(&g, 0, ACCEPTED);
        if (with_hello)
            (void)side_hears(&g, 0, HELLO_HANDS);
        cr_expect_eq(side_hear(&g, 0, span_of(long_at(PEERING_LINE_BYTES_MAX, "Hands")), 999),
            PEERING_ENDED);
        says(0, "BYE a line that is too long\n");
    }
    cr_expect_eq(store_change(g.node.store), 0);
}

/* The same conversation, cut in two at every byte and in pieces of every size. */
Test(peering, splits_at_every_byte)
{
    static const char script[] = HELLO_HANDS AT("kiwi", "5", "Hands")
        AT("fig", "6", "Welsh Hands") "MARK 2\nPING 5 0 0000000000000000\n" AT(
            "plum", "7", "Wilkes Hands") "MARK 3\r\nPONG 1\n";
    size_t len = sizeof script - 1;
    for (size_t cut = 0; cut < 2 * len; cut++) {
        uint64_t got = g.peers[HANDS].got_stamps;
        side_begin(&g, 0, ACCEPTED);
        enum peering_event event;
        if (cut < len) {
            event = side_hear(&g, 0, (struct span){script, cut}, SIZE_MAX);
            enum peering_event second =
                side_hear(&g, 0, (struct span){script + cut, len - cut}, SIZE_MAX);
            event = event ? event : second;
        } else {
            event = side_hear(&g, 0, (struct span){script, len}, cut - len + 1);
        }
        cr_assert_eq(event, PEERING_UP, "cut %zu", cut);
        cr_assert_eq(g.peers[HANDS].got_stamps - got, 3);
        cr_assert_not_null(strstr(side_says(&g, 0), "\nACK 3\nPONG 5\n"));
    }
    cr_expect_eq(store_change(g.node.store), 3);
    cr_expect(
        side_time(&g, "kiwi") == 5 && side_time(&g, "fig") == 6 && side_time(&g, "plum") == 7);
}

/* -- observers --------------------------------------------------------------------------------- */

#define HELLO_OBSERVES HELLO_OF("-", BOOT_B, "0000000000000060:1")

Test(peering, an_observer_may_ask_and_ping_and_hears_no_stamps)
{
    side_put(&g, "kiwi", 100);
    link_with(0, HELLO_OBSERVES);
    cr_expect(g.links[0].observer && !g.links[0].peer);
    says(0, "");
    cr_expect_eq(side_hears(&g, 0, "PING 5 0 0000000000000000\n"), PEERING_NOTHING);
    says(0, "PONG 5\n");
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ASKED);
    cr_expect_eq(side_lag(&g, 0), 0);
}

Test(peering, an_observer_does_not_stay_longer_by_pinging)
{
    link_with(0, HELLO_OBSERVES);
    says(0, "");
    int64_t end_ns = now.mono_ns + 10 * SECOND_NS;
    pass_ms(9999);
    cr_expect_eq(side_hears(&g, 0, "PING 5 0 0000000000000000\n"), PEERING_NOTHING);
    says(0, "PONG 5\n");
    cr_expect_eq(peering_deadline(&g.links[0]), end_ns);
    pass_ms(1);
    cr_expect_eq(peering_tick(&g.links[0], now), PEERING_ENDED);
    says(0, "BYE an observer has 10 s\n");
}

Test(peering, what_an_observer_asks_is_shown)
{
    link_with(0, HELLO_OBSERVES);
    struct span in = SPAN("STATUS\nSTATUS\n");
    cr_expect_eq(peering_take(&g.links[0], &in, now), PEERING_ASKED);
    cr_expect(span_equal(g.links[0].asked, SPAN("STATUS")));
    cr_expect_eq(in.len, 7);
}

Test(peering, anything_else_of_an_observer_ends_it)
{
    static const char *const lines[] = {"MARK 1\n", "ACK 0\n", "PONG 1\n", "STATUS x\n", "\n",
        "status\n", AT("fig", "1", "-"), AT("fig", "1", "Hands"), "PING 1 0\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        link_with(0, HELLO_OBSERVES);
        cr_expect_eq(side_hears(&g, 0, lines[i]), PEERING_ENDED, "%s", lines[i]);
        says(0, "BYE an observer may only ask\n");
    }
    cr_expect_eq(store_change(g.node.store), 0);
}

Test(peering, an_observer_needs_the_secret_as_well)
{
    g.node.secrets = secrets_of("sixteen bytes ok");
    side_begin(&g, 0, ACCEPTED);
    cr_expect_eq(side_hears(&g, 0, HELLO_OBSERVES), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, 0), " to=- "));
    cr_expect_eq(side_hears(&g, 0, "STATUS\n"), PEERING_ENDED);
    says(0, "BYE this node wants AUTH\n");
}

/* -- ending it from here ----------------------------------------------------------------------- */

Test(peering, ended_from_this_side_says_why_once)
{
    link_hands();
    peering_end(&g.links[0], PEERING_DUPLICATE);
    peering_end(&g.links[0], "another reason");
    char window[20];
    struct buf out = buf_over(window, sizeof window);
    cr_expect(peering_pull(&g.links[0], &out, 1, now), "no room for the BYE");
    cr_expect_eq(out.len, 0);
    cr_expect_eq(side_hears(&g, 0, AT("kiwi", "1", "Hands")), PEERING_NOTHING);
    says(0, "BYE duplicate of another link\n");
    says(0, "");
    cr_expect_eq(store_change(g.node.store), 0);
}
