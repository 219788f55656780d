/* feed_age.c — see feed_age.h.
 *
 * A sample is late rather than early: changes since the last sample count as made at the next one,
 * at most a step later while somebody waits for them. So what feed_age_at allows is at least as old
 * as was asked for. Holds always: samples ascend, in time and in change number. */
#include "core/peering/feed_age.h"
#include "core/base/invariant.h"

static uint64_t oldest(const struct feed_age *h)
{
    return h->count > FEED_AGE_SAMPLES ? h->count - FEED_AGE_SAMPLES : 0;
}

void feed_age_note(struct feed_age *h, uint64_t change, int64_t now_ns)
{
    if (h->count) {
        uint64_t last = (h->count - 1) % FEED_AGE_SAMPLES;
        if (change <= h->samples[last].change ||
            now_ns < h->samples[last].ns + FEED_AGE_STEP_MS * MS_NS)
            return;
    }
    h->samples[h->count % FEED_AGE_SAMPLES].ns = now_ns;
    h->samples[h->count % FEED_AGE_SAMPLES].change = change;
    h->count++;
}

uint64_t feed_age_at(const struct feed_age *h, int64_t ns)
{
    uint64_t low = oldest(h), high = h->count; /* the last sample not after ns is before high */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (h->samples[middle % FEED_AGE_SAMPLES].ns <= ns)
            low = middle + 1;
        else
            high = middle;
    }
    ASSERT(low == high && low <= h->count);
    return low > oldest(h) ? h->samples[(low - 1) % FEED_AGE_SAMPLES].change : 0;
}

int64_t feed_age_past(const struct feed_age *h, uint64_t change, bool *known)
{
    uint64_t low = oldest(h), high = h->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (h->samples[middle % FEED_AGE_SAMPLES].change > change)
            high = middle;
        else
            low = middle + 1;
    }
    ASSERT(low == high && low <= h->count);
    *known = low < h->count;
    if (*known)
        return h->samples[low % FEED_AGE_SAMPLES].ns;
    return h->count ? h->samples[(h->count - 1) % FEED_AGE_SAMPLES].ns + FEED_AGE_STEP_MS * MS_NS
                    : 0;
}
