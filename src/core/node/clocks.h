/* clocks.h — whether the clocks of peers differ from this node's, and whether this node's is the
 * one that is wrong.
 *
 * Both are logged when they begin and when they are over. Nothing is decided by it: clocks are
 * corrected by whoever runs the machine. But a node whose clock is wrong by more than limits.clock
 * may refuse what all others take, or say what all others refuse (PROTOCOL.md, "Refused stamps").
 * So that is an error. Called by alarms.c. Written by clocks.c alone. */
#ifndef CORE_NODE_CLOCKS_H
#define CORE_NODE_CLOCKS_H

#include "core/base/instant.h"
#include <stdbool.h>

struct node;

struct clocks {
    bool wrong; /* by more than limits.clock on most links: this node's own clock */
};

/* Judge. Call it in a turn in which a clock, or a round trip, was read. */
void clocks_look(struct node *n, struct instant now);

#endif
