/* heir.c — a core that keeps from a node what its twin has brought. */
#include "core/peering/twin.h"

void __wrap_twin_told(const struct peering_node *node, const struct peer *stand_in);

void __wrap_twin_told(const struct peering_node *node, const struct peer *stand_in)
{
    (void)node;
    (void)stand_in;
}
