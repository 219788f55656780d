/* arena.c — see arena.h. It uses boundary tags (Knuth, The Art of Computer Programming 1, 2.5): a
 * free block has its size at both ends, and each record has a flag that says whether the block
 * right before it is free. So both neighbours of a record are found without a search. F is is_free,
 * B is behind_free:
 *
 *     | record | record |F free .. size|B record | record |F free, the rest of the segment .. size|
 *
 * Holds always: two free blocks are never adjacent; a free block is in the bin of its size; the
 * record right behind a free block has behind_free set; the first unit of a segment is unused, so
 * that no record has the number 0. */
#include "core/store/arena.h"
#include "core/base/invariant.h"
#include "core/base/pages.h"
#include <stdlib.h>

enum {
    BIN_LARGE = ARENA_BINS - 1,
    BIN_NONE = ARENA_BINS,
};

_Static_assert(ARENA_SEGMENT_BYTES % PAGES_STEP_BYTES == 0, "a segment is whole steps of pages");
_Static_assert(ARENA_BINS <= 64, "bins_used has a bit for each");
_Static_assert(ARENA_SEGMENT_UNITS > 2 * RECORD_UNITS_MAX, "a new segment holds any record");

/* Room for twice as many of the largest records, because of what is free between them. */
static uint32_t segments_for(uint64_t records_max)
{
    ASSERT(records_max >= 1);
    uint64_t segments = 2 * records_max * RECORD_UNITS_MAX / ARENA_SEGMENT_UNITS + 1;
    return segments < ARENA_SEGMENTS_MAX ? (uint32_t)segments : ARENA_SEGMENTS_MAX;
}

bool arena_init(struct arena *a, uint64_t records_max)
{
    *a = (struct arena){.segments_max = segments_for(records_max)};
    a->segments = calloc(a->segments_max, sizeof *a->segments);
    return a->segments != NULL;
}

bool arena_grow(struct arena *a, uint64_t records_max)
{
    uint32_t segments_max = segments_for(records_max);
    if (segments_max <= a->segments_max)
        return true;
    uint64_t **segments = realloc(a->segments, segments_max * sizeof *segments);
    if (!segments)
        return false;
    a->segments = segments; /* what is new of it is written before it is read */
    a->segments_max = segments_max;
    ASSERT(a->segments_count <= a->segments_max);
    return true;
}

void arena_deinit(struct arena *a)
{
    for (uint32_t i = 0; i < a->segments_count; i++)
        free(a->segments[i]);
    free(a->segments);
}

static uint32_t bin_of(uint32_t units)
{
    uint32_t bin = units - RECORD_UNITS_MIN;
    return bin < BIN_LARGE ? bin : BIN_LARGE;
}

/* The first bin from `bin` on that is not empty. */
static uint32_t bin_used_from(const struct arena *a, uint32_t bin)
{
    uint64_t used = a->bins_used >> bin << bin;
    return used ? (uint32_t)__builtin_ctzll(used) : BIN_NONE;
}

/* The record or free block right behind a block; NULL at the segment's end. */
static struct record *behind(const struct arena *a, uint32_t at, uint32_t units)
{
    uint32_t next = at + units;
    return next % ARENA_SEGMENT_UNITS ? arena_record(a, next) : NULL;
}

static void block_link(struct arena *a, uint32_t at, uint32_t units)
{
    ASSERT(units >= RECORD_UNITS_MIN);
    struct record *block = arena_record(a, at);
    uint32_t bin = bin_of(units);
    block->is_free = 1;
    block->behind_free = 0;
    block->change = units;
    ((uint64_t *)block)[units - 1] = units;
    block->prev = 0;
    block->next = a->bins[bin];
    if (block->next)
        arena_record(a, block->next)->prev = at;
    a->bins[bin] = at;
    a->bins_used |= UINT64_C(1) << bin;
}

/* Returns the block's size in units. */
static uint32_t block_unlink(struct arena *a, uint32_t at)
{
    struct record *block = arena_record(a, at);
    uint32_t units = (uint32_t)block->change;
    uint32_t bin = bin_of(units);
    ASSERT(block->is_free);
    if (block->next)
        arena_record(a, block->next)->prev = block->prev;
    if (block->prev) {
        ASSERT(arena_record(a, block->prev)->next == at);
        arena_record(a, block->prev)->next = block->next;
    } else {
        a->bins[bin] = block->next;
    }
    if (!a->bins[bin])
        a->bins_used &= ~(UINT64_C(1) << bin);
    return units;
}

static bool segment_add(struct arena *a)
{
    if (a->segments_count == a->segments_max)
        return false;
    uint64_t *segment = malloc(ARENA_SEGMENT_BYTES + PACKED_SLACK);
    if (!segment)
        return false;
    a->segments[a->segments_count] = segment;
    a->reached_units = a->had_units = 0;
    block_link(a, a->segments_count++ * ARENA_SEGMENT_UNITS + 1, ARENA_SEGMENT_UNITS - 1);
    return true;
}

/* A record will end at unit `end` of the newest segment: fault its memory in. */
static void reach(struct arena *a, uint32_t end)
{
    enum { STEP_UNITS = PAGES_STEP_BYTES / RECORD_UNIT_BYTES };
    a->reached_units = end;
    if (end + RECORD_UNITS_MAX <= a->had_units || a->had_units == ARENA_SEGMENT_UNITS)
        return;
    ASSERT(end <= ARENA_SEGMENT_UNITS && a->had_units < ARENA_SEGMENT_UNITS);
    pages_have(a->segments[a->segments_count - 1] + a->had_units, PAGES_STEP_BYTES);
    a->had_units += STEP_UNITS;
}

uint32_t arena_alloc(struct arena *a, uint32_t units)
{
    ASSERT(units >= RECORD_UNITS_MIN && units <= RECORD_UNITS_MAX);
    uint32_t bin = bin_of(units);
    if (!a->bins[bin]) /* cut a larger block, of which enough for a free block's header must stay */
        bin = bin_used_from(a, bin_of(units + RECORD_UNITS_MIN));
    if (bin == BIN_NONE) {
        if (!segment_add(a))
            return 0;
        bin = BIN_LARGE;
    }
    uint32_t at = a->bins[bin];
    uint32_t end = at % ARENA_SEGMENT_UNITS + units;
    if (at / ARENA_SEGMENT_UNITS == a->segments_count - 1 && end > a->reached_units)
        reach(a, end);
    uint32_t had = block_unlink(a, at);
    if (had > units) {
        block_link(a, at + units, had - units);
    } else {
        struct record *next = behind(a, at, units);
        if (next)
            next->behind_free = 0;
    }
    struct record *r = arena_record(a, at);
    r->is_free = r->behind_free = r->under_cursor = 0;
    return at;
}

void arena_free(struct arena *a, uint32_t at)
{
    const struct record *r = arena_record(a, at);
    uint32_t units = record_units(r->id_len, r->position_len);
    bool behind_free = r->behind_free;
    ASSERT(at % ARENA_SEGMENT_UNITS && !r->is_free);
    struct record *next = behind(a, at, units);
    if (next && next->is_free) {
        units += block_unlink(a, at + units);
        next = behind(a, at, units);
    }
    if (behind_free) {
        uint32_t before = (uint32_t)((const uint64_t *)r)[-1];
        at -= before;
        units += block_unlink(a, at);
        ASSERT(arena_record(a, at)->change == before);
    }
    block_link(a, at, units);
    if (next)
        next->behind_free = 1;
}

uint64_t arena_bytes(const struct arena *a)
{
    uint64_t table = a->segments_max * sizeof *a->segments;
    if (!a->segments_count)
        return table;
    return table + (uint64_t)(a->segments_count - 1) * ARENA_SEGMENT_BYTES +
           a->reached_units * (uint64_t)RECORD_UNIT_BYTES;
}
