/* A node that hears of two topologies trusts its tree all the same. */
#include "core/peering/peering.h"

bool __real_topologies_look(struct peering_node *node, struct instant now);
bool __wrap_topologies_look(struct peering_node *node, struct instant now);

bool __wrap_topologies_look(struct peering_node *node, struct instant now)
{
    uint64_t losses = node->spare_links ? node->spare_links->tree_losses : 0;
    bool changed = __real_topologies_look(node, now);
    if (node->spare_links)
        node->spare_links->tree_losses = losses;
    node->topologies.differ = false;
    return changed;
}
