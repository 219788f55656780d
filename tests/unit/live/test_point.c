/* test_point.c — positions to seven decimals. */
#include "core/live/point.h"
#include <criterion/criterion.h>

Test(point, is_rounded_to_seven_decimals_halves_away_from_zero)
{
    static const struct {
        const char *text;
        int32_t latitude_e7, longitude_e7;
    } t[] = {
        {"+0+0", 0, 0},
        {"+34.068930-118.445127", 340689300, -1184451270},
        {"+90-180", 900000000, -1800000000},
        {"-90+180", -900000000, 1800000000},
        {"+0.0000001-0.0000001", 1, -1},
        {"+0.00000005-0.00000005", 1, -1},
        {"+0.000000049999999-0.000000049999999", 0, 0},
        {"+89.99999995-179.99999995", 900000000, -1800000000},
        {"-89.999999949999999+179.999999949999999", -899999999, 1799999999},
        {"+1.123456789012345+1.999999999999999", 11234568, 20000000},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct point p = point_of_text(span_of(t[i].text));
        cr_assert_eq(p.latitude_e7, t[i].latitude_e7, "%s: %d", t[i].text, p.latitude_e7);
        cr_assert_eq(p.longitude_e7, t[i].longitude_e7, "%s: %d", t[i].text, p.longitude_e7);
    }
}

Test(point, is_as_far_as_its_degrees)
{
    struct point kiwi = {340689300, -1184451270}, other = {-412865000, 1747762000};
    double distance = point_distance_m(kiwi, other);
    cr_assert_eq(distance, position_distance_m(34.06893, -118.445127, -41.2865, 174.7762));
    cr_assert_eq(distance, point_distance_m(other, kiwi));
    cr_assert_eq(point_distance_m(kiwi, kiwi), 0);
    struct point east = {0, 1800000000}, west = {0, -1800000000};
    cr_assert_eq(point_distance_m(east, west), 0, "one meridian");
}
