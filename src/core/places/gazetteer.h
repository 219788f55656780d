/* gazetteer.h — the table of populated places, used in place, and the search for the nearest.
 *
 * The table is bytes in the layout of gazetteer/README.md: nothing is parsed or copied at start,
 * and pages are read when a search first needs them. Holds always: no offset out of the table is
 * followed before it is bounded. Called by places_gazetteer. */
#ifndef CORE_PLACES_GAZETTEER_H
#define CORE_PLACES_GAZETTEER_H

#include "core/base/buf.h"
#include "core/protocol/position.h"
#include <stdint.h>

enum {
    GAZETTEER_TEXT_BYTES_MAX = 255, /* a name of a place or region */
    GAZETTEER_VICINITY_BYTES_MAX = 3 * GAZETTEER_TEXT_BYTES_MAX + 4, /* three names, ", " between */
};

/* The bytes that are built into the program. */
extern const uint8_t gazetteer_data[];
extern const uint8_t gazetteer_data_end[];

/* Texts end to end; the start of each 32nd and the length of each are in the table. */
struct gazetteer_texts {
    const uint8_t *starts;
    const uint8_t *lengths;
    const uint8_t *bytes;
    uint32_t count;
    uint32_t bytes_count;
};

/* A view of a table; the bytes outlive it. */
struct gazetteer {
    const uint8_t *band_starts;
    const uint8_t *longitudes;
    const uint8_t *latitude_offsets;
    const uint8_t *places_regions;
    const uint8_t *parents;
    struct gazetteer_texts names;
    struct gazetteer_texts regions;
};

struct gazetteer_place {
    struct span name; /* UTF-8, in the table */
    int32_t latitude; /* 1e-5 degrees, north positive */
    int32_t longitude; /* 1e-5 degrees, east positive, below 180 degrees */
    unsigned region; /* for gazetteer_vicinity() */
};

struct gazetteer_hit {
    double distance_m;
    uint32_t place;
};

/* 1e-5 degrees as the nearest double: prints as the data has it. */
static inline double gazetteer_degrees(int32_t units)
{
    return units / 1e5;
}

/* View the `len` bytes at `data`, any alignment, any byte order of the machine.
 *
 * false: not such a table: wrong magic, sizes that do not add up, or an index that goes back.
 * `out` is then undefined. Looks at the head and the 721 band starts only. */
MUST_USE bool gazetteer_open(struct gazetteer *out, const uint8_t *data, size_t len);

/* What `index`, below names.count, is. A table that contradicts itself here is a broken invariant:
 * the bytes are the program's own. */
struct gazetteer_place gazetteer_place(const struct gazetteer *g, uint32_t index);

/* Append the names of a region and all that it lies in, smallest first, ", " between them; at most
 * GAZETTEER_VICINITY_BYTES_MAX bytes. */
void gazetteer_vicinity(const struct gazetteer *g, unsigned region, struct buf *out);

/* The places nearest to `centre`: those at most `radius_m` away by places_distance_m(), nearest
 * first, equal distances in the table's order, as many as there are or `count`. Exact everywhere,
 * across the date line and at the poles too. Allocates nothing.
 *
 * radius_m   0 to 50,000
 * count      0 to STAMPEDE_COUNT_MAX
 * hits       room for `count`
 *
 * How many were found. */
unsigned gazetteer_nearest(const struct gazetteer *g, const struct position *centre,
    double radius_m, unsigned count, struct gazetteer_hit *hits);

#endif
