/* reach.h — getting at a node from outside: where it can be called, and the call.
 *
 * For the subcommands that talk to running nodes. They wait with poll(2), so nothing here
 * blocks. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include "core/topology/topology.h"

/* Where to call a node's client or peer port. One that listens on every address (0.0.0.0) is called
 * where its herd calls it, at its peer address; or on loopback, if that is every address too. */
struct address reach_client(const struct topology_node *node);
struct address reach_peer(const struct topology_node *node);

/* Begin to connect: a non-blocking socket, which is writable once there is a result; -1 and
 * errno. */
int reach_begin(const struct address *to);

/* That result: 0, or an errno. */
int reach_result(int fd);

#endif
