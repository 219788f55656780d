/* listed.c — a core that trusts received lists even where digests do not show that one is
 * wrong. */
#include "core/peering/lists.h"

void __wrap_lists_compared(struct link_state *l, bool equal, struct instant now);

void __wrap_lists_compared(struct link_state *l, bool equal, struct instant now)
{
    (void)l;
    (void)equal;
    (void)now;
}
