/* history.c — see history.h.
 *
 * A bucket is begun by the first change for which the last bucket is too old, so a node at rest
 * uses up none, and a change after a rest has its exact time. The last bucket of a ring is open: it
 * reaches up to the last change noted, which is written into it when the next bucket is begun, so
 * most turns of a busy node write nothing. A search begins with the finest ring and ends with the
 * first that reaches back far enough. */
#include "core/node/history.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"
#include <stddef.h>

static unsigned index_of(uint64_t number)
{
    return (unsigned)(number % HISTORY_BUCKETS);
}

/* Begin a bucket if the last one, which has reached up to `before`, is too old. When the next one
 * will be due. */
static int64_t note(struct history_ring *r, int64_t width_ns, uint64_t before, int64_t mono_ns)
{
    struct history_bucket *last = r->count ? &r->buckets[index_of(r->count - 1)] : NULL;
    if (last && mono_ns - last->at_ns < width_ns)
        return last->at_ns + width_ns;
    if (last)
        last->change = before;
    struct history_bucket *next = &r->buckets[index_of(r->count)];
    if (r->count >= HISTORY_BUCKETS)
        r->before = next->change;
    *next = (struct history_bucket){.at_ns = mono_ns};
    r->count++;
    return mono_ns + width_ns;
}

void history_note(struct history *h, uint64_t change, int64_t mono_ns)
{
    if (change == h->change)
        return;
    ASSERT(change > h->change);
    if (mono_ns >= h->due_ns) {
        int64_t width_ns = HISTORY_FINEST_NS;
        h->due_ns = NEVER_NS;
        for (unsigned i = 0; i < HISTORY_RINGS; i++, width_ns *= HISTORY_COARSER) {
            int64_t due_ns = note(&h->rings[i], width_ns, h->change, mono_ns);
            h->due_ns = earlier_ns(h->due_ns, due_ns);
        }
    }
    h->change = change;
}

/* The number of the first bucket that reaches up to `change`, which the ring holds. The end of the
 * last one is not compared, because it is open. */
static uint64_t search(const struct history_ring *r, uint64_t change)
{
    uint64_t low = r->count > HISTORY_BUCKETS ? r->count - HISTORY_BUCKETS : 0;
    uint64_t high = r->count - 1;
    ASSERT(r->count > 0);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (r->buckets[index_of(middle)].change < change)
            low = middle + 1;
        else
            high = middle;
    }
    ASSERT(low < r->count && r->count - low <= HISTORY_BUCKETS);
    return low;
}

bool history_find(const struct history *h, uint64_t change, int64_t *at_ns, int64_t *within_ns)
{
    ASSERT(change >= 1 && change <= h->change);
    int64_t width_ns = HISTORY_FINEST_NS;
    for (unsigned i = 0; i < HISTORY_RINGS; i++, width_ns *= HISTORY_COARSER) {
        const struct history_ring *r = &h->rings[i];
        if (change <= r->before)
            continue;
        *at_ns = r->buckets[index_of(search(r, change))].at_ns;
        *within_ns = width_ns;
        return true;
    }
    const struct history_ring *coarsest = &h->rings[HISTORY_RINGS - 1];
    *at_ns = coarsest->buckets[index_of(coarsest->count)].at_ns; /* its oldest bucket */
    return false;
}
