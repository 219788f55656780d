/* stopping.h — what a link does when its node stops, and how far it has come. PROTOCOL.md,
 * "Stopping".
 *
 * These are peering.c's, for the node, which decides; what is written is out.c's. */
#ifndef CORE_PEERING_STOPPING_H
#define CORE_PEERING_STOPPING_H

#include <stdbool.h>

struct peering;

/* This node stops (node->stopping): tell the peer, if it understands that, and ask it to confirm.
 * Only for a link that is LINKED to a peer. PROTOCOL.md, "Stopping". */
void peering_stop(struct peering *p);

/* Of a node that stops: whether the peer has answered since peering_stop, and told all that it had
 * announced by then. PROTOCOL.md, "Stopping", 8. */
bool peering_heard_out(const struct peering *p);

/* Whether a PONG to a peer that stops as well has to wait. */
void peering_hold_answer(struct peering *p, bool waits);

/* Whether nothing keeps a node that stops from ending this link: the peer has confirmed all that it
 * is to confirm, has answered since peering_stop, and, if it stops as well, has told all that it
 * has to. */
bool peering_confirmed(const struct peering *p);

#endif
