/* open_files.h — shares the files that the process may open among clients, nodes and itself.
 *
 * The hard limit of open files (ulimit -Hn, LimitNOFILE=) can be far below limits.connections. If
 * clients could take all, links, `status`, dials, DNS and a renewed log would get none. So as many
 * clients are admitted as leave enough for these, and the node says how many. What is accepted
 * beyond that is closed at once. Called by the program's `node`, before the node is created. */
#ifndef IO_OPEN_FILES_H
#define IO_OPEN_FILES_H

#include "core/base/instant.h"
#include "core/base/log.h"
#include "core/node/node.h"

enum {
    /* Ring, signals, three listeners, the log and the log opened again, a file that is read; and
     * three for connections that are accepted only to be closed. */
    FILES_OWN = 11,
    /* Two connections with two about to be closed, two dials, four sockets of c-ares. */
    FILES_OF_PLACES = 10,
    CHANNELS_OF_PLACES = 4, /* of these, connections */
    FILES_OF_NAMES = 11, /* two sockets of c-ares for each of four lookups, three more listeners */
    FILES_OF_NEIGHBOUR = 2, /* a link that is dialled and one that is accepted meet */
    FILES_BESIDE_CONNECTIONS = 32, /* where there are plenty */
    STRANGERS_LEAST = 8, /* observers, and peers that have not proved who they are; */
    STRANGERS_USUAL = NODE_STRANGERS_MAX, /* and at most */
    STRANGERS_OF_WEB = 2, /* so many of them for each connection of the HTTP port */
    CLIENTS_LEAST = 4,
    CLIENTS_REFUSED = 4, /* connections at a time that learn from the node that it is full */
};

struct open_files {
    uint64_t allowed; /* that the process may open */
    uint64_t in_use; /* that it has open now */
    unsigned neighbours;
    bool places; /* a service answers about them */
    bool names; /* topology.conf has names in place of addresses */
    bool http; /* the node has an HTTP port */
    uint32_t clients; /* limits.connections */
};

struct open_files_share {
    uint32_t clients; /* at most; 0: too few files */
    uint32_t connections; /* slots for all connections, as loop_config.connections_max */
    uint32_t spare; /* slots that clients cannot take, as loop_config.spare */
    unsigned strangers; /* as node_config.strangers_max; 0: as usual */
    unsigned webs; /* as node_config.webs_max; 0: as usual */
    uint64_t needed; /* files: to admit limits.connections, or, if there are too few, at all */
};

/* Raise the limit of open files to the hard limit, and count those that are open. Before accept is
 * armed, because the kernel reads the limit then.
 *
 * false: a sandbox denies it, which was written to standard error. */
MUST_USE bool open_files_raise(struct open_files *f);

struct open_files_share open_files_share(const struct open_files *f);

/* Tell the operator: on standard error that a node cannot start, or in the log that it admits fewer
 * clients. Nothing if all can be admitted. */
void open_files_tell(const struct open_files *f, const struct open_files_share *share,
    struct log *log, struct instant now);

#endif
