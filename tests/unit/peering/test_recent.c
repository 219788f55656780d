/* Hashes of recently seen stamps: remembered, forgotten in order, within the memory promised. */
#include "core/peering/recent.h"
#include <criterion/criterion.h>

static struct recent r;

static void create(void)
{
    cr_assert(recent_init(&r, 1));
}

static void destroy(void)
{
    recent_deinit(&r);
}

TestSuite(recent, .init = create, .fini = destroy);

Test(recent, remembers_each_once)
{
    static const uint64_t hashes[] = {
        0, 2 * UINT64_C(0x100000000), UINT64_MAX, RECENT_MIN - 1, UINT64_C(0x8000000000000000)};
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        cr_expect_not(recent_has(&r, hashes[i]), "%zu", i);
        cr_expect(recent_note(&r, hashes[i]), "%zu", i);
        cr_expect_not(recent_note(&r, hashes[i]), "%zu", i);
        cr_expect(recent_has(&r, hashes[i]), "%zu", i);
    }
}

/* Well-mixed hashes, as real ones are. */
static uint64_t hash_of(uint64_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ z >> 31;
}

Test(recent, remembers_as_many_as_asked_for_and_forgets_the_older_ones)
{
    unsigned still = 0;
    for (uint64_t i = 0; i < 20 * RECENT_MIN; i++) {
        cr_assert(recent_note(&r, hash_of(i)), "%d is new", (int)i);
        uint64_t back = i < RECENT_MIN ? i : RECENT_MIN - 1;
        cr_assert(recent_has(&r, hash_of(i - back)), "%d", (int)i);
        if (i >= 10 * RECENT_MIN) /* a line has four times the room that it needs on average */
            still += recent_has(&r, hash_of(i - 10 * RECENT_MIN));
    }
    cr_expect_lt(still, RECENT_MIN / 1000);
}

Test(recent, what_comes_again_is_remembered_anew)
{
    (void)recent_note(&r, 77);
    for (uint64_t i = 0; i < 10 * RECENT_MIN; i++) {
        cr_assert_not(recent_note(&r, 77), "%d", (int)i);
        (void)recent_note(&r, hash_of(i));
    }
}

Test(recent, a_crowd_in_one_line_is_forgotten_and_nothing_else)
{
    const uint64_t apart = UINT64_C(1) << 32;
    (void)recent_note(&r, hash_of(5));
    for (uint64_t i = 1; i <= 1000; i++)
        (void)recent_note(&r, 7 + i * apart);
    cr_expect(recent_has(&r, 7 + 1000 * apart));
    cr_expect(recent_has(&r, 7 + (1001 - RECENT_WAYS) * apart));
    cr_expect_not(recent_has(&r, 7 + (1000 - RECENT_WAYS) * apart));
    cr_expect(recent_has(&r, hash_of(5)));
}

Test(recent, has_room_within_bounds)
{
    static const struct {
        uint64_t asked, room;
    } rows[] = {{0, RECENT_MIN}, {RECENT_MIN, RECENT_MIN}, {RECENT_MIN + 1, 2 * RECENT_MIN},
        {100000, 131072}, {RECENT_MAX, RECENT_MAX}, {UINT64_MAX, RECENT_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct recent other;
        cr_assert(recent_init(&other, rows[i].asked));
        cr_expect_eq((other.mask + 1) * RECENT_WAYS, 4 * rows[i].room, "%zu", i);
        (void)recent_note(&other, UINT64_MAX); /* the last slot is inside */
        recent_deinit(&other);
    }
}
