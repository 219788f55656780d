/* unconfirmed.c — a core that believes what a peer says to have of a former process, as far as
 * that was kept, whether the peer had confirmed it by then or not. */
#include "core/peering/peering.h"

void __real_past_recall(struct peering_node *node, const struct past *past, bool lacks);
void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks);
bool __real_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);
bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);

void __wrap_past_recall(struct peering_node *node, const struct past *past, bool lacks)
{
    __real_past_recall(node, past, lacks);
    for (unsigned i = 0; i < node->peers_count; i++)
        node->peers[i].confirmed_before.change = store_change(node->store);
}

bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change)
{
    struct peer all = *peer;
    all.confirmed_before.boot = theirs->have_boot;
    all.confirmed_before.by = theirs->have_by ? theirs->have_by : theirs->boot;
    return __real_past_reads_on(node, &all, theirs, change);
}
