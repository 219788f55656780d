/* crowd.c — a core that lets any number of clients of one address in, and counts none. */
#include "core/node/quotas.h"

bool __wrap_quotas_enter(struct quotas *q, const struct address *from, uint32_t *account);

bool __wrap_quotas_enter(struct quotas *q, const struct address *from, uint32_t *account)
{
    (void)q, (void)from;
    *account = QUOTA_NONE;
    return true;
}
