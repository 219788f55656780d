/* lists.c — a core that trusts received lists even if the peer on them has restarted since. */
#include "core/peering/peering.h"

bool __real_peering_pull(
    struct peering *p, struct buf *out, unsigned stamps_max, struct instant now);
bool __wrap_peering_pull(
    struct peering *p, struct buf *out, unsigned stamps_max, struct instant now);

bool __wrap_peering_pull(
    struct peering *p, struct buf *out, unsigned stamps_max, struct instant now)
{
    if (p->peer) {
        p->peer->lists_from_ns = 0;
        p->peer->lists_after = 0;
    }
    return __real_peering_pull(p, out, stamps_max, now);
}
