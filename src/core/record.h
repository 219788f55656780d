/* record.h — a stamp as it lies in memory.
 *
 * 40 bytes of header, then the client id, then position and time text, packed (packed.h), up to the
 * next multiple of 8 bytes. A record is known by its place in the arena, a 32-bit number, 0 for none.
 * A 20-byte id with "+34.068930-118.445127" and "1520023934.918963998" takes 88 bytes. Written and
 * read by store, linked by feed, placed by arena. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/packed.h"
#include "core/stamp.h"
#include <stdint.h>

enum {
    RECORD_UNIT_BYTES = 8, /* sizes and places are in units */
    RECORD_HEADER_BYTES = 40,
    /* position, comma, time */
    RECORD_TEXT_BYTES_MAX = STAMPEDE_POSITION_BYTES_MAX + 1 + STAMPEDE_LINE_BYTES_MAX,
    RECORD_UNITS_MAX = (RECORD_HEADER_BYTES + STAMPEDE_CLIENT_ID_BYTES_MAX +
                           (RECORD_TEXT_BYTES_MAX + 1) / 2 + RECORD_UNIT_BYTES - 1) /
                       RECORD_UNIT_BYTES,
    RECORD_UNITS_MIN = RECORD_HEADER_BYTES / RECORD_UNIT_BYTES + 1,
};

enum {
    RECORD_FREE = 1, /* arena: no record, but room for one */
    RECORD_BEHIND_FREE = 2, /* arena: the room right before it is free */
    RECORD_UNDER_CURSOR = 4, /* feed: a cursor may have passed this one last */
};

struct record {
    uint32_t next; /* in the feed; 0 at its end */
    uint32_t prev;
    uint64_t change;
    int64_t time_ns;
    int64_t skew_ns;
    uint16_t origin; /* its number in names.h */
    uint16_t route;
    uint16_t text_len; /* characters */
    uint8_t id_len;
    uint8_t flags;
    unsigned char bytes[];
};

_Static_assert(sizeof(struct record) == RECORD_HEADER_BYTES, "the header has no holes");

static inline uint32_t record_units(const struct stamp *s)
{
    size_t text = s->position.len + 1 + s->time.len;
    size_t bytes = RECORD_HEADER_BYTES + s->id.len + packed_bytes(text);
    return (uint32_t)((bytes + RECORD_UNIT_BYTES - 1) / RECORD_UNIT_BYTES);
}

static inline uint32_t record_units_held(const struct record *r)
{
    size_t bytes = RECORD_HEADER_BYTES + r->id_len + packed_bytes(r->text_len);
    return (uint32_t)((bytes + RECORD_UNIT_BYTES - 1) / RECORD_UNIT_BYTES);
}

static inline struct span record_id(const struct record *r)
{
    return (struct span){(const char *)r->bytes, r->id_len};
}

/* Fill in a stamp; the links, change and flags of `r` stay. r has room for record_units(s). */
void record_write(struct record *r, const struct stamp *s, uint16_t origin, uint16_t route);

/* The two texts, unpacked into `text`, which has room for RECORD_TEXT_BYTES_MAX characters and
 * PACKED_TEXT_SLACK more. */
void record_texts(const struct record *r, char *text, struct span *position, struct span *time);

#endif
