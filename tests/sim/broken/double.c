/* double.c — a core that compares times as floating-point numbers, which loses nanoseconds. */
#include "core/store/store.h"

enum store_verdict __real_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __real_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);
enum store_verdict __wrap_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route);

static bool seems_old(const struct store *s, const struct stamp *in, uint64_t hash)
{
    struct feed_item held;
    struct stamp_text text;
    return store_get(s, in->id, hash, &held, &text) &&
           (double)in->time_ns <= (double)held.stamp.time_ns && in->time_ns > held.stamp.time_ns;
}

enum store_verdict __wrap_store_put(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return seems_old(s, in, hash) ? STORE_OLD : __real_store_put(s, in, hash, route);
}

enum store_verdict __wrap_store_put_later(
    struct store *s, const struct stamp *in, uint64_t hash, uint16_t route)
{
    return seems_old(s, in, hash) ? STORE_OLD : __real_store_put_later(s, in, hash, route);
}
