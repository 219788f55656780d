/* lookups.h — the names that a node wants looked up, some of them at a time, and those at which
 * it listens itself.
 *
 * A name server that does not answer takes RESOLVE_MS of each lookup, so several run beside each
 * other: the names of other neighbours need not wait for it. Called by loop. */
#ifndef IO_LOOKUPS_H
#define IO_LOOKUPS_H

#include "core/node/node.h"
#include "io/resolve.h"

enum { LOOKUPS_MAX = 4 }; /* of the node, at a time */

struct lookups {
    struct node *node;
    unsigned busy; /* of `each`: with requests on the ring, or an answer to come; mostly none */
    struct resolve each[LOOKUPS_MAX];
    unsigned ids[LOOKUPS_MAX]; /* the node's, while one is asked */
    struct resolve own; /* see own_addresses.h */
};

/* servers  as of resolve_open */
void lookups_open(struct lookups *l, struct ring *ring, struct node *node, const char *servers);
/* After the ring was closed. */
void lookups_close(struct lookups *l);

/* Handle the completion of a RING_RESOLVE request. */
void lookups_completed(struct lookups *l, const struct ring_event *e);

/* Once a turn, after the completions: the node is told of the answers. */
void lookups_turn(struct lookups *l, struct instant now);

/* At the end of a turn: begin what the node asks for, poll. After dials_settle. */
void lookups_settle(struct lookups *l, struct instant now);
int64_t lookups_deadline(const struct lookups *l);

#endif
