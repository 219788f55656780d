/* history.c — see history.h. A bucket is begun by the first change that the one before is too old
 * for, so a node at rest uses up none, and a change after a rest has its exact time. A search
 * begins with the finest ring and ends with the first that still reaches back far enough. */
#include "core/history.h"
#include "core/invariant.h"
#include <stddef.h>

static unsigned place(uint64_t number)
{
    return (unsigned)(number % HISTORY_BUCKETS);
}

static void note(struct history_ring *r, int64_t width_ns, uint64_t change, int64_t mono_ns)
{
    struct history_bucket *last = r->count ? &r->buckets[place(r->count - 1)] : NULL;
    if (last && mono_ns - last->at_ns < width_ns) {
        last->change = change;
        return;
    }
    struct history_bucket *next = &r->buckets[place(r->count)];
    if (r->count >= HISTORY_BUCKETS)
        r->before = next->change;
    *next = (struct history_bucket){change, mono_ns};
    r->count++;
}

void history_note(struct history *h, uint64_t change, int64_t mono_ns)
{
    if (change == h->change)
        return;
    h->change = change;
    int64_t width_ns = HISTORY_FINEST_NS;
    for (unsigned i = 0; i < HISTORY_RINGS; i++, width_ns *= HISTORY_COARSER)
        note(&h->rings[i], width_ns, change, mono_ns);
}

/* The first bucket that reaches up to `change`, which the ring holds. */
static uint64_t search(const struct history_ring *r, uint64_t change)
{
    uint64_t low = r->count > HISTORY_BUCKETS ? r->count - HISTORY_BUCKETS : 0;
    uint64_t high = r->count - 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (r->buckets[place(middle)].change < change)
            low = middle + 1;
        else
            high = middle;
    }
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
        *at_ns = r->buckets[place(search(r, change))].at_ns;
        *within_ns = width_ns;
        return true;
    }
    const struct history_ring *coarsest = &h->rings[HISTORY_RINGS - 1];
    *at_ns = coarsest->buckets[place(coarsest->count)].at_ns; /* the oldest it has */
    return false;
}
