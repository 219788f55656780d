/* alarms.h — what a node notices about its herd and an operator should know.
 *
 * Called by node.c once a turn, and by status.c. Written by alarms.c alone. */
#ifndef CORE_NODE_ALARMS_H
#define CORE_NODE_ALARMS_H

#include "core/base/instant.h"
#include <stdint.h>

struct node;
struct peer;

struct alarms {
    uint64_t diverged, future; /* bit i: the alarm was logged for peer number i */
};

/* See whether peers' clocks, digests and stamps are as they should be. What is wrong is logged once
 * when it begins, and once when it is over. */
void alarms_turn(struct node *n, struct instant now);
/* Whether this peer's digest has stayed unequal, so that everything is sent again. */
bool alarm_diverged(const struct peer *peer);

#endif
