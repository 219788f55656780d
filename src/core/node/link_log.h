/* link_log.h — what the log says about links.
 *
 * What fails again and again is logged at growing intervals, and what strangers can cause is logged
 * a bounded number of times. Called by links.c. Written by link_log.c alone. */
#ifndef CORE_NODE_LINK_LOG_H
#define CORE_NODE_LINK_LOG_H

#include "core/peering/neighbours.h"

enum {
    LINK_LOG_REASONS_MAX = 32, /* distinct reasons of refusals that are remembered as logged */
    LINK_LOG_PAUSE_MS = 120000, /* between two more, once there were so many */
};

/* What the BYE of a node that stops says. PROTOCOL.md, "Stopping". */
#define LINK_LOG_STOPS "this node stops"

struct node;
struct link;

struct link_log {
    uint64_t reasons[LINK_LOG_REASONS_MAX]; /* hashes */
    unsigned reasons_count; /* ever remembered; the oldest make way */
    int64_t next_ns; /* when one more may be logged though the table is full */
};

void link_log_up(
    struct node *n, const struct link *l, const struct neighbour *who, struct instant now);
/* A link is lost. `stops`: its neighbour has said that it stops, which is no fault. */
void link_log_down(struct node *n, const struct neighbour *who, bool stops, struct instant now);
/* A handshake was refused, by either end. */
void link_log_refused(struct node *n, const struct link *l, const char *why, struct instant now);
/* Another dial of `who` made no link. */
void link_log_unreachable(
    struct node *n, const struct neighbour *who, const char *why, struct instant now);
/* The node's secrets have changed. */
void link_log_secrets(struct node *n, struct instant now);
/* Its neighbour is proved by no secret that this node has, and has a while to say AUTH. */
void link_log_unproved(struct node *n, const struct link *l, struct instant now);
/* Digests stay unequal. */
void link_log_diverged(struct node *n, const struct peer *peer, struct instant now);

/* Two topologies are about from now on, or only one is. */
void link_log_topologies(struct node *n, struct instant now);

#endif
