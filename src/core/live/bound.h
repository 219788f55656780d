/* bound.h — a lower bound of the distance from a centre to all points of a box.
 *
 * Boxes and points are compared with a limit by their haversines, the square of the sine of half
 * the angle: it grows with the distance, needs few or no trigonometric functions to be bounded, and
 * is as precise for the other side of the Earth as for the next street. Holds always: what
 * point_distance_m tells to be at most d metres away has a bound of at most bound_limit(d), and so
 * has each box around it, at the poles and across the date line, too. Called by search. */
#ifndef CORE_LIVE_BOUND_H
#define CORE_LIVE_BOUND_H

#include "core/live/point.h"

struct bound_from {
    struct point centre;
    double sine, cosine; /* of its latitude */
};

/* All four are within. */
struct bound_box {
    int32_t south, north, west, east; /* 1e-7 degrees; south <= north, west <= east */
};

struct bound_from bound_from(struct point centre);

/* The limit that belongs to a distance, with a margin for floating point. */
double bound_limit(double distance_m);

/* At most the haversine of any point of the box. Where that is above `limit` anyway, it may be less
 * precise. */
double bound_of_box(const struct bound_from *from, const struct bound_box *box, double limit);

/* The same of a single point. */
double bound_of_point(const struct bound_from *from, struct point p);

#endif
