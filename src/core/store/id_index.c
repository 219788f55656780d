/* id_index.c — see id_index.h.
 *
 * First searching, then inserting and removing, then how tables split and the directory doubles.
 * Holds always: a record is in the bucket that its hash chooses or in a later one, going round the
 * table; then every bucket between counts it in `passed`, because it was full when the record came.
 * A table holds at most TABLE_RECORDS_MAX records, so an insert always finds a free slot. Tables
 * are never given back: a store does not shrink. */
#include "core/store/id_index.h"
#include "core/base/invariant.h"
#include "core/base/pages.h"
#include "core/base/siphash.h"
#include "core/base/word.h"
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    TABLE_RECORDS_MAX = TABLE_BUCKETS * BUCKET_RECORDS * 85 / 100, /* then it splits */
    /* The directory may grow to one entry for so many ids. A table holds five times as many, so
     * that hashes as uneven as chance makes them never need a larger directory. */
    DIRECTORY_ENTRY_IDS = 128,
    FILL_STEP = 64, /* directory entries that are filled with each new record */
    BLOCK_TABLES = 255,
    STEP_TABLES = PAGES_STEP_BYTES / sizeof(struct table), /* faulted in at a time */
    PREFETCH_AHEAD = 12,
};

struct table_block {
    struct table_block *older;
    struct table tables[BLOCK_TABLES];
};

static uint8_t tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 56);
    return tag ? tag : 1;
}

static unsigned bucket_of(uint64_t hash)
{
    return hash >> 40 & (TABLE_BUCKETS - 1);
}

static unsigned bucket_after(unsigned bucket)
{
    return (bucket + 1) & (TABLE_BUCKETS - 1);
}

/* After the directory has doubled its upper half is filled a few entries at a time. An entry that
 * is still NULL stands for its counterpart in the lower half. */
static struct table *table_of(const struct id_index *x, uint64_t hash)
{
    struct table *t = x->directory[hash & x->mask];
    return t ? t : x->directory[hash & x->mask >> 1];
}

static uint16_t *table_depth(struct table *t)
{
    return &t->buckets[0].table_note;
}

static uint16_t *table_count(struct table *t)
{
    return &t->buckets[1].table_note;
}

/* Bit i: slot i of the bucket has this tag. */
static inline unsigned bucket_match(const struct bucket *b, uint8_t tag)
{
#ifdef __SSE2__
    __m128i tags = _mm_load_si128((const __m128i *)b); /* and 4 bytes more, which the mask drops */
    unsigned equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag)));
    return equal & ((1u << BUCKET_RECORDS) - 1);
#else
    unsigned equal = 0;
    for (unsigned i = 0; i < BUCKET_RECORDS; i++)
        equal |= (unsigned)(b->tags[i] == tag) << i;
    return equal;
#endif
}

/* -- searching --------------------------------------------------------------------------------- */

uint64_t id_index_hash(const struct id_index *x, struct span id)
{
    return siphash13(x->seed, id);
}

void id_index_prefetch(const struct id_index *x, uint64_t hash)
{
    __builtin_prefetch(&table_of(x, hash)->buckets[bucket_of(hash)]);
}

uint32_t id_index_likely(const struct id_index *x, uint64_t hash)
{
    const struct bucket *b = &table_of(x, hash)->buckets[bucket_of(hash)];
    unsigned match = bucket_match(b, tag_of(hash));
    return match ? b->records[__builtin_ctz(match)] : 0;
}

uint32_t id_index_find(const struct id_index *x, struct span id, uint64_t hash)
{
    const struct table *t = table_of(x, hash);
    unsigned bucket = bucket_of(hash);
    for (unsigned i = 0; i < TABLE_BUCKETS; i++, bucket = bucket_after(bucket)) {
        const struct bucket *b = &t->buckets[bucket];
        for (unsigned match = bucket_match(b, tag_of(hash)); match; match &= match - 1) {
            uint32_t record = b->records[__builtin_ctz(match)];
            if (word_equal(record_id(arena_record(x->records, record)), id))
                return record;
        }
        if (!b->passed)
            break;
    }
    return 0;
}

/* -- inserting and removing -------------------------------------------------------------------- */

static void table_insert(struct table *t, uint64_t hash, uint32_t record)
{
    unsigned bucket = bucket_of(hash);
    unsigned free;
    while (!(free = bucket_match(&t->buckets[bucket], 0))) {
        t->buckets[bucket].passed++;
        bucket = bucket_after(bucket);
    }
    unsigned slot = (unsigned)__builtin_ctz(free);
    t->buckets[bucket].tags[slot] = tag_of(hash);
    t->buckets[bucket].records[slot] = record;
    ++*table_count(t);
}

/* The bucket's slot that holds the record; BUCKET_RECORDS: none. */
static unsigned bucket_slot(const struct bucket *b, uint64_t hash, uint32_t record)
{
    for (unsigned match = bucket_match(b, tag_of(hash)); match; match &= match - 1)
        if (b->records[__builtin_ctz(match)] == record)
            return (unsigned)__builtin_ctz(match);
    return BUCKET_RECORDS;
}

void id_index_move(struct id_index *x, uint64_t hash, uint32_t from, uint32_t to)
{
    struct table *t = table_of(x, hash);
    unsigned bucket = bucket_of(hash);
    unsigned slot;
    while ((slot = bucket_slot(&t->buckets[bucket], hash, from)) == BUCKET_RECORDS) {
        ASSERT(t->buckets[bucket].passed);
        bucket = bucket_after(bucket);
    }
    t->buckets[bucket].records[slot] = to;
}

void id_index_remove(struct id_index *x, uint64_t hash, uint32_t record)
{
    struct table *t = table_of(x, hash);
    unsigned bucket = bucket_of(hash);
    unsigned slot;
    while ((slot = bucket_slot(&t->buckets[bucket], hash, record)) == BUCKET_RECORDS) {
        ASSERT(t->buckets[bucket].passed);
        t->buckets[bucket].passed--;
        bucket = bucket_after(bucket);
    }
    ASSERT(*table_count(t) > 0);
    t->buckets[bucket].tags[slot] = 0;
    --*table_count(t);
}

void id_index_insert(struct id_index *x, uint64_t hash, uint32_t record)
{
    struct table *t = table_of(x, hash);
    ASSERT(*table_count(t) < TABLE_RECORDS_MAX);
    table_insert(t, hash, record);
}

/* -- growing ----------------------------------------------------------------------------------- */

/* A new, empty table; NULL: out of memory. */
static struct table *table_take(struct id_index *x)
{
    if (!x->blocks || x->tables_taken == BLOCK_TABLES) {
        struct table_block *block = aligned_alloc(_Alignof(struct table_block), sizeof *block);
        if (!block)
            return NULL;
        block->older = x->blocks;
        x->blocks = block;
        x->tables_taken = 0;
    }
    ASSERT(x->tables_taken < BLOCK_TABLES);
    struct table *t = &x->blocks->tables[x->tables_taken];
    uint32_t left = BLOCK_TABLES - x->tables_taken;
    if (x->tables_taken++ % STEP_TABLES == 0)
        pages_have(t, (left < STEP_TABLES ? left : STEP_TABLES) * sizeof *t);
    memset(t, 0, sizeof *t);
    x->tables++;
    return t;
}

bool id_index_init(
    struct id_index *x, const struct arena *records, const uint64_t seed[2], uint64_t ids_max)
{
    ASSERT(ids_max >= 1);
    *x = (struct id_index){.records = records, .seed = {seed[0], seed[1]}, .filled = 1};
    while ((x->mask_max + 1) * DIRECTORY_ENTRY_IDS < ids_max)
        x->mask_max = x->mask_max << 1 | 1;
    /* Allocated at its final size, so that doubling copies nothing; untouched pages are free. */
    x->directory = calloc(x->mask_max + 1, sizeof *x->directory);
    if (!x->directory)
        return false;
    x->directory[0] = table_take(x);
    if (x->directory[0])
        return true;
    id_index_deinit(x);
    return false;
}

bool id_index_grow(struct id_index *x, uint64_t ids_max)
{
    uint64_t mask_max = x->mask_max;
    ASSERT(ids_max >= 1 && x->mask <= mask_max);
    while ((mask_max + 1) * DIRECTORY_ENTRY_IDS < ids_max)
        mask_max = mask_max << 1 | 1;
    if (mask_max == x->mask_max)
        return true;
    struct table **directory = calloc(mask_max + 1, sizeof *directory);
    if (!directory)
        return false;
    memcpy(directory, x->directory, (x->mask + 1) * sizeof *directory);
    free(x->directory);
    x->directory = directory;
    x->mask_max = mask_max;
    return true;
}

void id_index_deinit(struct id_index *x)
{
    while (x->blocks) {
        struct table_block *block = x->blocks;
        x->blocks = block->older;
        free(block);
    }
    free(x->directory);
}

static void directory_fill(struct id_index *x, uint64_t entries)
{
    for (; entries && x->filled <= x->mask; entries--, x->filled++)
        if (!x->directory[x->filled])
            x->directory[x->filled] = x->directory[x->filled & x->mask >> 1];
}

/* Move the records of `old` whose hash has `bit` set to `new`. Their ids have to be hashed again;
 * they are scattered over memory, so each is prefetched some steps before it is needed. */
static void table_divide(struct id_index *x, struct table *old, struct table *new, uint64_t bit)
{
    uint32_t records[TABLE_RECORDS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < TABLE_BUCKETS; i++)
        for (unsigned slot = 0; slot < BUCKET_RECORDS; slot++)
            if (old->buckets[i].tags[slot])
                records[count++] = old->buckets[i].records[slot];

    ASSERT(count == *table_count(old));
    uint16_t depth = (uint16_t)(*table_depth(old) + 1);
    memset(old, 0, sizeof *old);
    *table_depth(old) = *table_depth(new) = depth;
    for (unsigned i = 0; i < count; i++) {
        if (i + PREFETCH_AHEAD < count)
            arena_prefetch(x->records, records[i + PREFETCH_AHEAD]);
        uint64_t hash = id_index_hash(x, record_id(arena_record(x->records, records[i])));
        table_insert(hash & bit ? new : old, hash, records[i]);
    }
    ASSERT(*table_count(old) + *table_count(new) == (int)count);
}

/* Split the table that this hash belongs to. false: out of memory. */
static bool table_split(struct id_index *x, uint64_t hash)
{
    struct table *old = table_of(x, hash);
    uint64_t bit = UINT64_C(1) << *table_depth(old);
    if (bit > x->mask_max)
        return false;
    struct table *new = table_take(x);
    if (!new)
        return false;
    if (bit > x->mask) {
        directory_fill(x, x->mask + 1);
        ASSERT(x->filled == x->mask + 1);
        x->mask = x->mask << 1 | 1;
    }
    table_divide(x, old, new, bit);
    for (uint64_t entry = (hash & (bit - 1)) | bit; entry <= x->mask; entry += bit << 1)
        x->directory[entry] = new;
    ASSERT(table_of(x, hash) == (hash & bit ? new : old));
    return true;
}

bool id_index_reserve(struct id_index *x, uint64_t hash)
{
    directory_fill(x, FILL_STEP);
    while (*table_count(table_of(x, hash)) >= TABLE_RECORDS_MAX)
        if (!table_split(x, hash))
            return false;
    return true;
}

uint64_t id_index_bytes(const struct id_index *x)
{
    return x->tables * sizeof(struct table) + (x->mask + 1) * sizeof *x->directory;
}
