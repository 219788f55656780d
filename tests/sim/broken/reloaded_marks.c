/* A reload forgets how far the neighbours that stay have come. */
#include "core/node/private.h"

void __real_edges_take(struct node *n, struct edges_plan *plan, struct instant now);
void __wrap_edges_take(struct node *n, struct edges_plan *plan, struct instant now);

void __wrap_edges_take(struct node *n, struct edges_plan *plan, struct instant now)
{
    __real_edges_take(n, plan, now);
    for (unsigned i = 0; i < n->edges.count; i++)
        if (n->edges.peers[i].in_tree)
            n->edges.peers[i].have_change = 0;
}
