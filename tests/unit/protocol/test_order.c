/* test_order.c — what a store holds in the end does not depend on the order of arrival.
 *
 * One multiset of AT lines has all hard cases: equal times, times that differ only in the last of
 * nine digits or in their spelling, equal origins, skews and positions, a line twice. Stores take
 * it in a million orders. A store for each would take too long, so one store takes the multiset
 * under many client ids, in another order for each. All stores must have the same digest as the
 * one that took the lines of each id in sorted order. */
#include "core/protocol/command.h"
#include "core/store/store.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { HALVES = 2, STORES = 50, NAMES = 10000 }; /* a million orders in all */

/* In the total order: time, origin, skew, position text, time text. */
static const char newest[] = "AT Wilkes +0.000000001 kiwi +1-1.0 01520023934.918963999";

/* Each of the other lines is newer by one criterion, and would be older by a later one. */
static const char *const lines[] = {
    newest,
    newest,
    "AT Wilkes +0.000000001 kiwi +1-1.0 001520023934.918963999",
    "AT Wilkes +0.000000001 kiwi +1-1 1520023934.918963999",
    "AT Wilkes +0.000000001 kiwi +1+1 01520023934.918963999",
    "AT Wilkes -0.000000001 kiwi +1-1.0 01520023934.918963999",
    "AT Wilkes -1.000000000 kiwi +2-2 1520023934.918963999",
    "AT Welsh +0.000000001 kiwi +1-1.0 01520023934.918963999",
    "AT Goloman +1.000000000 kiwi +2-2 1520023934.918963999",
    "AT Wilkes +0.000000001 kiwi +1-1.0 1520023934.918963998",
};

enum { LINES = sizeof lines / sizeof lines[0] };

static char names[NAMES][16];

static struct stamp parse(const char *line)
{
    struct span fields[6];
    struct stamp out;
    cr_assert_eq(command_split(span_of(line), fields, 6), 6);
    cr_assert(stamp_parse(fields, &out), "%s", line);
    return out;
}

static struct store *open_store(uint64_t salt)
{
    struct store_config config = {NAMES, STORE_REFUSES, {salt, 1}};
    struct store *s = store_create(&config);
    cr_assert(s);
    return s;
}

static void put(struct store *s, const struct stamp *stamp, const char *name, uint16_t route)
{
    struct stamp in = *stamp;
    in.id = span_of(name);
    (void)!store_put(s, &in, store_hash(s, in.id), route);
}

/* The digest of a store that takes the lines of each id in ascending order. */
static uint64_t wanted_digest(const struct stamp each[LINES])
{
    struct stamp sorted[LINES];
    for (unsigned i = 0; i < LINES; i++) {
        unsigned at = i;
        for (; at && stamp_compare(&sorted[at - 1], &each[i]) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = each[i];
    }
    struct store *s = open_store(0);
    for (unsigned n = 0; n < NAMES; n++) {
        sprintf(names[n], "kiwi-%u", n);
        for (unsigned i = 0; i < LINES; i++)
            put(s, &sorted[i], names[n], 0);
    }
    uint64_t digest = store_digest(s);
    store_destroy(s);
    return digest;
}

static void expect_newest(const struct store *s, const char *name)
{
    struct feed_item item;
    struct stamp_text text;
    struct span id = span_of(name);
    cr_assert(store_get(s, id, store_hash(s, id), &item, &text));
    item.stamp.id = SPAN("kiwi");
    char line[128];
    struct buf out = buf_over(line, sizeof line);
    stamp_at_put(&out, &item.stamp);
    cr_assert(span_equal(buf_span(&out), span_of(newest)), "%.*s", (int)out.len, line);
}

static void swap(struct stamp *a, struct stamp *b)
{
    struct stamp was = *a;
    *a = *b;
    *b = was;
}

ParameterizedTestParameters(order, a_million_orders_have_one_digest)
{
    static int halves[HALVES] = {0, 1}; /* each runs in its own process, with its own seed */
    return cr_make_param_array(int, halves, HALVES);
}

ParameterizedTest(int *half, order, a_million_orders_have_one_digest)
{
    (void)half;
    struct random random = random_begin();
    struct stamp each[LINES];
    for (unsigned i = 0; i < LINES; i++)
        each[i] = parse(lines[i]);
    uint64_t wanted = wanted_digest(each);
    for (unsigned k = 0; k < STORES; k++) {
        struct store *s = open_store(random_next(&random));
        for (unsigned n = 0; n < NAMES; n++) {
            for (unsigned i = LINES; i--;) { /* a Fisher-Yates shuffle that puts as it goes */
                swap(&each[i], &each[random_below(&random, i + 1)]);
                put(s, &each[i], names[n], (uint16_t)i);
            }
        }
        cr_assert_eq(store_digest(s), wanted, "store %u", k);
        cr_assert_eq(store_count(s), NAMES);
        expect_newest(s, names[k % NAMES]);
        store_destroy(s);
    }
}
