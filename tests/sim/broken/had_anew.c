/* had_anew.c — a core that forgets what it had of a peer's former process when it meets the next
 * one. */
#include "core/peering/peering.h"

struct had __wrap_past_had(const struct peering_node *node, const struct peer *peer);

struct had __wrap_past_had(const struct peering_node *node, const struct peer *peer)
{
    if (!peer->have_change)
        return (struct had){0};
    return (struct had){.boot = peer->boot, .change = peer->have_change, .by = node->boot};
}
