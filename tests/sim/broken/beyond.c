/* beyond.c — a core that goes on behind what a peer says to have of a former process, though less
 * was kept of that. */
#include "core/peering/peering.h"

bool __real_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);
bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);

bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change)
{
    bool reads_on = __real_past_reads_on(node, peer, theirs, change);
    if (reads_on && theirs->have_change <= store_change(node->store))
        *change = theirs->have_change;
    return reads_on;
}
