/* histogram.h — how often something took how long.
 *
 * Buckets get wider with the duration: four in each doubling, so a bucket's bounds are at most a
 * quarter apart, from nanoseconds to 36 minutes; what is longer counts in the last. Adding is a
 * few instructions and needs no memory. Called by node, peering and web. */
#ifndef CORE_BASE_HISTOGRAM_H
#define CORE_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_DOUBLINGS = 41, /* the last bucket ends at 2^41 ns */
    HISTOGRAM_BUCKETS = 4 * (HISTOGRAM_DOUBLINGS - 1),
};

/* Zeroed at the start. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t sum_ns; /* of all durations */
};

/* The bucket of a duration: buckets hold (lower, upper], so that a power of two ends one. */
static inline unsigned histogram_bucket(uint64_t ns)
{
    uint64_t before = ns ? ns - 1 : 0;
    if (before < 4)
        return (unsigned)before;
    unsigned doubling = 63 - (unsigned)__builtin_clzll(before); /* at least 2 */
    unsigned bucket = 4 * (doubling - 1) + (unsigned)(before >> (doubling - 2) & 3);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* It took `ns`, whose bucket this is, `times` times. */
static inline void histogram_add_to(
    struct histogram *h, unsigned bucket, uint64_t ns, uint64_t times)
{
    h->counts[bucket] += times;
    h->sum_ns += ns * times;
}

/* The same. A negative duration counts as 0. */
static inline void histogram_add(struct histogram *h, int64_t ns, uint64_t times)
{
    uint64_t duration = ns < 0 ? 0 : (uint64_t)ns;
    histogram_add_to(h, histogram_bucket(duration), duration, times);
}

/* How many there were. */
uint64_t histogram_total(const struct histogram *h);

/* The longest duration of a bucket, in ns; that of the last has no meaning. */
uint64_t histogram_upper(unsigned bucket);

/* How many took at most 2^doubling ns; 2 <= doubling < HISTOGRAM_DOUBLINGS. */
uint64_t histogram_within(const struct histogram *h, unsigned doubling);

/* The duration that `thousandths` of all did not exceed, as the upper bound of its bucket; 0: there
 * is none. 1 <= thousandths <= 1000. */
uint64_t histogram_quantile(const struct histogram *h, unsigned thousandths);

#endif
