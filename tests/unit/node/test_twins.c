/* test_twins.c — two processes of one name: Goloman, driven by hand, is linked to one that calls
 * itself Hands, and another one comes; or Goloman is the one that has to leave. The simulator lets
 * real nodes meet their twins. */
#include "core/store/store.h"
#include "unit/node/side.h"

enum { LINK, RIVAL, THIRD, CLIENT };

#define HELLO(boot, more)                                                       \
    "HELLO stampede/1 herd=test from=Hands to=Goloman boot=00000000000000" boot \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0" more "\n"
#define KNOWS " stop=1 started="
#define FIRST HELLO("b1", KNOWS "100")
#define LATER HELLO("b2", KNOWS "200")
#define EARLIER HELLO("b2", KNOWS "50")
#define OLD(boot) HELLO(boot, "") /* a node that knows nothing of all this */
#define AT(id) "AT Hands +1.000000000 " id " +1+1 1 Hands"

static void begin(void)
{
    static uint16_t neighbours[] = {2};
    side_begin();
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 1;
    side_start();
    turn();
}

TestSuite(node_twins, .init = begin, .fini = side_end);

static void comes(uint32_t conn, const char *hello)
{
    joins_by(conn, NODE_PEER_PORT);
    sends(conn, hello);
}

/* It comes, and hears Goloman's HELLO and then `rest`. */
static void is_met(uint32_t conn, const char *hello, const char *rest)
{
    comes(conn, hello);
    cr_assert_eq(strncmp(heard[conn], "HELLO ", 6), 0, "heard \"%s\"", heard[conn]);
    cr_assert_str_eq(strchr(heard[conn], '\n') + 1, rest);
    forgets(conn);
}

/* It has heard PING and nothing else; the PONG. */
static const char *is_asked(uint32_t conn)
{
    static char pong[64];
    unsigned long long number = 0;
    cr_assert_eq(sscanf(heard[conn], "PING %llu ", &number), 1, "heard \"%s\"", heard[conn]);
    cr_assert_null(strchr(strchr(heard[conn], '\n') + 1, '\n'), "heard \"%s\"", heard[conn]);
    forgets(conn);
    snprintf(pong, sizeof pong, "PONG %llu\n", number);
    return pong;
}

static void answers(uint32_t conn)
{
    sends(conn, is_asked(conn));
}

/* -- which of them lives ----------------------------------------------------------------------- */

Test(node_twins, a_link_that_is_silent_makes_room_after_a_second)
{
    joins(CLIENT);
    is_met(LINK, FIRST, "");
    sends(CLIENT, "IAMAT k +1+1 1\n");
    sends(LINK, "ACK 1\n");
    forgets(LINK);
    is_met(RIVAL, LATER, "");
    is_asked(LINK);
    passes_ms(999);
    hears(LINK, "");
    hears(RIVAL, "");
    passes_ms(1);
    hears(LINK, "BYE silent, and another process of its name has come\n");
    hears(RIVAL, "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 1\n");
    cr_assert_eq(wants[LINK], NODE_WANT_CLOSE);
    cr_assert_eq(logged(" link_down peer=Hands "), 1);
    cr_assert_eq(logged(" link_up peer=Hands "), 2);
    cr_assert_eq(logged(" twins "), 0);
    sends(CLIENT, "IAMAT k +1+1 2\n");
    hears(RIVAL, "AT Goloman +1699999999.000000000 k +1+1 2 Goloman\nMARK 2\n");
}

Test(node_twins, each_byte_gives_a_link_another_second)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    is_asked(LINK);
    for (unsigned i = 0; i < 2; i++) {
        passes_ms(900);
        sends(LINK, "PONG 1\n"); /* answers nothing */
    }
    hears(LINK, "");
    passes_ms(1000);
    hears(LINK, "BYE silent, and another process of its name has come\n");
}

Test(node_twins, a_link_with_a_long_way_has_four_round_trips)
{
    is_met(LINK, FIRST, "");
    passes_ms(3000);
    const char *pong = is_asked(LINK);
    passes_ms(400);
    sends(LINK, pong);
    is_met(RIVAL, LATER, "");
    is_asked(LINK);
    passes_ms(1599);
    hears(LINK, "");
    passes_ms(1);
    hears(LINK, "BYE silent, and another process of its name has come\n");
}

Test(node_twins, a_link_that_ends_makes_room_at_once_and_what_the_rival_brought_counts)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    sends(RIVAL, AT("m") "\nMARK 7\n");
    passes_ms(20);
    hears(RIVAL, "ACK 7\n");
    finishes(LINK);
    hears(RIVAL, AT("m") " Goloman\nMARK 1\n"); /* whatever its list: it was another boot's */
    hangs_up(RIVAL);
    comes(RIVAL, LATER);
    cr_assert_not_null(strstr(heard[RIVAL], " have=00000000000000b2:7 "), "%s", heard[RIVAL]);
}

Test(node_twins, a_link_that_has_much_to_send_is_asked_before_that)
{
    is_met(LINK, FIRST, "");
    joins(CLIENT);
    send_at_most = 1000;
    deaf[LINK] = true;
    for (unsigned i = 0; i < 900; i++) {
        char line[64];
        snprintf(line, sizeof line, "IAMAT k%u +1+1 1\n", i);
        sends(CLIENT, line);
        forgets(CLIENT);
    }
    is_met(RIVAL, LATER, "");
    deaf[LINK] = false;
    wants[LINK] = node_wants(node, LINK);
    send_out(LINK);
    turn();
    const char *ping = strstr(heard[LINK], "\nPING ");
    cr_assert_not_null(ping);
    char pong[40];
    snprintf(pong, sizeof pong, "PONG %lld\n", (long long)now.real_ns);
    sends(LINK, pong);
    cr_assert_eq(strncmp(heard[RIVAL], "TWIN ", 5), 0, "heard \"%s\"", heard[RIVAL]);
}

/* -- both live --------------------------------------------------------------------------------- */

Test(node_twins, the_later_one_is_told_and_what_it_holds_is_taken)
{
    joins(CLIENT);
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    const char *pong = is_asked(LINK);
    sends(CLIENT, "IAMAT k +1+1 1\n");
    sends(LINK, pong);
    hears(RIVAL, "TWIN 00000000000000b1 100 127.0.0.1:5\n");
    cr_assert_eq(logged(" error twins peer=Hands stays=00000000000000b1 "), 1);
    cr_assert_eq(node_metrics(node)->twins, 1);
    forgets(LINK);
    sends(RIVAL, AT("m") "\nMARK 1\nSTOPPING 1\nPING 5 1 0000000000000000\n");
    hears(RIVAL, "ACK 1\nPONG 5\n");
    hears(LINK, AT("m") " Goloman\nMARK 2\n"); /* though it comes from Hands */
    sends(RIVAL, "BYE this node stops\n");
    cr_assert_eq(wants[RIVAL], NODE_WANT_CLOSE);
    hangs_up(RIVAL);
    cr_assert_eq(wants[LINK], NODE_WANT_READ);
    cr_assert_eq(logged(" link_"), 1, "one link came up, and nothing else");
}

Test(node_twins, a_link_that_is_later_leaves_to_the_rival)
{
    joins(CLIENT);
    is_met(LINK, FIRST, "");
    is_met(RIVAL, EARLIER, "");
    answers(LINK);
    hears(LINK, "TWIN 00000000000000b2 50 127.0.0.1:5\n");
    sends(LINK, AT("m") "\nMARK 1\nSTOPPING 1\n");
    hears(LINK, "ACK 1\nMARK 1\n");
    hears(RIVAL, "");
    sends(LINK, "BYE this node stops\n");
    hears(RIVAL, AT("m") " Goloman\nMARK 1\n");
    hangs_up(LINK);
    sends(CLIENT, "IAMAT k +1+1 1\n");
    hears(RIVAL, "AT Goloman +1699999999.000000000 k +1+1 1 Goloman\nMARK 2\n");
}

Test(node_twins, of_two_that_began_at_the_same_time_the_smaller_boot_stays)
{
    is_met(LINK, HELLO("b5", KNOWS "100"), "");
    is_met(RIVAL, HELLO("b6", KNOWS "100"), "");
    answers(LINK);
    hears(RIVAL, "TWIN 00000000000000b5 100 127.0.0.1:5\n");
    finishes(RIVAL);
    hangs_up(RIVAL);
    is_met(RIVAL, HELLO("b4", KNOWS "100"), "");
    answers(LINK);
    hears(LINK, "TWIN 00000000000000b4 100 127.0.0.1:5\n");
}

Test(node_twins, one_that_does_not_leave_has_its_time)
{
    static const char *const hellos[] = {LATER, EARLIER};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t loser = i ? LINK : RIVAL;
        is_met(LINK, FIRST, "");
        is_met(RIVAL, hellos[i], "");
        answers(LINK);
        for (unsigned s = 0; s < 6; s++) {
            cr_assert_null(strstr(heard[loser], "BYE "));
            sends(LINK, "PONG 1\n");
            sends(RIVAL, "PONG 1\n");
            passes_ms(1000);
        }
        cr_assert_not_null(strstr(heard[loser], "BYE another process stays: boot 00000000000000b"));
        cr_assert_not_null(strstr(heard[loser], ", at 127.0.0.1:5\n"));
        cr_assert_eq(wants[i ? RIVAL : LINK], NODE_WANT_READ);
        hangs_up(LINK);
        hangs_up(RIVAL);
    }
}

Test(node_twins, a_process_that_is_started_again_and_again_is_logged_now_and_then)
{
    is_met(LINK, FIRST, "");
    for (unsigned i = 0; i < 70; i++) {
        is_met(RIVAL, LATER, "");
        answers(LINK);
        hears(RIVAL, "TWIN 00000000000000b1 100 127.0.0.1:5\n");
        hangs_up(RIVAL);
        passes_ms(1000);
        forgets(LINK);
    }
    cr_assert_eq(logged(" twins "), 2);
    cr_assert_eq(node_metrics(node)->twins, 70);
    cr_assert_eq(logged(" link_"), 1);
}

/* -- who waits --------------------------------------------------------------------------------- */

Test(node_twins, one_rival_waits_and_no_further_one)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    comes(THIRD, HELLO("b3", KNOWS "300"));
    hears(THIRD, "BYE another process of this name is linked\n");
    hangs_up(THIRD);
    comes(THIRD, LATER);
    hears(THIRD, "BYE duplicate of another link\n");
    hangs_up(THIRD);
    hangs_up(RIVAL);
    is_met(THIRD, HELLO("b3", KNOWS "300"), "");
}

Test(node_twins, a_link_of_the_rivals_own_boot_that_comes_up_first_makes_it_a_duplicate)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    forgets(THIRD);
    node_ended(node, LINK, now); /* in the same turn as: */
    cr_assert(node_accepted(node, THIRD, NODE_PEER_PORT, &caller, now));
    node_received(node, THIRD, SPAN(LATER), now);
    turn();
    cr_assert_eq(wants[THIRD], NODE_WANT_READ);
    hears(RIVAL, "BYE duplicate of another link\n");
}

/* Until the turn ends it is still heard as the rival, of a process that is linked by now. */
Test(node_twins, what_the_rival_says_in_the_turn_that_makes_it_a_duplicate_counts)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    forgets(THIRD);
    node_ended(node, LINK, now);
    cr_assert(node_accepted(node, THIRD, NODE_PEER_PORT, &caller, now));
    node_received(node, THIRD, SPAN(LATER), now);
    node_received(node, RIVAL, SPAN(AT("k") "\n"), now);
    turn();
    cr_assert_eq(store_count(node_store(node)), 1);
    cr_assert_eq(wants[THIRD], NODE_WANT_READ);
    hears(RIVAL, "BYE duplicate of another link\n");
}

/* Nothing of the feed is sent to a rival, so it is not answered yet: and nobody waits for it. */
Test(node_twins, what_a_rival_asks_for_waits_until_it_is_linked_and_wakes_nobody)
{
    static uint16_t of_goloman[] = {1, 2}, of_ant[] = {0, 2}, of_hands[] = {0, 1};
    node_destroy(node);
    nodes[0].neighbours = of_goloman;
    nodes[1].neighbours = of_ant;
    nodes[2].neighbours = of_hands; /* the link between Goloman and Hands is spare */
    nodes[0].neighbours_count = nodes[1].neighbours_count = nodes[2].neighbours_count = 2;
    side_start();
    turn();
    comes(LINK, HELLO("b1", KNOWS "100 lazy=1"));
    comes(RIVAL, HELLO("b2", KNOWS "200 lazy=1"));
    forgets(RIVAL);
    sends(RIVAL, "GRAFT 0\n");
    hears(RIVAL, "");
    cr_assert_gt(node_deadline(node), now.mono_ns, "it turns and turns");
    hangs_up(LINK);
    cr_assert_eq(strncmp(heard[RIVAL], "EAGER 0\n", 8), 0, "heard \"%s\"", heard[RIVAL]);
}

/* It is no twin of itself. */
Test(node_twins, one_that_was_not_let_wait_and_is_linked_when_the_link_ends_is_not_judged)
{
    is_met(LINK, FIRST, "");
    comes(RIVAL, OLD("b2"));
    hears(RIVAL, "BYE another process of this name is linked\n");
    forgets(THIRD);
    node_ended(node, LINK, now); /* in the same turn as: */
    cr_assert(node_accepted(node, THIRD, NODE_PEER_PORT, &caller, now));
    node_received(node, THIRD, SPAN(OLD("b2")), now);
    turn();
    forgets(THIRD);
    passes_ms(3000);
    answers(THIRD);
    passes_ms(1);
    cr_assert_eq(wants[THIRD], NODE_WANT_READ);
    cr_assert_eq(logged(" twins "), 0);
}

Test(node_twins, who_has_not_proved_its_name_changes_nothing)
{
    node_destroy(node);
    node = side_node("0123456789abcdef");
    comes(LINK, FIRST);
    /* AUTH of this exchange is not known to the test, so the link is none: the rival neither. */
    comes(RIVAL, LATER "AUTH 0000000000000000000000000000000000000000000000000000000000000000\n");
    cr_assert_null(strstr(heard[LINK], "PING "));
    cr_assert_not_null(strstr(heard[RIVAL], "BYE AUTH is wrong"));
    cr_assert_eq(node_metrics(node)->twins, 0);
}

Test(node_twins, a_rival_that_the_node_dialled_ends_like_any_dial)
{
    is_met(LINK, FIRST, "");
    forgets(RIVAL);
    cr_assert(node_dialled(node, RIVAL, 0, now));
    turn();
    forgets(RIVAL);
    sends(RIVAL, LATER);
    answers(LINK);
    hears(RIVAL, "TWIN 00000000000000b1 100 127.0.0.1:5\n");
    finishes(RIVAL);
    hangs_up(RIVAL);
    hangs_up(LINK);
    passes_ms(5000);
    cr_assert_eq(dials[0], 2);
}

/* -- nodes that know nothing of it ------------------------------------------------------------- */

Test(node_twins, an_old_node_waits_outside_and_is_linked_when_the_link_is_gone)
{
    is_met(LINK, OLD("b1"), "");
    comes(RIVAL, OLD("b2"));
    hears(RIVAL, "BYE another process of this name is linked\n");
    hangs_up(RIVAL);
    is_asked(LINK);
    passes_ms(500);
    comes(RIVAL, OLD("b2"));
    hears(RIVAL, "BYE another process of this name is linked\n");
    hangs_up(RIVAL);
    passes_ms(500);
    hears(LINK, "BYE silent, and another process of its name has come\n");
    is_met(RIVAL, OLD("b2"), "");
    cr_assert_eq(wants[RIVAL], NODE_WANT_READ);
}

Test(node_twins, an_old_node_stays_where_a_new_one_can_leave)
{
    is_met(LINK, OLD("b9"), "");
    is_met(RIVAL, LATER, "");
    answers(LINK);
    hears(RIVAL, "TWIN 00000000000000b9 0 127.0.0.1:5\n");
    hangs_up(RIVAL);
    hangs_up(LINK);
    is_met(LINK, FIRST, "");
    comes(RIVAL, OLD("b9"));
    answers(LINK);
    hears(LINK, "TWIN 00000000000000b9 0 127.0.0.1:5\n");
}

Test(node_twins, of_two_old_nodes_the_later_is_sent_away)
{
    is_met(LINK, OLD("b2"), "");
    comes(RIVAL, OLD("b3"));
    answers(LINK);
    hears(LINK, "");
    hangs_up(RIVAL);
    comes(RIVAL, OLD("b1"));
    answers(LINK);
    hears(LINK, "BYE another process stays: boot 00000000000000b1, at 127.0.0.1:5\n");
}

/* -- who stops --------------------------------------------------------------------------------- */

Test(node_twins, a_link_that_stops_is_waited_for_and_not_judged)
{
    is_met(LINK, FIRST, "");
    sends(LINK, "STOPPING 0\n");
    is_met(RIVAL, LATER, "");
    answers(LINK);
    passes_ms(2000);
    sends(LINK, "BYE this node stops\n");
    hears(RIVAL, "");
    cr_assert_eq(node_metrics(node)->twins, 0);
    sends(RIVAL, "PING 5 0 0000000000000000\n");
    hears(RIVAL, "PONG 5\n");
    passes_ms(3000);
    is_asked(RIVAL);
}

Test(node_twins, a_link_that_stops_without_end_is_ended)
{
    is_met(LINK, FIRST, "");
    sends(LINK, "STOPPING 0\n");
    is_met(RIVAL, LATER, "");
    answers(LINK);
    for (unsigned s = 0; s < 6; s++) {
        cr_assert_null(strstr(heard[LINK], "BYE "));
        sends(LINK, "PONG 1\n");
        passes_ms(1000);
    }
    cr_assert_not_null(strstr(heard[LINK], "BYE another process stays: boot 00000000000000b2"));
}

Test(node_twins, a_rival_that_stops_is_not_judged)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, EARLIER "STOPPING 0\n", "");
    answers(LINK);
    hears(LINK, "");
    hears(RIVAL, "");
    sends(RIVAL, "BYE this node stops\n");
    hangs_up(RIVAL);
    passes_ms(1000);
    cr_assert_eq(wants[LINK], NODE_WANT_READ);
}

Test(node_twins, a_node_that_stops_sends_its_rivals_away)
{
    is_met(LINK, FIRST, "");
    is_met(RIVAL, LATER, "");
    const char *pong = is_asked(LINK);
    node_stop(node, now);
    turn();
    hears(RIVAL, "BYE this node stops\n");
    sends(LINK, pong);
    cr_assert_eq(node_metrics(node)->twins, 0);
}

/* -- this node is one -------------------------------------------------------------------------- */

static const char twin[] = "TWIN 00000000000000a1 1699999999000000000 10.0.0.7:40000\n";

Test(node_twins, a_node_that_is_told_leaves_as_when_it_is_stopped)
{
    joins(CLIENT);
    is_met(LINK, FIRST, "");
    cr_assert_not(node_is_twin(node));
    sends(LINK, twin);
    cr_assert(node_is_twin(node));
    cr_assert_eq(logged(" error twin said_by=Hands stays=00000000000000a1 "), 1);
    cr_assert_eq(logged(" stays_at=10.0.0.7:40000 "), 1);
    sends(LINK, twin);
    cr_assert_eq(logged(" twin "), 1);
    hears(LINK, "");
}

Test(node_twins, a_node_that_stops_already_is_no_failure)
{
    is_met(LINK, FIRST, "");
    node_stop(node, now);
    turn();
    sends(LINK, twin);
    cr_assert_not(node_is_twin(node));
}

Test(node_twins, only_an_earlier_process_is_believed)
{
    static const struct {
        const char *line, *bye;
    } each[] = {
        {"TWIN 00000000000000a1 1700000000000000001 -\n", "BYE TWIN that is not earlier\n"},
        {"TWIN 0808080808080808 1700000000000000000 -\n", "BYE TWIN that is not earlier\n"},
        {"TWIN 0707070707070707 1 -\n", "BYE TWIN that is not earlier\n"},
        {"TWIN 0000000000000000 1 -\n", "BYE TWIN with a bad field\n"},
        {"TWIN a1 1 -\n", "BYE TWIN with a bad field\n"},
        {"TWIN 00000000000000a1 -1 -\n", "BYE TWIN with a bad field\n"},
        {"TWIN 00000000000000a1 1 \xc3\xa9\n", "BYE TWIN with a bad field\n"},
        {"TWIN 00000000000000a1 1 "
         "0123456789012345678901234567890123456789012345678901234567890123\n",
            "BYE TWIN with a bad field\n"},
        {"TWIN 00000000000000a1 1\n", "BYE a line that is none of the peer protocol\n"},
    };
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++) {
        is_met(LINK, FIRST, "");
        sends(LINK, each[i].line);
        hears(LINK, each[i].bye);
        cr_assert_not(node_is_twin(node));
        hangs_up(LINK);
    }
    is_met(LINK, FIRST, "");
    sends(LINK, "TWIN 0707070707070706 1700000000000000000 -\n");
    cr_assert(node_is_twin(node), "of the same time, but a smaller boot");
}

#define OWN(skew, id) "AT Goloman +" skew " " id " +1+1 1 Goloman Hands\n"

Test(node_twins, stamps_of_this_life_that_it_never_took_are_stored_and_told)
{
    is_met(LINK, FIRST, "");
    sends(LINK, OWN("1699999998.999999999", "k"));
    cr_assert_eq(logged(" stamps_of_twin "), 0, "it is of a former life");
    sends(LINK, OWN("1699999999.000000000", "m"));
    cr_assert_eq(logged(" error stamps_of_twin from=peers "), 1);
    cr_assert_eq(store_count(node_store(node)), 2);
    joins(CLIENT);
    passes_ms(1000);
    sends(CLIENT, "IAMAT n +1+1 1\n");
    sends(LINK, OWN("1700000000.000000000", "n"));
    passes_ms(59000);
    sends(LINK, "PONG 1\n");
    cr_assert_eq(logged(" stamps_of_twin_over from=peers count=1 "), 1);
}
