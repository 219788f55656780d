/* route.h — received lists, each kept once.
 *
 * The list behind an AT names the nodes that have seen the stamp, its sender last (PROTOCOL.md,
 * "Peer port"). A herd sees few different ones, so the store keeps a 16-bit number and this table
 * the text. The list is a hint that saves messages: when the table is full, a new list is cut to
 * its sender, whose number is always there. Called by peering. */
#ifndef CORE_PEERING_ROUTE_H
#define CORE_PEERING_ROUTE_H

#include "core/base/span.h"
#include <stdint.h>

enum {
    ROUTE_LOCAL = 0,     /* from a client of this node: nobody has seen it */
    ROUTES_MAX = 4096,   /* kept lists, those of a lone sender included */
    ROUTE_PEERS_MAX = 64,
    ROUTE_NAMES_MAX = 64,          /* names in one; a longer list keeps its last ones */
    ROUTE_TEXT_BYTES_MAX = 262144, /* of all lists together; the table is full then as well */
};

struct route_table;

/* peers  names of the neighbours, in the order of their numbers; copied. At most ROUTE_PEERS_MAX.
 * NULL: no memory. */
struct route_table *route_table_create(const struct span *peers, unsigned count);
void route_table_destroy(struct route_table *t);

/* The number of a list as it stands on the wire: node names separated by single spaces.
 * sender: the neighbour that it came from; must be the list's last name.
 * false: not such a list. Never allocates. */
MUST_USE bool route_number(
    struct route_table *t, struct span names, unsigned sender, uint16_t *route);

/* The list's text; empty for ROUTE_LOCAL. Valid as long as the table. */
struct span route_names(const struct route_table *t, uint16_t route);

/* Whether neighbour `peer` is on the list. */
bool route_has(const struct route_table *t, uint16_t route, unsigned peer);

/* The neighbour that sent it; -1 for ROUTE_LOCAL. */
int route_sender(const struct route_table *t, uint16_t route);

#endif
