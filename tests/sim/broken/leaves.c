/* leaves.c — a core whose nodes end as soon as they are drained, whatever their grace. */
#include "core/node/private.h"

bool __wrap_node_is_drained(const struct node *n);

bool __wrap_node_is_drained(const struct node *n)
{
    return n->drain.state != DRAIN_SERVES;
}
