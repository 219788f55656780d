/* leak.c — a core that does not free all memory when it ends. */
#include "core/peering/spare_links.h"

void __wrap_spare_links_destroy(struct spare_links *f);

void __wrap_spare_links_destroy(struct spare_links *f)
{
    (void)f;
}
