/* bucket.h — a token bucket: something may happen so many times at once, and then as they come
 * back, one in `each_ns`.
 *
 * Its state is one time, the caller's: that at which all that was taken has come back; 0 at first.
 * Called by node. */
#ifndef CORE_BASE_BUCKET_H
#define CORE_BASE_BUCKET_H

#include "core/base/instant.h"

struct bucket {
    int64_t each_ns; /* in which one comes back */
    int64_t whole_ns; /* in which all do; at least each_ns */
};

/* From when on one may be taken; monotonic. */
static inline int64_t bucket_ready_ns(struct bucket b, int64_t back_ns)
{
    return back_ns + b.each_ns - b.whole_ns;
}

/* The state after `count` were taken, which may be more than there were. */
static inline int64_t bucket_take(
    struct bucket b, int64_t back_ns, unsigned count, struct instant now)
{
    return (back_ns < now.mono_ns ? now.mono_ns : back_ns) + (int64_t)count * b.each_ns;
}

#endif
