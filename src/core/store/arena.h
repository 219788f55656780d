/* arena.h — the memory that records lie in.
 *
 * Segments of 4 MiB, taken when needed and kept; places in them are numbered through in units of 8
 * bytes, so that 32 bits reach 32 GiB. What is free is a block that lies between two records: it
 * begins with a record's header (is_free; next and prev link it to others of its size, change is
 * its size) and ends with its size again. Blocks that touch are made one, so changing sizes do
 * not wear the memory out. Called by store; the others only look records up. */
#ifndef CORE_STORE_ARENA_H
#define CORE_STORE_ARENA_H

#include "core/store/record.h"

enum {
    ARENA_SEGMENT_BYTES = 4 << 20,
    ARENA_SEGMENT_UNITS = ARENA_SEGMENT_BYTES / RECORD_UNIT_BYTES,
    ARENA_SEGMENTS_MAX = 8192, /* 2^32 units */
    /* One for each size up to that from which any record can be cut off, one for all above. */
    ARENA_BINS = RECORD_UNITS_MAX + 1,
};

struct arena {
    uint64_t **segments;
    uint32_t segments_count;
    uint32_t segments_max;
    uint32_t reached_units; /* how far the newest segment was ever in use */
    uint32_t had_units; /* how far its memory was had from the kernel; pages.h */
    uint32_t bins[ARENA_BINS]; /* first free block; 0 for none */
    uint64_t bins_used; /* a bit for each bin that has one */
};

/* records_max: how many there will be at most. Takes no segment yet. false: no memory. */
MUST_USE bool arena_init(struct arena *a, uint64_t records_max);
void arena_deinit(struct arena *a);

static inline struct record *arena_record(const struct arena *a, uint32_t at)
{
    return (struct record *)(a->segments[at / ARENA_SEGMENT_UNITS] + at % ARENA_SEGMENT_UNITS);
}

/* Bring what matters of a record into the cache. No other effect. gcc takes a function that only
 * prefetches for one without effect and drops calls of it, hence the attribute. */
static inline __attribute__((always_inline)) void arena_prefetch(const struct arena *a, uint32_t at)
{
    const char *line = (const char *)arena_record(a, at);
    __builtin_prefetch(line);
    __builtin_prefetch(line + 64);
}

/* Room for a record of RECORD_UNITS_MIN to RECORD_UNITS_MAX units, no flag set and all else
 * unknown; the caller fills it with a stamp of that size. 0: no memory. */
MUST_USE uint32_t arena_alloc(struct arena *a, uint32_t units);

/* Give up a record that is filled. */
void arena_free(struct arena *a, uint32_t at);

/* The part of all segments that was ever in use. */
uint64_t arena_bytes(const struct arena *a);

#endif
