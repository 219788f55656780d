/* loop.h — the turns of a running node.
 *
 * One turn: sleep until the ring has something or a deadline comes; read the clocks once; tell the
 * node every fact; let it end its turn; give buffers back; do what the node wants. Nothing here
 * decides anything about stamps, lines or links: that is core/node. The thread that calls loop_run
 * owns the ring, so fork before, not after. Called by the program's `node` and by tests. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "core/base/log.h"
#include "core/node/node.h"
#include "files/places_files.h"
#include "io/ring.h"
#include "files/tls_files.h"

enum {
    /* What node_config.connections_max must be above limits.connections: room for links and
     * observers, and for clients that are being turned away. Half of it no client may take. */
    LOOP_CONNECTIONS_SPARE = 256,
    LOOP_STOP_MS = 250, /* from SIGINT or SIGTERM, whatever the other ends do */
    LOOP_FLUSH_MS = 50, /* and then for the last log lines */
};

struct loop_config {
    struct node *node;
    struct log *log;
    const char *log_file; /* "" for standard error; opened again on SIGHUP */
    struct tls_files *tls_files; /* read again on SIGHUP; NULL: there are none */
    struct places_files *places_files; /* the same */
    struct address client; /* where to listen; port 0 for any, the log then names it */
    struct address peer;
    const int
        *only_client; /* a connected socket, taken over: the one client of a node that does not
                               listen; NULL: it listens */
    uint32_t connections_max; /* as in node_config */
    int64_t spin_ns; /* how long to poll before sleeping; 0: not at all */
    struct ring_sizes sizes; /* RING_SIZES */
};

/* Run the node until SIGINT or SIGTERM has been obeyed. So is SIGHUP when there is no log_file, and
 * no files to read or a terminal that the log goes to, which is then gone.
 *
 * Raises the limit of open files as far as it goes, blocks the signals that it handles, listens.
 * What keeps it from starting is told on standard error, in one sentence with its remedy; from
 * then on the log has the word. The node and the log are still the caller's afterwards.
 *
 * 0: stopped as asked. 1: could not start, or the kernel refused the ring in the middle. */
MUST_USE int loop_run(const struct loop_config *config);

#endif
