/* test_id_index.c — every id is found, through splits, collisions and removals. */
#include "core/store/id_index.h"
#include "unit/random.h"
#include <criterion/criterion.h>

enum { MANY = 250000 };

static const uint64_t seed[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static struct span id_at(char *room, uint32_t i)
{
    return (struct span){room, (size_t)snprintf(room, 32, "client-%u", i)};
}

static uint32_t record_of(struct arena *a, struct span id)
{
    struct stamp s = {.id = id, .position = SPAN("+0+0"), .time = SPAN("0")};
    uint32_t at = arena_alloc(a, record_units(id.len, s.position.len));
    cr_assert_neq(at, 0);
    record_name(arena_record(a, at), s.id);
    record_write(arena_record(a, at), &s, 0, 0, 0);
    return at;
}

static void enter(struct id_index *x, uint64_t hash, uint32_t record)
{
    cr_assert(id_index_reserve(x, hash));
    id_index_insert(x, hash, record);
}

/* Check each table of the directory: its count must be the number of records in it. */
static void expect_empty(const struct id_index *x)
{
    for (uint64_t i = 0; i <= x->mask; i++) {
        const struct table *t = x->directory[i];
        for (int bucket = 0; t && bucket < TABLE_BUCKETS; bucket++) {
            cr_assert_eq(t->buckets[bucket].passed, 0);
            for (int place = 0; place < BUCKET_RECORDS; place++)
                cr_assert_eq(t->buckets[bucket].tags[place], 0);
        }
        cr_assert(!t || t->buckets[1].table_note == 0);
    }
}

Test(id_index, a_quarter_of_a_million)
{
    struct arena a;
    struct id_index x;
    char room[32];
    static uint32_t records[MANY];
    cr_assert(arena_init(&a, MANY));
    cr_assert(id_index_init(&x, &a, seed, MANY));
    for (uint32_t i = 0; i < MANY; i++) {
        struct span id = id_at(room, i);
        uint64_t hash = id_index_hash(&x, id);
        cr_assert_eq(id_index_find(&x, id, hash), 0);
        records[i] = record_of(&a, id);
        uint64_t mask = x.mask, filled = x.filled;
        enter(&x, hash, records[i]);
        if (x.mask == mask) /* no put pays for a whole directory */
            cr_assert_leq(x.filled - filled, 64);
        if (i % 1024 == 0) /* look one of the first up while the directory is half filled */
            cr_assert_eq(
                id_index_find(&x, id_at(room, i / 2), id_index_hash(&x, id_at(room, i / 2))),
                records[i / 2]);
    }
    cr_expect_gt(x.tables, MANY / (TABLE_BUCKETS * BUCKET_RECORDS));
    for (uint32_t i = 0; i < MANY; i++) {
        struct span id = id_at(room, i);
        id_index_prefetch(&x, id_index_hash(&x, id));
        cr_assert_eq(id_index_find(&x, id, id_index_hash(&x, id)), records[i]);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        struct span id = id_at(room, i);
        id_index_remove(&x, id_index_hash(&x, id), records[i]);
        cr_assert_eq(id_index_find(&x, id, id_index_hash(&x, id)), 0);
    }
    expect_empty(&x);
    id_index_deinit(&x);
    arena_deinit(&a);
}

/* All ids have one bucket and one tag, so they overflow into the next buckets, round the table's
 * end. */
Test(id_index, equal_hashes)
{
    static const uint64_t hashes[] = {0, UINT64_MAX, UINT64_C(63) << 40, UINT64_C(1) << 56};
    enum { IDS = 500 };
    struct random r = random_begin();
    for (size_t k = 0; k < sizeof hashes / sizeof *hashes; k++) {
        struct arena a;
        struct id_index x;
        char room[32];
        uint32_t records[IDS];
        cr_assert(arena_init(&a, IDS));
        cr_assert(id_index_init(&x, &a, seed, IDS));
        for (uint32_t i = 0; i < IDS; i++) {
            records[i] = record_of(&a, id_at(room, i));
            enter(&x, hashes[k], records[i]);
        }
        /* in random order, and half of them are inserted again in between */
        for (int round = 0; round < 4; round++) {
            for (uint32_t i = 0; i < IDS; i++) {
                if (records[i] && random_below(&r, 2)) {
                    id_index_remove(&x, hashes[k], records[i]);
                    records[i] = 0;
                } else if (!records[i]) {
                    records[i] = record_of(&a, id_at(room, i));
                    enter(&x, hashes[k], records[i]);
                }
            }
            for (uint32_t i = 0; i < IDS; i++)
                cr_assert_eq(id_index_find(&x, id_at(room, i), hashes[k]), records[i]);
        }
        for (uint32_t i = 0; i < IDS; i++)
            if (records[i])
                id_index_remove(&x, hashes[k], records[i]);
        expect_empty(&x);
        id_index_deinit(&x);
        arena_deinit(&a);
    }
}

Test(id_index, a_record_that_moved_is_found_where_it_is)
{
    struct arena a;
    struct id_index x;
    char room[32];
    uint32_t records[300];
    cr_assert(arena_init(&a, 1000));
    cr_assert(id_index_init(&x, &a, seed, 1000));
    for (uint32_t i = 0; i < 300; i++) {
        records[i] = record_of(&a, id_at(room, i));
        enter(&x, i % 3, records[i]);
    }
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t to = record_of(&a, id_at(room, i));
        id_index_move(&x, i % 3, records[i], to);
        records[i] = to;
    }
    for (uint32_t i = 0; i < 300; i++)
        cr_expect_eq(id_index_find(&x, id_at(room, i), i % 3), records[i]);
    id_index_deinit(&x);
    arena_deinit(&a);
}

/* First insert ids whose hashes end in six zeros: one table is split several times in a row, while
 * many entries of the directory point to each of the others. Then insert all other ids. */
Test(id_index, uneven_hashes)
{
    enum { IDS = 100000 };
    struct arena a;
    struct id_index x;
    char room[32];
    static uint32_t records[IDS];
    cr_assert(arena_init(&a, IDS));
    cr_assert(id_index_init(&x, &a, seed, 1000000));
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < IDS; i++) {
            struct span id = id_at(room, i);
            uint64_t hash = id_index_hash(&x, id);
            if ((hash % 64 == 0) == (round == 0)) {
                records[i] = record_of(&a, id);
                enter(&x, hash, records[i]);
            }
        }
        for (uint32_t i = 0; i < IDS; i++) {
            struct span id = id_at(room, i);
            cr_assert_eq(id_index_find(&x, id, id_index_hash(&x, id)), records[i]);
        }
    }
    id_index_deinit(&x);
    arena_deinit(&a);
}

/* With one directory entry there is one table, which refuses records before it is full. */
Test(id_index, more_ids_than_announced_are_refused)
{
    struct arena a;
    struct id_index x;
    char room[32];
    cr_assert(arena_init(&a, 1000));
    cr_assert(id_index_init(&x, &a, seed, 1));
    uint32_t count = 0;
    for (; count < 1000; count++) {
        struct span id = id_at(room, count);
        uint64_t hash = id_index_hash(&x, id);
        if (!id_index_reserve(&x, hash))
            break;
        id_index_insert(&x, hash, record_of(&a, id));
    }
    cr_expect_geq(count, 600);
    cr_expect_lt(count, TABLE_BUCKETS * BUCKET_RECORDS);
    for (uint32_t i = 0; i < 1000; i++) {
        struct span id = id_at(room, i);
        cr_expect_eq(id_index_find(&x, id, id_index_hash(&x, id)) != 0, i < count);
    }
    id_index_deinit(&x);
    arena_deinit(&a);
}
