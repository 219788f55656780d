/* test_fences.c — which circles a move touches, against a test of all of them. */
#include "core/live/fences.h"
#include "unit/failing_memory.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <math.h>

enum {
    FENCES = 400,
    ROUNDS = 60,
    MOVES = 200,
    LATITUDE_MAX = 900000000,
    LONGITUDE_MAX = 1800000000
};

struct sample {
    struct fence fence;
    bool stands;
    unsigned touched;
    bool from_in, to_in;
};

static struct sample samples[FENCES];

static void touches(void *self, struct fence *fence, bool from_in, bool to_in)
{
    struct sample *s = (struct sample *)fence;
    cr_assert(s->stands);
    s->touched++;
    s->from_in = from_in;
    s->to_in = to_in;
    ++*(unsigned *)self;
}

static struct point moved(struct random *r, struct point p, double metres)
{
    double step = metres / 111195 * 1e7;
    int64_t north = lrint(step * ((double)random_below(r, 2001) / 1000 - 1));
    double shrinks = fmax(1e-3, cos(p.latitude_e7 / 1e7 * M_PI / 180));
    double east = step * ((double)random_below(r, 2001) / 1000 - 1) / shrinks;
    int64_t latitude = p.latitude_e7 + north;
    int64_t longitude = p.longitude_e7 + llrint(fmod(east, 2.0 * LONGITUDE_MAX));
    latitude = latitude > LATITUDE_MAX ? LATITUDE_MAX : latitude;
    latitude = latitude < -LATITUDE_MAX ? -LATITUDE_MAX : latitude;
    if (longitude > LONGITUDE_MAX)
        longitude -= 2ll * LONGITUDE_MAX;
    if (longitude < -LONGITUDE_MAX)
        longitude += 2ll * LONGITUDE_MAX;
    return (struct point){(int32_t)latitude, (int32_t)longitude};
}

/* A point near a pole, the date line, a town, or anywhere. */
static struct point point_near(struct random *r, unsigned where)
{
    static const struct point towns[] = {{LATITUDE_MAX, 0}, {-LATITUDE_MAX, 5}, {0, LONGITUDE_MAX},
        {-170000000, -LONGITUDE_MAX}, {340000000, -1184000000}, {799000000, 100},
        {860000000, -LONGITUDE_MAX}};
    if (where < 7)
        return moved(r, towns[where], pow(10, random_below(r, 6)));
    return (struct point){(int32_t)random_below(r, 2 * LATITUDE_MAX + 1u) - LATITUDE_MAX,
        (int32_t)((int64_t)random_below(r, 2u * LONGITUDE_MAX + 1) - LONGITUDE_MAX)};
}

static double radius(struct random *r)
{
    static const double odd[] = {0, 0.01, 10007543.4, 20015086.8, 2e7, 4e7};
    if (random_below(r, 10) == 0)
        return odd[random_below(r, 6)];
    return pow(10, random_below(r, 7)) * (1 + random_below(r, 100) / 20.0);
}

static void compare(struct fences *f, const struct point *from, const struct point *to)
{
    unsigned touched = 0, due = 0;
    for (unsigned i = 0; i < FENCES; i++)
        samples[i].touched = 0;
    fences_visit(f, from, to, touches, &touched);
    for (unsigned i = 0; i < FENCES; i++) {
        struct sample *s = &samples[i];
        bool from_in = s->stands && from && fence_holds(&s->fence, *from);
        bool to_in = s->stands && to && fence_holds(&s->fence, *to);
        cr_assert_eq(s->touched, from_in || to_in, "fence %d %d, %f m: touched %u times",
            s->fence.centre.latitude_e7, s->fence.centre.longitude_e7, s->fence.radius_m,
            s->touched);
        cr_assert(!s->touched || (s->from_in == from_in && s->to_in == to_in));
        due += from_in || to_in;
    }
    cr_assert_eq(touched, due);
}

Test(fences, are_those_that_a_test_of_all_finds)
{
    struct random r = random_begin();
    struct fences *f = fences_create();
    cr_assert(f);
    unsigned standing = 0;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned where = random_below(&r, 9);
        for (int i = 0; i < 100; i++) {
            struct sample *s = &samples[random_below(&r, FENCES)];
            if (s->stands) {
                fences_remove(f, &s->fence);
            } else {
                s->fence = (struct fence){.centre = point_near(&r, where), .radius_m = radius(&r)};
                cr_assert(fences_add(f, &s->fence));
            }
            s->stands = !s->stands;
            standing += s->stands ? 1 : -1u;
            cr_assert_eq(fences_count(f), standing);
        }
        struct point p = point_near(&r, where), *before = NULL, from;
        for (int i = 0; i < MOVES; i++) {
            /* now and then exactly on a centre: a radius of 0 */
            struct point to = random_below(&r, 8) == 0 ? samples[i % FENCES].fence.centre
                                                       : moved(&r, p, pow(10, random_below(&r, 7)));
            compare(f, before, &to);
            from = p = to;
            before = random_below(&r, 9) == 0 ? NULL : &from;
        }
        compare(f, &p, NULL);
    }
    size_t bytes = fences_bytes(f);
    for (unsigned i = 0; i < FENCES; i++)
        if (samples[i].stands)
            fences_remove(f, &samples[i].fence);
    cr_assert_eq(fences_count(f), 0);
    cr_assert_lt(fences_bytes(f), bytes);
    fences_destroy(f);
}

Test(fences, the_date_line_and_the_poles_are_no_edges)
{
    struct fences *f = fences_create();
    samples[0] =
        (struct sample){.stands = true, .fence = {.centre = {0, LONGITUDE_MAX}, .radius_m = 0}};
    samples[1] =
        (struct sample){
            .stands = true, .fence = {.centre = {LATITUDE_MAX, 1234}, .radius_m = 0.01}};
    samples[2] = (struct sample){.stands = true, .fence = {.centre = {5, 5}, .radius_m = 2.1e7}};
    for (int i = 0; i < 3; i++)
        cr_assert(fences_add(f, &samples[i].fence));
    struct point west = {0, -LONGITUDE_MAX}, pole = {LATITUDE_MAX, -77};
    unsigned touched = 0;
    fences_visit(f, &west, &pole, touches, &touched);
    cr_assert_eq(touched, 3);
    cr_assert(
        samples[0].from_in && !samples[0].to_in, "180 degrees east and west are one meridian");
    cr_assert(!samples[1].from_in && samples[1].to_in, "a pole has all longitudes");
    cr_assert(samples[2].from_in && samples[2].to_in, "all points are within half of Earth");
    for (int i = 0; i < 3; i++)
        fences_remove(f, &samples[i].fence);
    fences_destroy(f);
}

Test(fences, many_of_one_town_are_not_tested_elsewhere)
{
    struct fences *f = fences_create();
    static struct fence town[5000];
    struct random r = random_begin();
    for (unsigned i = 0; i < 5000; i++) {
        town[i] = (struct fence){
            .centre = moved(&r, (struct point){340000000, -1184000000}, 5000), .radius_m = 100 + i};
        cr_assert(fences_add(f, &town[i]));
        cr_assert_leq(town[i].cells_count, 8, "%u cells", town[i].cells_count);
    }
    for (unsigned i = 0; i < 5000; i++)
        fences_remove(f, &town[i]);
    fences_destroy(f);
}

Test(fences, that_find_no_memory_change_nothing)
{
    for (int at = 1;; at++) {
        int blocks = heap.blocks_held;
        memory_fails(at, false);
        struct fences *f = fences_create();
        struct fence fence = {.centre = {1, 2}, .radius_m = 500};
        bool added = f && fences_add(f, &fence);
        bool failed = memory_recovers() >= at;
        cr_assert_eq(added, !failed);
        if (added)
            fences_remove(f, &fence);
        else if (f)
            cr_assert(fences_count(f) == 0 && fences_bytes(f) < 1000);
        fences_destroy(f);
        cr_assert_eq(heap.blocks_held, blocks);
        if (!failed)
            break;
        cr_assert_lt(at, 10);
    }
}
