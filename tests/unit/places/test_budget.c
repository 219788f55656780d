/* test_budget.c — no period, wherever it begins, has more than the budget. */
#include "core/places/budget.h"
#include <criterion/criterion.h>

TestSuite(budget);

static struct instant at(int64_t ms)
{
    return (struct instant){.mono_ns = ms * MS_NS};
}

Test(budget, without_an_end)
{
    struct budget b;
    budget_begin(&b, 0, 0);
    for (int i = 0; i < 1000; i++)
        budget_spend(&b, at(0));
    cr_assert_eq(budget_left(&b, at(0)), UINT32_MAX);
}

Test(budget, comes_back_after_the_period_and_a_part)
{
    struct budget b;
    budget_begin(&b, 3, 24);
    for (uint32_t left = 3; left > 0; left--) {
        cr_assert_eq(budget_left(&b, at(100999)), left);
        budget_spend(&b, at(100999));
    }
    cr_assert_eq(budget_left(&b, at(100999)), 0);
    cr_assert_eq(budget_left(&b, at(100999 + 24000)), 0, "24 s are not over in all of its part");
    cr_assert_eq(budget_left(&b, at(125000)), 3);
    budget_spend(&b, at(125000));
    cr_assert_eq(budget_left(&b, at(1000000000)), 3, "however long nothing was asked");
}

/* Whatever comes when: in any window of a period at most `count`. */
Test(budget, any_period)
{
    enum { ASKED = 4000, COUNT = 17, PERIOD_MS = 1000 };
    static int64_t when[ASKED];
    struct budget b;
    uint64_t random = 1;
    int64_t ms = 0;
    unsigned asked = 0;
    budget_begin(&b, COUNT, PERIOD_MS / 1000);
    while (asked < ASKED) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        ms += (int64_t)((random >> 40) % (random >> 60 ? 20 : 700));
        if (!budget_left(&b, at(ms)))
            continue;
        budget_spend(&b, at(ms));
        when[asked++] = ms;
    }
    for (unsigned i = COUNT; i < ASKED; i++)
        cr_assert_gt(when[i] - when[i - COUNT], PERIOD_MS - 1, "%u", i);
    /* and nearly as many as may be */
    cr_assert_gt((int64_t)ASKED * PERIOD_MS * 25, ms * COUNT / 2);
}

Test(budget, another_count_of_the_same_period_counts_what_was_asked)
{
    struct budget b;
    budget_begin(&b, 5, 60);
    for (int i = 0; i < 4; i++)
        budget_spend(&b, at(1000));
    budget_take(&b, 10, 60);
    cr_assert_eq(budget_left(&b, at(1000)), 6);
    budget_take(&b, 3, 60);
    cr_assert_eq(budget_left(&b, at(1000)), 0, "more were asked than it allows now");
    cr_assert_eq(budget_left(&b, at(200000)), 3);
    budget_take(&b, 2, 3600);
    cr_assert_eq(budget_left(&b, at(200000)), 2, "another period begins anew");
    budget_take(&b, 0, 0);
    cr_assert_eq(budget_left(&b, at(200000)), UINT32_MAX);
}
