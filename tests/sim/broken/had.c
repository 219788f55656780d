/* had.c — a core that takes what it refused for had when a spare link notices it. */
#include "core/peering/refused.h"
#include "core/peering/spare_links.h"

void __real_refused_ahead(struct link_state *l, const struct stamp *stamp);
void __wrap_refused_ahead(struct link_state *l, const struct stamp *stamp);

void __wrap_refused_ahead(struct link_state *l, const struct stamp *stamp)
{
    __real_refused_ahead(l, stamp);
    if (l->node->spare_links)
        (void)recent_note(&l->node->spare_links->recent, stamp_hash(stamp));
}
