/* tree.c — a core that takes every link for a tree link. */
#include "core/topology/tree.h"

bool __wrap_tree_hops(const struct topology *t, unsigned self, uint16_t *hops);

bool __wrap_tree_hops(const struct topology *t, unsigned self, uint16_t *hops)
{
    for (unsigned i = 0; i < t->nodes[self].neighbours_count; i++)
        hops[i] = 1;
    return true;
}
