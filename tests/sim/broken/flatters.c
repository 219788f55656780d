/* flatters.c — a node that says of each seventh stamp that is loaded that it holds it, and does
 * not. */
#include "core/peering/route.h"
#include "core/store/store.h"

enum store_verdict __real_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    static unsigned number;
    if (route == ROUTE_LOCAL && ++number % 7 == 0)
        return STORE_NEW;
    return __real_store_put(s, in, hash, route);
}
