/* histogram.c — see histogram.h. */
#include "core/base/histogram.h"
#include "core/base/invariant.h"

uint64_t histogram_upper(unsigned bucket)
{
    ASSERT(bucket < HISTOGRAM_BUCKETS);
    if (bucket < 4)
        return bucket + 1;
    unsigned doubling = bucket / 4 + 1;
    return (UINT64_C(5) + bucket % 4) << (doubling - 2);
}

uint64_t histogram_total(const struct histogram *h)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += h->counts[i];
    return count;
}

uint64_t histogram_within(const struct histogram *h, unsigned doubling)
{
    uint64_t count = 0;
    ASSERT(doubling >= 2 && doubling < HISTOGRAM_DOUBLINGS);
    unsigned end = histogram_bucket(UINT64_C(1) << doubling) + 1;
    for (unsigned i = 0; i < end; i++)
        count += h->counts[i];
    return count;
}

uint64_t histogram_quantile(const struct histogram *h, unsigned thousandths)
{
    ASSERT(thousandths >= 1 && thousandths <= 1000);
    uint64_t total = histogram_total(h);
    if (!total)
        return 0;
    uint64_t rank = (total / 1000) * thousandths + (total % 1000 * thousandths + 999) / 1000;
    uint64_t count = h->counts[0];
    unsigned bucket = 0;
    while (count < rank)
        count += h->counts[++bucket];
    return histogram_upper(bucket);
}
