/* change.h — what another topology.conf changes while the node runs. Called by node.c, which takes
 * it; everything that may fail comes first. */
#ifndef CORE_NODE_CHANGE_H
#define CORE_NODE_CHANGE_H

#include "core/base/instant.h"
#include "core/topology/topology.h"
#include <stdint.h>

struct edges_plan;
struct node;

/* The store takes stamps of all nodes that the topology has or retires, besides those that it took
 * before. */
void change_know_origins(struct node *n);

/* Make room for `t`, which names this node at `self`; the topology that holds goes on.
 *
 * plan  zeroed; for change_spread
 * NULL: it can be taken. Otherwise why not: nothing has changed, and the plan is empty again. */
MUST_USE const char *change_begin(struct node *n, const struct topology *t, unsigned self,
    uint32_t connections_max, struct edges_plan *plan);

/* It is the node's now: tell all parts. */
void change_spread(struct node *n, struct edges_plan *plan, struct instant now);

#endif
