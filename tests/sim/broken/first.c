/* first.c — a core that tries only the first address of a name. */
#include "core/http/endpoint.h"

enum endpoint_verdict __real_endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now);
enum endpoint_verdict __wrap_endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now);

enum endpoint_verdict __wrap_endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now)
{
    enum endpoint_verdict verdict = __real_endpoint_begin(e, a, now);
    if (verdict == ENDPOINT_BEGUN)
        a->count = 1;
    return verdict;
}
