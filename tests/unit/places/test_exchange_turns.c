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

/* -- the budget -------------------------------------------------------------------------------- */

static void has_budget(uint32_t a_minute)
{
    exchange_ends();
    budget = a_minute;
    cr_assert(exchange_starts(1));
}

static const char spent[] = "places.budget";

Test(places_exchange_turns, what_is_beyond_the_budget)
{
    has_budget(3);
    for (unsigned i = 1; i <= 2; i++) {
        asks(i);
        is_asked(0, i);
        says(0, EMPTY);
        is_well(i);
    }
    asks(3);
    asks_for(103, 3, TIMEOUT_MS); /* joins, and costs nothing */
    asks(4);
    hears(4, "OVER_QUERY_LIMIT", spent);
    is_asked(0, 3);
    says(0, EMPTY);
    is_well(3);
    is_well(103);
    asks(5);
    hears(5, "OVER_QUERY_LIMIT", spent);
    struct exchange_report r = exchange_report(x);
    cr_expect_eq(r.asked, 3);
    cr_expect_eq(r.budget, 3);
    cr_expect_eq(r.left, 0);
    cr_expect_eq(r.over_budget, 2);
    cr_expect_eq(r.refused, 2);
    cr_expect_eq(logged(" places_budget places.budget=3 period_s=60 effect="), 1);
    passes_ms(60000);
    cr_expect_eq(logged(" places_budget_over count=2 lasted_ms=0\n"), 1);
    passes_ms(2500);
    cr_expect_eq(exchange_report(x).left, 3);
    resolving = HANGS;
    asks(6);
    cr_expect_null(told[6]);
}

/* Those that wait have their share: nobody is let in who could not be asked. */
Test(places_exchange_turns, the_budget_of_those_who_wait)
{
    has_budget(2);
    resolving = HANGS;
    asks(1);
    asks(2);
    asks(3);
    hears(3, "OVER_QUERY_LIMIT", spent);
    cancels_ticket(2);
    asks(4);
    cr_expect_null(told[4]);
    resolves_now();
    turn();
    says(finds(1), EMPTY);
    is_well(1);
    says(finds(4), EMPTY);
    is_well(4);
}

/* Each request costs, also one that is sent again. */
Test(places_exchange_turns, a_budget_that_goes_on_retries)
{
    has_budget(1);
    asks(1);
    says(0, BUSY);
    passes_ms(250);
    hears(1, "OVER_QUERY_LIMIT", spent);
    cr_expect_eq(exchange_report(x).asked, 1);
    cr_expect_eq(exchange_report(x).over_budget, 1);
}

Test(places_exchange_turns, a_node_that_stops_tells_of_its_budget)
{
    has_budget(1);
    asks(1);
    asks(2);
    exchange_stop(x, now);
    turn();
    cr_expect_eq(logged(" places_budget_over count=1 "), 1);
    cr_expect_gt(provider.deadline(provider.self), now.mono_ns);
}
