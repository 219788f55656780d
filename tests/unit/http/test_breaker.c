/* test_breaker.c — the table of breaker.h, row by row; and questions that were asked before the
 * breaker opened and fail afterwards. */
#include "core/http/breaker.h"
#include <criterion/criterion.h>

enum event { ASKS, SUCCEEDS, FAILS, GIVES_UP };

/* What is called at a time, and what it returns: whether the question is admitted, whether the
 * success has closed the breaker, or the failure has opened it. */
struct step {
    int64_t at_ms;
    enum event event;
    bool says;
    bool open; /* afterwards */
};

static void check(const char *name, const struct step *steps, size_t count)
{
    struct breaker b = {0};
    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];
        struct instant now = {.mono_ns = SECOND_NS + s->at_ms * MS_NS};
        bool would = breaker_would_admit(&b, now), says = false;
        switch (s->event) {
        case ASKS:
            says = breaker_admits(&b, now);
            cr_expect_eq(says, would, "%s, step %zu: would_admit says otherwise", name, i);
            break;
        case SUCCEEDS:
            says = breaker_succeeded(&b);
            break;
        case FAILS:
            says = breaker_failed(&b, now);
            break;
        case GIVES_UP:
            breaker_gave_up(&b, now);
            break;
        }
        cr_expect_eq(says, s->says, "%s, step %zu", name, i);
        cr_expect_eq(breaker_is_open(&b), s->open, "%s, step %zu: open", name, i);
    }
}

#define CHECK(name, ...)                                  \
    do {                                                  \
        static const struct step steps[] = {__VA_ARGS__}; \
        check(name, steps, sizeof steps / sizeof *steps); \
    } while (0)
#define FOUR_FAILURES                                     \
    {0, FAILS, 0, 0}, {0, FAILS, 0, 0}, {0, FAILS, 0, 0}, \
    {                                                     \
        0, FAILS, 0, 0                                    \
    }
#define FIVE_FAILURES        \
    FOUR_FAILURES,           \
    {                        \
        0, FAILS, true, true \
    }

Test(breaker, closed_lets_everything_through)
{
    CHECK("at first", {0, ASKS, true, false}, {0, ASKS, true, false});
    CHECK("after four", FOUR_FAILURES, {0, ASKS, true, false}, {0, ASKS, true, false});
    CHECK("not in a row", FOUR_FAILURES, {0, SUCCEEDS, false, false}, FOUR_FAILURES,
        {0, ASKS, true, false});
    CHECK("nothing to give up", {0, GIVES_UP, 0, 0}, {0, ASKS, true, false}, FOUR_FAILURES,
        {0, GIVES_UP, 0, 0}, {0, ASKS, true, false}, {0, FAILS, true, true});
}

Test(breaker, open_lets_one_through_every_5_s)
{
    CHECK("until then", FIVE_FAILURES, {0, ASKS, false, true}, {4999, ASKS, false, true});
    CHECK("one", FIVE_FAILURES, {5000, ASKS, true, true}, {5000, ASKS, false, true},
        {60000, ASKS, false, true});
    CHECK("it fails", FIVE_FAILURES, {5000, ASKS, true, true}, {5100, FAILS, false, true},
        {10099, ASKS, false, true}, {10100, ASKS, true, true}, {10100, ASKS, false, true});
    CHECK("it is given up", FIVE_FAILURES, {5000, ASKS, true, true}, {5100, GIVES_UP, 0, true},
        {10099, ASKS, false, true}, {10100, ASKS, true, true});
    CHECK(
        "given up without one", FIVE_FAILURES, {100, GIVES_UP, 0, true}, {5000, ASKS, true, true});
}

Test(breaker, a_success_closes_it)
{
    CHECK("the probe's", FIVE_FAILURES, {5000, ASKS, true, true}, {5100, SUCCEEDS, true, false},
        {5100, ASKS, true, false}, FOUR_FAILURES, {5200, ASKS, true, false},
        {5200, FAILS, true, true});
    CHECK("of an older question", FIVE_FAILURES, {100, SUCCEEDS, true, false},
        {100, ASKS, true, false});
    CHECK("while the probe is under way", FIVE_FAILURES, {5000, ASKS, true, true},
        {5100, SUCCEEDS, true, false}, {5200, FAILS, false, false}, {5200, ASKS, true, false});
}

Test(breaker, what_was_asked_before_moves_no_probe)
{
    CHECK("late failures", FIVE_FAILURES, {3000, FAILS, false, true}, {4999, FAILS, false, true},
        {5000, ASKS, true, true});
}
