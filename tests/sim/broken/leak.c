/* leak.c — a core that keeps memory when it is gone. */
#include "core/peering/peer.h"

void __wrap_flood_destroy(struct flood *f);

void __wrap_flood_destroy(struct flood *f)
{
    (void)f;
}
