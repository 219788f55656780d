/* loop.h — the event loop of a running node.
 *
 * One turn: wait for a completion or the next deadline; read the clocks once; report every
 * completion to the node; call node_turn; return receive buffers; carry out what the node wants.
 * All decisions about stamps, lines and links are core/node's. The thread that calls loop_run owns
 * the ring, so fork before calling it. Called by `stampede node`, `stampede places` and tests. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "core/base/log.h"
#include "core/node/node.h"
#include "files/renewal.h"
#include "io/ring.h"
#include "io/sandbox.h"

enum {
    /* By how much node_config.connections_max exceeds limits.connections: slots for links and
     * observers, and for clients that are being refused. Half of them no client may take. */
    LOOP_CONNECTIONS_SPARE = 256,
    LOOP_DRAIN_MS = 200, /* for other machines to take the last bytes of a node that has stopped */
    LOOP_DRAIN_LOOK_MS = 1, /* how often that is looked at */
    LOOP_FLUSH_MS = 50, /* then for writing the last log lines */
};

struct open_files;

struct loop_config {
    struct node *node;
    struct log *log;
    const char *log_file; /* "": standard error */
    struct files_in_use *files; /* all reloaded on SIGHUP; NULL: none */
    const struct open_files *open_files; /* with `files`: what the process may open */
    /* Where to listen; port 0: any free one, which is logged, and for HTTP: nowhere. A name that
     * leads nowhere yet is tried for a while (own_addresses.h). */
    struct host_port at[NODE_PORTS];
    /* NULL: listen on these addresses. Else a connected socket, taken over: the only client of a
     * node that does not listen. */
    const int *only_client;
    const int *journal; /* the folder of the node's journal, open and locked; NULL: it has none */
    const struct sandbox *sandbox; /* NULL: none */
    uint32_t connections_max; /* as in node_config */
    uint32_t spare; /* of these, how many clients cannot take */
    int64_t spin_ns; /* how long to poll before sleeping; 0: not at all */
    struct ring_sizes sizes; /* RING_SIZES */
};

/* Run the node until SIGINT or SIGTERM, until it is drained (node_is_drained), or until it has to
 * leave because of a twin (node_is_twin).
 * SIGHUP reloads all files (reload.h). It stops the node instead if the log goes to a terminal,
 * which a SIGHUP says is gone, or if there are no files to reload, no log file to open again, and
 * no service manager to be told of it (notify.h).
 *
 * Blocks the signals that it handles, listens, and gives up what it does not need from then on
 * (sandbox.h), for the whole process. If it cannot start, cause and remedy are written to standard
 * error; later failures are logged. The caller keeps the node and the log.
 *
 * A first signal stops the node in order (node_stop); a second one ends it at once.
 *
 * 0: stopped by a signal, or drained. 1: could not start, the ring failed, or the node was a
 * twin. */
MUST_USE int loop_run(const struct loop_config *config);

#endif
