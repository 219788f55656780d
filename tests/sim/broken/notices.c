/* notices.c — a core that ignores notices: it believes that it has every stamp noticed. */
#include "core/peering/recent.h"

bool __wrap_recent_has(const struct recent *r, uint64_t hash);

bool __wrap_recent_has(const struct recent *r, uint64_t hash)
{
    (void)r;
    (void)hash;
    return true;
}
