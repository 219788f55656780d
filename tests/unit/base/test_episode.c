/* test_episode.c — a row of events is told when it begins and when it is over, with its count. */
#include "core/base/episode.h"
#include <criterion/criterion.h>

Test(episode, begins_lasts_and_is_over)
{
    static const struct {
        int64_t at_ms;
        uint64_t counter;
        enum episode_change change;
        uint64_t events;
        int64_t lasted_ms;
    } rows[] = {
        {0, 0, EPISODE_NOTHING, 0, 0},
        {90000, 0, EPISODE_NOTHING, 0, 0},
        {100000, 3, EPISODE_BEGINS, 3, 0},
        {100000, 3, EPISODE_NOTHING, 3, 0},
        {159999, 3, EPISODE_NOTHING, 3, 0},
        {159999, 4, EPISODE_NOTHING, 4, 59999},
        {219998, 4, EPISODE_NOTHING, 4, 59999},
        {219999, 4, EPISODE_OVER, 4, 59999},
        {220000, 4, EPISODE_NOTHING, 4, 59999},
        {220001, 5, EPISODE_BEGINS, 1, 0},
        {900000, 6, EPISODE_NOTHING, 2, 679999}, /* nobody looked in between */
        {960000, 6, EPISODE_OVER, 2, 679999},
    };
    struct episode e = {0};
    cr_expect_eq(episode_deadline(&e), NEVER_NS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct instant now = {.mono_ns = rows[i].at_ms * MS_NS};
        bool due = now.mono_ns >= episode_deadline(&e);
        enum episode_change change = episode_look(&e, rows[i].counter, now);
        cr_expect_eq(change, rows[i].change, "row %zu: %d", i, (int)change);
        cr_expect(change != EPISODE_OVER || due, "row %zu", i);
        cr_expect_eq(episode_events(&e), rows[i].events, "row %zu", i);
        cr_expect_eq(episode_lasted_ms(&e), rows[i].lasted_ms, "row %zu", i);
        cr_expect_eq(episode_deadline(&e) == NEVER_NS, !e.on);
    }
}

Test(episode, ends_early_once)
{
    struct episode e = {0};
    cr_expect_not(episode_end(&e));
    cr_expect_eq(episode_look(&e, 2, (struct instant){.mono_ns = 1}), EPISODE_BEGINS);
    cr_expect(episode_end(&e));
    cr_expect_eq(episode_events(&e), 2);
    cr_expect_not(episode_end(&e));
    cr_expect_eq(episode_deadline(&e), NEVER_NS);
}
