/* edges.h — the node's neighbours, each with a number of its own, and how they change while the
 * node runs.
 *
 * A neighbour keeps its number as long as it is one, whatever else changes in topology.conf: links,
 * dials and the lists of nodes that have seen a stamp go by it. One that is no neighbour any more
 * is `gone`; its number is given to another when no link of it is left. PROTOCOL.md, "Topologies
 * that differ".
 *
 * Called by links.c, and by dialling.c. Written by edges.c alone. */
#ifndef CORE_NODE_EDGES_H
#define CORE_NODE_EDGES_H

#include "core/peering/neighbours.h"
#include "core/topology/topology.h"

struct spare_links;

enum { EDGES_MAX = PEERING_PEERS_MAX };

struct node;

struct edges {
    struct peer *peers; /* EDGES_MAX, by number */
    struct neighbour *neighbour_of; /* likewise */
    unsigned count; /* of the numbers that were ever given */
    uint16_t node_of[EDGES_MAX]; /* by number, unless it is gone: its index in the topology */
    struct span *herd_names; /* of all nodes of the topology */
    uint64_t unwanted; /* bit i: the dial of number i is to be cancelled */
};

/* What a topology will make of them. */
struct edges_plan {
    unsigned count;
    uint64_t here; /* bit i: number i is a neighbour */
    uint64_t fresh; /* of these: it was none before, or its number was another's */
    uint64_t moved; /* of these: it is to be dialled at another address */
    uint16_t node_of[EDGES_MAX];
    uint16_t hops[EDGES_MAX]; /* of the tree; 1: in it */
    struct span *herd_names; /* to be freed, unless it is taken */
    struct spare_links *spare_links; /* likewise; NULL: the node has them already, or needs none */
};

/* false: no memory. Undone by edges_end either way. The store must be there.
 *
 * spare_links  set, to what the node is to have; NULL: no link is spare */
MUST_USE bool edges_begin(struct node *n, struct spare_links **spare_links, struct instant now);
void edges_end(struct node *n);

/* Plan what `t` makes of them, node `self` being this one. NULL, or why that is not possible; then
 * nothing has changed, and the plan is empty. Without edges_take, edges_forget it. */
MUST_USE const char *edges_plan(
    const struct node *n, const struct topology *t, unsigned self, struct edges_plan *out);
void edges_forget(struct edges_plan *plan);
/* Keep room among the routes for the names of a plan's neighbours; until it is taken, that changes
 * nothing. false: there is none. */
MUST_USE bool edges_keep_names(
    struct node *n, const struct topology *t, const struct edges_plan *plan);
/* Those that the plan has made, which are the caller's from now on; NULL: none. */
struct spare_links *edges_spare_links(struct edges_plan *plan);
/* It holds from now on, and so does n->topology. */
void edges_take(struct node *n, struct edges_plan *plan, struct instant now);

/* The neighbour with this number in the topology; it must not be gone. */
const struct topology_node *edge_node(const struct node *n, unsigned number);

/* The neighbours that are not gone, one after another: *at is 0 at first. NULL: no more. */
const struct neighbour *edges_next(const struct node *n, unsigned *at);

/* Whether every neighbour has a link. */
bool edges_all_linked(const struct node *n);

/* Their names by number, of those too that are gone. */
void edges_names(const struct node *n, struct span names[EDGES_MAX]);

/* The next dial of a neighbour that is to be cancelled; false: none. */
MUST_USE bool edges_dial_cancel(struct node *n, unsigned *dial);

#endif
