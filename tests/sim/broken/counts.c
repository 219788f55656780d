/* counts.c — a core that confirms what it has refused. */
#include "core/peering/link_state.h"

void __wrap_link_state_refused(struct link_state *l, int64_t again_ns);

void __wrap_link_state_refused(struct link_state *l, int64_t again_ns)
{
    (void)l;
    (void)again_ns;
}
