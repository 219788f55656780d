/* tree.h — the links by which stamps travel when all is well: a spanning tree of the topology.
 *
 * Every node computes the same tree from the same topology.conf, whatever the order of its sections
 * and without a word to anybody: N-1 edges, each stamp crosses each once. What a tree learnt from
 * duplicates (Plumtree) can only converge to, for one origin at a time, is there from the first
 * stamp and for all origins alike. The other links are spare: peering/spare_links.h. Called by node. */
#ifndef CORE_TOPOLOGY_TREE_H
#define CORE_TOPOLOGY_TREE_H

#include "core/topology/topology.h"

/* A node has at most so many children in the tree, where the topology lets it: in a full mesh one
 * hub would carry the whole herd and take it down with it. */
enum { TREE_CHILDREN = 4 };

/* How many links of the tree lie between node `self` and each of its neighbours: 1 where the link
 * to it is itself in the tree. By so many hops two neighbours can hear of a stamp apart.
 *
 * hops  room for as many as the node has neighbours, in the same order
 * false: no memory. */
MUST_USE bool tree_hops(const struct topology *t, unsigned self, uint16_t *hops);

#endif
