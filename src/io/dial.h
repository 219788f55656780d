/* dial.h — connecting to others when the node asks for it.
 *
 * The connect is with the ring; it is given up at the order's deadline, or when the node no longer
 * wants it. Whom to dial, when again, and how often, is the node's business. Called by loop. */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/conn.h"
#include "io/sockaddr.h"

/* Those that were cancelled stay until their answer, a turn or two, while their ids go on. */
enum { DIALS_MAX = 2 * NODE_DIALS_MAX };

struct dial {
    int fd; /* -1: this place is free */
    unsigned id; /* the node's */
    uint32_t generation;
    bool given_up; /* asked to be cancelled; the answer is still to come */
    bool unwanted; /* ... and the node has forgotten it */
    int64_t until_ns;
    union sockaddr_any to;
};

struct dials {
    struct conns *conns;
    struct node *node;
    unsigned used; /* places of `each`; mostly none */
    struct dial each[DIALS_MAX];
};

void dials_init(struct dials *d, struct conns *conns, struct node *node);
void dial_completed(struct dials *d, const struct ring_event *e, struct instant now);

/* The end of a turn: begin what the node asks for, give up what takes too long. */
void dials_settle(struct dials *d, struct instant now);
int64_t dials_deadline(const struct dials *d);

#endif
