/* neighbours.h — when to dial whom, and which of two links to one peer stays.
 *
 * Both ends of an edge dial: the first dial comes at once, later ones back off with jitter, 0.1 s
 * doubling to 5 s. Where both succeed, the link dialled by the node whose name sorts first stays; of
 * two dialled by the same node, the newer. A peer that is linked is not dialled. PROTOCOL.md, "Peer
 * port". Called by node. */
#ifndef CORE_NEIGHBOURS_H
#define CORE_NEIGHBOURS_H

#include "core/peering.h"

enum {
    NEIGHBOUR_DIAL_FIRST_MS = 100,
    NEIGHBOUR_DIAL_LAST_MS = 5000,
    NEIGHBOUR_ERROR_BYTES_MAX = 160,
};

enum { NEIGHBOUR_NO_LINK = -1 };

/* One neighbour's links. A link is known here by a number of the caller's, >= 0. */
struct neighbour {
    struct peer *peer;
    int linked;         /* the link that is LINKED and stays, or NEIGHBOUR_NO_LINK */
    bool linked_by_us;  /* who dialled it */
    bool dialling;      /* a dial of ours is under way, up to LINKED or its failure */
    int64_t dial_at_ns; /* monotonic; NEVER_NS while linked or dialling */
    int64_t pause_ms;
    int64_t down_since_ns; /* monotonic; of the first failure or the loss */
    unsigned tries;        /* dials since then */
    bool failure_logged;   /* its present failure has been said */
    char last_error[NEIGHBOUR_ERROR_BYTES_MAX + 1];
};

struct neighbours {
    struct span self; /* this node's name */
    struct neighbour *each;
    unsigned count;
    uint64_t jitter; /* state of a small generator, seeded from entropy */
};

/* All of them are to be dialled at once. `each` is the caller's; each->peer is set. */
void neighbours_begin(struct neighbours *n, struct instant now);

/* A neighbour that is due for a dial, which is then under way; NULL: none. */
struct neighbour *neighbours_to_dial(struct neighbours *n, struct instant now);

/* The next dial that is due; NEVER_NS: none. */
int64_t neighbours_deadline(const struct neighbours *n);

/* A link has become LINKED. Which link has to go: `link` itself, the one that stood before, or
 * NEIGHBOUR_NO_LINK when there is no other. */
MUST_USE int neighbour_linked(
    struct neighbours *n, struct neighbour *who, int link, bool dialled_by_us);

/* A link has ended, or a dial has failed: schedules the next dial where one is needed.
 * link   its number; NEIGHBOUR_NO_LINK for a dial that made no connection
 * error  what to tell the operator
 * true: the neighbour was up until now and is down. */
bool neighbour_lost(struct neighbours *n, struct neighbour *who, int link, bool dialled_by_us,
    const char *error, struct instant now);

#endif
