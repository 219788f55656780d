/* gazetteer.h — the table of populated places, and the search for the nearest.
 *
 * The table is used as it lies in the program, in the layout of gazetteer/README.md: nothing is
 * parsed or copied at start, and a page is read when a search first needs it. Holds always: an
 * offset from the table is compared with its bound before it is followed. Called by
 * gazetteer_provider. */
#ifndef CORE_PLACES_GAZETTEER_H
#define CORE_PLACES_GAZETTEER_H

#include "core/base/buf.h"
#include "core/protocol/position.h"
#include <stdint.h>

enum {
    GAZETTEER_TEXT_BYTES_MAX = 255, /* a name of a place or region */
    GAZETTEER_VICINITY_BYTES_MAX = 3 * GAZETTEER_TEXT_BYTES_MAX + 4, /* three names, ", " between */
};

/* The table that is built into the program. */
extern const uint8_t gazetteer_data[];
extern const uint8_t gazetteer_data_end[];

/* Texts stored end to end. The table has the length of each, and where each 32nd begins. */
struct gazetteer_texts {
    const uint8_t *starts;
    const uint8_t *lengths;
    const uint8_t *bytes;
    uint32_t count;
    uint32_t bytes_count;
};

/* A view of a table, whose bytes outlive it. */
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

/* 1e-5 degrees as the nearest double, which is printed with the digits of the data. */
static inline double gazetteer_degrees(int32_t units)
{
    return units / 1e5;
}

/* View the `len` bytes at `data` as a table. Neither alignment nor the machine's byte order matter.
 *
 * false: it is no table: its magic is wrong, its sizes do not add up, or its bands do not rise;
 * `out` is then undefined. Only the head and the 721 band starts are looked at. */
MUST_USE bool gazetteer_open(struct gazetteer *out, const uint8_t *data, size_t len);

/* The place with an index below names.count. A table that contradicts itself here is a broken
 * invariant, because the bytes are the program's own. */
struct gazetteer_place gazetteer_place(const struct gazetteer *g, uint32_t index);

/* Append the names of a region and of all regions around it, smallest first, with ", " between
 * them; at most GAZETTEER_VICINITY_BYTES_MAX bytes. */
void gazetteer_vicinity(const struct gazetteer *g, unsigned region, struct buf *out);

/* Find the places nearest to `centre`: at most `count`, at most `radius_m` away by
 * position_distance_m(), nearest first, equally near ones in the table's order. The result is exact
 * everywhere, across the date line and at the poles, too. Allocates nothing.
 *
 * radius_m   0 to 50,000
 * count      0 to STAMPEDE_COUNT_MAX
 * hits       an array of `count`
 *
 * Returns how many were found. */
unsigned gazetteer_nearest(const struct gazetteer *g, const struct position *centre,
    double radius_m, unsigned count, struct gazetteer_hit *hits);

#endif
