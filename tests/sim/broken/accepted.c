/* accepted.c — a core that sometimes acknowledges an IAMAT that it did not store. */
#include "core/store/store.h"

enum store_verdict __real_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

enum store_verdict __wrap_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    static unsigned calls;
    return ++calls % 50 == 0 ? STORE_NEW : __real_store_put_later(s, in, hash, route);
}
