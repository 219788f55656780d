/* test_history.c — times of changes are exact while the changes are few and recent, and later to
 * within a fraction of their age. */
#include "core/base/instant.h"
#include "core/node/history.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct history h;

static void at(uint64_t change, int64_t expected_ns, int64_t within_ns)
{
    int64_t got_ns, got_within_ns;
    cr_assert(history_find(&h, change, &got_ns, &got_within_ns), "change %lu", change);
    cr_expect_leq(got_ns, expected_ns, "change %lu: %ld", change, got_ns);
    cr_expect_lt(expected_ns - got_ns, got_within_ns, "change %lu: %ld", change, got_ns);
    cr_expect_leq(got_within_ns, within_ns, "change %lu: %ld", change, got_within_ns);
}

Test(history, a_change_after_a_rest_has_its_time)
{
    history_note(&h, 0, 5);
    history_note(&h, 1, 1000 * SECOND_NS);
    history_note(&h, 1, 2000 * SECOND_NS);
    history_note(&h, 4, 3000 * SECOND_NS);
    int64_t at_ns, within_ns;
    static const int64_t expected_s[] = {1000, 3000, 3000, 3000};
    for (uint64_t change = 1; change <= 4; change++) {
        cr_assert(history_find(&h, change, &at_ns, &within_ns));
        cr_expect_eq(at_ns, expected_s[change - 1] * SECOND_NS);
        cr_expect_eq(within_ns, HISTORY_FINEST_NS);
    }
}

Test(history, changes_of_one_bucket_are_dated_by_its_first)
{
    int64_t at_ns, within_ns;
    history_note(&h, 10, 1000000);
    history_note(&h, 11, 1000000 + HISTORY_FINEST_NS - 1);
    history_note(&h, 12, 1000000 + HISTORY_FINEST_NS);
    cr_assert(history_find(&h, 11, &at_ns, &within_ns));
    cr_expect_eq(at_ns, 1000000);
    cr_assert(history_find(&h, 12, &at_ns, &within_ns));
    cr_expect_eq(at_ns, 1000000 + HISTORY_FINEST_NS);
}

/* A change every millisecond for an hour: each is found, to within 1/32 of its age. */
Test(history, precision_goes_with_age)
{
    enum { CHANGES = 3600000 };
    for (int64_t i = 1; i <= CHANGES; i++)
        history_note(&h, (uint64_t)i, i * MS_NS);
    for (int64_t age = 0; age < CHANGES; age = age * 3 / 2 + 1) {
        int64_t exact_ns = age < HISTORY_BUCKETS - 1 ? HISTORY_FINEST_NS : age * MS_NS / 31;
        at((uint64_t)(CHANGES - age), (CHANGES - age) * MS_NS, exact_ns);
    }
}

Test(history, what_is_too_old_was_before_the_oldest_bucket)
{
    int64_t at_ns, within_ns;
    enum { STEPS = HISTORY_BUCKETS + 3 };
    const int64_t step_ns = 1000 * SECOND_NS; /* wider than the coarsest ring's buckets */
    for (int64_t i = 1; i <= STEPS; i++)
        history_note(&h, (uint64_t)(i * 10), i * step_ns);
    for (uint64_t change = 1; change <= 30; change++) {
        cr_assert_not(history_find(&h, change, &at_ns, &within_ns), "change %lu", change);
        cr_expect_eq(at_ns, 4 * step_ns);
    }
    cr_assert(history_find(&h, 31, &at_ns, &within_ns));
    cr_expect_eq(at_ns, 4 * step_ns);
    cr_assert(history_find(&h, STEPS * 10, &at_ns, &within_ns));
    cr_expect_eq(at_ns, STEPS * step_ns);
}

/* Once the ring's last bucket is in use, the next one overwrites the first. */
Test(history, a_ring_forgets_no_sooner_than_it_is_full)
{
    int64_t at_ns, within_ns;
    const int64_t step_ns = 1000 * SECOND_NS;
    for (int64_t i = 1; i <= HISTORY_BUCKETS; i++)
        history_note(&h, (uint64_t)(i * 10), i * step_ns);
    cr_assert(history_find(&h, 1, &at_ns, &within_ns));
    cr_expect_eq(at_ns, step_ns);
    history_note(&h, (HISTORY_BUCKETS + 1) * 10, (HISTORY_BUCKETS + 1) * step_ns);
    cr_assert_not(history_find(&h, 10, &at_ns, &within_ns));
    cr_expect_eq(at_ns, 2 * step_ns);
    cr_assert(history_find(&h, 11, &at_ns, &within_ns));
    cr_expect_eq(at_ns, 2 * step_ns);
    cr_assert(history_find(&h, HISTORY_BUCKETS * 10 + 1, &at_ns, &within_ns));
    cr_expect_eq(at_ns, (HISTORY_BUCKETS + 1) * step_ns);
}

/* Finer rings reach less far back: the oldest time that is known is the coarsest ring's. */
Test(history, what_is_too_old_was_before_the_oldest_bucket_of_the_coarsest_ring)
{
    enum { PER_BUCKET = 4, STEPS = PER_BUCKET * (HISTORY_BUCKETS + 1) };
    int64_t at_ns, within_ns;
    const int64_t step_ns =
        30 * SECOND_NS; /* four fill a bucket of 104.9 s, one a bucket of 26.2 s */
    for (int64_t i = 1; i <= STEPS; i++)
        history_note(&h, (uint64_t)i, i * step_ns);
    cr_assert_not(history_find(&h, PER_BUCKET, &at_ns, &within_ns));
    cr_expect_eq(at_ns, (PER_BUCKET + 1) * step_ns);
    cr_assert(history_find(&h, PER_BUCKET + 1, &at_ns, &within_ns));
    cr_expect_eq(at_ns, (PER_BUCKET + 1) * step_ns);
}

Test(history, nothing_is_known_of_what_was_not_noted, .signal = SIGABRT)
{
    int64_t at_ns, within_ns;
    history_note(&h, 3, 1);
    history_find(&h, 4, &at_ns, &within_ns);
}
