/* starved.c — a core that drops a stamp for lack of memory as if the store were full. */
#include "core/store/store.h"

enum store_verdict __real_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    enum store_verdict verdict = __real_store_put(s, in, hash, route);
    return verdict == STORE_STARVED ? STORE_FULL : verdict;
}
