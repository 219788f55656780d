/* test_arena.c — records keep their bytes and their numbers; freed memory is used again. */
#include "core/store/arena.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <signal.h>

enum { RECORDS = 3000, GROWING = 30000 };

/* Fill a record so that it takes up `units`, and every byte of it has a known value. */
static void fill(struct arena *a, uint32_t at, uint32_t units, unsigned char pattern)
{
    struct record *r = arena_record(a, at);
    size_t bytes = (size_t)units * RECORD_UNIT_BYTES - RECORD_HEADER_BYTES;
    size_t id_len = bytes < 255 ? bytes : 255;
    r->id_len = id_len & 0xff;
    r->position_len = 2 * (bytes - id_len) & 0x3f;
    memset(r->bytes, pattern, bytes);
    cr_assert_eq(record_units(r->id_len, r->position_len), units);
}

static void expect_filled(const struct arena *a, uint32_t at, uint32_t units, unsigned char pattern)
{
    const struct record *r = arena_record(a, at);
    size_t bytes = (size_t)units * RECORD_UNIT_BYTES - RECORD_HEADER_BYTES;
    cr_assert_eq(record_units(r->id_len, r->position_len), units);
    for (size_t i = 0; i < bytes; i++)
        cr_assert_eq(r->bytes[i], pattern);
}

Test(arena, a_record_is_freed_once, .signal = SIGABRT)
{
    struct arena a;
    cr_assert(arena_init(&a, 10));
    uint32_t at = arena_alloc(&a, RECORD_UNITS_MIN);
    cr_assert(at);
    fill(&a, at, RECORD_UNITS_MIN, 'x');
    arena_free(&a, at);
    arena_free(&a, at);
}

/* Check what arena.c says "holds always". Returns the number of records. */
static uint32_t expect_sound(const struct arena *a)
{
    uint32_t records = 0, blocks = 0, in_bins = 0;
    for (uint32_t s = 0; s < a->segments_count; s++) {
        bool before_free = false;
        uint32_t unit = 1;
        while (unit < ARENA_SEGMENT_UNITS) {
            const struct record *r = arena_record(a, s * ARENA_SEGMENT_UNITS + unit);
            bool is_free = r->is_free;
            cr_assert_not(is_free && before_free, "two free blocks touch");
            cr_assert_eq(r->behind_free, before_free);
            uint32_t units =
                is_free ? (uint32_t)r->change : record_units(r->id_len, r->position_len);
            cr_assert_geq(units, RECORD_UNITS_MIN);
            if (is_free)
                cr_assert_eq(((const uint64_t *)r)[units - 1], units);
            *(is_free ? &blocks : &records) += 1;
            before_free = is_free;
            unit += units;
        }
        cr_assert_eq(unit, ARENA_SEGMENT_UNITS);
    }
    for (uint32_t bin = 0; bin < ARENA_BINS; bin++) {
        bool used = a->bins_used >> bin & 1;
        cr_assert_eq(used, a->bins[bin] != 0);
        for (uint32_t at = a->bins[bin]; at; at = arena_record(a, at)->next) {
            uint64_t units = arena_record(a, at)->change;
            cr_assert(bin == ARENA_BINS - 1 ? units >= RECORD_UNITS_MIN + bin
                                            : units == RECORD_UNITS_MIN + bin);
            in_bins++;
        }
    }
    cr_assert_eq(in_bins, blocks);
    if (records) { /* a free block's header may be written right behind what is in use */
        uint32_t next = a->reached_units + RECORD_UNITS_MIN;
        cr_assert_geq(a->had_units, next < ARENA_SEGMENT_UNITS ? next : ARENA_SEGMENT_UNITS);
    }
    return records;
}

Test(arena, nothing_is_taken_before_the_first_record)
{
    struct arena a;
    cr_assert(arena_init(&a, 1000000));
    cr_expect_eq(a.segments_count, 0);
    cr_expect_lt(arena_bytes(&a), 1 << 20);
    uint32_t at = arena_alloc(&a, RECORD_UNITS_MIN);
    cr_expect_neq(at, 0);
    cr_expect_lt(arena_bytes(&a), 1 << 20);
    arena_deinit(&a);
}

/* Segments that are full, and the newest up to the last unit that was ever in use. */
Test(arena, tells_how_much_was_ever_in_use)
{
    struct random r = random_begin();
    struct arena a;
    cr_assert(arena_init(&a, 2 * GROWING));
    uint64_t table_bytes = arena_bytes(&a);
    uint32_t newest = 0, end = 0, last = 0;
    for (int i = 0; i < 2 * GROWING; i++) {
        uint32_t units = RECORD_UNITS_MIN + random_below(&r, 20);
        uint32_t at = arena_alloc(&a, units);
        cr_assert_neq(at, 0);
        fill(&a, at, units, 1);
        if (at / ARENA_SEGMENT_UNITS > newest) {
            newest = at / ARENA_SEGMENT_UNITS;
            end = 0;
        }
        if (at / ARENA_SEGMENT_UNITS == newest && at % ARENA_SEGMENT_UNITS + units > end)
            end = at % ARENA_SEGMENT_UNITS + units;
        cr_assert_eq(arena_bytes(&a), table_bytes + (uint64_t)newest * ARENA_SEGMENT_BYTES +
                                          (uint64_t)end * RECORD_UNIT_BYTES);
        if (last && i % 3 == 0) {
            arena_free(&a, last);
            at = 0;
        }
        last = at;
    }
    cr_expect_gt(newest, 0);
    arena_deinit(&a);
}

Test(arena, records_of_all_sizes_come_and_go)
{
    struct random r = random_begin();
    struct arena a;
    static struct {
        uint32_t at, units;
        unsigned char pattern;
    } held[RECORDS];
    cr_assert(arena_init(&a, RECORDS));
    uint32_t count = 0;
    for (int step = 0; step < 60000; step++) {
        uint32_t i = random_below(&r, RECORDS);
        if (held[i].at) {
            expect_filled(&a, held[i].at, held[i].units, held[i].pattern);
            arena_free(&a, held[i].at);
            held[i].at = 0;
            count--;
        } else {
            held[i].units =
                RECORD_UNITS_MIN + random_below(&r, RECORD_UNITS_MAX - RECORD_UNITS_MIN + 1);
            held[i].pattern = (unsigned char)random_next(&r);
            held[i].at = arena_alloc(&a, held[i].units);
            cr_assert_neq(held[i].at, 0);
            fill(&a, held[i].at, held[i].units, held[i].pattern);
            count++;
        }
        if (step % 5000 == 0)
            cr_assert_eq(expect_sound(&a), count);
    }
    for (int i = 0; i < RECORDS; i++)
        if (held[i].at)
            arena_free(&a, held[i].at);
    cr_assert_eq(expect_sound(&a), 0);
    arena_deinit(&a);
}

Test(arena, records_that_grow_size_by_size_do_not_wear_it_out)
{
    struct arena a;
    static uint32_t at[GROWING];
    cr_assert(arena_init(&a, GROWING));
    for (uint32_t units = RECORD_UNITS_MIN; units <= RECORD_UNITS_MAX; units++) {
        for (uint32_t i = 0; i < GROWING; i++) {
            uint32_t to = arena_alloc(&a, units);
            cr_assert_neq(to, 0);
            fill(&a, to, units, 1);
            if (at[i])
                arena_free(&a, at[i]);
            at[i] = to;
        }
    }
    cr_expect_eq(expect_sound(&a), GROWING);
    uint64_t needed = (uint64_t)GROWING * RECORD_UNITS_MAX * RECORD_UNIT_BYTES;
    cr_expect_leq(a.segments_count, 2 * needed / ARENA_SEGMENT_BYTES + 1);
    arena_deinit(&a);
}

Test(arena, memory_of_an_older_segment_was_in_use_before)
{
    struct arena a;
    uint32_t last_of_first = 0, at = 0;
    cr_assert(arena_init(&a, GROWING));
    while (a.segments_count < 2) {
        last_of_first = at;
        at = arena_alloc(&a, RECORD_UNITS_MAX);
        cr_assert_neq(at, 0);
        fill(&a, at, RECORD_UNITS_MAX, 7);
    }
    uint64_t bytes = arena_bytes(&a);
    arena_free(&a, last_of_first);
    at = arena_alloc(&a, RECORD_UNITS_MAX);
    cr_expect_eq(at, last_of_first);
    cr_expect_eq(arena_bytes(&a), bytes);
    arena_deinit(&a);
}

Test(arena, at_its_last_segment_it_refuses_and_goes_on)
{
    struct arena a;
    cr_assert(arena_init(&a, 1));
    cr_assert_eq(a.segments_max, 1);
    uint32_t last = 0, at;
    while ((at = arena_alloc(&a, RECORD_UNITS_MAX))) {
        fill(&a, at, RECORD_UNITS_MAX, 7);
        last = at;
    }
    cr_assert_neq(last, 0);
    expect_sound(&a);
    arena_free(&a, last);
    at = arena_alloc(&a, RECORD_UNITS_MAX);
    cr_expect_eq(at, last);
    fill(&a, at, RECORD_UNITS_MAX, 8);
    expect_sound(&a);
    arena_deinit(&a);
}
