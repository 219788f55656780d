/* point.h — where a stamp is, for live queries.
 *
 * A position counts to seven decimals here (11 mm), rounded to the nearest and halves away from
 * zero: two 32-bit integers, exact for most texts that programs write, so that a distance can be
 * computed again by anyone. PROTOCOL.md, "Live queries". */
#ifndef CORE_LIVE_POINT_H
#define CORE_LIVE_POINT_H

#include "core/protocol/position.h"

struct point {
    int32_t latitude_e7; /* -900,000,000 to 900,000,000, north positive */
    int32_t longitude_e7; /* -1,800,000,000 to 1,800,000,000, east positive */
};

struct point point_of(const struct position *p);

/* Of a position text that is valid (an ASSERT). */
struct point point_of_text(struct span text);

/* Metres on the great circle: position_distance_m() of the two. */
double point_distance_m(struct point a, struct point b);

#endif
