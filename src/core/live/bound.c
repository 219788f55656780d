/* bound.c — see bound.h.
 *
 * The haversine of two points is sin²(Δlat / 2) + cos(lat a) cos(lat b) sin²(Δlon / 2). Bounding
 * each factor by the box's own bound is precise where the cosine hardly changes within the box. In
 * a tall box, one that comes near a pole for its height, it is not: there the nearest point is
 * computed. For any latitude it lies on the meridian of the box that is next to the centre; on
 * that, the distance's cosine is a sinusoid of the latitude. */
#include "core/live/bound.h"
#include "core/base/invariant.h"
#include <math.h>
#include <stdlib.h>

#define RADIANS_PER_E7 (M_PI / 180 / 1e7)

enum { HALF_TURN = 1800000000 };

/* The margin. point_distance_m computes with degrees rounded to a double, so half the angle has an
 * error of 4e-16 or so, however small it is; all else is relative, some 1e-15. */
#define MARGIN_RELATIVE 1e-12
#define MARGIN_RADIANS 4e-15 /* 50 nm */

/* Taylor series that end behind a negative term are never above the function, for 0 <= x <= pi / 2,
 * and at most 2e-4 and 5e-7 below it. */
static double sine_low(double x)
{
    double xx = x * x;
    return x * (1 - xx / 6 * (1 - xx / 20 * (1 - xx / 42)));
}

static double cosine_low(double x)
{
    double xx = x * x;
    double low = 1 - xx / 2 * (1 - xx / 12 * (1 - xx / 30 * (1 - xx / 56 * (1 - xx / 90))));
    return low > 0 ? low : 0;
}

static double square(double x)
{
    return x * x;
}

struct bound_from bound_from(struct point centre)
{
    double latitude = centre.latitude_e7 * RADIANS_PER_E7;
    return (struct bound_from){centre, sin(latitude), fmax(0, cos(latitude))};
}

double bound_limit(double distance_m)
{
    ASSERT(distance_m >= 0);
    double half = distance_m / (2 * POSITION_EARTH_RADIUS_M);
    if (half >= M_PI / 2)
        return 2; /* the whole Earth */
    return square(sin(half) * (1 + MARGIN_RELATIVE) + MARGIN_RADIANS);
}

/* How far the longitude is from the nearer end of the box, across the date line if that is nearer;
 * 0 within. */
static int64_t longitude_apart(int32_t longitude, const struct bound_box *box)
{
    if (longitude >= box->west && longitude <= box->east)
        return 0;
    int64_t west = llabs((int64_t)box->west - longitude);
    int64_t east = llabs((int64_t)box->east - longitude);
    if (west > HALF_TURN)
        west = 2 * (int64_t)HALF_TURN - west;
    if (east > HALF_TURN)
        east = 2 * (int64_t)HALF_TURN - east;
    return west < east ? west : east;
}

static double haversine(const struct bound_from *from, double latitude, double apart)
{
    double centre = from->centre.latitude_e7 * RADIANS_PER_E7;
    return square(sin((latitude - centre) / 2)) +
           from->cosine * fmax(0, cos(latitude)) * square(sin(apart / 2));
}

/* Of the nearest point on a piece of a meridian. */
static double bound_of_meridian(
    const struct bound_from *from, const struct bound_box *box, double apart)
{
    double south = box->south * RADIANS_PER_E7, north = box->north * RADIANS_PER_E7;
    double nearest = atan2(from->sine, from->cosine * cos(apart));
    if (nearest >= south && nearest <= north)
        return haversine(from, nearest, apart);
    return fmin(haversine(from, south, apart), haversine(from, north, apart));
}

double bound_of_box(const struct bound_from *from, const struct bound_box *box, double limit)
{
    ASSERT(box->south <= box->north && box->west <= box->east);
    int64_t centre = from->centre.latitude_e7, upright = 0;
    if (centre < box->south)
        upright = box->south - centre;
    else if (centre > box->north)
        upright = centre - box->north;
    int64_t across = longitude_apart(from->centre.longitude_e7, box);
    double low = square(sine_low((double)upright * RADIANS_PER_E7 / 2));
    if (across == 0)
        return low;
    int32_t steepest = abs(box->south) > abs(box->north) ? abs(box->south) : abs(box->north);
    double apart = (double)across * RADIANS_PER_E7;
    low += from->cosine * cosine_low(steepest * RADIANS_PER_E7) * square(sine_low(apart / 2));
    bool tall = box->north - box->south > POINT_LATITUDE_MAX - steepest;
    if (low > limit || !tall)
        return low;
    return fmax(low, bound_of_meridian(from, box, apart));
}

double bound_of_point(const struct bound_from *from, struct point p)
{
    int64_t upright = llabs((int64_t)p.latitude_e7 - from->centre.latitude_e7);
    int64_t across = llabs((int64_t)p.longitude_e7 - from->centre.longitude_e7);
    if (across > HALF_TURN)
        across = 2 * (int64_t)HALF_TURN - across;
    return square(sine_low((double)upright * RADIANS_PER_E7 / 2)) +
           from->cosine * cosine_low(abs(p.latitude_e7) * RADIANS_PER_E7) *
               square(sine_low((double)across * RADIANS_PER_E7 / 2));
}
