/* notices.c — a core that heeds no notice: it thinks that it had all that it hears of. */
#include "core/peering/recent.h"

bool __wrap_recent_has(const struct recent *r, uint64_t hash);

bool __wrap_recent_has(const struct recent *r, uint64_t hash)
{
    (void)r;
    (void)hash;
    return true;
}
