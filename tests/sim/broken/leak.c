/* leak.c — a core that does not free all memory when it ends. */
#include "core/peering/spare_links.h"

void __wrap_flood_destroy(struct flood *f);

void __wrap_flood_destroy(struct flood *f)
{
    (void)f;
}
