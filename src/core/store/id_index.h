/* id_index.h — from a client id to its record's number. Extendible hashing over tables of one
 * page.
 *
 *     hash    tag (8) | - | bucket in the table (6) | - | ... directory (as many bits as it needs)
 *
 * The lowest bits of an id's hash choose an entry of the directory, which points to a table of 64
 * buckets; six more bits choose the bucket. A bucket is one cache line of 12 slots: for each a tag
 * of one byte (eight more bits of the hash) and the record's number, and a count of the records
 * that found this bucket full and went on to a later one. A search goes on to the next bucket only
 * if that count is not 0 (as in Facebook's F14).
 *
 * A table that gets too full is split in two by one more bit of the hash. Several entries of the
 * directory point to a table that has been split less often than others. So the index grows by one
 * table at a time, and only that table's records are rehashed: no put ever waits for a rehash of
 * everything. R. Fagin et al., "Extendible hashing", 1979.
 *
 * Ids are not kept here but compared in their records. Called by store. */
#ifndef CORE_STORE_ID_INDEX_H
#define CORE_STORE_ID_INDEX_H

#include "core/store/arena.h"

enum { BUCKET_RECORDS = 12, TABLE_BUCKETS = 64 };

struct bucket {
    uint8_t tags[BUCKET_RECORDS]; /* 0: the slot is free */
    uint32_t records[BUCKET_RECORDS];
    uint16_t passed; /* how many records are in a later bucket because this one was full */
    uint16_t table_note; /* bucket 0: the table's depth; bucket 1: how many records it holds */
};

_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct table {
    _Alignas(64) struct bucket buckets[TABLE_BUCKETS];
};

struct table_block;

struct id_index {
    const struct arena *records;
    uint64_t seed[2];
    struct table **directory; /* NULL: an entry that is not filled yet; see table_of */
    uint64_t mask; /* the directory's entries - 1 */
    uint64_t filled; /* entries below this index are filled */
    uint64_t mask_max; /* the directory never doubles beyond this */
    struct table_block *blocks; /* memory for tables, newest first */
    uint32_t tables_taken; /* of the newest block */
    uint64_t tables;
};

/* ids_max: how many ids there will be at most. false: out of memory. */
MUST_USE bool id_index_init(
    struct id_index *x, const struct arena *records, const uint64_t seed[2], uint64_t ids_max);
void id_index_deinit(struct id_index *x);
/* There may be so many ids from now on, if that is more than before. false: out of memory. */
MUST_USE bool id_index_grow(struct id_index *x, uint64_t ids_max);

/* An id's hash, for the calls below. */
uint64_t id_index_hash(const struct id_index *x, struct span id);

/* Bring the bucket that a find will read first into the cache. */
void id_index_prefetch(const struct id_index *x, uint64_t hash);

/* The first record in that bucket whose tag matches, which is most likely the one that a find will
 * look at; 0: none. */
uint32_t id_index_likely(const struct id_index *x, uint64_t hash);

/* The number of id's record; 0: none. */
uint32_t id_index_find(const struct id_index *x, struct span id, uint64_t hash);

/* Make room for an id_index_insert with this hash, by splitting a table where needed.
 * false: out of memory. */
MUST_USE bool id_index_reserve(struct id_index *x, uint64_t hash);

/* Add a record. Its id is not in the index yet, and id_index_reserve has made room. */
void id_index_insert(struct id_index *x, uint64_t hash, uint32_t record);

/* Replace record number `from`, which must be in the index, by `to`. */
void id_index_move(struct id_index *x, uint64_t hash, uint32_t from, uint32_t to);

/* Remove a record, which must be in the index. */
void id_index_remove(struct id_index *x, uint64_t hash, uint32_t record);

uint64_t id_index_bytes(const struct id_index *x);

#endif
