/* refused.h — stamps of a peer that are refused although they may be taken later.
 *
 * Those are stamps that were received, by their own word, later than any right clock can show by
 * now, and stamps of an origin that this node does not know. They make the link incomplete: MARKs
 * that follow do not count, so the peer is not told that they are had, and the next link goes on
 * from before them. For the first kind this node ends the link when its clock has come so far, so
 * that they are sent again; for the second, a new topology is needed. PROTOCOL.md, "Refused
 * stamps", has the rule and what would happen without it. (Stamps for which there is no room, and
 * those whose time was of the future, are not asked for again: arrivals.h.) Called by arrivals and
 * peering. */
#ifndef CORE_PEERING_REFUSED_H
#define CORE_PEERING_REFUSED_H

#include "core/peering/link_state.h"

enum {
    REFUSED_AGAIN_FIRST_MS = 10000, /* between two ends of links, to ask again; doubles, to */
    REFUSED_AGAIN_LAST_MS = 3600000,
    REFUSED_CLOCK_SET_MS = 1000, /* a clock that moves further by itself was set */
};

/* The latest receive time that a stamp may have now. */
int64_t refused_after_ns(const struct peering_node *node, struct instant now);

/* A stamp came in by the link whose receive time is later than that. */
void refused_ahead(struct link_state *l, const struct stamp *stamp);

/* The store does not know the origin of a stamp that came in by the link. */
void refused_origin(struct link_state *l, const struct stamp *stamp);

/* A PING came in, other than `behind`: if the link is complete, nothing is asked for any more. */
void refused_settle(struct link_state *l);

/* A PING came in. true: end the link, so that the next one brings what would not be refused now. */
MUST_USE bool refused_ask_again(struct link_state *l, struct instant now);

#endif
