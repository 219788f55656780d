/* tree.c — see tree.h.
 *
 * A breadth-first walk from the herd's middle: the node whose farthest node is nearest; of several,
 * the one nearest to all; of several, the first by name. Neighbours are taken by name,
 * TREE_CHILDREN at most. Where that leaves nodes out (the rays of a star), one child more is
 * allowed, until all are in. Names decide, never the order in the file: two files that differ in
 * order give the same tree. Holds always: a node is reached once, by a neighbour, and is one deeper
 * than it. */
#include "core/topology/tree.h"
#include "core/base/invariant.h"
#include <stdlib.h>
#include <string.h>

enum { NOBODY = UINT16_MAX };

struct walk {
    const struct topology *t;
    uint16_t *queue; /* nodes in the order in which they were reached */
    uint16_t *parent; /* by node; its own for the root, NOBODY before it is reached */
    uint16_t *depth; /* by node that was reached */
    uint16_t *neighbour; /* of one node, by name */
    unsigned reached;
};

static int by_name(const struct topology *t, unsigned a, unsigned b)
{
    return strcmp(t->nodes[a].name, t->nodes[b].name);
}

static const uint16_t *sort_neighbours(struct walk *w, unsigned node)
{
    const struct topology_node *n = &w->t->nodes[node];
    ASSERT(n->neighbours_count <= TOPOLOGY_NEIGHBOURS_MAX);
    for (unsigned i = 0; i < n->neighbours_count; i++) {
        unsigned at = i;
        for (; at && by_name(w->t, n->neighbours[i], w->neighbour[at - 1]) < 0; at--)
            w->neighbour[at] = w->neighbour[at - 1];
        w->neighbour[at] = n->neighbours[i];
    }
    return w->neighbour;
}

static void reach(struct walk *w, unsigned node, unsigned from, unsigned depth)
{
    ASSERT(w->reached < w->t->nodes_count && w->parent[node] == NOBODY);
    w->parent[node] = (uint16_t)from;
    w->depth[node] = (uint16_t)depth;
    w->queue[w->reached++] = (uint16_t)node;
}

enum { HOPS_APART = 2 }; /* no link of the tree */

/* By index is as good as by name, and faster, where only distances matter. */
enum order { BY_INDEX, BY_NAME };

static void walk_from(struct walk *w, unsigned root, unsigned children_max, enum order order)
{
    for (unsigned i = 0; i < w->t->nodes_count; i++)
        w->parent[i] = NOBODY;
    w->reached = 0;
    reach(w, root, root, 0);
    for (unsigned next = 0; next < w->reached; next++) {
        unsigned node = w->queue[next], children = 0;
        const uint16_t *neighbour = w->t->nodes[node].neighbours;
        if (order == BY_NAME)
            neighbour = sort_neighbours(w, node);
        for (unsigned i = 0; i < w->t->nodes[node].neighbours_count; i++) {
            if (children == children_max || w->parent[neighbour[i]] != NOBODY)
                continue;
            reach(w, neighbour[i], node, w->depth[node] + 1u);
            children++;
        }
    }
}

/* How far from the middle: the depth of the tree first, then the sum of all depths. */
static uint64_t remoteness(struct walk *w, unsigned root)
{
    walk_from(w, root, TOPOLOGY_NEIGHBOURS_MAX, BY_INDEX);
    uint64_t sum = 0;
    for (unsigned i = 0; i < w->reached; i++)
        sum += w->depth[w->queue[i]];
    return (uint64_t)w->depth[w->queue[w->reached - 1]] << 32 | sum;
}

static unsigned middle(struct walk *w)
{
    unsigned best = 0;
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < w->t->nodes_count; i++) {
        uint64_t far = remoteness(w, i);
        if (far < least || (far == least && by_name(w->t, i, best) < 0)) {
            best = i;
            least = far;
        }
    }
    return best;
}

/* A topology that was checked has one part only; in any other, who is not reached has no way. */
static uint16_t hops_between(const struct walk *w, unsigned a, unsigned b)
{
    uint16_t hops = 0;
    if (w->parent[a] == NOBODY || w->parent[b] == NOBODY)
        return HOPS_APART;
    for (; a != b; hops++) {
        ASSERT(hops < 2 * w->reached && (w->depth[a] || w->depth[b]));
        if (w->depth[a] > w->depth[b])
            a = w->parent[a];
        else
            b = w->parent[b];
    }
    return hops;
}

bool tree_hops(const struct topology *t, unsigned self, uint16_t *hops)
{
    size_t count = t->nodes_count;
    ASSERT(self < count && count < NOBODY);
    uint16_t *room = malloc((3 * count + TOPOLOGY_NEIGHBOURS_MAX) * sizeof *room);
    if (!room)
        return false;
    struct walk w = {t, room, room + count, room + 2 * count, room + 3 * count, 0};
    unsigned root = middle(&w);
    unsigned children_max = TREE_CHILDREN;
    do
        walk_from(&w, root, children_max++, BY_NAME);
    while (w.reached < count && children_max <= TOPOLOGY_NEIGHBOURS_MAX);
    const struct topology_node *n = &t->nodes[self];
    for (unsigned i = 0; i < n->neighbours_count; i++)
        hops[i] = hops_between(&w, self, n->neighbours[i]);
    free(room);
    return true;
}
