/* draft.h — a topology while it is being read: what the files of `topology` share.
 *
 * topology.c           nodes, the check of the whole
 * values.c    keys: their bounds, defaults, units
 * graph.c     edges: who reaches whom
 * draft.c     faults; names that are known
 *
 * Nobody else includes it. */
#ifndef CORE_TOPOLOGY_DRAFT_H
#define CORE_TOPOLOGY_DRAFT_H

#include "core/topology/topology.h"

enum { TOPOLOGY_KEYS_MAX = 32 };

struct draft_node {
    char name[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
    int line;
    bool doubled; /* its name was taken already: it is in no further check */
    bool unsure; /* it talks to somebody unknown: what it reaches cannot be told */
    int client_line; /* 0: not given */
    int peer_line;
    struct address client; /* port 0: not given, or not valid */
    struct address peer;
};

struct draft_edge {
    unsigned from; /* place in draft.nodes */
    int line;
    bool cut_short; /* the name was longer than any node's may be */
    char to[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
};

struct topology_draft {
    struct topology t; /* everything but the nodes */
    struct draft_node *nodes;
    unsigned nodes_count;
    struct draft_edge *edges;
    unsigned edges_count, edges_room;
    int key_lines[TOPOLOGY_KEYS_MAX]; /* where each key outside of nodes was given; 0: not */
    struct topology_fault *faults; /* room for TOPOLOGY_FAULTS_MAX */
    unsigned faults_count;
    bool faults_over; /* there were more; the last of the array says so */
    bool edge_errors;
    bool cut;
};

/* As topology_draft_fault, an error. */
void draft_error(struct topology_draft *d, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* By line; those of one line stay in the order in which they were found. */
void draft_faults_sort(struct topology_fault *each, unsigned count);

/* Letters, digits, `.`, `_`, `-`, the first a letter or digit, 1 to 63 bytes: herds and nodes. */
bool draft_name_valid(struct span name);

/* -1: none of that name. */
int draft_find(const struct topology_draft *d, const char *name);

/* Add `talks_to = name` to the node begun last. */
void draft_edge_add(struct topology_draft *d, int line, struct span name);

/* Where a key outside of nodes was given; 0: nowhere. */
int draft_key_line(const struct topology_draft *d, const char *section, const char *name);

/* Every key at its default. */
void draft_defaults(struct topology_draft *d);

/* Resolve the edges into d->t.nodes[].neighbours; d->t.nodes must be there. false: no memory. */
MUST_USE bool draft_edges_resolve(struct topology_draft *d);

/* Nodes that the others do not reach; nodes whose loss would cut others off. */
void draft_graph_check(struct topology_draft *d);

/* For "%.*s" of texts from outside, so that one value does not fill a message. */
#define SHOWN(span) (int)((span).len > 80 ? 80 : (span).len), (span).at

#endif
