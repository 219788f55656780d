/* reach.h — where a node can be reached, and connecting to it.
 *
 * For the subcommands that talk to running nodes. They wait with poll(2), so nothing here blocks,
 * except for names: they are looked up, and where several addresses are found, some of them are
 * tried, before reach_begin returns. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include "core/topology/topology.h"

enum {
    REACH_NEXT_MS = 250, /* an address's lead before the next one is tried, too */
    REACH_MS = 2000, /* for all of several addresses */
    REACH_WHY_BYTES_MAX = 159,
};

/* Where a node's client or peer port is reached. A node that listens on all addresses (0.0.0.0) is
 * reached at its peer address, like its neighbours reach it; or on loopback if that is 0.0.0.0,
 * too. */
struct host_port reach_client(const struct topology_node *node);
struct host_port reach_peer(const struct topology_node *node);

/* Start to connect. Returns a non-blocking socket, which becomes writable when there is a result.
 * -1: failed, and `why` says why. */
int reach_begin(const struct host_port *to, char why[REACH_WHY_BYTES_MAX + 1]);

/* That result: 0, or an errno. */
int reach_result(int fd);

#endif
