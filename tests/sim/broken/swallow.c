/* swallow.c — a core that drops one in eight of a peer's stamps, each time it arrives, so that no
 * resend helps. */
#include "core/store/store.h"

enum store_verdict __real_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return stamp_hash(in) % 8 ? __real_store_put(s, in, hash, route) : STORE_OLD;
}
