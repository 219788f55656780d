/* point.h — where a stamp is, for live queries.
 *
 * A position counts to seven decimals here (11 mm), rounded to the nearest and halves away from
 * zero: two 32-bit integers, exact for most texts that programs write, so that a distance can be
 * computed again by anyone. PROTOCOL.md, "Live queries". */
#ifndef CORE_LIVE_POINT_H
#define CORE_LIVE_POINT_H

#include "core/protocol/position.h"

enum { POINT_LATITUDE_MAX = 900000000, POINT_LONGITUDE_MAX = 1800000000 };

struct point {
    int32_t latitude_e7; /* -POINT_LATITUDE_MAX to POINT_LATITUDE_MAX, north positive */
    int32_t longitude_e7; /* -POINT_LONGITUDE_MAX to POINT_LONGITUDE_MAX, east positive */
};

struct point point_of(const struct position *p);

/* Of a position text that is valid (an ASSERT). */
struct point point_of_text(struct span text);

/* Metres on the great circle: position_distance_m() of the two. */
double point_distance_m(struct point a, struct point b);

#endif
