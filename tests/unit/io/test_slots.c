/* test_slots.c — the table of connections and the lists that link its slots. */
#include "io/slots.h"
#include <criterion/criterion.h>

Test(slots, the_slot_freed_last_is_taken_next_under_a_new_generation)
{
    struct slots s;
    cr_assert(slots_init(&s, 3));
    uint32_t a = slots_take(&s), b = slots_take(&s);
    uint32_t old = s.each[b].generation;
    cr_assert_neq(a, b);
    cr_assert_eq(slots_find(&s, b, old), &s.each[b]);
    slots_give(&s, b);
    cr_assert_null(slots_find(&s, b, old), "a free slot is found");
    cr_assert_eq(slots_take(&s), b);
    cr_assert_null(slots_find(&s, b, old), "the old generation is found");
    cr_assert_eq(slots_find(&s, b, s.each[b].generation), &s.each[b]);
    slots_deinit(&s);
}

Test(slots, are_full_at_max_until_one_is_given_back)
{
    struct slots s;
    cr_assert(slots_init(&s, 2));
    uint32_t a = slots_take(&s);
    cr_assert_neq(slots_take(&s), SLOT_NONE);
    cr_assert_eq(slots_take(&s), SLOT_NONE);
    cr_assert_eq(s.used, 2);
    slots_give(&s, a);
    cr_assert_eq(slots_take(&s), a);
    cr_assert_eq(slots_take(&s), SLOT_NONE);
    slots_deinit(&s);
}

Test(slots, one_that_was_never_taken_is_not_found)
{
    struct slots s;
    cr_assert(slots_init(&s, 4));
    cr_assert_null(slots_find(&s, 0, 0));
    cr_assert_null(slots_find(&s, 4, 0));
    cr_assert_null(slots_find(&s, SLOT_NONE, 0));
    slots_deinit(&s);
}

Test(slots, generation_wraps_at_24_bits)
{
    struct slots s;
    cr_assert(slots_init(&s, 1));
    uint32_t a = slots_take(&s);
    s.each[a].generation = 0xffffff;
    slots_give(&s, a);
    cr_assert_eq(slots_take(&s), a);
    cr_assert_eq(s.each[a].generation, 0);
    slots_deinit(&s);
}

/* Checks a list, given as the digits of its slots. */
static void expect(struct slots *s, enum conn_list list, const char *order)
{
    uint32_t slot = slots_first(s, list), before = SLOT_NONE;
    for (const char *c = order; *c; c++) {
        cr_assert_eq(slot, (uint32_t)(*c - '0'), "%s at %c", order, *c);
        cr_assert_eq(s->each[slot].links[list].previous, before);
        before = slot;
        slot = s->each[slot].links[list].next;
    }
    cr_assert_eq(slot, SLOT_NONE);
    cr_assert_eq(s->lists[list].last, before);
}

Test(slots, lists_keep_their_order_under_removal_anywhere)
{
    static const struct {
        char verb;
        uint32_t slot;
        const char *after;
    } steps[] = {
        {'+', 2, "2"},
        {'+', 0, "20"},
        {'+', 2, "20"}, /* on the list already */
        {'+', 3, "203"},
        {'+', 1, "2031"},
        {'-', 0, "231"}, /* in the middle */
        {'-', 0, "231"}, /* not on the list */
        {'-', 1, "23"}, /* the last */
        {'+', 0, "230"},
        {'<', 2, "30"}, /* the first, by pop */
        {'-', 3, "0"},
        {'-', 0, ""},
        {'<', SLOT_NONE, ""},
        {'+', 1, "1"},
    };
    struct slots s;
    cr_assert(slots_init(&s, 4));
    for (int i = 0; i < 4; i++)
        cr_assert_neq(slots_take(&s), SLOT_NONE);
    slots_append(&s, CONN_TOUCHED, 3); /* another list, which must not change */
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].verb == '+')
            slots_append(&s, CONN_STARVED, steps[i].slot);
        else if (steps[i].verb == '-')
            slots_remove(&s, CONN_STARVED, steps[i].slot);
        else
            cr_assert_eq(slots_pop(&s, CONN_STARVED), steps[i].slot);
        expect(&s, CONN_STARVED, steps[i].after);
    }
    expect(&s, CONN_TOUCHED, "3");
    slots_deinit(&s);
}

Test(slots, one_that_was_given_back_is_on_no_list)
{
    struct slots s;
    cr_assert(slots_init(&s, 3));
    for (int i = 0; i < 3; i++) {
        uint32_t slot = slots_take(&s);
        for (unsigned l = 0; l < CONN_LISTS; l++)
            slots_append(&s, l, slot);
    }
    slots_give(&s, 1);
    slots_give(&s, 0);
    for (unsigned l = 0; l < CONN_LISTS; l++)
        expect(&s, l, "2");
    cr_assert_eq(slots_take(&s), 0);
    cr_assert_eq(s.each[0].listed, 0);
    slots_deinit(&s);
}
