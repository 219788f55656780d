/* tree.h — the tree links, by which stamps travel when all is well: a spanning tree of the
 * topology.
 *
 * Every node computes the same tree from the same topology.conf, whatever the order of its sections
 * and without talking to anybody: N-1 edges, and each stamp crosses each of them once. A tree that
 * is learnt from duplicates (Plumtree) converges slowly, for one origin at a time; this one is
 * there from the first stamp, for all origins. The other links are spare links (peering). Called by
 * node. */
#ifndef CORE_TOPOLOGY_TREE_H
#define CORE_TOPOLOGY_TREE_H

#include "core/topology/topology.h"

/* A node has at most so many children in the tree, where the topology allows it: else in a full
 * mesh one node would carry all stamps, and its loss would cut all others off at once. */
enum { TREE_CHILDREN = 4 };

/* How many tree links lie between node `self` and each of its neighbours: 1 where the link to it is
 * itself a tree link. Two neighbours hear of a stamp at most so many hops apart.
 *
 * self  below t->nodes_count
 * hops  room for as many as the node has neighbours, in the same order
 * false: no memory. */
MUST_USE bool tree_hops(const struct topology *t, unsigned self, uint16_t *hops);

#endif
