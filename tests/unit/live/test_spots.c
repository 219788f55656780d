/* test_spots.c — what the index holds, what it costs in memory, and that memory may fail. */
#include "unit/failing_memory.h"
#include "unit/live/spots_model.h"

static struct model model;

static void change(struct model *m)
{
    unsigned id = random_below(&m->random, m->count);
    switch (random_below(&m->random, 8)) {
    case 0:
        model_remove(m, id);
        break;
    case 1:
        model_rename(m, id);
        break;
    case 2: /* a little farther */
        if (m->slots[id]) {
            struct point p = m->points[id];
            p.latitude_e7 = within(about(&m->random, p.latitude_e7, 0, 6), POINT_LATITUDE_MAX);
            model_put(m, id, p);
            break;
        } /* fall through */
    default:
        model_put(m, id, shaped(&m->random, m->shape));
    }
}

Test(spots, hold_what_a_plain_array_holds)
{
    model.random = random_begin();
    for (enum shape shape = 0; shape < SHAPES; shape++) {
        model_fill(&model, shape, 1000);
        for (int i = 0; i < 10000; i++) {
            if (i % 1000 == 0) /* somewhere else */
                model.shape = random_below(&model.random, SHAPES);
            change(&model);
            if (i % 500 == 0)
                model_compare(&model);
        }
        for (unsigned id = 0; id < model.count; id++) {
            model_remove(&model, id);
            if (id % 200 == 0)
                model_compare(&model);
        }
        model_compare(&model);
        spots_destroy(model.spots);
    }
}

Test(spots, of_no_slots)
{
    struct spots *s = spots_create();
    struct point p;
    cr_assert_not(spots_find(s, 7, &p));
    cr_assert_not(spots_find(s, UINT32_MAX, &p));
    cr_assert_not(spots_remove(s, 7, &p));
    cr_assert(spots_rename(s, 7, 14));
    cr_assert_not(spots_find(s, 14, &p));
    cr_assert_eq(spots_put(s, UINT32_MAX, (struct point){1, 2}, &p), SPOTS_NEW);
    cr_assert(spots_find(s, UINT32_MAX, &p) && p.longitude_e7 == 2);
    cr_assert_eq(spots_count(s), 1);
    spots_destroy(s);
    spots_destroy(NULL);
}

/* -- memory ------------------------------------------------------------------------------------ */

static size_t most_at_once; /* memory that one put took */

static void put_measured(struct spots *s, uint32_t slot, struct point to)
{
    struct point old;
    size_t before = heap.bytes_held;
    if (spots_put(s, slot, to, &old) == SPOTS_STARVED)
        cr_assert_fail();
    if (heap.bytes_held - before > most_at_once)
        most_at_once = heap.bytes_held - before;
}

/* 1,000 towns of 0.1 degrees. */
static struct point in_a_town(struct random *r)
{
    uint64_t town = random_next(&(struct random){random_below(r, 1000)});
    int32_t latitude = (int32_t)(town % 1600000000) - 800000000;
    int32_t longitude = (int32_t)(town >> 33 & 0x7fffffff) - 1000000000;
    return (struct point){between(r, latitude, latitude + 1000000),
        between(r, longitude, longitude + 1000000)};
}

Test(spots, take_at_most_40_bytes_a_stamp_and_no_more_by_churn)
{
    enum { STAMPS = 1000000, SLOTS_APART = 10 };
    struct random random = random_begin();
    struct spots *s = spots_create();
    for (uint32_t i = 1; i <= STAMPS; i++)
        put_measured(s, i * SLOTS_APART, shaped(&random, UNIFORM));
    double uniform = (double)spots_bytes(s) / STAMPS;
    cr_assert_leq(uniform, 40.0);
    cr_assert_leq(heap.bytes_held, 40u * STAMPS + (1 << 20), "it tells what it holds");
    for (uint32_t i = 1; i <= STAMPS; i += 2)
        put_measured(s, i * SLOTS_APART, in_a_town(&random));
    double clustered = (double)spots_bytes(s) / STAMPS;
    cr_assert_leq(clustered, 40.0);
    fprintf(stderr, "bytes a stamp: %.1f uniform, %.1f when half of them are in towns\n", uniform,
        clustered);
    /* A chunk of each kind, and their first blocks of pointers: no put waits for more. */
    cr_assert_leq(most_at_once, 3 * (80 << 10), "%zu", most_at_once);
    spots_destroy(s);
    cr_assert_eq(heap.bytes_held, 0);
}

/* From town to town: what is left behind takes nothing. */
Test(spots, do_not_grow_as_they_move)
{
    enum { STAMPS = 10000, TOWNS = 40 };
    struct random random = random_begin();
    struct spots *s = spots_create();
    size_t first = 0;
    for (int32_t town = 0; town < TOWNS; town++) {
        for (uint32_t i = 1; i <= STAMPS; i++)
            put_measured(s, i * 10,
                (struct point){between(&random, town * 10000000, town * 10000000 + 1000000),
                    between(&random, -town * 10000000, -town * 10000000 + 1000000)});
        first = first ? first : spots_bytes(s);
    }
    cr_assert_leq(spots_bytes(s), first + first / 4, "%zu, after %zu", spots_bytes(s), first);
    spots_destroy(s);
}

/* All changes, and some searches, while the n-th allocation fails, or all from the n-th on. */
static void session(bool and_all_after, int at)
{
    memory_fails(at, and_all_after);
    model_fill(&model, at % 2 ? CLUSTERED : UNIFORM, MODEL_MAX);
    if (!model.spots)
        return;
    for (int i = 0; i < 3000; i++) {
        if (i % 100 == 0) {
            struct spots_question q = model_question(&model);
            struct spots_search *search = spots_search(model.spots, &q);
            unsigned budget = UINT32_MAX;
            if (search && spots_search_on(search, &budget) == SPOTS_FOUND)
                cr_assert(model_agrees(&model, &q, search));
            spots_search_end(search);
        }
        change(&model);
    }
    model_compare(&model);
    spots_destroy(model.spots);
}

Test(spots, survive_each_allocation_that_fails)
{
    model.random = random_begin();
    for (int all = 0; all < 2; all++) {
        unsigned refused = 0;
        int at = 1, allocations;
        do {
            session(all, at);
            allocations = memory_recovers();
            refused += model.refused;
            cr_assert_eq(heap.blocks_held, 0, "a leak with %d", at);
        } while (allocations >= at && (at += at < 20 ? 1 : 7) < 150);
        cr_assert_gt(at, 20);
        cr_assert_gt(refused, 0);
    }
}
