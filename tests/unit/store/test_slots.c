/* test_slots.c — who keeps the slots of stamps is told before they mean something else.
 *
 * Random puts, of texts of every length, into a store that evicts; a watcher keeps which id lies in
 * which slot, as an index would, and is compared with what the store says. */
#include "core/store/store.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <stdio.h>

enum { IDS = 60, HELD = 40, PUTS = 20000 };

struct keeper {
    struct store *store;
    uint32_t slots[IDS]; /* by the number that an id begins with; 0: not held */
    unsigned moved, left;
};

static unsigned number_of(struct span id)
{
    return (unsigned)(id.at[0] - '0') * 10 + (unsigned)(id.at[1] - '0');
}

static void moves(void *self, uint32_t from, uint32_t to)
{
    struct keeper *k = self;
    unsigned found = 0;
    for (unsigned i = 0; i < IDS; i++) {
        cr_assert_neq(k->slots[i], to, "another stamp lies there");
        if (k->slots[i] == from) {
            k->slots[i] = to;
            found++;
        }
    }
    cr_assert_eq(found, 1);
    k->moved++;
}

static void leaves(void *self, uint32_t slot, struct span id)
{
    struct keeper *k = self;
    struct feed_item item;
    struct stamp_text text;
    store_read(k->store, slot, &item, &text);
    cr_assert(span_equal(item.stamp.id, id), "it can still be read");
    cr_assert_eq(item.slot, slot);
    cr_assert_eq(k->slots[number_of(id)], slot);
    k->slots[number_of(id)] = 0;
    k->left++;
}

static void compare(struct keeper *k)
{
    unsigned held = 0;
    for (unsigned i = 0; i < IDS; i++) {
        held += k->slots[i] != 0;
        for (unsigned j = 0; j < i && k->slots[i]; j++)
            cr_assert(!k->slots[j] || k->slots[i] >= k->slots[j] + STORE_SLOT_GAP ||
                          k->slots[j] >= k->slots[i] + STORE_SLOT_GAP,
                "slots %u and %u", k->slots[i], k->slots[j]);
    }
    cr_assert_eq(held, store_count(k->store));
}

/* Put a stamp whose id begins with its number, and see in which slot the feed has it. */
static void put(struct keeper *k, struct random *random, unsigned cursor, int64_t second)
{
    char id[64], time[32], position[64];
    unsigned number = random_below(random, IDS);
    snprintf(id, sizeof id, "%02u%.*s", number, (int)(number % 40),
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    snprintf(position, sizeof position, "+1.%0*d+1", 1 + (int)random_below(random, 14), 7);
    snprintf(time, sizeof time, "%lld", (long long)second);
    struct stamp in = {span_of(id), span_of(position), span_of(time), SPAN("Goloman"),
        second * SECOND_NS, 0};
    enum store_verdict verdict = store_put(k->store, &in, store_hash(k->store, in.id), 0);
    cr_assert_eq(verdict, STORE_NEW);
    struct feed_item item;
    struct stamp_text text;
    bool more = store_cursor_peek(k->store, cursor, &item, &text);
    cr_assert(more && span_equal(item.stamp.id, in.id));
    cr_assert(k->slots[number] == 0 || k->slots[number] == item.slot, "it moved untold");
    k->slots[number] = item.slot;
    struct feed_item glance;
    more = store_cursor_glance(k->store, cursor, &glance);
    cr_assert(more && glance.slot == item.slot);
    store_cursor_pass(k->store, cursor);
}

Test(slots, are_told_of_before_they_mean_something_else)
{
    struct store_config config = {HELD, STORE_EVICTS, {3, 4}};
    struct keeper k = {.store = store_create(&config)};
    struct random random = random_begin();
    cr_assert(k.store);
    unsigned cursor = store_cursor_open(k.store);
    store_watch(k.store, &(struct store_watcher){&k, moves, leaves});
    for (int i = 1; i <= PUTS; i++) {
        put(&k, &random, cursor, i);
        compare(&k);
    }
    cr_assert_gt(k.moved, PUTS / 10);
    cr_assert_gt(k.left, PUTS / 10);
    store_watch(k.store, NULL);
    unsigned told = k.moved + k.left;
    for (int i = 1; i <= 100; i++) {
        memset(k.slots, 0, sizeof k.slots);
        put(&k, &random, cursor, PUTS + i);
    }
    cr_assert_eq(k.moved + k.left, told, "nobody is told any more");
    store_destroy(k.store);
}
