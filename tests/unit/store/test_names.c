/* test_names.c — each name has one number, which never changes. */
#include "core/store/names.h"
#include <criterion/criterion.h>
#include <stdio.h>

static const uint64_t seed[2] = {1, 2};

static struct span name_at(char *room, int i)
{
    return (struct span){room, (size_t)snprintf(room, 64, "node-%d", i)};
}

Test(names, a_name_keeps_its_number)
{
    struct names n;
    cr_assert(names_init(&n, seed));
    uint16_t goloman, hands, again;
    cr_assert(names_number(&n, SPAN("Goloman"), &goloman));
    cr_assert(names_number(&n, SPAN("Hands"), &hands));
    cr_expect_neq(goloman, hands);
    cr_assert(names_number(&n, SPAN("Goloman"), &again));
    cr_expect_eq(again, goloman);
    cr_expect(span_equal(names_text(&n, goloman), SPAN("Goloman")));
    cr_expect(span_equal(names_text(&n, hands), SPAN("Hands")));
    names_deinit(&n);
}

Test(names, the_longest_and_the_shortest)
{
    struct names n;
    char text[STAMPEDE_NODE_NAME_BYTES_MAX];
    memset(text, 'x', sizeof text);
    cr_assert(names_init(&n, seed));
    uint16_t a, b;
    cr_assert(names_number(&n, (struct span){text, sizeof text}, &a));
    cr_assert(names_number(&n, (struct span){text, 1}, &b));
    cr_expect_neq(a, b);
    cr_expect_eq(names_text(&n, a).len, sizeof text);
    cr_expect_eq(names_text(&n, b).len, 1);
    names_deinit(&n);
}

Test(names, once_some_are_known_a_search_adds_none)
{
    struct names n;
    uint16_t number, hands;
    cr_assert(names_init(&n, seed));
    cr_assert(names_number(&n, SPAN("Goloman"), &number));
    cr_assert(names_know(&n, SPAN("Hands")));
    cr_expect_not(names_number(&n, SPAN("Wilkes"), &number));
    cr_expect_eq(n.count, 2);
    cr_assert(names_number(&n, SPAN("Hands"), &hands));
    cr_assert(names_know(&n, SPAN("Hands")));
    cr_expect_eq(n.count, 2);
    cr_assert(names_know(&n, SPAN("Wilkes")));
    cr_assert(names_number(&n, SPAN("Wilkes"), &number));
    cr_expect_neq(number, hands);
    names_deinit(&n);
}

Test(names, full_refuses_new_ones_and_knows_the_old)
{
    struct names n;
    char room[64];
    uint16_t number;
    cr_assert(names_init(&n, seed));
    for (int i = 0; i < NAMES_MAX; i++)
        cr_assert(names_number(&n, name_at(room, i), &number));
    cr_expect_not(names_number(&n, SPAN("one-more"), &number));
    for (int i = 0; i < NAMES_MAX; i++) {
        cr_assert(names_number(&n, name_at(room, i), &number));
        cr_assert_eq(number, i);
        cr_assert(span_equal(names_text(&n, number), name_at(room, i)));
    }
    cr_expect_not(names_number(&n, SPAN("one-more"), &number));
    names_deinit(&n);
}
