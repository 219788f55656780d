/* durations.h — how long this node takes: for a turn, for an IAMAT, and for a stamp to come here.
 *
 * The driver says at the end of each turn how long it took (node_turn_took). An IAMAT that was
 * answered in a turn has taken as long as the turn, from its bytes to its reply's send, so no
 * command is timed by itself. Called by node.c; written by durations.c alone, but for `ages`, in
 * which peering counts. */
#ifndef CORE_NODE_DURATIONS_H
#define CORE_NODE_DURATIONS_H

#include "core/base/histogram.h"

struct node;

struct durations {
    struct histogram turns;
    struct histogram iamats;
    struct histogram ages; /* of stamps of peers, when they were stored: since their receive time */
    uint64_t iamats_before; /* metrics.lines_iamat at the end of the last turn */
};

/* Where peering counts how old stamps are. */
struct histogram *durations_ages(struct node *n);

#endif
