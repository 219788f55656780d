/* id_index.h — client id -> place of its record. Extendible hashing over tables of one page.
 *
 *     hash    tag (8) | - | bucket in the table (6) | - | ... directory (as many bits as it needs)
 *
 * The directory's entry for the hash's lowest bits points to a table of 64 buckets. A bucket is one
 * cache line: 12 tags of one byte, 12 places, and how many records passed it by because it was
 * full: only when there are any does a search go on to the next bucket (as F14, Facebook's table,
 * does). A table that gets too full splits by one more bit of the hash; tables that have not split
 * that often stand in the directory several times. So it grows by at most one table at a time, and
 * no record is ever rehashed but those of that table.
 *
 * R. Fagin et al., "Extendible hashing", 1979. Ids are not kept here: they are compared in their
 * records. Called by store. */
#ifndef CORE_STORE_ID_INDEX_H
#define CORE_STORE_ID_INDEX_H

#include "core/store/arena.h"

enum { BUCKET_RECORDS = 12, TABLE_BUCKETS = 64 };

struct bucket {
    uint8_t tags[BUCKET_RECORDS]; /* 0 for none */
    uint32_t records[BUCKET_RECORDS];
    uint16_t passed; /* records that would be here, or came by here, and are further on */
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
    struct table **directory; /* entries not filled yet are NULL: see table_of */
    uint64_t mask; /* entries - 1 */
    uint64_t filled; /* up to which entry the directory is filled */
    uint64_t mask_max;
    struct table_block *blocks; /* where tables come from, newest first */
    uint32_t tables_taken; /* of the newest block */
    uint64_t tables;
};

/* ids_max: how many there will be at most. false: no memory. */
MUST_USE bool id_index_init(
    struct id_index *x, const struct arena *records, const uint64_t seed[2], uint64_t ids_max);
void id_index_deinit(struct id_index *x);

/* An id's hash, for the calls below. */
uint64_t id_index_hash(const struct id_index *x, struct span id);

/* Bring what a find will read first into the cache. No other effect. */
void id_index_prefetch(const struct id_index *x, uint64_t hash);

/* The record that a find will most likely look at, by a glance at what was prefetched; 0: none. */
uint32_t id_index_likely(const struct id_index *x, uint64_t hash);

/* The place of id's record; 0 for none. */
uint32_t id_index_find(const struct id_index *x, struct span id, uint64_t hash);

/* See that an id_index_insert of this hash has room; splits a table where needed.
 * false: no memory. */
MUST_USE bool id_index_reserve(struct id_index *x, uint64_t hash);

/* Enter a record, whose id is not there yet and for which there is room. */
void id_index_insert(struct id_index *x, uint64_t hash, uint32_t record);

/* The record that was at `from` is at `to` now. It must be there. */
void id_index_move(struct id_index *x, uint64_t hash, uint32_t from, uint32_t to);

/* Take a record out. It must be there. */
void id_index_remove(struct id_index *x, uint64_t hash, uint32_t record);

uint64_t id_index_bytes(const struct id_index *x);

#endif
