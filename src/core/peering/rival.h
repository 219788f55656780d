/* rival.h — what becomes of a link whose peer is linked already with another boot, and how the
 * node finds out which of the two processes lives. PROTOCOL.md, "Twins".
 *
 * These are peering.c's, for the node, which decides; its states are in peering.h. */
#ifndef CORE_PEERING_RIVAL_H
#define CORE_PEERING_RIVAL_H

#include "core/peering/twin.h"

struct peering;

/* The link stays: on PEERING_RIVAL, when no other link is there after all; or later, for a rival
 * that stands by. As on PEERING_UP from then on. */
void peering_admit(struct peering *p, struct instant now);

/* On PEERING_RIVAL: the link is a rival from now on. `stand_in` is written, and is used in place of
 * the peer until the link is admitted or over. */
void peering_stand_by(struct peering *p, struct peer *stand_in, struct instant now);

/* Ask at once whether the peer is there: `ping_answered` says when it was. Only for a link that is
 * LINKED to a peer. */
void peering_ask(struct peering *p);

/* Say TWIN: `stays` is an earlier process of the peer's name. Only to a peer that is LINKED and has
 * said `started`. */
void peering_tell_twin(struct peering *p, const struct twin *stays);

#endif
