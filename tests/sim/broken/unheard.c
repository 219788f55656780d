/* unheard.c — a core that leaves its stamps to peers of which it has heard nothing for long. */
#include "core/node/private.h"

uint64_t __wrap_links_confirmed(const struct node *n);

uint64_t __wrap_links_confirmed(const struct node *n)
{
    uint64_t most = 0;
    for (const struct link *l = n->links.first; l; l = l->next)
        if (link_is_live(l) && !l->peering.link.peer_stops && most < l->peering.peer->acked)
            most = l->peering.peer->acked;
    return most;
}
