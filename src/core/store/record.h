/* record.h — a stamp as it lies in memory.
 *
 * A header of 48 bytes, the client id, and the packed text of the position (packed.h), rounded up
 * to a multiple of 8 bytes: 80 for a 20-byte id with "+34.068930-118.445127". The time's text is
 * not kept, only what it can be written again from (time_text.h). A record is named by its number
 * in the arena: 32 bits, 0 for none. Written and read by store, linked by feed, allocated by
 * arena. */
#ifndef CORE_STORE_RECORD_H
#define CORE_STORE_RECORD_H

#include "core/base/packed.h"
#include "core/protocol/stamp.h"
#include <stdint.h>

struct record {
    uint32_t next; /* in the feed; 0 at its end */
    uint32_t prev;
    uint64_t change;
    uint64_t hash; /* stamp_hash(): its share of the digest */
    int64_t time_ns;
    int64_t skew_ns;
    uint16_t route;
    uint16_t origin : 12; /* names.h */
    uint16_t is_free : 1; /* arena: this is a free block */
    uint16_t behind_free : 1; /* arena: the block right before this one is free */
    uint16_t under_cursor : 1; /* feed: a cursor may stand on this record */
    uint32_t id_len : 8;
    uint32_t position_len : 6;
    uint32_t time_len : 14;
    uint32_t time_decimals : 4; /* digits behind the point; 0: no point */
    unsigned char bytes[]; /* the id, then the packed position */
};

enum {
    RECORD_UNIT_BYTES = 8, /* sizes and record numbers are in units */
    RECORD_HEADER_BYTES = 48,
    RECORD_UNITS_MIN = RECORD_HEADER_BYTES / RECORD_UNIT_BYTES + 1,
    RECORD_UNITS_MAX = (RECORD_HEADER_BYTES + STAMPEDE_CLIENT_ID_BYTES_MAX +
                           (STAMPEDE_POSITION_BYTES_MAX + 1) / 2 + RECORD_UNIT_BYTES - 1) /
                       RECORD_UNIT_BYTES,
};

_Static_assert(sizeof(struct record) == RECORD_HEADER_BYTES, "the header has no holes");

static inline uint32_t record_units(size_t id_len, size_t position_len)
{
    size_t bytes = RECORD_HEADER_BYTES + id_len + packed_bytes(position_len);
    return (uint32_t)((bytes + RECORD_UNIT_BYTES - 1) / RECORD_UNIT_BYTES);
}

static inline struct span record_id(const struct record *r)
{
    return (struct span){(const char *)r->bytes, r->id_len};
}

/* Write the client id into a new record: 1 to STAMPEDE_CLIENT_ID_BYTES_MAX bytes. */
void record_name(struct record *r, struct span id);

/* Write a stamp into a record that has its id already; links, change and flags of `r` stay. `r` has
 * record_units() of the stamp's id and position. s->time must be a text of s->time_ns (stamp.h).
 *
 * hash    stamp_hash(s)
 * origin  s->origin's number in names.h */
void record_write(
    struct record *r, const struct stamp *s, uint64_t hash, uint16_t origin, uint16_t route);

/* Read the stamp, all but its origin. Its id is a view of the record. Its position and time are
 * written to `position` (STAMPEDE_POSITION_BYTES_MAX bytes) and `time` (STAMP_TIME_ROOM_BYTES),
 * and are views of these. */
void record_read(const struct record *r, struct stamp *out, char *position, char *time);

#endif
