/* topology.h — who is in the herd, where, and who talks to whom; and every mistake in saying so.
 *
 * The model of topology.conf and the rules that it has to keep. Reading the file's syntax is
 * io/topology_file's; here is the meaning: defaults, units, doubled names and ports, edges,
 * reachability. All mistakes are gathered, each with its line. Called by cli and node.
 *
 * A draft is filled item by item while the file is read, then topology_finish checks the whole. */
#ifndef CORE_TOPOLOGY_TOPOLOGY_H
#define CORE_TOPOLOGY_TOPOLOGY_H

#include "core/base/address.h"
#include "core/base/log.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum {
    TOPOLOGY_NODES_MAX = 1024,
    TOPOLOGY_NEIGHBOURS_MAX = 64, /* of one node */
    TOPOLOGY_HERD_BYTES_MAX = 63,
    TOPOLOGY_PATH_BYTES_MAX = 4095,
    TOPOLOGY_FAULT_BYTES_MAX = 511,
    TOPOLOGY_FAULTS_MAX = 100, /* that are told; the last one says when there are more */
    TOPOLOGY_EDGES_MAX = 65536, /* talks_to names of the whole file */
    TOPOLOGY_HOST_BYTES_MAX = 253, /* RFC 1035, 2.3.4, as text without the root's dot */
    TOPOLOGY_LANGUAGE_BYTES_MAX = 35, /* RFC 5646, 4.4.1 */
};

struct topology_node {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    int line; /* where its section begins */
    struct address client;
    struct address peer;
    uint16_t *neighbours; /* places in topology.nodes, ascending; both directions, each once */
    unsigned neighbours_count;
};

enum client_close { CLIENT_CLOSE_EOF, CLIENT_CLOSE_REPLY };

struct topology_limits {
    uint32_t line_bytes; /* 64 to STAMPEDE_LINE_BYTES_MAX; 1KiB */
    uint64_t output_bytes; /* of unread output per client, 16KiB to 1GiB; 1MiB */
    uint32_t connections; /* of clients, 1 to 1,000,000; 10000 */
    uint64_t stamps; /* 1 to 2^31; 1000000 */
    bool stamps_evict; /* stamps_full = evict; the default is refuse */
    uint64_t idle_ms; /* 1s to 365d; 10min: a client that neither sends nor reads */
    uint64_t stall_ms; /* 100ms to 1d; 30s: one over `output` that does not read */
    uint64_t future_ns; /* how far ahead a client's time may be, 0 to 3650d; 1d */
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
};

struct topology {
    char herd[TOPOLOGY_HERD_BYTES_MAX + 1];
    struct topology_node *nodes;
    unsigned nodes_count;
    unsigned edges_count;
    uint16_t *neighbours; /* what the nodes' lists are parts of */
    enum client_close client_close;
    char secret_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for none; relative to the file's folder */
    char tls_ca_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* the CA; all three or none */
    char tls_cert_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* %n in it stands for the node's name; */
    char tls_key_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* here, too */
    char log_file[TOPOLOGY_PATH_BYTES_MAX + 1]; /* "" for standard error; else as secret_file */
    enum log_level log_level; /* info */
    uint64_t spin_ns; /* how long the loop polls before it sleeps, 0 to 10ms; 0 */
    struct topology_limits limits;
    struct topology_places places;
};

/* A mistake or a warning: `<file>:<line>: text`, the text one sentence without a full stop. */
struct topology_fault {
    bool warning;
    int line; /* 0: of the whole file */
    char text[TOPOLOGY_FAULT_BYTES_MAX + 1];
};

/* The place of a node by name; -1: none. */
int topology_find(const struct topology *t, struct span name);

/* -- building one ------------------------------------------------------------------------------ */

/* Faults in the order of their lines; errors and warnings together. */
struct topology_faults {
    struct topology_fault *each;
    unsigned count;
    unsigned errors; /* of them no warnings */
};

/* What the reader found, in the order of the file; topology_finish turns it into a topology. */
struct topology_draft;

/* NULL: no memory. */
struct topology_draft *topology_draft_create(void);
void topology_draft_destroy(struct topology_draft *d);

/* A mistake that the reader saw itself. printf-like; bytes that are no text are shown as "?". */
void topology_draft_fault(struct topology_draft *d, int line, bool warning, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A key or section that does not exist: a fault with a suggestion. `section` as for values. */
void topology_draft_unknown(
    struct topology_draft *d, int line, const char *section, struct span word);

/* Reading ended early: what only the whole file can tell (a missing key, a node that is not there)
 * is no longer a fault. To be called after a fault that says why. */
void topology_draft_cut(struct topology_draft *d);

/* `node NAME {`. Values of the section "node" belong to the node begun last.
 * false: there are TOPOLOGY_NODES_MAX already, and a fault says so; there is no use in reading
 * on. */
bool topology_draft_node(struct topology_draft *d, int line, struct span name);

/* `key = value` in a section: "" for the top level, "limits", "places", "tls" or "node". An
 * unknown key, a value out of its bounds, a key given twice are faults. talks_to comes once per
 * name in its list, and may come again; naming an edge twice, or at both its ends, is no
 * mistake. */
void topology_draft_value(
    struct topology_draft *d, int line, const char *section, struct span key, struct span value);

/* The names of all keys, whatever their section, each once: `i` from 0, NULL past the last. */
const char *topology_key(unsigned i);

/* Check the whole and build it. The draft is spent by it and can only be destroyed.
 *
 * out     set when there is no error; topology_destroy it
 * faults  always set; topology_faults_destroy them
 * false: there are errors, or memory ran out (then with a fault that says so). */
MUST_USE bool topology_finish(
    struct topology_draft *d, struct topology *out, struct topology_faults *faults);

void topology_destroy(struct topology *t);
void topology_faults_destroy(struct topology_faults *f);

#endif
