/* conn.h — the connections of a node: their sockets and their requests in flight.
 *
 * While a turn reads completions, they are only recorded and reported to the node. At its end
 * conns_settle visits each connection to which something happened and brings its socket in line
 * with what the node wants. Only that step submits, shuts down and closes, and it is idempotent.
 * Called by loop, listen and dial. */
#ifndef IO_CONN_H
#define IO_CONN_H

#include "core/node/node.h"
#include "io/ring.h"
#include "io/slots.h"

enum {
    CONN_CLOSES_MAX = 128, /* in one turn: as many as both ports take in */
    CONN_DRAIN_MS = 2000, /* longest time between our FIN and the close */
    /* The kernel lets others go first after this many completions of one multishot receive. */
    CONN_RECEIVES_IN_A_ROW = 33,
};

struct conns {
    struct ring *ring;
    struct node *node;
    struct slots slots;
    uint32_t spare; /* slots reserved for links */
    bool freed; /* a descriptor was closed, so accept may work again; listen clears it */
};

/* max    as node_config.connections_max
 * spare  how many slots client connections may not take; at most max
 * false: no memory. */
MUST_USE bool conns_init(
    struct conns *c, struct ring *ring, struct node *node, uint32_t max, uint32_t spare);

/* There is room for so many from now on, if that is more than before. Not while completions are
 * read. false: no memory. */
MUST_USE bool conns_grow(struct conns *c, uint32_t max);

/* The node is about to end: the kernel takes all that it has room for, since it sends on when the
 * process is gone. Until then it is given little (listen.c). */
void conns_hand_over(struct conns *c);

/* Frees the table after the ring was closed. It closes no sockets: the process is about to end. */
void conns_deinit(struct conns *c);

/* Take over a connected socket and tell the node. false: no slot or no memory; the caller still
 * owns fd, and the node was told nothing. */
MUST_USE bool conn_accepted(
    struct conns *c, int fd, enum node_port port, const struct address *from, struct instant now);
MUST_USE bool conn_dialled(struct conns *c, int fd, unsigned dial, struct instant now);

/* Handle the completion of a receive or a send; one that is stale is ignored. */
void conn_completed(struct conns *c, const struct ring_event *e, struct instant now);

/* The end of a turn, after node_turn and ring_buffers_return. */
void conns_settle(struct conns *c, struct instant now);

/* The latest time of the next turn even if nothing completes; NEVER_NS: none needed. */
int64_t conns_deadline(const struct conns *c);

/* Whether the other ends' kernels have confirmed every byte of the connections that are closing. */
bool conns_have_arrived(const struct conns *c);

#endif
