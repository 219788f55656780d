/* boot_kept.c — a core whose next process has the boot of the one that died. */
#include "core/peering/peering.h"

void __real_past_recall(struct peering_node *node, const struct past *past, bool lacks);
void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks);

void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks)
{
    __real_past_recall(node, past, lacks);
    if (past && node->former_count)
        node->boot = node->former[--node->former_count];
}
