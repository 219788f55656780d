/* budget.h — what the node may come to hold at most, by the limits of topology.conf: told in the
 * log, in MB for each use. Called by node.c and change.c. */
#ifndef CORE_NODE_BUDGET_H
#define CORE_NODE_BUDGET_H

#include "core/base/instant.h"

struct node;

void budget_log(struct node *n, struct instant now);

#endif
