/* How far the feed had got: never told too far, and never unknown for longer than a step. */
#include "core/peering/feed_age.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <string.h>

static struct feed_age h;

static int64_t past(uint64_t change)
{
    bool known;
    int64_t ns = feed_age_past(&h, change, &known);
    return known ? ns : -ns;
}

Test(feed_age, knows_nothing_at_first)
{
    cr_expect_eq(feed_age_at(&h, INT64_MAX), 0);
    cr_expect_eq(past(0), 0);
}

Test(feed_age, samples_once_a_step_and_only_what_grew)
{
    static const struct {
        int64_t ms;
        uint64_t change;
        unsigned count; /* samples then */
    } rows[] = {{100, 5, 1}, {109, 6, 1}, {110, 6, 2}, {200, 6, 2}, {201, 7, 3}, {202, 9, 3}};
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        feed_age_note(&h, rows[i].change, rows[i].ms * MS_NS);
        cr_expect_eq(h.count, rows[i].count, "%zu", i);
    }
    cr_expect_eq(feed_age_at(&h, 100 * MS_NS - 1), 0);
    cr_expect_eq(feed_age_at(&h, 100 * MS_NS), 5);
    cr_expect_eq(feed_age_at(&h, 110 * MS_NS - 1), 5);
    cr_expect_eq(feed_age_at(&h, 110 * MS_NS), 6);
    cr_expect_eq(feed_age_at(&h, INT64_MAX), 7);
    cr_expect_eq(past(0), 100 * MS_NS);
    cr_expect_eq(past(5), 110 * MS_NS);
    cr_expect_eq(past(6), 201 * MS_NS);
    cr_expect_eq(past(7), -211 * MS_NS, "not taken down; can be a step after the last");
}

/* Against all that was ever noted, over many turns of the ring. */
Test(feed_age, is_right_as_far_back_as_it_says)
{
    enum { NOTES = 4000 };
    static uint64_t change_at[NOTES];
    struct random r = random_begin();
    memset(&h, 0, sizeof h);
    uint64_t change = 0;
    for (int ms = 0; ms < NOTES; ms++) {
        change += random_below(&r, 3);
        change_at[ms] = change;
        feed_age_note(&h, change, ms * MS_NS);
        int64_t back_ms = random_below(&r, FEED_AGE_MS);
        if (ms < back_ms + FEED_AGE_STEP_MS)
            continue;
        uint64_t got = feed_age_at(&h, (ms - back_ms) * MS_NS);
        cr_assert_leq(got, change_at[ms - back_ms], "too far, %d ms", ms);
        cr_assert_geq(got, change_at[ms - back_ms - FEED_AGE_STEP_MS], "too late, %d ms", ms);
    }
}
