/* arrivals.h — stamps that came in by a link, collected into groups for the store.
 *
 * AT lines are parsed as they come and put into the store together, so that its cache misses
 * overlap (store.h). The group is put before any other line of the link is acted upon: then a MARK
 * is true when it counts. Called by peering. */
#ifndef CORE_PEERING_ARRIVALS_H
#define CORE_PEERING_ARRIVALS_H

#include "core/peering/lease.h"
#include "core/peering/refused.h"

struct arrivals {
    unsigned count;
    int64_t latest_ns; /* the latest receive time that is not refused */
    struct stamp stamps[PEERING_GROUP]; /* views of the lines that they came in */
    uint16_t routes[PEERING_GROUP];
};

/* None yet. */
static inline void arrivals_begin(
    struct arrivals *a, const struct peering_node *node, struct instant now)
{
    a->count = 0;
    a->latest_ns = refused_after_ns(node, now);
}

/* Parse an AT line and add its stamp; there must be room for one more. A stamp from the future, or
 * that no right clock can have made yet, is counted and not added. Returns NULL, or what is wrong
 * with the line. */
MUST_USE const char *arrivals_add(
    struct arrivals *a, struct lease *l, struct link_state *link, struct span line);

/* Put all of them into the store, in the order in which they came; none is left. A stamp that
 * finds no room in the store is lost to this node, which PING tells the peers ("partial"); one of
 * an unknown origin makes the link incomplete (refused.h).
 * false: there was no memory for one, and it and those after it were not put. Memory comes back, so
 * the link is to end before a MARK says that this node has them: the next link brings them
 * again. */
MUST_USE bool arrivals_put(struct arrivals *a, struct lease *l, struct link_state *link);

#endif
