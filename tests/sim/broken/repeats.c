/* repeats.c — a load that goes by the time alone, as if a client had repeated itself. */
#include "core/peering/route.h"
#include "core/store/store.h"

enum store_verdict __real_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return route == ROUTE_LOCAL ? store_put_later(s, in, hash, route)
                                : __real_store_put(s, in, hash, route);
}
