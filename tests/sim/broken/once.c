/* once.c — a core that looks a name up once, and believes the answer for ever. */
#include "core/http/endpoint.h"

void __real_endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void __wrap_endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);

void __wrap_endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    struct address known[ENDPOINT_ADDRESSES_MAX];
    unsigned known_count = e->count;
    memcpy(known, e->each, sizeof known);
    if (known_count)
        __real_endpoint_resolved(e, known, known_count, ttl_s, now);
    else
        __real_endpoint_resolved(e, addresses, count, ttl_s, now);
}
