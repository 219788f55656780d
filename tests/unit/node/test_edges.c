/* test_edges.c — one node, driven by hand, whose topology.conf changes: who is dialled, what
 * links hear, and that nothing has changed where it cannot be taken. The simulator tests whole
 * herds. */
#include "core/node/private.h"
#include "unit/node/side.h"

enum { ANT, HANDS, CLIENT = 10, HANDS_LINK };

#define HANDS_HELLO                                                          \
    "HELLO stampede/1 herd=test from=Hands to=Goloman boot=00000000000000b1" \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0"        \
    " topology=00000000000000cc\n"

static struct topology_node others[3];
static struct topology next;
static uint16_t both[] = {1, 2}, only_hands[] = {2}, only_ant[] = {1}, only_goloman[] = {0};

/* A copy of the topology in which Goloman has these neighbours. */
static void plan(uint16_t *neighbours, unsigned count)
{
    next = topology;
    memcpy(others, nodes, sizeof others);
    next.nodes = others;
    others[0].neighbours = neighbours;
    others[0].neighbours_count = count;
    for (unsigned i = 0; i < count; i++) {
        others[neighbours[i]].neighbours = only_goloman;
        others[neighbours[i]].neighbours_count = 1;
    }
}

static void takes(void)
{
    const char *why = node_take_topology(node, &next, CONNECTIONS, now);
    cr_assert_null(why, "%s", why);
    turn();
}

static void begin(void)
{
    side_begin();
    nodes[0].neighbours = only_hands;
    nodes[0].neighbours_count = 1;
    side_start();
    turn();
}

/* Hands dials in. */
static void hands_links(void)
{
    joins_by(HANDS_LINK, NODE_PEER_PORT);
    sends(HANDS_LINK, HANDS_HELLO);
    cr_assert(strstr(heard[HANDS_LINK], " topology="));
    forgets(HANDS_LINK);
}

TestSuite(node_edges, .init = begin, .fini = side_end);

Test(node_edges, one_that_is_added_is_dialled_and_the_other_keeps_its_number)
{
    unsigned dialled = dials[0];
    hands_links();
    plan(both, 2);
    takes();
    cr_assert(node->edges.count == 2 && span_equal(node->edges.peers[0].name, SPAN("Hands")));
    cr_assert_eq(dials[0], dialled);
    cr_assert_eq(dials[1], 1);
    cr_assert_not(wants[HANDS_LINK] & (NODE_WANT_CLOSE | NODE_WANT_ABORT));
    sends(HANDS_LINK, "PING 1 0 0000000000000000\n");
    cr_assert(strstr(heard[HANDS_LINK], "PONG 1\n"));
    cr_assert(strstr(heard[HANDS_LINK], "TOPOLOGY "), "the hash is another one");
    cr_assert_not(node_linked(node));
    struct dial_order order;
    node_dial_failed(node, 1, "refused", now);
    passes_ms(200);
    cr_assert_eq(dials[1], 2);
    cr_assert_not(node_dial(node, &order));
}

Test(node_edges, one_that_is_removed_confirms_what_there_is_and_hears_why)
{
    hands_links();
    joins(CLIENT);
    sends(CLIENT, "IAMAT kiwi +1+1 1\n");
    forgets(HANDS_LINK);
    plan(only_ant, 1);
    takes();
    cr_assert(strstr(heard[HANDS_LINK], "PING "));
    cr_assert_not(strstr(heard[HANDS_LINK], "BYE"));
    struct span ping = span_of(strstr(heard[HANDS_LINK], "PING ") + 5);
    char pong[64];
    snprintf(pong, sizeof pong, "PONG %.*s\n", (int)(strchr(ping.at, ' ') - ping.at), ping.at);
    forgets(HANDS_LINK);
    sends(HANDS_LINK, pong);
    cr_assert_not(strstr(heard[HANDS_LINK], "BYE"), "it has not confirmed");
    sends(HANDS_LINK, "ACK 1\n");
    hears(HANDS_LINK, "BYE Goloman's topology.conf has no edge to Hands\n");
    hangs_up(HANDS_LINK);
    joins_by(HANDS_LINK, NODE_PEER_PORT);
    sends(HANDS_LINK, HANDS_HELLO);
    hears(HANDS_LINK, "BYE Goloman's topology.conf has no edge to Hands\n");
}

Test(node_edges, one_that_confirms_nothing_is_waited_for_a_second)
{
    hands_links();
    joins(CLIENT);
    sends(CLIENT, "IAMAT kiwi +1+1 1\n");
    plan(only_ant, 1);
    takes();
    passes_ms(999);
    cr_assert_not(strstr(heard[HANDS_LINK], "BYE"));
    cr_assert_leq(node_deadline(node), now.mono_ns + MS_NS);
    passes_ms(1);
    cr_assert(strstr(heard[HANDS_LINK], "BYE Goloman's topology.conf has no edge to Hands\n"));
}

Test(node_edges, one_that_comes_back_in_time_keeps_its_link)
{
    hands_links();
    joins(CLIENT);
    sends(CLIENT, "IAMAT kiwi +1+1 1\n");
    plan(only_ant, 1);
    takes();
    static struct topology_node third[3];
    struct topology again = next;
    memcpy(third, nodes, sizeof third);
    again.nodes = third;
    third[0].neighbours = both;
    third[0].neighbours_count = 2;
    cr_assert_null(node_take_topology(node, &again, CONNECTIONS, now));
    passes_ms(3000);
    cr_assert_not(strstr(heard[HANDS_LINK], "BYE"));
    cr_assert_eq(node->edges.count, 2);
}

Test(node_edges, a_dial_that_is_wanted_no_more_is_cancelled)
{
    unsigned dial;
    cr_assert_eq(dials[0], 1);
    plan(only_ant, 1);
    takes();
    cr_assert(node_dial_cancel(node, &dial) && dial == 0);
    cr_assert_not(node_dial_cancel(node, &dial));
    passes_ms(60000);
    cr_assert_eq(dials[0], 1);
}

Test(node_edges, one_that_has_moved_is_dialled_where_it_is)
{
    unsigned dial;
    struct dial_order order;
    plan(only_hands, 1);
    others[2].peer.address.port = 12999;
    cr_assert_null(node_take_topology(node, &next, CONNECTIONS, now));
    cr_assert(node_dial_cancel(node, &dial) && dial == 0);
    node_turn(node, now);
    cr_assert(node_dial(node, &order));
    cr_assert(order.id == 0 && order.to.port == 12999);
}

Test(node_edges, the_order_of_the_file_says_nothing)
{
    static struct topology_node turned[3];
    static uint16_t of_goloman[] = {0};
    hands_links();
    plan(only_hands, 1);
    turned[0] = nodes[2];
    turned[1] = nodes[1];
    turned[2] = nodes[0];
    turned[2].neighbours = of_goloman;
    next.nodes = turned;
    takes();
    sends(HANDS_LINK, "PING 1 0 0000000000000000\n");
    cr_assert(strstr(heard[HANDS_LINK], "PONG 1\n"));
    cr_assert(node_linked(node));
}

/* Numbers are used again when no link is left, so that there are never more than there can be. */
Test(node_edges, neighbours_come_and_go)
{
    static struct topology_node changing[2][3];
    for (unsigned i = 0; i < 300; i++) {
        struct topology_node *at = changing[i % 2];
        static struct topology t[2];
        memcpy(at, nodes, sizeof changing[0]);
        snprintf(at[1].name, sizeof at[1].name, "node%u", i % 100);
        at[0].neighbours = i % 3 ? only_ant : both;
        at[0].neighbours_count = i % 3 ? 1 : 2;
        t[i % 2] = topology;
        t[i % 2].nodes = at;
        const char *why = node_take_topology(node, &t[i % 2], CONNECTIONS, now);
        cr_assert_null(why, "%u: %s", i, why);
        unsigned dial;
        while (node_dial_cancel(node, &dial))
            ;
        turn();
    }
    cr_assert_leq(node->edges.count, 4);
}

Test(node_edges, other_limits_hold_at_once)
{
    plan(only_hands, 1);
    next.limits.line_bytes = 64;
    next.limits.connections = 1;
    joins(CLIENT);
    joins(CLIENT + 2);
    takes();
    char line[102];
    memset(line, 'x', 100);
    memcpy(line + 100, "\n", 2);
    sends(CLIENT, line);
    cr_assert_eq(strlen(heard[CLIENT]), 2 + 64 + 1);
    joins(CLIENT + 3);
    cr_assert_eq(wants[CLIENT + 3], NODE_WANT_ABORT);
    hangs_up(CLIENT + 3);
    sends(CLIENT + 2, "hello\n");
    hears(CLIENT + 2, "? hello\n");
}

/* The page of the HTTP port, asked on a connection of its own. */
static const char *page(const char *path)
{
    enum { WEB = 20 };
    char request[128];
    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    joins_by(WEB, NODE_HTTP_PORT);
    sends(WEB, request);
    hangs_up(WEB);
    return heard[WEB];
}

Test(node_edges, pages_show_the_neighbours_that_there_are)
{
    plan(both, 2);
    takes();
    plan(only_ant, 1);
    takes();
    const char *metrics = page("/metrics");
    cr_expect(strstr(metrics, "stampede_link_up{peer=\"Ant\"} 0\n"), "%s", metrics);
    cr_expect_not(strstr(metrics, "\"Hands\""), "it is no neighbour any more: %s", metrics);
    passes_ms(10000);
    cr_expect(
        strstr(page("/ready"), "isolated: no link has been up for 10 s"), "%s", page("/ready"));
    plan(NULL, 0);
    next.nodes_count = 1;
    takes();
    cr_expect(strstr(page("/ready"), "the only node of its herd"), "%s", page("/ready"));
}
