/* dial.h — connecting to neighbours when the node asks for it.
 *
 * The connect is with the ring; who waits longer than DIAL_MS is given up. When to dial again, and
 * how often, is the node's business. Called by loop. */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/conn.h"
#include "io/sockaddr.h"

enum { DIAL_MS = 3000, DIALS_MAX = TOPOLOGY_NEIGHBOURS_MAX };

struct dial {
    int fd; /* -1: this place is free */
    unsigned neighbour;
    uint32_t generation;
    bool late; /* given up; the answer is still to come */
    int64_t until_ns;
    union sockaddr_any to;
};

struct dials {
    struct conns *conns;
    struct node *node;
    struct dial each[DIALS_MAX];
};

void dials_init(struct dials *d, struct conns *conns, struct node *node);
void dial_completed(struct dials *d, const struct ring_event *e, struct instant now);

/* The end of a turn: begin what the node asks for, give up what takes too long. */
void dials_settle(struct dials *d, struct instant now);
int64_t dials_deadline(const struct dials *d);

#endif
