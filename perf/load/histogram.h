/* histogram.h — counts of values with three significant digits, in a fixed amount of memory.
 *
 * The layout is HdrHistogram's (hdrhistogram.org): each value below 2,048 has a bucket of its own,
 * and every power of two above is divided into 1,024 equal buckets, so that a bucket is never wider
 * than a thousandth of its values. Recording is a shift and an addition. Values are nanoseconds,
 * from 0 to HISTOGRAM_VALUE_MAX; larger ones are counted as that. */
#ifndef PERF_LOAD_HISTOGRAM_H
#define PERF_LOAD_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_HALF_BITS = 10, /* 1,024 buckets for each power of two */
    HISTOGRAM_VALUE_BITS = 40, /* 18 minutes */
    HISTOGRAM_PLACES = (HISTOGRAM_VALUE_BITS - HISTOGRAM_HALF_BITS + 1) << HISTOGRAM_HALF_BITS,
};

#define HISTOGRAM_VALUE_MAX ((INT64_C(1) << HISTOGRAM_VALUE_BITS) - 1)

/* All zero is an empty histogram. */
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

/* The largest value that falls into the same bucket. */
int64_t histogram_upper(unsigned place);

/* The value that `fraction` (0 to 1) of all values do not exceed, to three digits; at most the
 * largest value recorded. 0 if the histogram is empty. */
int64_t histogram_percentile(const struct histogram *h, double fraction);

#endif
