/* any_process.c — a core that does not ask which process of a peer has had what. */
#include "core/peering/peering.h"

bool __real_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);
bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change);

bool __wrap_past_reads_on(const struct peering_node *node, const struct peer *peer,
    const struct hello *theirs, uint64_t *change)
{
    struct hello any = *theirs;
    any.have_by = peer->confirmed_before.by;
    return __real_past_reads_on(node, peer, &any, change);
}
