/* test_exchange_turns.c — askers take turns at the service, however many questions each has.
 * PROTOCOL.md, "To WHATSAT". */
#include "unit/places/side.h"
#include <criterion/criterion.h>

TestSuite(places_exchange_turns, .init = exchange_side_begin, .fini = exchange_side_end);

enum { MANY = 1, NEWCOMER, OTHER };

/* One connection, and all questions from `first` to `last` wait for it behind the first. */
static void waits_for_one(unsigned first, unsigned last)
{
    warms_up();
    resolving = dialling = HANGS; /* no second connection */
    for (unsigned i = first; i <= last; i++)
        asks_by(MANY, i);
    is_asked(0, first);
}

static void answers(unsigned number)
{
    says(0, EMPTY);
    is_well(number);
}

Test(places_exchange_turns, a_newcomer_is_asked_next)
{
    waits_for_one(1, 40);
    asks_by(NEWCOMER, 101);
    answers(1);
    is_asked(0, 101);
    answers(101);
    is_asked(0, 2);
}

Test(places_exchange_turns, askers_with_many_alternate)
{
    waits_for_one(1, 20);
    for (unsigned i = 101; i <= 110; i++)
        asks_by(NEWCOMER, i);
    answers(1);
    for (unsigned i = 0; i < 9; i++) {
        is_asked(0, 101 + i);
        answers(101 + i);
        is_asked(0, 2 + i);
        answers(2 + i);
    }
}

Test(places_exchange_turns, newcomers_keep_their_order)
{
    waits_for_one(1, 20);
    for (unsigned i = 0; i < 5; i++)
        asks_by(NEWCOMER + i, 101 + i);
    answers(1);
    for (unsigned i = 0; i < 5; i++) {
        is_asked(0, 101 + i);
        answers(101 + i);
    }
    is_asked(0, 2);
}

Test(places_exchange_turns, who_joins_has_the_better_turn)
{
    waits_for_one(1, 40);
    struct places_question same = {.radius_um = UINT64_C(40000000), .count = 5, .asker = NEWCOMER};
    provider.ask(provider.self, 101, &same, now.mono_ns + TIMEOUT_MS * MS_NS, now);
    answers(1);
    is_asked(0, 40);
    answers(40);
    is_well(101);
    is_asked(0, 2);
    same.radius_um = UINT64_C(39000000); /* nothing is worse for its asker by it */
    same.asker = MANY;
    provider.ask(provider.self, 102, &same, now.mono_ns + TIMEOUT_MS * MS_NS, now);
    answers(2);
    is_asked(0, 3);
}

Test(places_exchange_turns, what_is_full_refuses_who_would_be_last)
{
    waits_for_one(1, 65);
    cr_assert_eq(exchange_report(x).waiting, 64);
    asks_by(MANY, 66);
    hears(66, "OVER_QUERY_LIMIT", "too many questions");
    for (unsigned i = 0; i < 32; i++) {
        asks_by(NEWCOMER, 101 + i);
        cr_assert_null(told[101 + i], "%u", i);
        hears(65 - i, "OVER_QUERY_LIMIT", "too many questions");
        cr_assert_eq(exchange_report(x).waiting, 64);
    }
    asks_by(NEWCOMER, 133); /* both have 32 that wait */
    hears(133, "OVER_QUERY_LIMIT", "too many questions");
    asks_by(OTHER, 201);
    cr_assert_null(told[201]);
    cr_expect_eq(exchange_report(x).refused, 1 + 32 + 1 + 1);
    answers(1);
    is_asked(0, 101);
    answers(101);
    is_asked(0, 201);
}

/* All of its waiters are told. */
Test(places_exchange_turns, who_waits_for_the_last_with_others)
{
    waits_for_one(1, 65);
    struct places_question last = {.radius_um = UINT64_C(65000000), .count = 5, .asker = MANY};
    provider.ask(provider.self, 300, &last, now.mono_ns + TIMEOUT_MS * MS_NS, now);
    asks_by(NEWCOMER, 101);
    hears(65, "OVER_QUERY_LIMIT", "too many questions");
    hears(300, "OVER_QUERY_LIMIT", "too many questions");
    cr_expect_eq(exchange_report(x).refused, 2);
}

/* Whoever asks again and again, one at a time, does not keep the others from their turn. */
Test(places_exchange_turns, one_at_a_time_and_many)
{
    waits_for_one(1, 20);
    for (unsigned i = 0; i < 10; i++) {
        asks_by(NEWCOMER, 101 + i);
        answers(i + 1);
        is_asked(0, 101 + i);
        answers(101 + i);
        is_asked(0, i + 2);
    }
}
