/* partial.c — a core that takes itself for whole as soon as it agrees with any neighbour. */
#include "core/peering/link_state.h"

void __real_link_state_agreed(struct link_state *l, struct instant now);
void __wrap_link_state_agreed(struct link_state *l, struct instant now);

void __wrap_link_state_agreed(struct link_state *l, struct instant now)
{
    __real_link_state_agreed(l, now);
    for (unsigned i = 0; i < l->node->peers_count; i++) {
        struct peer *peer = &l->node->peers[i];
        peer->settled_stamps = peer_refused(peer);
        peer->settled_evictions = store_evicted(l->node->store);
    }
}
