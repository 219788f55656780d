/* arena.h — an allocator for records, which vary in size.
 *
 * It takes segments of 4 MiB from malloc when needed and never gives them back. All segments
 * together are numbered in units of 8 bytes, so a 32-bit number reaches 32 GiB; a record's number
 * is that of its first unit. Free memory is kept as blocks. A free block begins with a record's
 * header, in which is_free is set, next and prev link it to other blocks of its size, and change is
 * its size; it ends with its size once more. Adjacent free blocks are merged, so records that
 * change their size do not fragment the memory for good. Called by store; feed and id_index only
 * look records up. */
#ifndef CORE_STORE_ARENA_H
#define CORE_STORE_ARENA_H

#include "core/store/record.h"

enum {
    ARENA_SEGMENT_BYTES = 4 << 20,
    ARENA_SEGMENT_UNITS = ARENA_SEGMENT_BYTES / RECORD_UNIT_BYTES,
    ARENA_SEGMENTS_MAX = 8192, /* 2^32 units */
    /* One bin per size up to the smallest from which any record can be cut, one for all larger. */
    ARENA_BINS = RECORD_UNITS_MAX + 1,
};

struct arena {
    uint64_t **segments;
    uint32_t segments_count;
    uint32_t segments_max;
    uint32_t reached_units; /* the part of the newest segment that was ever in use */
    uint32_t had_units; /* the part of it that has been faulted in; pages.h */
    uint32_t bins[ARENA_BINS]; /* the first free block of each size; 0 for none */
    uint64_t bins_used; /* bit i: bin i is not empty */
};

/* records_max: how many records there will be at most. Allocates no segment yet.
 * false: out of memory. */
MUST_USE bool arena_init(struct arena *a, uint64_t records_max);
void arena_deinit(struct arena *a);
/* There may be so many records from now on, if that is more than before. false: out of memory. */
MUST_USE bool arena_grow(struct arena *a, uint64_t records_max);

static inline struct record *arena_record(const struct arena *a, uint32_t at)
{
    return (struct record *)(a->segments[at / ARENA_SEGMENT_UNITS] + at % ARENA_SEGMENT_UNITS);
}

/* Bring the first two cache lines of a record into the cache. Without the attribute gcc considers
 * a function that only prefetches to be without effect and drops the call. */
static inline __attribute__((always_inline)) void arena_prefetch(const struct arena *a, uint32_t at)
{
    const char *line = (const char *)arena_record(a, at);
    __builtin_prefetch(line);
    __builtin_prefetch(line + 64);
}

/* Allocate a record of RECORD_UNITS_MIN to RECORD_UNITS_MAX units. Its flags are 0 and the rest is
 * undefined; the caller fills it with a stamp of that size. 0: out of memory. */
MUST_USE uint32_t arena_alloc(struct arena *a, uint32_t units);

/* Free a record. Its size is taken from its stamp, so it must have been filled. */
void arena_free(struct arena *a, uint32_t at);

/* The bytes of all segments that were ever in use, and of the table of segments. */
uint64_t arena_bytes(const struct arena *a);

#endif
