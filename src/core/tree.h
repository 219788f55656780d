/* tree.h — the links by which stamps travel when all is well: a spanning tree of the topology.
 *
 * Every node computes the same tree from the same topology.conf, whatever the order of its sections
 * and without a word to anybody: N-1 edges, each stamp crosses each once. What a tree learnt from
 * duplicates (Plumtree) can only converge to, for one origin at a time, is there from the first
 * stamp and for all origins alike. The other links are spare: peering_lazy.c. Called by node. */
#ifndef CORE_TREE_H
#define CORE_TREE_H

#include "core/topology.h"

/* A node has at most so many children in the tree, where the topology lets it: in a full mesh one
 * hub would carry the whole herd and take it down with it. */
enum { TREE_CHILDREN = 4 };

/* Which links of node `self` are in the tree.
 *
 * in_tree  room for as many as the node has neighbours, in the same order
 * false: no memory. */
MUST_USE bool tree_links(const struct topology *t, unsigned self, bool *in_tree);

#endif
