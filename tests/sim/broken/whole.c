/* whole.c — a core that forgets that its former process had refused or evicted stamps. */
#include "core/peering/peering.h"

void __real_past_recall(struct peering_node *node, const struct past *past, bool lacks);
void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks);

void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks)
{
    struct past whole = past ? *past : (struct past){0};
    whole.partial = false;
    __real_past_recall(node, past ? &whole : NULL, lacks);
}
