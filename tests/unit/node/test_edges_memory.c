/* test_edges_memory.c — a reload whose n-th allocation fails changes nothing, and the next one
 * works. */
#include "core/node/private.h"
#include "unit/failing_memory.h"
#include "unit/node/side.h"

static uint16_t of_goloman[] = {1, 2}, of_ant[] = {0, 2}, of_hands[] = {0, 1};

/* A line at first, and then a ring, in which the link to Hands is spare. */
static void shape(struct topology_node at[3], bool is_ring)
{
    memcpy(at, nodes, 3 * sizeof *at);
    at[0].neighbours = of_goloman;
    at[1].neighbours = of_ant;
    at[2].neighbours = of_hands;
    at[0].neighbours_count = 2;
    at[1].neighbours_count = at[2].neighbours_count = is_ring ? 2 : 1;
}

/* All but how much memory the store has kept for more stamps. */
static bool says_the_same(const char *a, const char *b)
{
    const char *end = strstr(a, "\"store_bytes\"");
    cr_assert_not_null(end);
    size_t len = (size_t)(end - a);
    return memcmp(a, b, len) == 0 && strcmp(strstr(a, "\"links\""), strstr(b, "\"links\"")) == 0;
}

Test(node_edges_memory, fails_at_every_allocation, .init = side_begin)
{
    static struct topology_node before[3], after[3];
    static char status[2][1 << 16];
    shape(before, false);
    shape(after, true);
    topology.nodes = before;
    struct topology next = topology;
    next.nodes = after;
    next.limits.stamps = 1000000;
    next.limits.connections = 100000;
    bool failed = true;
    for (int at = 1; failed; at++) {
        side_start();
        turn();
        struct buf first = buf_over(status[0], sizeof status[0] - 1);
        struct buf second = buf_over(status[1], sizeof status[1] - 1);
        memset(status, 0, sizeof status);
        node_status(node, &first, now);
        memory_fails(at, false);
        failed = node_take_topology(node, &next, 2 * CONNECTIONS, now) != NULL;
        memory_recovers();
        cr_assert_lt(at, 30);
        if (failed) {
            node_status(node, &second, now);
            cr_assert(says_the_same(status[0], status[1]), "at %d", at);
            cr_assert_null(node->links.peering.spare_links);
            cr_assert_null(node_take_topology(node, &next, 2 * CONNECTIONS, now));
        }
        cr_assert_not_null(node->links.peering.spare_links);
        cr_assert_eq(node->edges.count, 2);
        turn();
        node_destroy(node);
        cr_assert_eq(heap.blocks_held, 0, "at %d", at);
    }
}
