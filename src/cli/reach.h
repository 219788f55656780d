/* reach.h — the address at which a node can be reached, and connecting to it.
 *
 * For the subcommands that talk to running nodes. They wait with poll(2), so nothing here
 * blocks. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include "core/topology/topology.h"

/* The address of a node's client or peer port. A node that listens on all addresses (0.0.0.0) is
 * reached at its peer address, like its neighbours reach it; or on loopback if that is 0.0.0.0,
 * too. */
struct address reach_client(const struct topology_node *node);
struct address reach_peer(const struct topology_node *node);

/* Start to connect. Returns a non-blocking socket, which becomes writable when there is a result;
 * -1 and errno: failed. */
int reach_begin(const struct address *to);

/* That result: 0, or an errno. */
int reach_result(int fd);

#endif
