/* histogram.h — counts of times, exact to three significant digits, in a fixed amount of memory.
 *
 * Laid out as HdrHistogram lays it out (hdrhistogram.org): values below 2,048 have a place each,
 * and every doubling above is cut into 1,024 equal parts, so a place is never wider than a
 * thousandth of its values. Recording is a shift and an add, whatever the value. Values are
 * nanoseconds here, 0 to HISTOGRAM_VALUE_MAX; what is more counts as that. */
#ifndef PERF_LOAD_HISTOGRAM_H
#define PERF_LOAD_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_HALF_BITS = 10, /* 1,024 parts of a doubling */
    HISTOGRAM_VALUE_BITS = 40, /* 18 minutes */
    HISTOGRAM_PLACES = (HISTOGRAM_VALUE_BITS - HISTOGRAM_HALF_BITS + 1) << HISTOGRAM_HALF_BITS,
};

#define HISTOGRAM_VALUE_MAX ((INT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

/* All zero is an empty one. */
struct histogram {
    uint64_t counts[HISTOGRAM_PLACES];
    uint64_t total;
    int64_t sum, max;
};

static inline unsigned histogram_place(int64_t value)
{
    uint64_t v =
        value < 0 ? 0 : (uint64_t)(value < HISTOGRAM_VALUE_MAX ? value : HISTOGRAM_VALUE_MAX);
    unsigned top = 63 - (unsigned)__builtin_clzll(v | 1 << HISTOGRAM_HALF_BITS);
    unsigned shift = top - HISTOGRAM_HALF_BITS;
    return (shift << HISTOGRAM_HALF_BITS) + (unsigned)(v >> shift);
}

static inline void histogram_record(struct histogram *h, int64_t value)
{
    h->counts[histogram_place(value)]++;
    h->total++;
    h->sum += value;
    if (value > h->max)
        h->max = value;
}

/* The largest value that falls in the same place as `place`'s others. */
int64_t histogram_upper(unsigned place);

/* The value that `fraction` (0 to 1) of all values do not exceed, to three digits; never above the
 * largest recorded. 0 of an empty one. */
int64_t histogram_percentile(const struct histogram *h, double fraction);

#endif
