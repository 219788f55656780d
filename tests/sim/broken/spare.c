/* spare.c — a core that sends stamps on every link, as if all were tree links. */
#include "core/peering/notices.h"

bool __wrap_notices_as_stamp(
    const struct notices *n, const struct link_state *link, const struct feed_item *item);

bool __wrap_notices_as_stamp(
    const struct notices *n, const struct link_state *link, const struct feed_item *item)
{
    (void)n;
    (void)link;
    (void)item;
    return true;
}
