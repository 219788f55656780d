/* listen.h — the ports of a node: binding them and accepting connections.
 *
 * A port has one address, or as many as its name leads to. It has LISTEN_ACCEPTS_MAX accepts in
 * flight, shared by these, and each takes one connection: so many are
 * taken in a turn, however many wait. (A multishot accept takes all that wait, which may be the
 * whole backlog; clients would wait meanwhile.) An accept fails when the process runs out of file
 * descriptors; arming it again at once would spin, so the port pauses until a connection was
 * closed, or for LISTEN_REST_MS, and then tries one. Connections for which the table has no slot
 * are accepted and closed: left in the kernel's backlog they would wait for a reply that never
 * comes. Called by loop. */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include "core/base/log.h"
#include "io/conn.h"
#include <stdio.h>

enum {
    LISTEN_ACCEPTS_MAX = 64, /* connections that a port takes in one turn */
    LISTEN_ADDRESSES_MAX = 8, /* of a port; any further ones are not listened on */
    LISTENERS_MAX = NODE_PORTS * LISTEN_ADDRESSES_MAX,
    LISTEN_BACKLOG = 4096, /* the kernel lowers it to net.core.somaxconn */
    LISTEN_REST_MS = 100, /* after a failed accept */
    LISTEN_UNSENT_BYTES = 128 * 1024, /* of a client, that the kernel takes and cannot send yet */
    LISTEN_PAUSE_MS = 1000, /* a port that is to pause takes what waits for it, for so long */
    LISTEN_TAKEN_MS = 1000, /* how long to retry while a port is in use */
    LISTEN_QUIET_MS = 10000, /* shortest time between two log lines about the same failure */
};

/* A failure that may occur thousands of times: the first is logged at once, the next as a count,
 * and the last of these when the node stops, at the latest. */
struct listen_trouble {
    const char *event;
    uint64_t count; /* not logged yet */
    int error; /* of the last one */
    int64_t quiet_until_ns;
};

/* A port that pauses takes in what waits for it already, then keeps its address and does not
 * listen: who connects is refused. */
enum listen_state { LISTEN_ON, LISTEN_PAUSING, LISTEN_PAUSED };

/* Where a port is to listen. */
struct listen_at {
    struct host_port of; /* as topology.conf says */
    unsigned count; /* 0: nowhere */
    struct address each[LISTEN_ADDRESSES_MAX]; /* that is this; port 0: any free one */
};

struct listener {
    int fd; /* -1: this slot is free */
    enum node_port port;
    struct address at; /* as it was asked for */
    unsigned accepts_max; /* its share of LISTEN_ACCEPTS_MAX */
    uint32_t generation; /* of the accepts that are armed: it grows when the port moves */
    enum listen_state state;
    int64_t pause_ns; /* PAUSING: then it waits no longer for its backlog to be empty */
    unsigned armed; /* accepts in flight */
    bool failing; /* the last one failed */
    int64_t rest_until_ns;
};

struct listeners {
    struct conns *conns;
    struct log *log;
    struct listener each[LISTENERS_MAX];
    unsigned count; /* slots from here on were never used */
    bool paused; /* some of them pauses */
    struct listen_trouble failed; /* accepts that failed */
    struct listen_trouble turned_away; /* connections closed for lack of a slot */
    bool stopped;
};

/* Bind and listen; the addresses are logged. Of the addresses of a name, those that this machine
 * does not have are left out, if it has one.
 *
 * at  where, by port
 * false: failed; cause and remedy were written to standard error, and nothing is left open. */
MUST_USE bool listeners_open(struct listeners *l, struct conns *conns, struct log *log,
    const struct listen_at at[NODE_PORTS], struct instant now);

/* Other addresses, bound and not used yet. All zero: none. */
struct listen_move {
    bool moves[NODE_PORTS];
    struct listen_at at[NODE_PORTS]; /* of those that move: where from now on, as far as bound */
    int fds[NODE_PORTS][LISTEN_ADDRESSES_MAX]; /* for each; -1: it is listened on already */
};

/* Bind where the ports that move do not listen yet. Without waiting: the loop runs.
 *
 * false: failed; causes and remedies were written to `tell`, a line each, and nothing is left
 * open. */
MUST_USE bool listen_move_begin(struct listen_move *m, const struct listeners *l,
    const bool moves[NODE_PORTS], const struct listen_at at[NODE_PORTS], FILE *tell);
/* Accept there from now on, and no more where it was before; connections stay. Ends the move. */
void listeners_move(struct listeners *l, struct listen_move *m, struct instant now);
/* Do without it. */
void listen_move_end(struct listen_move *m);

/* For a node that accepts no connections. */
void listeners_open_none(struct listeners *l, struct conns *conns, struct log *log);

/* Stop accepting, for good. The ports can be bound again at once. */
void listeners_stop(struct listeners *l);

/* Whether a port is to listen, or to pause. Call it in each turn, before listeners_settle.
 * true: it pauses, and nobody comes by it any more. */
bool listeners_turn(struct listeners *l, enum node_port port, bool on, struct instant now);

void listener_completed(struct listeners *l, const struct ring_event *e, struct instant now);

/* At the end of a turn: arm the accepts that ended, log failures. */
void listeners_settle(struct listeners *l, struct instant now);
int64_t listeners_deadline(const struct listeners *l);

#endif
