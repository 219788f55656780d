/* status.h — what a node tells about itself: to node_status (node.h), and to observers.
 *
 * Called by node.c once a turn, and by links.c. Written by status.c alone. */
#ifndef CORE_NODE_STATUS_H
#define CORE_NODE_STATUS_H

#include "core/base/buf.h"
#include "core/base/instant.h"
#include "core/node/history.h"

enum { STATUS_BYTES_MAX = 131072 }; /* an answer to an observer, with 64 links */

struct node;
struct peer;

/* What is remembered of the store's changes. */
struct status {
    struct history history; /* when the store came to which change */
    int64_t measured_ns; /* when the rate was last measured; 0: never */
    uint64_t measured_change; /* the store's change then */
    double updates_per_s;
};

void status_begin(struct node *n, struct instant now);
/* Note when changes were made, and measure their rate. */
void status_turn(struct node *n, struct instant now);
/* What a peer has not confirmed: in stamps, which are at most as many as are held, however many
 * changes they had. One that was never linked, or has restarted, has confirmed nothing. */
uint64_t status_lag(const struct node *n, const struct peer *peer);
/* For how long the oldest change has waited that a peer has not confirmed; 0: there is none. */
int64_t status_lag_ns(const struct node *n, const struct peer *peer, struct instant now);
/* Answer an observer's TRACE: what this node knows of one client id, as one line of JSON without
 * LF. */
void status_trace(const struct node *n, struct span id, struct buf *out, struct instant now);

#endif
