/* route.h — received lists, each kept once.
 *
 * The list at the end of an AT names the nodes that have seen the stamp, its sender last
 * (PROTOCOL.md, "AT"). A herd sees few different lists, so the store keeps a 16-bit number for each
 * stamp, the route, and this table keeps the text. The list is a hint that saves messages: when the
 * table is full, a new list is cut to its sender, whose number is always there. One per node.
 * Called by link_state, arrivals, out and node. */
#ifndef CORE_PEERING_ROUTE_H
#define CORE_PEERING_ROUTE_H

#include "core/base/span.h"
#include <stdint.h>

enum {
    ROUTE_LOCAL = 0, /* from a client of this node: no other node has seen it */
    ROUTES_MAX = 4096, /* kept lists, those of a lone sender included */
    ROUTES_RESERVED = 128, /* of these, for lone senders that become neighbours later */
    ROUTE_PEERS_MAX = 64,
    ROUTE_NAMES_MAX = 64, /* names in a list; of a longer one the last are kept */
    ROUTE_TEXT_BYTES_MAX = 262144, /* of all lists together; then, too, the table is full */
};

struct route_table;

/* peers  names of the neighbours, in the order of their numbers; copied. At most ROUTE_PEERS_MAX.
 * NULL: no memory. */
struct route_table *route_table_create(const struct span *peers, unsigned count);
void route_table_destroy(struct route_table *t);

/* The neighbours have these names from now on, by their numbers; empty where a number is nobody's.
 *
 * count  not less than before
 * false: there have been too many different ones; nothing has changed. */
MUST_USE bool route_table_take_peers(
    struct route_table *t, const struct span *peers, unsigned count);

/* The number of a list as it stands on the wire: node names separated by single spaces.
 *
 * sender  the neighbour that it came from, whose name must be the list's last
 * false: it is not such a list. Never allocates. */
MUST_USE bool route_number(
    struct route_table *t, struct span names, unsigned sender, uint16_t *route);

/* The list's text; empty for ROUTE_LOCAL. Valid as long as the table. */
struct span route_names(const struct route_table *t, uint16_t route);

/* Whether neighbour `peer` is on the list. */
bool route_has(const struct route_table *t, uint16_t route, unsigned peer);

/* The neighbour that sent it; -1 for ROUTE_LOCAL, and for one that is no neighbour any more. */
int route_sender(const struct route_table *t, uint16_t route);

#endif
