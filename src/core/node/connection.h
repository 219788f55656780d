/* connection.h — the node's connections, clients and links alike.
 *
 * A connection is a CLIENT, a LINK, or one to a PLACES service. Its life, seen from here:
 *
 *   state      event                          next       wants
 *   OPEN       bytes                          OPEN       READ, and WRITE while output waits
 *   OPEN       output over limits.output      OPEN       WRITE only ("choked"); input is held
 *   OPEN       FIN, BYE, client_close reply   FINISHING  WRITE while output or gates wait; a LINK
 *                                                        READ too, what comes is thrown away
 *   FINISHING  all is sent                    FINISHING  CLOSE
 *   any        idle, stalled, no memory       ABORTED    ABORT
 *   any        node_closed                    (free) */
#ifndef CORE_NODE_CONNECTION_H
#define CORE_NODE_CONNECTION_H

#include "core/base/instant.h"
#include "core/protocol/line.h"
#include "core/node/outbox.h"

enum {
    NODE_WATCH_PARTS = 8, /* a time-out is noticed late by 1/8 of itself at most */
    NODE_TABLE_BLOCK = 256, /* connections that are allocated together */
};

struct node;

#define NODE_CONN_NONE UINT32_MAX

enum connection_kind { CONNECTION_FREE, CONNECTION_CLIENT, CONNECTION_LINK, CONNECTION_PLACES };

/* Connections whose silence is watched: each is looked at once a period, in the order in which they
 * were put here, so an active one costs nothing per byte. */
struct watch {
    uint32_t first, last;
    int64_t period_ns;
};

struct link;

struct connection {
    enum connection_kind kind : 8;
    bool finishing : 1; /* nothing more is read; closes when all is sent */
    bool aborted : 1;
    bool ended : 1; /* the other end has sent FIN */
    bool touched : 1;
    bool admitted : 1; /* CLIENT: counted against limits.connections */
    bool choked : 1; /* over its output or its questions: not read from */
    bool resuming : 1; /* in node.resuming */
    uint16_t questions; /* gates in out */
    uint32_t number;
    uint32_t next_touched;
    uint32_t next_resuming;
    uint32_t watch_next, watch_prev;
    struct watch *watch; /* which it is in; NULL: none */
    int64_t look_at_ns; /* when the watch looks */
    int64_t active_ns; /* last byte in or out; monotonic */
    struct outbox out;
    struct line_reader lines; /* CLIENT */
    union {
        struct outbox *held; /* CLIENT: input that waits until the output is read; mostly NULL */
        struct link *link; /* LINK */
        unsigned channel; /* PLACES: the exchange's number of it */
    };
};

/* Begin the life of a number. NULL: no memory. */
struct connection *node_connection_open(
    struct node *n, uint32_t number, enum connection_kind kind, struct instant now);
/* Where its output's chunks come from, and go to. */
struct pool *node_chunks(struct node *n, const struct connection *c);
/* Copy bytes to the end of what `c` is to be sent; how many, less than all only when memory is out.
 */
MUST_USE size_t node_write(struct node *n, struct connection *c, struct span bytes);
/* Nothing more is read from `c`; it closes when all is sent. */
void node_finish(struct node *n, struct connection *c, struct instant now);
/* `c` is given up at once. */
void node_abort(struct node *n, struct connection *c);
/* Which watch `c` belongs to has changed, or it is new. */
void node_watch(struct node *n, struct connection *c, struct instant now);
/* Forget in which watch it was: it is given up, or gone. */
void node_unwatch(struct node *n, struct connection *c);
void node_watches_begin(struct node *n);
/* Look at those whose time has come. */
void node_watches_run(struct node *n, struct instant now);
int64_t node_watches_deadline(const struct node *n);
/* Input that is held will not be looked at any more. */
void node_forget_input(struct connection *c);

#endif
