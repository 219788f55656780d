/* topologies.h — whether two topologies are about in the herd, as while nodes reload one by one.
 *
 * Trees that were computed from two files do not fit together: a stamp may be on no link of the
 * tree from one node to the next. Notices find that, but late. So every node is told when there are
 * two, and then all its links are eager. Each says the hash of its own topology, and how long ago
 * it last knew of two. PROTOCOL.md, "Topologies that differ".
 *
 *   state    event                                             next     does
 *   AGREE    a peer that is up has another hash                DIFFER   TOPOLOGY on all links
 *   AGREE    a peer knows of two                               DIFFER   TOPOLOGY on all links
 *   DIFFER   every 3 s                                         DIFFER   TOPOLOGY on all links
 *   DIFFER   10 s without either                               AGREE
 *   any      the own one is another one                        same     TOPOLOGY on all links
 *
 * Written by topologies.c alone, but for `changed`. Called by peering and out, for its lines, and
 * by node. */
#ifndef CORE_PEERING_TOPOLOGIES_H
#define CORE_PEERING_TOPOLOGIES_H

#include "core/base/buf.h"
#include "core/base/instant.h"

struct peer;
struct peering_node;

enum {
    TOPOLOGIES_AFTER_MS = 10000, /* two are said to be about for so long after they last were */
    TOPOLOGIES_SAY_MS = 3000, /* how often that is said */
    TOPOLOGIES_HOP_MS = 100, /* by how much news ages from one node to the next, at least */
};

struct topologies {
    uint64_t own; /* the hash of the node's; 0: none, and nothing of this is said */
    bool differ; /* two are about, or were less than TOPOLOGIES_AFTER_MS ago */
    bool seen; /* a peer that is up has another one, when it was last looked at */
    bool changed; /* look again in this turn: a link came up or ended, or TOPOLOGY was heard */
    unsigned round; /* grows when TOPOLOGY is to be said on every link */
    int64_t two_ns; /* monotonic; when two were last known to be about. 0: never */
    int64_t look_ns; /* monotonic; when to look again though nothing happens; NEVER_NS: never */
};

void topologies_begin(struct topologies *t, uint64_t own);
/* The node's own is this from now on; perhaps the same. */
void topologies_take(struct topologies *t, uint64_t own);

/* To be called when `changed`, and when it is look_ns. Whether `differ` is another than before. */
MUST_USE bool topologies_look(struct peering_node *node, struct instant now);

/* `TOPOLOGY <hash> <ms>` came from the peer: words[1] and words[2]. Returns NULL, or what is wrong
 * with it. */
MUST_USE const char *topologies_heard(
    struct peer *peer, const struct span *words, struct instant now);

/* Whether a peer is up and has another topology than this node. */
bool topologies_peer_differs(const struct peering_node *node, const struct peer *peer);

/* Write that line whole, or nothing and false. */
MUST_USE bool topologies_put(const struct topologies *t, struct buf *out, struct instant now);

#endif
