/* test_bound.c — no bound is above what point_distance_m tells of any point of the box, and most
 * are not far below the nearest. */
#include "core/live/bound.h"
#include "unit/live/spots_model.h"

/* The box of a random depth around a point, as the tree would have it. */
static struct bound_box box_around(struct random *r, struct point p)
{
    int64_t side = INT64_C(1) << between(r, 0, 31);
    int64_t west = (p.longitude_e7 + (int64_t)POINT_LONGITUDE_MAX) / side * side;
    int64_t south = (p.latitude_e7 + (int64_t)POINT_LATITUDE_MAX) / side * side;
    return (struct bound_box){
        .south = (int32_t)(south - POINT_LATITUDE_MAX),
        .north = within(south + side - 1 - POINT_LATITUDE_MAX, POINT_LATITUDE_MAX),
        .west = (int32_t)(west - POINT_LONGITUDE_MAX),
        .east = within(west + side - 1 - POINT_LONGITUDE_MAX, POINT_LONGITUDE_MAX),
    };
}

static struct point anywhere(struct random *r)
{
    return shaped(r, (enum shape)random_below(r, SHAPES));
}

static struct point point_in(struct random *r, const struct bound_box *box)
{
    struct point p = {between(r, box->south, box->north), between(r, box->west, box->east)};
    if (random_below(r, 4) == 0)
        p.latitude_e7 = random_below(r, 2) ? box->south : box->north;
    if (random_below(r, 2) == 0)
        p.longitude_e7 = random_below(r, 2) ? box->west : box->east;
    return p;
}

Test(bound, is_below_all_points_of_the_box)
{
    struct random r = random_begin();
    for (int i = 0; i < 200000; i++) {
        struct bound_from from = bound_from(anywhere(&r));
        struct point p = anywhere(&r);
        if (random_below(&r, 4) == 0) { /* a few millimetres or metres away */
            p.latitude_e7 = within(about(&r, from.centre.latitude_e7, 0, 3), POINT_LATITUDE_MAX);
            p.longitude_e7 = within(about(&r, from.centre.longitude_e7, 0, 3), POINT_LONGITUDE_MAX);
        }
        struct bound_box box = box_around(&r, p);
        double bound = bound_of_box(&from, &box, 2);
        cr_assert_leq(bound_of_box(&from, &box, 0), bound, "less precise, not more");
        for (int k = 0; k < 4; k++) {
            double limit = bound_limit(point_distance_m(from.centre, p));
            cr_assert(bound <= limit && bound_of_point(&from, p) <= limit,
                "%d,%d of %d,%d: %.17g, %.17g above %.17g", p.latitude_e7, p.longitude_e7,
                from.centre.latitude_e7, from.centre.longitude_e7, bound, bound_of_point(&from, p),
                limit);
            p = point_in(&r, &box);
        }
    }
}

/* Not precise is slow, not wrong: without this a bound of 0 would pass. */
Test(bound, is_near_the_nearest_point)
{
    static const struct {
        struct point centre;
        struct bound_box box; /* whole degrees, without their seven decimals */
        struct point nearest;
    } t[] = {
        {{0, 0}, {10, 20, 5, 6}, {10, 5}},
        {{0, 0}, {-20, -10, -6, -5}, {-10, -5}},
        {{0, 179}, {0, 1, -180, -178}, {0, -180}}, /* over the date line */
        {{0, -179}, {0, 1, 170, 178}, {0, 178}},
        {{89, 0}, {80, 88, 179, 180}, {88, 180}}, /* over the pole */
        {{60, 0}, {0, 90, 90, 120}, {90, 90}},
        {{-89, 0}, {-90, -80, 178, 180}, {-90, 180}},
        {{50, 10}, {49, 51, 9, 11}, {50, 10}}, /* within */
        {{50, 10}, {30, 40, 9, 11}, {40, 10}},
        {{1, 10}, {-45, 45, -10, -9}, {1, -9}},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        const int32_t e7 = 10000000;
        struct bound_from from = bound_from(
            (struct point){t[i].centre.latitude_e7 * e7, t[i].centre.longitude_e7 * e7});
        struct bound_box box = {t[i].box.south * e7, t[i].box.north * e7, t[i].box.west * e7,
            t[i].box.east * e7};
        struct point nearest = {t[i].nearest.latitude_e7 * e7, t[i].nearest.longitude_e7 * e7};
        double bound = bound_of_box(&from, &box, 2);
        double limit = bound_limit(point_distance_m(from.centre, nearest));
        cr_assert(bound <= limit && bound >= limit * 0.9 - 1e-20, "line %zu: %.17g, not %.17g", i,
            bound, limit);
    }
}

Test(bound, limit_of_the_whole_earth_is_above_all)
{
    struct bound_from from = bound_from((struct point){0, 0});
    double antipode = bound_of_point(&from, (struct point){0, POINT_LONGITUDE_MAX});
    cr_assert_leq(antipode, bound_limit(20015200));
    cr_assert_leq(antipode, bound_limit(1e300));
    cr_assert_gt(antipode, bound_limit(19500000));
    cr_assert_leq(0, bound_limit(0));
    cr_assert_lt(bound_limit(0), bound_of_point(&from, (struct point){0, 100}));
}
