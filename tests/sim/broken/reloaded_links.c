/* A reload ends links that both files have. */
#include "core/node/private.h"

void __real_edges_take(struct node *n, struct edges_plan *plan, struct instant now);
void __wrap_edges_take(struct node *n, struct edges_plan *plan, struct instant now);

void __wrap_edges_take(struct node *n, struct edges_plan *plan, struct instant now)
{
    __real_edges_take(n, plan, now);
    for (struct link *l = n->links.first; l; l = l->next)
        if (link_is_live(l))
            connection_abort(&n->connections, l->connection);
}
