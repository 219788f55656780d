/* parting.h — the orderly end of a link to a node that is a neighbour no more.
 *
 * Before it hears BYE, the peer has confirmed what this node held when the neighbour was removed,
 * and this one has asked for what came as notices only. PROTOCOL.md, "Topologies that differ".
 * Called by links.c. Written by parting.c alone. */
#ifndef CORE_NODE_PARTING_H
#define CORE_NODE_PARTING_H

#include "core/base/instant.h"
#include "core/peering/peering.h"

enum { PARTING_SILENT_MS = 1000 }; /* it is given up when no byte moves for so long */

struct link;
struct node;

struct parting {
    bool on;
    int64_t since_ns; /* monotonic */
    uint64_t change; /* the own change that the peer is to confirm */
};

/* The topology is another one: is the peer of this link still a neighbour? true: it is none any
 * more, and the link, which is up, is to be told by peering_part. */
MUST_USE bool parting_look(struct node *n, struct link *l, struct instant now);

/* Whether the link, on which parting is on, is not to end yet. */
bool parting_waits(const struct node *n, const struct link *l, struct instant now);

/* What BYE says. */
void parting_why(
    const struct node *n, const struct link *l, char out[PEERING_REASON_BYTES_MAX + 1]);

/* When one of the links on which parting is on must be looked at though nothing happens. */
int64_t partings_deadline(const struct node *n);

#endif
