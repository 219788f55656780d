/* listen.h — the two ports of a node: binding them, and taking connections in.
 *
 * Each has one accept with the kernel that answers with a descriptor per connection. It ends when
 * descriptors run out; asking again at once would spin, so it rests until a connection was closed,
 * or for LISTEN_REST_MS. Connections beyond the table are accepted and closed, rather than left
 * to wait in the kernel for a reply that does not come. Called by loop. */
#ifndef IO_LISTEN_H
#define IO_LISTEN_H

#include "core/base/log.h"
#include "io/conn.h"

enum {
    LISTEN_BACKLOG = 4096, /* the kernel lowers it to net.core.somaxconn */
    LISTEN_REST_MS = 100, /* after a failed accept */
    LISTEN_TAKEN_MS = 1000, /* how long a port may be taken before we give up */
    LISTEN_QUIET_MS = 10000, /* between two log lines about the same trouble */
};

/* A trouble that may come thousandfold: told at once, then in sums. */
struct listen_trouble {
    const char *event;
    uint64_t count; /* not yet told */
    int error; /* of the last one */
    int64_t quiet_until_ns;
};

struct listener {
    int fd;
    bool armed;
    int64_t rest_until_ns;
};

struct listeners {
    struct conns *conns;
    struct log *log;
    struct listener ports[NODE_PEER_PORT + 1];
    struct listen_trouble failed; /* accepts */
    struct listen_trouble turned_away; /* connections beyond the table */
    bool stopped;
};

/* Bind and listen; the log tells both addresses.
 *
 * false: a sentence with cause and remedy went to standard error; nothing is left open. */
MUST_USE bool listeners_open(struct listeners *l, struct conns *conns, struct log *log,
    const struct address *client, const struct address *peer, struct instant now);

void listener_completed(struct listeners *l, const struct ring_event *e, struct instant now);

/* The end of a turn: ask again where the kernel has stopped to answer, tell of trouble. */
void listeners_settle(struct listeners *l, struct instant now);
int64_t listeners_deadline(const struct listeners *l);

/* Take no more connections, for good. The ports are free at once. */
/* For a node that takes nothing in. */
void listeners_open_none(struct listeners *l, struct conns *conns, struct log *log);

void listeners_stop(struct listeners *l);

#endif
