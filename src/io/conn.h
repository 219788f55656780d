/* conn.h — the connections of a node: their sockets, and what of them is with the kernel.
 *
 * During a turn completions only note facts and tell them to the node. At its end conns_settle
 * looks once at each connection that something happened to and brings its socket in line with what
 * the node then wants: that step alone submits, shuts down and closes, and doing it twice changes
 * nothing. Called by loop, listen and dial. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "core/node/node.h"
#include "io/ring.h"
#include "io/slots.h"

enum {
    CONN_DRAIN_MS = 2000, /* from our FIN to the close, at most */
    /* A multishot receive is interrupted by the kernel after this many answers. */
    CONN_RECEIVES_IN_A_ROW = 33,
};

struct conns {
    struct ring *ring;
    struct node *node;
    struct slots slots;
    uint32_t spare; /* places that only links may take */
    bool freed; /* a descriptor was closed; listen looks at it and clears it */
};

/* max: as node_config.connections_max. false: no memory. */
MUST_USE bool conns_init(
    struct conns *c, struct ring *ring, struct node *node, uint32_t max, uint32_t spare);

/* Closes nothing: the end of the process does, and the ring must be closed before. */
void conns_deinit(struct conns *c);

/* Take over a connected socket and tell the node. false: no place or no memory for it; fd is still
 * the caller's, and the node knows of nothing. */
MUST_USE bool conn_accepted(
    struct conns *c, int fd, enum node_port port, struct span from, struct instant now);
MUST_USE bool conn_dialled(struct conns *c, int fd, unsigned dial, struct instant now);

/* Note the answer to a receive or a send. */
void conn_completed(struct conns *c, const struct ring_event *e, struct instant now);

/* The end of a turn, after node_turn and ring_buffers_return. */
void conns_settle(struct conns *c, struct instant now);

/* When the next turn must be though nothing happened; NEVER_NS: never. */
int64_t conns_deadline(const struct conns *c);

#endif
