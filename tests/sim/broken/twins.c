/* twins.c — a core that keeps both of two connections between the same nodes. */
#include "core/peering/neighbours.h"

int __real_neighbour_linked(struct neighbours *n, struct neighbour *who, int link,
    bool dialled_by_us, uint64_t boot, struct instant now);
int __wrap_neighbour_linked(struct neighbours *n, struct neighbour *who, int link,
    bool dialled_by_us, uint64_t boot, struct instant now);

int __wrap_neighbour_linked(struct neighbours *n, struct neighbour *who, int link,
    bool dialled_by_us, uint64_t boot, struct instant now)
{
    (void)__real_neighbour_linked(n, who, link, dialled_by_us, boot, now);
    return NEIGHBOUR_NO_LINK;
}
