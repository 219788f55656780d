/* new_ids.c — a core that takes new ids of one address without end. */
#include "core/node/quotas.h"

bool __wrap_quotas_has_new_id(struct quotas *q, uint32_t account, struct instant now);

bool __wrap_quotas_has_new_id(struct quotas *q, uint32_t account, struct instant now)
{
    (void)q, (void)account, (void)now;
    return true;
}
