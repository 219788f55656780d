/* position.h — a position on Earth, in the decimal degrees of ISO 6709.
 *
 * Called by command and stamp, which only check texts, and by places, which needs the value.
 * PROTOCOL.md, "Client port". */
#ifndef CORE_PROTOCOL_POSITION_H
#define CORE_PROTOCOL_POSITION_H

#include "core/base/span.h"
#include "stampede/protocol.h"
#include <stdint.h>

/* Integers of 1e-15 degrees, which hold the value of every valid text exactly. */
struct position {
    int64_t latitude_fdeg;  /* -90e15 to 90e15, north positive */
    int64_t longitude_fdeg; /* -180e15 to 180e15, east positive */
};

#define FDEG_PER_DEGREE INT64_C(1000000000000000)

static inline double position_degrees(int64_t fdeg)
{
    return (double)fdeg / (double)FDEG_PER_DEGREE;
}

/* Parse `±D[DD][.d…]±D[DD][.d…]`: latitude, then longitude, each with its sign, one to three
 * digits before the point and one to fifteen behind it, within bounds. false: not such a text; *out
 * is then undefined. */
MUST_USE bool position_parse(struct span text, struct position *out);

/* Whether position_parse would accept the text. Most positions are only stored and sent on as text,
 * and this takes a fraction of the time. */
MUST_USE bool position_valid(struct span text);

/* The mean radius of the Earth by the IUGG. */
#define POSITION_EARTH_RADIUS_M 6371008.8

/* The great-circle distance in metres between coordinates in degrees, on a sphere of
 * POSITION_EARTH_RADIUS_M, by the haversine formula. It is right across the date line, too, and 0
 * between equal coordinates. */
double position_distance_m(
    double latitude_a, double longitude_a, double latitude_b, double longitude_b);

#endif
