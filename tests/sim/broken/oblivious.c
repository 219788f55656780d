/* oblivious.c — a core that forgets where a name led when a lookup fails. */
#include "core/http/endpoint.h"

void __real_endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now);
void __wrap_endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now);

void __wrap_endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now)
{
    e->count = 0;
    __real_endpoint_resolve_failed(e, why, now);
}
