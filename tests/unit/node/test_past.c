/* test_past.c — a node begins with what a former process held and knew. The simulator lets whole
 * herds do so. PROTOCOL.md, "Processes that remember". */
#include "core/store/store.h"
#include "unit/node/side.h"

enum { LINK, CLIENT };

#define HELLO(have)                                                             \
    "HELLO stampede/1 herd=test from=Hands to=Goloman boot=00000000000000b1"    \
    " nonce=000102030405060708090a0b0c0d0e0f have=" have "\n"

static struct past past;

static void restores(const char *id, uint64_t change)
{
    struct stamp in = {span_of(id), SPAN("+1+1"), SPAN("5"), SPAN("Nobody"), 5 * SECOND_NS, 0};
    cr_assert_eq(
        store_restore(side_store, &in, store_hash(side_store, in.id), change, 0), STORE_NEW);
}

static void begin(void)
{
    static uint16_t neighbours[] = {2};
    struct store_config config = {.stamps_max = 1000};
    side_begin();
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 1;
    side_store = store_create(&config);
    restores("a", 3);
    restores("b", 7);
    past = (struct past){.boots = {0x41}, .boots_count = 1, .peers_count = 1,
        .peers = {{"Hands", .had = {0xb1, 9, 0x41}, .confirmed = {0x41, 3, 0xb1}}}};
    side_past = &past;
    side_start();
    turn();
}

TestSuite(node_past, .init = begin, .fini = side_end);

Test(node_past, the_store_is_the_nodes_and_origins_that_its_file_does_not_name_are_known)
{
    cr_expect_eq(node_store(node), side_store);
    joins(CLIENT);
    sends(CLIENT, "IAMAT a +2+2 4\nIAMAT c +2+2 6\n");
    const char *said = heard[CLIENT];
    cr_expect_not_null(strstr(said, "AT Nobody +0.000000000 a +1+1 5\n"), "%s", said);
    cr_expect_eq(store_change(side_store), 8);
}

Test(node_past, links_go_on_where_they_were)
{
    joins_by(LINK, NODE_PEER_PORT);
    sends(LINK, HELLO("0000000000000041:9"));
    cr_expect_not_null(strstr(heard[LINK], " have=00000000000000b1:9 by=0000000000000041 "), "%s",
        heard[LINK]);
    cr_expect_null(strstr(heard[LINK], " a +1+1 5"));
    cr_expect_not_null(strstr(heard[LINK], " b +1+1 5 Goloman\nMARK 7\n"), "%s", heard[LINK]);
    sends(LINK, "AT Hands +1.000000000 d +1+1 1 Hands\nMARK 10\nACK 7\n");
    struct past next;
    node_past(node, &next);
    cr_expect_eq(next.boots_count, 2);
    cr_expect_eq(next.boots[0], 0x41);
    cr_expect_eq(next.peers_count, 1);
    cr_expect_eq(next.peers[0].had.boot, 0xb1);
    cr_expect_eq(next.peers[0].had.change, 10);
    cr_expect_eq(next.peers[0].had.by, next.boots[1]);
    cr_expect_eq(next.peers[0].confirmed.boot, next.boots[1]);
    cr_expect_eq(next.peers[0].confirmed.change, 7);
    cr_expect_eq(next.peers[0].confirmed.by, 0xb1);
    cr_expect_not(next.partial);
}

/* A neighbour that is removed from topology.conf and comes back is the same for this process. */
Test(node_past, a_neighbour_that_comes_back_by_reload_is_known)
{
    static uint16_t ant[] = {1}, hands[] = {2};
    static struct topology_node without[3], with[3];
    struct topology other = topology, again = topology;
    memcpy(without, nodes, sizeof nodes);
    memcpy(with, nodes, sizeof nodes);
    without[0].neighbours = ant;
    with[0].neighbours = hands;
    other.nodes = without;
    again.nodes = with;
    cr_assert_null(node_take_topology(node, &other, CONNECTIONS, now));
    turn();
    struct past next;
    node_past(node, &next);
    cr_expect_eq(next.peers_count, 1);
    cr_expect_str_eq(next.peers[0].name, "Ant");
    cr_expect_eq(next.peers[0].had.change, 0);
    cr_assert_null(node_take_topology(node, &again, CONNECTIONS, now));
    turn();
    node_past(node, &next);
    cr_expect_eq(next.peers_count, 1);
    cr_expect_str_eq(next.peers[0].name, "Hands");
    cr_expect_eq(next.peers[0].had.change, 9);
}
