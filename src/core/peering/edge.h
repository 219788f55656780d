/* edge.h — what a link does when its node has another topology. PROTOCOL.md, "Topologies that
 * differ".
 *
 * For the node, which knows the topology. All of these are only for a link that is LINKED to a
 * peer. */
#ifndef CORE_PEERING_EDGE_H
#define CORE_PEERING_EDGE_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

/* A part of the reasons of BYE where only the other end's topology has the edge. The pause between
 * dials then does not grow beyond a second. */
#define PEERING_OTHER_TOPOLOGY "'s topology.conf "

struct peering;

/* The node's topology, or the peer's, is another one: the link is spare or in the tree, as
 * peer->in_tree says. Where both ends have the same topology, both understand PRUNE. */
void peering_take_tree(struct peering *p, struct instant now);

/* What was refused because its origin was not known may be known now: the peer is asked for it
 * again. If it does not understand that, the link ends with the next PING, and the next one brings
 * it. */
void peering_know_origins(struct peering *p, struct instant now);

/* The peer is a neighbour no more (peer->gone): tell it all, have what it gave notice of, and ask
 * it to confirm. peering_parted: it has, up to own change `change`. */
void peering_part(struct peering *p);
bool peering_parted(const struct peering *p, uint64_t change);

#endif
