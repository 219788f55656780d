/* point.c — see point.h. */
#include "core/live/point.h"
#include "core/base/invariant.h"

#define E7_PER_DEGREE 1e7

/* Rounded to the nearest, halves away from zero. */
static int32_t e7_of(int64_t fdeg)
{
    const int64_t unit = FDEG_PER_DEGREE / 10000000;
    int64_t half = fdeg < 0 ? -unit / 2 : unit / 2;
    return (int32_t)((fdeg + half) / unit);
}

struct point point_of(const struct position *p)
{
    struct point point = {e7_of(p->latitude_fdeg), e7_of(p->longitude_fdeg)};
    ASSERT(point.latitude_e7 >= -POINT_LATITUDE_MAX && point.latitude_e7 <= POINT_LATITUDE_MAX);
    ASSERT(point.longitude_e7 >= -POINT_LONGITUDE_MAX && point.longitude_e7 <= POINT_LONGITUDE_MAX);
    return point;
}

struct point point_of_text(struct span text)
{
    struct position position;
    bool valid = position_parse(text, &position);
    ASSERT(valid);
    return point_of(&position);
}

double point_distance_m(struct point a, struct point b)
{
    return position_distance_m(a.latitude_e7 / E7_PER_DEGREE, a.longitude_e7 / E7_PER_DEGREE,
        b.latitude_e7 / E7_PER_DEGREE, b.longitude_e7 / E7_PER_DEGREE);
}
