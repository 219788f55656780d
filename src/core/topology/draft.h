/* draft.h — a topology while its file is being read: what the files of `topology` share.
 *
 * reader.c    the syntax: fills a draft item by item, in the order of the file
 * values.c    what the value of a key means; nodes
 * keys.c      which keys there are
 * graph.c     edges: who reaches whom
 * retired.c   the names of nodes that are gone
 * operators.c the names of operators, which no node has
 * topology.c  the check of the whole
 * draft.c     faults: the floor under the others
 *
 * A mistake is reported once, where it is: what a misread part may have held is not also reported
 * as missing (topology_draft_doubt). Only this room and the simulator, which makes herds of its
 * own, include it. It has what nine files share, each a few lines, and is therefore long. */
#ifndef CORE_TOPOLOGY_DRAFT_H
#define CORE_TOPOLOGY_DRAFT_H

#include "core/topology/topology.h"

enum { TOPOLOGY_KEYS_MAX = 64 };

enum draft_port {
    DRAFT_CLIENT,
    DRAFT_PEER,
    DRAFT_HTTP,
    DRAFT_CLIENT_LISTEN, /* in place of DRAFT_CLIENT, where that is not the node's own address */
    DRAFT_PEER_LISTEN, /* likewise */
    DRAFT_PORTS
};

/* Their names, as keys of a node. */
extern const char *const draft_port_names[DRAFT_PORTS];

/* Where a node listens, or is reached. */
struct draft_address {
    struct host_port at; /* port 0: not given, or not valid */
    int line; /* 0: not given */
};

struct draft_node {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1]; /* "?" where none was given */
    int line;
    bool doubled; /* its name was taken already: it is in no further check */
    bool patchy; /* a part of it could not be read: what it lacks is not reported */
    bool unsure; /* an edge of it is not known: what it reaches is not reported */
    struct draft_address ports[DRAFT_PORTS];
};

struct draft_edge {
    unsigned from; /* index into draft.nodes */
    int line;
    bool cut_short; /* the name was longer than any node's may be */
    char to[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
};

struct topology_draft {
    struct topology t; /* everything but the nodes */
    struct draft_node *nodes; /* room for TOPOLOGY_NODES_MAX */
    unsigned nodes_count;
    struct draft_edge *edges;
    unsigned edges_count, edges_room;
    int key_lines[TOPOLOGY_KEYS_MAX]; /* where each key outside of nodes was given; 0: not */
    struct topology_fault *faults; /* room for TOPOLOGY_FAULTS_MAX */
    unsigned faults_count; /* of those in `faults`: one less than that at most */
    unsigned errors, warnings; /* of all, also those without room */
    bool edges_full; /* there is no room for more, and a fault says so */
    bool retired_full; /* likewise */
    bool edges_unsure; /* some could not be read or lead nowhere */
    bool unsure; /* a part outside of nodes could not be read */
    bool cut; /* reading ended early: nothing is reported as missing */
};

/* NULL: no memory. */
struct topology_draft *topology_draft_create(void);
void topology_draft_destroy(struct topology_draft *d);

/* -- what the reader finds --------------------------------------------------------------------- */

/* A mistake or a warning. printf-like; bytes that are no text are shown as "?". */
void topology_draft_fault(struct topology_draft *d, int line, bool warning, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A part of a section (as for values) could not be read, and a fault says why. */
void topology_draft_doubt(struct topology_draft *d, const char *section);

/* Reading ended early, and a fault says why. */
void topology_draft_cut(struct topology_draft *d);

/* A word that is neither key nor section: a fault with a suggestion. */
void topology_draft_unknown(
    struct topology_draft *d, int line, const char *section, struct span word);

/* `node NAME {`. Values of the section "node" belong to the node begun last. An empty name: it has
 * none, which the reader has reported.
 *
 * false: there are TOPOLOGY_NODES_MAX already, and a fault says so: reading on is of no use. */
bool topology_draft_node(struct topology_draft *d, int line, struct span name);

/* `key = value` in a section: "" for the top level, "limits", "places", "tls", "http" or "node". An
 * unknown key, a value out of its bounds, a key given twice are faults. talks_to, retired and hosts
 * come once per name in the list, and may come again; to name an edge twice, or at both its ends,
 * is no mistake. */
void topology_draft_value(
    struct topology_draft *d, int line, const char *section, struct span key, struct span value);

/* Check the whole and build it; out, faults and result as of topology_read_text. The draft is spent
 * by it and can only be destroyed. */
MUST_USE bool topology_finish(
    struct topology_draft *d, struct topology *out, struct topology_faults *faults);

/* The text of a file to what it means, as far as that can be judged item by item (reader.c). */
void draft_read(struct topology_draft *d, struct span text);

/* -- among the files of the draft -------------------------------------------------------------- */

/* As topology_draft_fault, an error. */
void draft_error(struct topology_draft *d, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether what is found from now on is counted only. */
static inline bool draft_faults_full(const struct topology_draft *d)
{
    return d->faults_count == TOPOLOGY_FAULTS_MAX - 1;
}

/* Sort the faults by line, those of one line as they were found, and hand them over with, where
 * there was no room for all, one more that says how many are left out. */
struct topology_faults draft_faults_take(struct topology_draft *d);

/* The index of a node; -1: none of that name. */
int draft_find(const struct topology_draft *d, const char *name);

/* Add `talks_to = name` to the node begun last. */
void draft_edge_add(struct topology_draft *d, int line, struct span name);

/* Add a name, which is valid, to `retired`. */
void draft_retired_add(struct topology_draft *d, int line, struct span name);

/* The line in which `retired` names a node; 0: nowhere. */
int draft_retired_line(const struct topology_draft *d, struct span name);

/* Report names of `retired` that are nodes. */
void draft_retired_check(struct topology_draft *d);

/* Report names of nodes, and of `retired`, that tls.operators fits. */
void draft_operators_check(struct topology_draft *d);

/* Where a key outside of nodes was given; 0: nowhere. The key exists. */
int draft_key_line(const struct topology_draft *d, const char *section, const char *name);

/* Letters, digits, `.`, `_`, `-`, the first a letter or digit, 1 to 63 bytes: herds and nodes. */
bool draft_name_valid(struct span name);

/* Every key at its default. */
void draft_defaults(struct topology_draft *d);

/* Resolve the edges into d->t.nodes[].neighbours; d->t.nodes must be there. false: no memory. */
MUST_USE bool draft_edges_resolve(struct topology_draft *d);

/* Nodes that the others do not reach; nodes whose loss would cut others off. */
void draft_graph_check(struct topology_draft *d);

/* For "%.*s" of texts from outside, so that one value does not fill a message. */
#define SHOWN(span) (int)((span).len > 80 ? 80 : (span).len), (span).at

#endif
