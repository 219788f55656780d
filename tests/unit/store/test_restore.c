/* test_restore.c — a store is filled with what a former process held, as store.h says. */
#include "core/store/store.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

static struct store *store_of(uint64_t stamps_max, enum store_when_full when_full)
{
    struct store_config config = {stamps_max, when_full, {0x1122334455667788, 0x99aabbccddeeff00}};
    struct store *s = store_create(&config);
    cr_assert(s);
    return s;
}

static struct stamp stamp_of(const char *id, const char *time, int64_t seconds)
{
    return (struct stamp){span_of(id), SPAN("+1-2"), span_of(time), SPAN("Goloman"),
        seconds * SECOND_NS, 5};
}

static enum store_verdict restore(struct store *s, const char *id, int64_t seconds, uint64_t change)
{
    char time[32];
    snprintf(time, sizeof time, "%lld", (long long)seconds);
    struct stamp in = stamp_of(id, time, seconds);
    return store_restore(s, &in, store_hash(s, in.id), change, 0);
}

static bool holds(const struct store *s, const char *id, int64_t seconds, uint64_t change)
{
    struct feed_item item;
    struct stamp_text text;
    return store_get(s, span_of(id), store_hash(s, span_of(id)), &item, &text) &&
           item.stamp.time_ns == seconds * SECOND_NS && item.change == change;
}

Test(restore, stamps_have_their_change_numbers_and_the_feed_goes_on)
{
    struct store *s = store_of(10, STORE_REFUSES);
    cr_expect_eq(restore(s, "a", 5, 3), STORE_NEW);
    cr_expect_eq(restore(s, "b", 6, 9), STORE_NEW);
    cr_expect(holds(s, "a", 5, 3));
    cr_expect(holds(s, "b", 6, 9));
    cr_expect_eq(store_change(s), 9);
    store_restored(s, 12); /* the stamp of 12 is gone */
    cr_expect_eq(store_change(s), 12);
    struct stamp in = stamp_of("c", "7", 7);
    cr_expect_eq(store_put(s, &in, store_hash(s, in.id), 0), STORE_NEW);
    cr_expect(holds(s, "c", 7, 13));
    store_destroy(s);
}

Test(restore, the_later_change_wins_whatever_the_order_of_stamps)
{
    struct store *s = store_of(10, STORE_REFUSES);
    uint64_t empty = store_digest(s);
    cr_expect_eq(restore(s, "a", 100, 1), STORE_NEW);
    cr_expect_eq(restore(s, "a", 50, 2), STORE_NEW, "it was evicted, and came back older");
    cr_expect(holds(s, "a", 50, 2));
    cr_expect_eq(restore(s, "a", 50, 4), STORE_NEW, "the same once more");
    cr_expect(holds(s, "a", 50, 4));
    cr_expect_eq(store_count(s), 1);
    struct stamp only = stamp_of("a", "50", 50);
    cr_expect_eq(store_digest(s), empty + stamp_hash(&only));
    store_destroy(s);
}

Test(restore, a_store_that_refuses_has_a_verdict_for_more_than_it_holds)
{
    struct store *s = store_of(2, STORE_REFUSES);
    cr_expect_eq(restore(s, "a", 1, 1), STORE_NEW);
    cr_expect_eq(restore(s, "b", 1, 2), STORE_NEW);
    cr_expect_eq(restore(s, "c", 1, 3), STORE_FULL);
    cr_expect_eq(store_change(s), 3);
    cr_expect_eq(restore(s, "a", 2, 4), STORE_NEW, "it is known");
    cr_expect_eq(store_count(s), 2);
    cr_expect_eq(store_evicted(s), 0);
    store_destroy(s);
}

Test(restore, a_store_that_evicts_keeps_the_last_that_changed)
{
    struct store *s = store_of(2, STORE_EVICTS);
    cr_expect_eq(restore(s, "a", 9, 5), STORE_NEW);
    cr_expect_eq(restore(s, "b", 9, 6), STORE_NEW);
    cr_expect_eq(restore(s, "c", 1, 8), STORE_NEW, "though it was received before the others");
    cr_expect_eq(restore(s, "a", 9, 9), STORE_NEW, "in the former process it was never evicted");
    cr_expect(holds(s, "c", 1, 8));
    cr_expect(holds(s, "a", 9, 9));
    cr_expect_eq(store_count(s), 2);
    cr_expect_eq(store_evicted(s), 2);
    store_destroy(s);
}

Test(restore, origins_that_nobody_knows_are_known_from_then_on_and_bounded)
{
    struct store *s = store_of(10000, STORE_REFUSES);
    char id[32], origin[32];
    store_know_origin(s, SPAN("Goloman"));
    for (int i = 0; i < STORE_ORIGINS_RESTORED_MAX + 3; i++) {
        snprintf(id, sizeof id, "client-%d", i);
        snprintf(origin, sizeof origin, "node-%d", i);
        struct stamp in = stamp_of(id, "1", 1);
        in.origin = span_of(origin);
        enum store_verdict verdict =
            store_restore(s, &in, store_hash(s, in.id), (uint64_t)i + 1, 0);
        cr_assert_eq(verdict, i < STORE_ORIGINS_RESTORED_MAX ? STORE_NEW : STORE_UNKNOWN);
    }
    cr_expect(store_knows_origin(s, SPAN("node-7")));
    cr_expect_not(store_knows_origin(s, SPAN("node-2048")));
    cr_expect_eq(restore(s, "kiwi", 1, 5000), STORE_NEW, "this one was known before");
    struct stamp in = stamp_of("plum", "1", 1);
    in.origin = SPAN("Hands");
    cr_expect_eq(store_put(s, &in, store_hash(s, in.id), 0), STORE_UNKNOWN, "as ever");
    store_destroy(s);
}

Test(restore, origins_leave_room_for_those_of_a_topology)
{
    struct store *s = store_of(10000, STORE_REFUSES);
    char name[32];
    for (int i = 0; i < STORE_ORIGINS_RESTORED_MAX; i++) {
        snprintf(name, sizeof name, "node-%d", i);
        struct stamp in = stamp_of(name, "1", 1);
        in.origin = span_of(name);
        cr_assert_eq(store_restore(s, &in, store_hash(s, in.id), (uint64_t)i + 1, 0), STORE_NEW);
    }
    for (int i = 0; i < STORE_ORIGINS_MAX - STORE_ORIGINS_RESTORED_MAX; i++) {
        snprintf(name, sizeof name, "other-%d", i);
        store_know_origin(s, span_of(name));
    }
    cr_expect_eq(store_origins(s), STORE_ORIGINS_MAX);
    store_destroy(s);
}

Test(restore, change_numbers_that_do_not_grow_are_caught, .signal = SIGABRT)
{
    struct store *s = store_of(10, STORE_REFUSES);
    cr_expect_eq(restore(s, "a", 1, 4), STORE_NEW);
    (void)restore(s, "b", 1, 4);
}

/* What a reader of the feed wrote down in time comes to what the first store held: random puts, and
 * a cursor that lags behind them and loses what changed before it came. */
static void like_the_former(enum store_when_full when_full)
{
    enum { IDS = 90, MOST = 60, PUTS = 3000 };
    struct random dice = {42 + (uint64_t)when_full};
    struct store *was = store_of(MOST, when_full), *is = store_of(MOST, when_full);
    unsigned cursor = store_cursor_open(was);
    struct feed_item item;
    struct stamp_text text;
    for (int i = 0; i <= PUTS; i++) {
        char id[16], time[16];
        snprintf(id, sizeof id, "c%u", random_below(&dice, IDS));
        snprintf(time, sizeof time, "%d", i);
        struct stamp in = stamp_of(id, time, i);
        in.position = random_below(&dice, 2) ? SPAN("+1-2") : SPAN("+34.068930-118.445127");
        enum store_verdict put = store_put(was, &in, store_hash(was, in.id), 0);
        cr_assert(put == STORE_NEW || (put == STORE_FULL && when_full == STORE_REFUSES));
        for (unsigned n = i == PUTS ? PUTS : random_below(&dice, 3); n; n--) {
            if (!store_cursor_peek(was, cursor, &item, &text))
                break;
            enum store_verdict verdict = store_restore(
                is, &item.stamp, store_hash(is, item.stamp.id), item.change, item.route);
            cr_assert_eq(verdict, STORE_NEW);
            store_cursor_pass(was, cursor);
        }
    }
    cr_expect_eq(store_digest(is), store_digest(was));
    cr_expect_eq(store_count(is), store_count(was));
    cr_expect_eq(store_change(is), store_change(was));
    store_destroy(was);
    store_destroy(is);
}

Test(restore, like_a_former_store_that_refused)
{
    like_the_former(STORE_REFUSES);
}

Test(restore, like_a_former_store_that_evicted)
{
    like_the_former(STORE_EVICTS);
}
