/* topology.h — who is in the herd, where, and who talks to whom; and every mistake in saying so.
 *
 * The model of topology.conf, the table of its keys, and the reader of its text. The reader finds
 * all mistakes of a file in one go, of syntax and of meaning, each with its line: defaults, units,
 * names and ports used twice, edges, reachability. It does no I/O: the file itself is read in
 * src/files. It is the model of the whole file, and therefore long. Called by cli, files and
 * node. */
#ifndef CORE_TOPOLOGY_TOPOLOGY_H
#define CORE_TOPOLOGY_TOPOLOGY_H

#include "core/base/host_port.h"
#include "core/base/log.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum {
    TOPOLOGY_NODES_MAX = 1024,
    TOPOLOGY_NEIGHBOURS_MAX = 64, /* of one node */
    TOPOLOGY_RETIRED_MAX = 1024,
    TOPOLOGY_HERD_BYTES_MAX = 63,
    TOPOLOGY_PATH_BYTES_MAX = 4095,
    TOPOLOGY_FAULT_BYTES_MAX = 511,
    TOPOLOGY_FAULTS_MAX = 100, /* that are reported; the last one says how many more there are */
    TOPOLOGY_EDGES_MAX = 65536, /* talks_to names of the whole file */
    TOPOLOGY_HOST_BYTES_MAX = DNS_NAME_BYTES_MAX,
    TOPOLOGY_LANGUAGE_BYTES_MAX = 35, /* RFC 5646, 4.4.1 */
    TOPOLOGY_HTTP_HOSTS_MAX = 16,
    TOPOLOGY_RATE_MAX = 1000000000, /* of a rate's count */
};

struct topology_node {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    int line; /* where its section begins */
    struct host_port client; /* where clients reach it, and */
    struct host_port client_listen; /* where it listens for them: the same, if the file says none */
    struct host_port peer; /* where other nodes dial it; likewise */
    struct host_port peer_listen;
    struct host_port http; /* port 0: it has none */
    uint16_t *neighbours; /* indexes into topology.nodes, ascending; both directions, each once */
    unsigned neighbours_count;
};

/* A node that was removed from the herd, and whose stamps are still to be held. */
struct topology_retired {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    int line; /* where `retired` names it */
};

enum client_close { CLIENT_CLOSE_EOF, CLIENT_CLOSE_REPLY };

/* How often something may happen: `count` times at once, and from then on as they come back, spread
 * evenly over `period_s`. A count of 0: as often as one likes. */
struct topology_rate {
    uint32_t count; /* 0 to TOPOLOGY_RATE_MAX */
    uint32_t period_s; /* 1, 60, 3600 or 86400; 0 with a count of 0 */
};

struct topology_limits {
    uint32_t line_bytes; /* 64 to STAMPEDE_LINE_BYTES_MAX; 1KiB */
    uint64_t output_bytes; /* of unread output per client, 16KiB to 1GiB; 1MiB */
    uint64_t output_total_bytes; /* of memory for that, all clients together, 1MiB to 1TiB; 1GiB */
    uint32_t connections; /* of clients, 1 to 1,000,000; 10000 */
    uint32_t connections_per_address; /* 1 to 1,000,000; 1000 */
    struct topology_rate commands_per_address; /* 100000/s */
    struct topology_rate new_ids_per_address; /* 10000/min */
    uint64_t stamps; /* 1 to 2^31; 1000000 */
    bool stamps_evict; /* stamps_full = evict; the default is refuse */
    uint64_t idle_ms; /* 1s to 365d; 10min: a client that neither sends nor reads */
    uint64_t stall_ms; /* 100ms to 1d; 30s: a client over `output` that does not read */
    uint64_t partial_ms; /* 0, or 1ms to 1h; 1s: when a command without LF is taken */
    uint64_t stop_ms; /* 0 to 10min; 5s: a node that is told to stop has ended then */
    uint64_t future_ns; /* how far ahead a client's time may be, 0 to 3650d; 1d */
    uint32_t near; /* stamps that NEAR tells, 1 to STAMPEDE_NEAR_COUNT_MAX; 100 */
    uint32_t watches; /* of one connection, 0 to 100,000; 1000 */
    uint32_t watches_total; /* of a node, 0 to 10,000,000; 100000 */
    uint32_t watch_all; /* of them, of everything, 0 to 8; 8 */
    uint32_t fence; /* stamps within one fence, 1 to 1,000,000; 10000 */
    uint64_t clock_ns; /* how wrong the clock of a node may be, 1s to 1d; 1min */
};

/* Who answers WHATSAT. */
struct topology_places {
    char provider[16]; /* "gazetteer", "google", "google_legacy"; "": google if there is a key */
    char host[TOPOLOGY_HOST_BYTES_MAX + 1]; /* of endpoint; "" for the provider's own */
    uint16_t port;
    char ca_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for the system's bundle; else as secret_file */
    char key_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for $CREDENTIALS_DIRECTORY/places_key */
    char language[TOPOLOGY_LANGUAGE_BYTES_MAX + 1]; /* BCP 47, of names and addresses; "": none */
    uint64_t timeout_ms; /* 100ms to 60s; 10s */
    struct topology_rate budget; /* of questions, in any such period; off */
};

/* The nodes' HTTP ports. */
struct topology_http {
    char hosts[TOPOLOGY_HTTP_HOSTS_MAX][TOPOLOGY_HOST_BYTES_MAX + 1]; /* other names of nodes */
    unsigned hosts_count;
    char token_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for none; else as secret_file */
    char cert_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* both or none, with %n as under tls */
    char key_file[TOPOLOGY_PATH_BYTES_MAX + 1];
    bool ready_alone; /* a node without any link is ready, too */
};

enum journal_mode { JOURNAL_NONE, JOURNAL_INTERVAL, JOURNAL_ALWAYS };

/* Where a node keeps its stamps, and what a reply promises of the disk. */
struct topology_journal {
    char dir[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "": nowhere; %n in it stands for the node's name */
    enum journal_mode mode; /* interval */
    uint64_t flush_ns; /* 10ms to 1min; 1s */
    uint32_t compact_percent; /* 50 to 1000; 200 */
    bool damaged_refuse; /* damaged = refuse; the default is repair */
};

struct topology {
    char herd[TOPOLOGY_HERD_BYTES_MAX + 1];
    struct topology_node *nodes;
    unsigned nodes_count;
    unsigned edges_count;
    uint16_t *neighbours; /* the memory that the nodes' lists are parts of */
    struct topology_retired *retired; /* no name twice, and none of a node */
    unsigned retired_count;
    enum client_close client_close;
    char secret_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for none; relative to the file's folder */
    char tls_operators[STAMPEDE_NODE_NAME_BYTES_MAX + 1]; /* fits no node's name; "" for none */
    bool tls_also_secret; /* also_secret = on: links may be proved by secret in place of TLS */
    char tls_ca_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* the CA; all three or none */
    char tls_cert_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* %n in it stands for the node's name; */
    char tls_key_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* here, too */
    char log_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for standard error; else as secret_file */
    enum log_level log_level; /* info */
    bool sandbox; /* on: a running node gives up the rights that it does not need */
    uint64_t spin_ns; /* how long the loop polls before it sleeps, 0 to 10ms; 0 */
    struct topology_limits limits;
    struct topology_places places;
    struct topology_http http;
    struct topology_journal journal;
};

/* A mistake or a warning: `<file>:<line>: text`, the text one sentence without a full stop. */
struct topology_fault {
    bool warning;
    int line; /* 0: of the whole file */
    char text[TOPOLOGY_FAULT_BYTES_MAX + 1];
};

/* In the order of their lines, errors and warnings together. */
struct topology_faults {
    struct topology_fault *each;
    unsigned count; /* TOPOLOGY_FAULTS_MAX at most; the last then says how many more there are */
    unsigned errors, warnings; /* that were found, those included that `each` has no room for */
};

/* Read and check the text of a topology.conf.
 *
 * text    borrowed for the call; any bytes
 * out     set when there is no error; topology_destroy it
 * faults  always set; topology_faults_destroy them
 * false: there are errors. One without a fault in `each` means that memory ran out. */
MUST_USE bool topology_read_text(
    struct span text, struct topology *out, struct topology_faults *faults);

void topology_destroy(struct topology *t);
void topology_faults_destroy(struct topology_faults *f);

/* A hash of what all nodes of a herd have to agree upon: its name, its nodes' names, its edges; not
 * of addresses. Never 0. PROTOCOL.md, "Topologies that differ". */
uint64_t topology_hash(const struct topology *t);

/* The index of a node by name; -1: none. */
int topology_find(const struct topology *t, struct span name);

/* Whether an address in it is a name that must be looked up. */
bool topology_has_names(const struct topology *t);

/* Whether the address of a port of some node is this name, in any case, with or without a dot at
 * its end. */
bool topology_has_host(const struct topology *t, struct span name);

/* What a key is, from the table that the reader goes by: what `stampede check --keys` prints and
 * topology.conf(5) says. */
struct topology_key {
    const char *section; /* "" for the top level */
    const char *name;
    const char *type; /* "size", "time", "path" and so on */
    char bounds[64]; /* "64B to 8KiB", "eof or reply"; "" where the type says all */
    const char *otherwise; /* what holds when it is not given; "required" */
    bool reopened; /* the file that it names is opened or read again on SIGHUP */
    const char *meaning; /* one sentence without a full stop */
};

/* The key number `i` from 0; false: there are not so many. */
MUST_USE bool topology_key(unsigned i, struct topology_key *out);

#endif
