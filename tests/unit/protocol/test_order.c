/* test_order.c — what a herd ends with does not depend on the order in which it hears it.
 *
 * One multiset of AT lines, all that is hard about their order in it: equal times, times that
 * differ in the last of nine digits or in their spelling only, equal origins, skews, positions, a
 * line twice. It comes to a store in a million orders. A store apiece would cost more than the
 * orders do; so a store takes the multiset under many names, in another order under each, and all
 * stores have to come to the one digest of the store that took each name's in sorted order. */
#include "core/protocol/command.h"
#include "core/store/store.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { HALVES = 2, STORES = 50, NAMES = 10000 }; /* a million orders in all */

/* By the total order: time, origin, skew, position text, time text. */
static const char newest[] = "AT Wilkes +0.000000001 kiwi +1-1.0 01520023934.918963999";

/* Each of the others comes after it by one word of that order, and by some words behind that one
 * would come before it. */
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

/* Each name's in ascending order, as a reader of PROTOCOL.md would sort them. */
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
    static int halves[HALVES] = {0, 1}; /* each is a process of its own, with its own seed */
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
            for (unsigned i = LINES; i--;) { /* Fisher and Yates, as they are put */
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
