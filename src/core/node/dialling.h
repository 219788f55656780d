/* dialling.h — the connections to its neighbours that a node makes, and the names that it has
 * looked up for them.
 *
 * At an address of topology.conf there is one, whose id is the neighbour's number. By a name there
 * may be two at a time, whose ids are that and NODE_DIALS_OF_SECOND + that (named.h). The number is
 * also the id of the lookup. Called by node.c. */
#ifndef CORE_NODE_DIALLING_H
#define CORE_NODE_DIALLING_H

#include "core/node/node.h"

/* Whether a dial is one of a neighbour. */
static inline bool dialling_own(unsigned id)
{
    return id < NODE_DIALS_OF_PLACES;
}

/* The next one; false: none. */
MUST_USE bool dialling_next(struct node *n, struct dial_order *out);
/* The next one that is wanted no more; false: none. */
MUST_USE bool dialling_cancel(struct node *n, unsigned *id);
/* When one may be due by itself; NEVER_NS: none is under way by name. */
int64_t dialling_deadline(const struct node *n);

/* The neighbour's number, and where a dial leads; false: it was cancelled. */
MUST_USE bool dialling_find(
    const struct node *n, unsigned id, unsigned *number, struct address *to);
/* It has made a connection, which is a link now unless the dial was cancelled; or none. */
void dialling_met(struct node *n, unsigned id, struct instant now);
void dialling_failed(struct node *n, unsigned id, const char *why, struct instant now);

/* The next name to look up; false: none. */
MUST_USE bool dialling_ask(struct node *n, struct lookup_order *out);
/* What came of it; count 0: nothing, and `why`. */
void dialling_answer(struct node *n, unsigned number, const struct address *addresses,
    unsigned count, uint32_t ttl_s, const char *why, struct instant now);

#endif
