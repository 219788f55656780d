/* proof.h — by which of the node's secrets the other end of a link is proved, and for how long it
 * may be by none.
 *
 * When a node's secrets change, both ends of a living link say AUTH again, by a number that tells a
 * question from its answer and lets nobody be heard twice. PROTOCOL.md, "AUTH".
 *
 *   event                                        does
 *   the first AUTH, right                        proven
 *   this node's secrets change                   AUTH again due; without a secret left: 10 s
 *   AUTH n, right                                proven, no end; AUTH n due, if n was not said
 *   AUTH n, wrong                                not proven: 10 s, if they do not run; AUTH n due
 *   AUTH n, n not the next                       ends the link
 *   10 s                                         ends the link
 *
 * Written by proof.c alone. Called by peering and out. */
#ifndef CORE_PEERING_PROOF_H
#define CORE_PEERING_PROOF_H

#include "core/base/instant.h"
#include "core/protocol/auth.h"

/* Reason of BYE that the simulator knows. */
#define PROOF_LATE "proved by a secret that is listed no more"

enum {
    PROOF_MS = 10000, /* for a neighbour whose secret is listed no more */
    PROOF_WAIT_MS = 500, /* for the AUTH of an end of an older version, before the own first one */
};

/* Holds always: due >= said, and until_ns is NEVER_NS while something is proven. */
struct proof {
    bool begun; /* the own first AUTH was said */
    unsigned proven; /* by which of the node's secrets, since the last AUTH that was heard */
    uint64_t said, heard; /* the numbers of the last AUTH again; 0: none yet */
    uint64_t due; /* the number that is to be said */
    int64_t until_ns; /* monotonic; by when something must be proven. NEVER_NS: no need */
};

void proof_begin(struct proof *p);

/* Whether an AUTH is to be said, once the other end's HELLO has come. */
bool proof_due(const struct proof *p);

/* What to prove in it, to an end that has said `theirs`. 0: that is not known yet, it waits.
 * waited  it has waited for PROOF_WAIT_MS */
unsigned proof_which(
    const struct proof *p, const struct secrets *secrets, const struct hello *theirs, bool waited);

/* It was said. */
void proof_said(struct proof *p);

/* The first AUTH has proved `proven`, which is not 0. */
void proof_heard(struct proof *p, unsigned proven);

/* An AUTH again has come. NULL, or why the link has to end.
 * x  of that line, but for its number */
MUST_USE const char *proof_heard_again(struct proof *p, const struct secrets *secrets,
    struct span line, struct auth_exchange x, struct instant now);

/* The node's secrets were `before`, and are `after`. Only for a link that is LINKED to a peer.
 * asks  whether the other end understands AUTH again */
void proof_secrets_changed(struct proof *p, const struct secrets *before,
    const struct secrets *after, bool asks, struct instant now);

#endif
