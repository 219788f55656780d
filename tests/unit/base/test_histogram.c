/* test_histogram.c — every duration falls into the bucket whose bounds it lies between. */
#include "core/base/histogram.h"
#include <criterion/criterion.h>

static void lies_right(uint64_t ns)
{
    unsigned b = histogram_bucket(ns);
    cr_assert_lt(b, HISTOGRAM_BUCKETS);
    if (b + 1 < HISTOGRAM_BUCKETS)
        cr_assert_leq(ns, histogram_upper(b), "%lu in %u", (unsigned long)ns, b);
    if (b)
        cr_assert_gt(ns, histogram_upper(b - 1), "%lu in %u", (unsigned long)ns, b);
}

Test(histogram, bounds)
{
    for (uint64_t ns = 0; ns < 5000; ns++)
        lies_right(ns);
    for (unsigned doubling = 2; doubling < 64; doubling++)
        for (uint64_t quarter = 0; quarter < 4; quarter++)
            for (int64_t by = -1; by <= 1; by++)
                lies_right(((4 + quarter) << (doubling - 2)) + (uint64_t)by);
    lies_right(UINT64_MAX);
    for (unsigned b = 4; b + 1 < HISTOGRAM_BUCKETS; b++)
        cr_expect_leq(histogram_upper(b) * 4, histogram_upper(b - 1) * 5);
}

Test(histogram, counts)
{
    static struct histogram h;
    cr_expect_eq(histogram_quantile(&h, 500), 0);
    histogram_add(&h, -5, 1);
    histogram_add(&h, 1024, 98);
    histogram_add(&h, 1025, 1);
    cr_expect_eq(histogram_total(&h), 100);
    cr_expect_eq(h.sum_ns, 98 * 1024 + 1025);
    cr_expect_eq(histogram_within(&h, 10), 99);
    cr_expect_eq(histogram_within(&h, 11), 100);
    cr_expect_eq(histogram_within(&h, 9), 1);
    cr_expect_eq(histogram_quantile(&h, 1), 1);
    cr_expect_eq(histogram_quantile(&h, 500), 1024);
    cr_expect_eq(histogram_quantile(&h, 990), 1024);
    cr_expect_eq(histogram_quantile(&h, 991), 1280);
    cr_expect_eq(histogram_quantile(&h, 1000), 1280);
}
