/* ready.h — whether this node should be given clients: what /ready answers. PROTOCOL.md, "HTTP
 * port".
 *
 * A node is ready when it holds what the herd holds: when some link has been level since it came
 * up, so that a neighbour that is dead makes nobody unready. For 10 s after the last such link it
 * stays ready, since its neighbours may only have restarted; then it is isolated. Called by web.c,
 * and by links.c. Written by ready.c alone. */
#ifndef CORE_NODE_READY_H
#define CORE_NODE_READY_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "core/peering/neighbours.h"

enum { READY_ALONE_MS = 10000 };

struct node;

struct readiness {
    bool was_level; /* a link has been level since it came up; until: */
    int64_t level_ns; /* monotonic */
};

/* A link to `who` is about to be reported as lost. */
void ready_link_goes(struct node *n, const struct neighbour *who, struct instant now);

/* Whether the node is ready; `why` is a line about it either way, without LF. */
bool ready_judge(const struct node *n, struct buf *why, struct instant now);

#endif
