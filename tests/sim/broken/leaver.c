/* leaver.c — a core that does not leave when it is told of an earlier process of its name. */
#include "core/node/node.h"

bool __wrap_node_is_twin(const struct node *n);

bool __wrap_node_is_twin(const struct node *n)
{
    (void)n;
    return false;
}
