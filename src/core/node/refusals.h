/* refusals.h — what the log says about stamps of peers that are refused, other than for lack of
 * room: an episode (core/base/episode.h) for each peer and reason.
 *
 * Called by alarms.c. Written by refusals.c alone. PROTOCOL.md, "Refused stamps". */
#ifndef CORE_NODE_REFUSALS_H
#define CORE_NODE_REFUSALS_H

#include "core/base/episode.h"
#include "core/peering/neighbours.h"

enum refusal {
    REFUSAL_FUTURE, /* its time was too far ahead of its origin's clock: limits.future */
    REFUSAL_AHEAD, /* no right clock can have received it yet: limits.clock */
    REFUSAL_ORIGIN, /* this node does not know its origin */
    REFUSALS
};

struct node;

struct refusals {
    struct episode each[REFUSALS][PEERING_PEERS_MAX]; /* by the peer's number */
};

/* Tell of episodes of this peer that begin or are over. Call it when a stamp was refused, and at
 * the deadline. Returns when the first of those that are on will be over; NEVER_NS: none is. */
int64_t refusals_look(struct node *n, const struct peer *peer, struct instant now);
/* The node stops: tell of those that are on. */
void refusals_stop(struct node *n, const struct peer *peer, struct instant now);
/* End a line that tells that an episode is over. */
void refusals_log_over(struct node *n, const struct episode *e);

/* The peer's number is about to be another's. */
void refusals_forget(struct node *n, const struct peer *peer, struct instant now);

#endif
