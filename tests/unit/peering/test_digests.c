/* When two nodes agree, and what is done when they do not: PINGs, scripts for one end. */
#include "unit/peering/goloman.h"

TestSuite(digests, .init = create, .fini = destroy);

static const char *ping(uint64_t count, uint64_t digest, const char *partial)
{
    static char text[100];
    sprintf(text, "PING 1 %llu %016llx%s\n", (unsigned long long)count, (unsigned long long)digest,
        partial);
    return text;
}

#define FROM_WILKES "AT Wilkes +0.500000000 fig +1-1 1 Wilkes\n"
#define NAMES_WILKES "AT Welsh +0.500000000 kiwi +1-1 2 Wilkes Hands\n"

/* Linked, one stamp sent and confirmed. */
static void catch_up(void)
{
    link_peer(HANDS, 0xaa, NONE);
    side_put(&g, "kiwi", 1);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
}

Test(digests, unequal_twice_in_a_row_is_an_alarm_and_a_full_send)
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
        hears(HANDS, ping(1, digest ^ 1, "")); /* maybe written before Hands had all of that */
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, digest ^ 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, digest ^ 1, "")), PEERING_DIVERGED);
}

Test(digests, unequal_once_before_a_restart_and_once_after_is_not_twice)
{
    catch_up();
    hears(HANDS, ping(1, 1, ""));
    link_peer(HANDS, 0xab, NONE);
    (void)side_says(&g, HANDS);
    hears(HANDS, "ACK 1\n");
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
}

Test(digests, after_an_alarm_it_takes_two_again)
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

/* All in one receive: the stamp counts before the PING that follows it. */
Test(digests, digests_are_compared_after_the_stamps_before_them)
{
    catch_up();
    hears(HANDS, "AT Welsh +0.500000000 fig +1-1 2 Hands\nPING 1 1 0000000000000001\n"
                 "PING 1 1 0000000000000001\n");
    cr_expect_eq(g.peers[HANDS].unequal, 0);
}

Test(digests, digests_are_not_compared_before_the_cursor_is_positioned)
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

Test(digests, a_full_send_for_digests_ignores_list_and_source)
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

Test(digests, digests_are_compared_only_when_the_peer_has_and_confirmed_all)
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
        hears(HANDS, ping(1, 1, "")); /* the full send has not gone out yet */
}

Test(digests, a_peer_that_is_partial_raises_no_alarm)
{
    catch_up();
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(9, 1, " partial"));
    cr_expect(g.peers[HANDS].partial);
    hears(HANDS, ping(9, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(9, 1, "")), PEERING_DIVERGED);
    cr_expect_not(g.peers[HANDS].partial);
}

Test(digests, a_node_that_refused_says_so_and_raises_no_alarm)
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

Test(digests, a_node_that_lost_a_stamp_of_any_peer_is_partial)
{
    catch_up();
    g.peers[WILKES].lost_stamps = 1;
    for (int i = 0; i < 5; i++)
        hears(HANDS, ping(9, 1, ""));
    pass_ms(3000);
    cr_expect_eq(peering_tick(&g.links[HANDS], now), PEERING_NOTHING);
    cr_expect_not_null(strstr(side_says(&g, HANDS), " partial\n"));
}

static void says_partial(bool partial)
{
    pass_ms(3000);
    cr_expect_eq(peering_tick(&g.links[HANDS], now), PEERING_NOTHING);
    const char *said = side_says(&g, HANDS);
    cr_expect_eq(strstr(said, " partial\n") != NULL, partial, "%s", said);
}

/* Equal digests with the peer whose stamp was refused, even if it is partial itself; not with
 * another. Then a difference counts again. */
Test(digests, a_node_is_whole_again_when_it_agrees_with_whom_it_refused)
{
    catch_up();
    uint64_t digest = store_digest(g.node.store);
    g.peers[WILKES].future_stamps = 1;
    hears(HANDS, ping(1, digest, ""));
    says_partial(true);
    g.peers[WILKES].settled_stamps = 1;
    g.peers[HANDS].future_stamps = 1;
    for (int i = 0; i < 3; i++)
        hears(HANDS, ping(1, 1, ""));
    says_partial(true);
    hears(HANDS, ping(1, digest, " partial"));
    says_partial(false);
    hears(HANDS, ping(1, 1, ""));
    cr_expect_eq(side_hears(&g, HANDS, ping(1, 1, "")), PEERING_DIVERGED);
}

/* While something is under way, equal digests say nothing: Hands may be sent what is evicted. */
Test(digests, a_node_stays_partial_while_its_peer_has_not_confirmed_all)
{
    catch_up();
    g.peers[HANDS].lost_stamps = 1;
    side_put(&g, "fig", 2);
    hears(HANDS, ping(2, store_digest(g.node.store), ""));
    says_partial(true);
    hears(HANDS, "ACK 2\n");
    hears(HANDS, ping(2, store_digest(g.node.store), ""));
    says_partial(false);
}

/* A divergence that full sends do not repair: one after 10 s, the next after 20 s and so on, in the
 * end one an hour; and from 10 s again once digests have agreed. */
Test(digests, resends_back_off)
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
