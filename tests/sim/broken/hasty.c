/* hasty.c — a node that is drained closes its client port at once. */
#include "core/node/private.h"

bool __wrap_node_listens(const struct node *n);

bool __wrap_node_listens(const struct node *n)
{
    return n->drain.state == DRAIN_SERVES;
}
