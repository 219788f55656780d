/* alarms.h — what a node notices about its herd and an operator should know.
 *
 * Called by node.c once a turn, and by status.c. Written by alarms.c alone. */
#ifndef CORE_NODE_ALARMS_H
#define CORE_NODE_ALARMS_H

#include "core/base/episode.h"
#include "core/peering/neighbours.h"
#include <stdint.h>

struct node;

/* What is refused or lost, mostly at a limit, each kind with its episodes. */
enum loss {
    LOSS_CONNECTIONS, /* limits.connections */
    LOSS_STRANGERS, /* node_config.strangers_max */
    LOSS_STAMPS_OF_CLIENTS, /* limits.stamps: IAMATs */
    LOSS_STAMPS_OF_PEERS, /* limits.stamps: stamps of peers */
    LOSS_EVICTED, /* limits.stamps with stamps_full = evict */
    LOSS_ADDRESS_CONNECTIONS, /* limits.connections_per_address */
    LOSS_ADDRESS_COMMANDS, /* limits.commands_per_address: time, not commands */
    LOSS_ADDRESS_NEW_IDS, /* limits.new_ids_per_address */
    LOSS_OUTPUT, /* limits.output_total */
    LOSS_MEMORY, /* of clients: stamps refused, connections dropped */
    LOSS_NAME, /* to a twin, whose stamps come by peers: twin.h */
    LOSSES
};

struct alarms {
    uint64_t diverged; /* bit i: the alarm was logged for peer number i */
    uint64_t events; /* the sum of all that episodes count, when they were last looked at */
    uint64_t of_peers; /* of them: stamps of peers that were refused, or are of a twin */
    uint64_t gone_lost, gone_twin, gone_odd; /* counted of peers that are neighbours no more */
    bool on; /* some episode is; the first of these to be over is so at: */
    int64_t over_ns; /* monotonic */
    struct episode losses[LOSSES];
};

/* See whether peers' clocks, digests and stamps are as they should be. What is wrong is logged once
 * when it begins, and once when it is over. */
void alarms_turn(struct node *n, struct instant now);
/* When an episode that is on will be over. */
static inline int64_t alarms_deadline(const struct alarms *a)
{
    return a->on ? a->over_ns : NEVER_NS;
}
/* The peer's number is about to be another's. */
void alarms_forget(struct node *n, const struct peer *peer);
/* The node stops: tell of the episodes that are on. */
void alarms_stop(struct node *n, struct instant now);
/* Whether this peer's digest has stayed unequal, so that everything is sent again. */
bool alarm_diverged(const struct peer *peer);

#endif
