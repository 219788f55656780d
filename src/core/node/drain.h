/* drain.h — an operator takes the node out of service: clients go elsewhere first, then it stops.
 *
 *   state   event                           next    does
 *   SERVES  drain_begin                     OPEN    /ready says no
 *   OPEN    the grace is over               CLOSED  the client port closes
 *   CLOSED  it is closed, and no client is  OVER    asks its driver to stop the node
 *           left; or the time is over
 *   OPEN    drain_begin                     OPEN    with new times
 *   CLOSED  drain_begin                     CLOSED  with a new time-out
 *   OPEN, CLOSED  drain_undo                SERVES  the client port opens again
 *
 * What stops the node otherwise, such as a signal, ends all this. PROTOCOL.md, "Draining". Called
 * by node.c, observers.c, ready.c, status.c and scrape.c. Written by drain.c alone. */
#ifndef CORE_NODE_DRAIN_H
#define CORE_NODE_DRAIN_H

#include "core/base/instant.h"
#include <stdbool.h>

enum {
    DRAIN_GRACE_MS_MAX = 3600000,
    DRAIN_TIMEOUT_MS_MAX = 86400000,
};

struct node;

enum drain_state { DRAIN_SERVES, DRAIN_OPEN, DRAIN_CLOSED, DRAIN_OVER };

struct drain {
    enum drain_state state;
    bool shut; /* CLOSED: nobody comes any more, not from the kernel's backlog either */
    int64_t closes_ns, stops_ns; /* monotonic; while it is not DRAIN_SERVES */
};

/* from        the address of whoever asks, for the log
 * timeout_ms  not less than grace_ms; both at most as above */
void drain_begin(struct node *n, int64_t grace_ms, int64_t timeout_ms, const char *from,
    struct instant now);
/* Nothing if it does not drain. false: it is too late, the node is about to stop. */
bool drain_undo(struct node *n, const char *from, struct instant now);

/* Its driver has closed the client port. false: that is no news. */
bool drain_port_shut(struct node *n);
/* At the end of a turn of a node that drains. */
void drain_turn(struct node *n, struct instant now);
/* When drain_turn has something to do even if nothing happens; NEVER_NS: never. */
int64_t drain_deadline(const struct drain *d);

/* How long until the client port closes, and until the node stops at the latest; 0 once it has
 * come to that. */
int64_t drain_closes_in_ns(const struct drain *d, struct instant now);
int64_t drain_stops_in_ns(const struct drain *d, struct instant now);

#endif
