/* dial.h — outgoing connections, made when the node asks for them.
 *
 * Each is a connect request on the ring, which is cancelled at the order's deadline, or when the
 * node no longer wants the connection. The node decides whom to dial and when to retry. Called by
 * loop. */
#ifndef IO_DIAL_H
#define IO_DIAL_H

#include "io/conn.h"
#include "io/sockaddr.h"

/* Twice the node's, because a cancelled dial stays in the table until its completion, a turn or two
 * later, while the node may use its id again at once. */
enum { DIALS_MAX = 2 * NODE_DIALS_MAX };

struct dial {
    int fd; /* -1: this slot is free */
    unsigned id; /* the node's */
    uint32_t generation;
    bool given_up; /* its cancellation was requested; the completion is still to come */
    bool unwanted; /* ... and the node must not be told of it */
    int64_t until_ns;
    union sockaddr_any to;
};

struct dials {
    struct conns *conns;
    struct node *node;
    unsigned used; /* slots of `each` in use; usually none */
    struct dial each[DIALS_MAX];
};

void dials_init(struct dials *d, struct conns *conns, struct node *node);
void dial_completed(struct dials *d, const struct ring_event *e, struct instant now);

/* At the end of a turn: start the dials that the node asks for, cancel those that took too long. */
void dials_settle(struct dials *d, struct instant now);
int64_t dials_deadline(const struct dials *d);

#endif
