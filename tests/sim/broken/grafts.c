/* grafts.c — a core that answers each GRAFT at once, however often it comes. */
#include "core/peering/notices.h"

bool __real_notices_answer(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now);
bool __wrap_notices_answer(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now);

bool __wrap_notices_answer(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now)
{
    n->graft_from_ns = 0;
    return __real_notices_answer(n, link, out, now);
}
