/* id_index.c — see id_index.h.
 *
 * Searching, then entering and removing, then how tables split and the directory doubles.
 * Holds always: a record is in its hash's bucket, or, going round the table from there, every
 * bucket before it was full when it came and counts it as passed. A table is never full, so a
 * search that finds nothing ends. Tables are never given back: a store does not shrink. */
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
    /* The directory can grow until it has an entry for so many ids: far less than a table holds,
     * so that hashes as uneven as chance makes them never need more. */
    DIRECTORY_ENTRY_IDS = 128,
    FILL_STEP = 64, /* directory entries with each new record */
    BLOCK_TABLES = 255,
    STEP_TABLES = PAGES_STEP_BYTES / sizeof(struct table), /* had from the kernel at a time */
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

/* A directory that has doubled is filled bit by bit: an entry of its upper half that is not there
 * yet is the one of the lower half. */
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

/* A bit for each of the bucket's places that has this tag. */
static inline unsigned bucket_match(const struct bucket *b, uint8_t tag)
{
#ifdef __SSE2__
    __m128i tags = _mm_load_si128((const __m128i *)b); /* and one place, which the mask cuts off */
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

/* -- entering and removing --------------------------------------------------------------------- */

static void table_insert(struct table *t, uint64_t hash, uint32_t record)
{
    unsigned bucket = bucket_of(hash);
    unsigned free;
    while (!(free = bucket_match(&t->buckets[bucket], 0))) {
        t->buckets[bucket].passed++;
        bucket = bucket_after(bucket);
    }
    unsigned place = (unsigned)__builtin_ctz(free);
    t->buckets[bucket].tags[place] = tag_of(hash);
    t->buckets[bucket].records[place] = record;
    ++*table_count(t);
}

/* Which of the bucket's places holds the record; BUCKET_RECORDS: none. */
static unsigned bucket_place(const struct bucket *b, uint64_t hash, uint32_t record)
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
    unsigned place;
    while ((place = bucket_place(&t->buckets[bucket], hash, from)) == BUCKET_RECORDS) {
        ASSERT(t->buckets[bucket].passed);
        bucket = bucket_after(bucket);
    }
    t->buckets[bucket].records[place] = to;
}

void id_index_remove(struct id_index *x, uint64_t hash, uint32_t record)
{
    struct table *t = table_of(x, hash);
    unsigned bucket = bucket_of(hash);
    unsigned place;
    while ((place = bucket_place(&t->buckets[bucket], hash, record)) == BUCKET_RECORDS) {
        ASSERT(t->buckets[bucket].passed);
        t->buckets[bucket].passed--;
        bucket = bucket_after(bucket);
    }
    t->buckets[bucket].tags[place] = 0;
    --*table_count(t);
}

void id_index_insert(struct id_index *x, uint64_t hash, uint32_t record)
{
    struct table *t = table_of(x, hash);
    ASSERT(*table_count(t) < TABLE_RECORDS_MAX);
    table_insert(t, hash, record);
}

/* -- growing ----------------------------------------------------------------------------------- */

/* An empty table; NULL: no memory. */
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
    *x = (struct id_index){.records = records, .seed = {seed[0], seed[1]}, .filled = 1};
    while ((x->mask_max + 1) * DIRECTORY_ENTRY_IDS < ids_max)
        x->mask_max = x->mask_max << 1 | 1;
    /* As large as it can become, so that doubling moves nothing; untouched memory costs nothing. */
    x->directory = calloc(x->mask_max + 1, sizeof *x->directory);
    if (!x->directory)
        return false;
    x->directory[0] = table_take(x);
    if (x->directory[0])
        return true;
    id_index_deinit(x);
    return false;
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

/* Move those of `old`'s records whose hash has the bit to `new`. The ids have to be hashed again;
 * all of them lie elsewhere in memory, so they are asked for some time ahead. */
static void table_divide(struct id_index *x, struct table *old, struct table *new, uint64_t bit)
{
    uint32_t records[TABLE_RECORDS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < TABLE_BUCKETS; i++)
        for (unsigned place = 0; place < BUCKET_RECORDS; place++)
            if (old->buckets[i].tags[place])
                records[count++] = old->buckets[i].records[place];

    uint16_t depth = (uint16_t)(*table_depth(old) + 1);
    memset(old, 0, sizeof *old);
    *table_depth(old) = *table_depth(new) = depth;
    for (unsigned i = 0; i < count; i++) {
        if (i + PREFETCH_AHEAD < count)
            arena_prefetch(x->records, records[i + PREFETCH_AHEAD]);
        uint64_t hash = id_index_hash(x, record_id(arena_record(x->records, records[i])));
        table_insert(hash & bit ? new : old, hash, records[i]);
    }
}

/* Split the table that this hash belongs to. false: no memory. */
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
        x->mask = x->mask << 1 | 1;
    }
    table_divide(x, old, new, bit);
    for (uint64_t entry = (hash & (bit - 1)) | bit; entry <= x->mask; entry += bit << 1)
        x->directory[entry] = new;
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
