/* own_addresses.h — where a node listens, when topology.conf says that by a name.
 *
 * Addresses, and localhost, are known at once. Other names are looked up, one after another, when a
 * node starts and when a reload changes them; what they lead to later does not move a node. A node
 * that starts may come before its name does, as containers do, so it goes on trying. Called by
 * loop and reload. */
#ifndef IO_OWN_ADDRESSES_H
#define IO_OWN_ADDRESSES_H

#include "core/topology/topology.h"
#include "io/listen.h"
#include "io/lookups.h"

enum {
    OWN_ADDRESSES_MS = 30000, /* how long a node that starts tries */
    OWN_ADDRESSES_AGAIN_MS = 500, /* after a lookup that failed */
    OWN_ADDRESSES_LOOK_MS = 100, /* how often a wait looks for a signal to stop */
};

enum own_verdict {
    OWN_WAITS,
    OWN_KNOWN, /* `at` is whole */
    OWN_FAILED, /* the name of `port` leads nowhere, because of `why` */
};

struct own_addresses {
    struct listen_at at[NODE_PORTS];
    enum node_port port; /* whose name is looked up */
    enum own_verdict verdict;
    char why[RESOLVE_WHY_BYTES_MAX + 1];
};

/* What topology.conf says of a node's ports, in order; port 0: nowhere. */
void own_addresses_of(const struct topology_node *node, struct host_port out[NODE_PORTS]);

/* Begin. An HTTP address whose port is 0 is nowhere. */
void own_addresses_begin(struct own_addresses *o, const struct host_port of[NODE_PORTS],
    struct resolve *resolve, struct instant now);

/* Once a turn, after the completions, until it does not say OWN_WAITS. */
enum own_verdict own_addresses_turn(
    struct own_addresses *o, struct resolve *resolve, struct instant now);

/* "cannot look up goloman.example, where it listens for clients: …", with LF; after OWN_FAILED.
 * start  the node starts, so it was tried for OWN_ADDRESSES_MS */
void own_addresses_tell(const struct own_addresses *o, FILE *tell, bool start);

enum own_await { OWN_AWAIT_WELL, OWN_AWAIT_FAILED, OWN_AWAIT_STOPPED };

/* Look up all names of a node that starts, before it has turns, for OWN_ADDRESSES_MS.
 *
 * WELL     `at` is whole
 * FAILED   cause and remedy were written to standard error
 * STOPPED  SIGINT or SIGTERM, which must be blocked, is pending */
MUST_USE enum own_await own_addresses_await(
    struct own_addresses *o, const struct host_port of[NODE_PORTS], struct lookups *lookups);

#endif
