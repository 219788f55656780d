/* connection.h — the table of the node's connections, and what every kind of them has in common.
 *
 * A connection is a CLIENT, a LINK to a peer, one to a PLACES service, or one of the WEB port.
 * Its life, seen from here:
 *
 *   state      event                          next       wants
 *   OPEN       bytes                          OPEN       READ, and WRITE while output waits
 *   OPEN       choked                         OPEN       WRITE only; what arrived is kept
 *   OPEN       FIN, BYE, client_close reply   FINISHING  WRITE while output or gates wait; a LINK
 *                                                        READ too, and its input is discarded
 *   FINISHING  everything is sent             FINISHING  CLOSE
 *   any        idle, stalled, no memory       ABORTED    ABORT
 *   any        connection_free                FREE
 *
 * The lowest file of the room beside outbox: it knows no other file's state. What is on the way of
 * every command is inline, so this header is long. Called by node, clients, links, tls,
 * places and web. Written by connection.c alone, but for the fields that say otherwise. */
#ifndef CORE_NODE_CONNECTION_H
#define CORE_NODE_CONNECTION_H

#include "core/base/instant.h"
#include "core/base/invariant.h"
#include "core/base/pool.h"
#include "core/node/clients.h"
#include "core/node/connection_list.h"
#include "core/node/outbox.h"
#include "core/topology/topology.h"

enum {
    CONNECTION_WATCH_PARTS = 8, /* a time-out is noticed late by 1/8 of itself at most */
    CONNECTION_LOOKS_MAX = 256, /* connections whose silence is looked at in one turn */
    CONNECTION_BLOCK = 256, /* connections that are allocated together */
};

enum connection_kind {
    CONNECTION_FREE,
    CONNECTION_CLIENT,
    CONNECTION_LINK,
    CONNECTION_PLACES,
    CONNECTION_WEB
};

/* A list of connections whose silence is watched. Each is looked at once a period, in the order in
 * which they were added, so an active connection costs nothing per byte. */
struct watch {
    struct connection_list list;
    int64_t period_ns;
};

struct link;
struct web_connection;

struct connection {
    enum connection_kind kind : 8;
    bool finishing : 1; /* nothing more is read; it closes when everything is sent */
    bool aborted : 1; /* to be closed at once */
    bool ended : 1; /* the other end has sent FIN */
    bool choked : 1; /* not read from for now */
    bool paused : 1; /* choked, through no fault of its own */
    bool asked_about : 1; /* the driver is to say what its kernel still has to send */
    uint32_t spared; /* NODE_WANT_KEEP while it watches, and its silence is not counted; else 0;
                      * written by news.c */
    uint32_t number;
    struct list_entry entries[LIST_PURPOSES];
    struct watch *watch; /* the list that it stands in; NULL: none */
    int64_t look_at_ns; /* when the watch looks at it */
    int64_t active_ns; /* last byte in or out; monotonic */
    size_t unconfirmed; /* bytes that the kernel had, when the watch last asked */
    struct outbox out;
    union {
        struct link *link; /* LINK; written by links.c. NULL until it is begun */
        struct web_connection *web; /* WEB; written by web.c */
        unsigned channel; /* PLACES; written by places.c: the exchange's number for it */
    };
    /* What follows outlives a connection: its number may stand in lists when it is used again. */
    bool touched;
    uint32_t next_touched;
    struct client_state client; /* CLIENT */
};

struct connections {
    struct connection **blocks; /* CONNECTION_BLOCK each, allocated when first used */
    uint32_t max;
    uint32_t touched_first;
    struct watch idle, stalled;
    int64_t quiet_until_ns; /* monotonic: no watch is due before */
    struct pool chunks; /* for the output of clients and places */
    struct pool link_chunks; /* for the output of links */
};

/* Room for the numbers 0 to max - 1. link_chunk_bytes: size of a chunk of a link's output, of which
 * link_spare_chunks are kept when unused. false: no memory. Undone by connections_end either way.
 * */
MUST_USE bool connections_begin(struct connections *t, uint32_t max,
    const struct topology_limits *limits, size_t link_chunk_bytes, unsigned link_spare_chunks);
/* All connections must be free. */
void connections_end(struct connections *t);
/* There is room for the numbers 0 to max - 1 from now on, if that is more than before. false: no
 * memory. */
MUST_USE bool connections_grow(struct connections *t, uint32_t max);
/* Time-outs are these from now on. */
void connections_take_limits(
    struct connections *t, const struct topology_limits *limits, struct instant now);

/* A connection by its number, in use or not; NULL: its block was never used. */
static inline struct connection *connection_of(const struct connections *t, uint32_t number)
{
    struct connection *block = t->blocks[number / CONNECTION_BLOCK];
    return block ? &block[number % CONNECTION_BLOCK] : NULL;
}

/* Begin the life of a number. NULL: no memory. */
struct connection *connection_open(
    struct connections *t, uint32_t number, enum connection_kind kind, struct instant now);
/* End it; unsent output is discarded. */
void connection_free(struct connections *t, struct connection *c);

/* What the driver should do with `c` may have changed: it will be asked to look. */
static inline void connection_touch(struct connections *t, struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = t->touched_first;
    t->touched_first = c->number;
}

/* The next touched connection, which is then no longer touched; NULL: none. */
static inline struct connection *connections_touched(struct connections *t)
{
    while (t->touched_first != CONNECTION_NONE) {
        struct connection *c = connection_of(t, t->touched_first);
        t->touched_first = c->next_touched;
        c->touched = false;
        if (c->kind != CONNECTION_FREE)
            return c;
    }
    return NULL;
}

/* Bytes have come in or gone out. */
static inline void connection_is_active(struct connection *c, struct instant now)
{
    c->active_ns = now.mono_ns;
}

/* Where the chunks of its output come from and return to. */
static inline struct pool *connection_chunks(struct connections *t, const struct connection *c)
{
    return c->kind == CONNECTION_LINK ? &t->link_chunks : &t->chunks;
}

/* Copy bytes to the end of its output; how many, fewer than all only when memory is out. */
MUST_USE size_t connection_write(struct connections *t, struct connection *c, struct span bytes);
/* The first `bytes` of its output's window were sent. */
static inline void connection_sent(
    struct connections *t, struct connection *c, size_t bytes, struct instant now)
{
    connection_is_active(c, now);
    outbox_sent(&c->out, connection_chunks(t, c), bytes);
    connection_touch(t, c);
}

/* The other end has sent FIN. */
void connection_ended(struct connections *t, struct connection *c);
/* Nothing more is read from `c`; it closes when everything is sent. */
void connection_finish(struct connections *t, struct connection *c, struct instant now);
/* `c` is to be closed at once. */
void connection_abort(struct connections *t, struct connection *c);
/* Do not read from `c` until it is released. */
void connection_choke(struct connections *t, struct connection *c, struct instant now);
/* It pauses, or it does not any more: meanwhile its silence is not counted. */
void connection_pause(struct connection *c, bool paused);
/* Read from `c` again. Call connection_watch when it is known whether it stays so. */
void connection_release(struct connection *c);
/* `c` is new, or has been choked, released or finished: put it into the watch that fits. */
void connection_watch(struct connections *t, struct connection *c, struct instant now);
/* The same where some watch may be due. */
struct connection *connections_silent_now(
    struct connections *t, unsigned *looks, struct instant now);
/* The next connection that has been silent for its whole time; NULL: none. Abort it. About those
 * that do not read (`stalled`) the driver is asked instead: connection_reported.
 *
 * looks   falls by the connections that were looked at: thousands may be due at one moment. At 0
 *         the others have to wait for the next turn, which is due at once */
static inline struct connection *connections_silent(
    struct connections *t, unsigned *looks, struct instant now)
{
    return now.mono_ns < t->quiet_until_ns ? NULL : connections_silent_now(t, looks, now);
}
/* Whether limits.stall holds for `c`, which is not read from: at least `most` bytes are unread, or
 * it is being closed. Below that limits.idle does. */
static inline bool connection_is_stalled(const struct connection *c, uint64_t most)
{
    return c->finishing || c->out.bytes + c->unconfirmed >= most ||
           c->out.memory >= CLIENT_OUTPUT_MEMORY * most;
}
/* The driver's answer to `asked_about`: bytes that the kernel has and the other end's has not
 * confirmed. If they have become fewer, the other end reads.
 *
 * most   as above
 * true: it has been silent for its whole time. Abort it. */
MUST_USE bool connection_reported(struct connections *t, struct connection *c, size_t unconfirmed,
    uint64_t most, struct instant now);
/* When connections_silent may next find one; NEVER_NS: never. */
int64_t connections_deadline(const struct connections *t);

#endif
