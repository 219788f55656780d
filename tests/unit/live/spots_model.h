/* spots_model.h — for tests: stamps in a plain array, of which everything is found by looking at
 * all, beside the index that is tested; and ways in which stamps lie on Earth. */
#ifndef TESTS_UNIT_LIVE_SPOTS_MODEL_H
#define TESTS_UNIT_LIVE_SPOTS_MODEL_H

#include "core/base/invariant.h"
#include "core/live/spots.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <math.h>

enum {
    MODEL_MAX = 3000,
    MODEL_LANES = MODEL_MAX + 100, /* slots that there are */
    SLOT_LANE = 10, /* a slot is SLOT_LANE times its lane, and 1 to 3 */
};

enum shape {
    UNIFORM,
    CLUSTERED,
    ONE_SPOT,
    NEAR_ONE_SPOT, /* in one leaf of the greatest depth, but for a few */
    POLES,
    DATE_LINE,
    GRID, /* so that many are equally far */
    SHAPES
};

struct model {
    struct spots *spots;
    struct random random;
    enum shape shape;
    unsigned count; /* ids are 0 to count - 1 */
    uint32_t slots[MODEL_MAX]; /* 0: not held */
    struct point points[MODEL_MAX];
    int ids[MODEL_LANES]; /* by lane; -1: free */
    unsigned held;
    unsigned refused; /* puts and renames that memory failed */
};

static inline int32_t between(struct random *r, int32_t least, int32_t most)
{
    return (int32_t)(least + (int64_t)(random_next(r) % (uint64_t)((int64_t)most - least + 1)));
}

static inline int32_t within(int64_t value, int32_t most)
{
    return (int32_t)(value > most ? most : value < -(int64_t)most ? -(int64_t)most : value);
}

/* `value`, and up to 10^(least to most) more or less. */
static inline int64_t about(struct random *r, int64_t value, double least, double most)
{
    double exponent = least + (most - least) * random_below(r, 1001) / 1000;
    int32_t apart = (int32_t)pow(10, exponent);
    return value + between(r, -apart, apart);
}

static inline struct point shaped(struct random *r, enum shape shape)
{
    int sign = random_below(r, 2) ? 1 : -1;
    int64_t latitude = between(r, -POINT_LATITUDE_MAX, POINT_LATITUDE_MAX);
    int64_t longitude = between(r, -POINT_LONGITUDE_MAX, POINT_LONGITUDE_MAX);
    switch (shape) {
    case CLUSTERED:
        latitude = about(r, 340689300 - 70000000 * (int64_t)random_below(r, 4), 0, 7);
        longitude = about(r, -1184451270 + 700000000 * (int64_t)random_below(r, 3), 0, 7);
        break;
    case ONE_SPOT:
        latitude = 515007000, longitude = -1246000;
        break;
    case NEAR_ONE_SPOT:
        latitude = about(r, 515007000, 0, random_below(r, 50) ? 1.5 : 6);
        longitude = about(r, -1246000, 0, 1.5);
        break;
    case POLES:
        latitude = about(r, sign * (int64_t)POINT_LATITUDE_MAX, 0, 8);
        longitude = random_below(r, 4) ? longitude : (int64_t)random_below(r, 5) * 900000000;
        longitude = longitude > POINT_LONGITUDE_MAX ? longitude - 3600000000 : longitude;
        break;
    case DATE_LINE:
        latitude = about(r, 0, 0, random_below(r, 2) ? 7 : 8.9);
        longitude = about(r, sign * (int64_t)POINT_LONGITUDE_MAX, 0, 8);
        break;
    case GRID:
        latitude = between(r, -6, 6) * 150000000;
        longitude = between(r, -12, 12) * 150000000;
        break;
    default:
        break;
    }
    return (struct point){
        within(latitude, POINT_LATITUDE_MAX), within(longitude, POINT_LONGITUDE_MAX)};
}

static inline int id_of(const struct model *m, uint32_t slot)
{
    int id = m->ids[slot / SLOT_LANE];
    cr_assert(id >= 0 && m->slots[id] == slot, "slot %u is not held", slot);
    return id;
}

static inline uint32_t free_slot(struct model *m)
{
    uint32_t lane;
    do
        lane = random_below(&m->random, MODEL_LANES);
    while (m->ids[lane] >= 0);
    return lane * SLOT_LANE + 1 + random_below(&m->random, 3);
}

static inline void model_forget(struct model *m, unsigned id)
{
    m->ids[m->slots[id] / SLOT_LANE] = -1;
    m->slots[id] = 0;
    m->held--;
}

static inline void model_put(struct model *m, unsigned id, struct point to)
{
    struct point old = {1, 1};
    uint32_t slot = m->slots[id] ? m->slots[id] : free_slot(m);
    spots_prefetch_home(m->spots, slot);
    spots_prefetch(m->spots, slot);
    enum spots_put put = spots_put(m->spots, slot, to, &old);
    if (put == SPOTS_STARVED) {
        m->refused++;
        return;
    }
    cr_assert_eq(put, m->slots[id] ? SPOTS_MOVED : SPOTS_NEW);
    if (put == SPOTS_MOVED)
        cr_assert(old.latitude_e7 == m->points[id].latitude_e7 &&
                  old.longitude_e7 == m->points[id].longitude_e7);
    m->held += put == SPOTS_NEW;
    m->slots[id] = slot;
    m->ids[slot / SLOT_LANE] = (int)id;
    m->points[id] = to;
}

static inline void model_remove(struct model *m, unsigned id)
{
    struct point old;
    if (!m->slots[id])
        return;
    bool held = spots_remove(m->spots, m->slots[id], &old);
    cr_assert(held && old.latitude_e7 == m->points[id].latitude_e7 &&
              old.longitude_e7 == m->points[id].longitude_e7);
    cr_assert_not(spots_remove(m->spots, m->slots[id], &old));
    model_forget(m, id);
}

static inline void model_rename(struct model *m, unsigned id)
{
    uint32_t from = m->slots[id], to = free_slot(m);
    if (!from) {
        uint32_t nobody = free_slot(m);
        cr_assert(nobody == to || spots_rename(m->spots, nobody, to));
        return;
    }
    bool well = spots_rename(m->spots, from, to);
    if (!well) {
        model_forget(m, id);
        m->refused++;
        return;
    }
    m->ids[from / SLOT_LANE] = -1;
    m->ids[to / SLOT_LANE] = (int)id;
    m->slots[id] = to;
}

/* Both hold the same. */
static inline void model_compare(const struct model *m)
{
    struct point p;
    cr_assert_eq(spots_count(m->spots), m->held);
    for (unsigned id = 0; id < m->count; id++) {
        if (!m->slots[id])
            continue;
        bool held = spots_find(m->spots, m->slots[id], &p);
        cr_assert(held && p.latitude_e7 == m->points[id].latitude_e7 &&
                      p.longitude_e7 == m->points[id].longitude_e7,
            "id %u", id);
    }
}

static inline void model_fill(struct model *m, enum shape shape, unsigned count)
{
    m->shape = shape;
    m->count = count;
    m->held = m->refused = 0;
    memset(m->slots, 0, sizeof m->slots);
    memset(m->ids, -1, sizeof m->ids);
    m->spots = spots_create();
    for (unsigned id = 0; id < count && m->spots; id++)
        model_put(m, id, shaped(&m->random, shape));
}

/* -- searches ---------------------------------------------------------------------------------- */

/* Draw a question: many of them such that a bound or an order matters. */
static inline struct spots_question model_question(struct model *m)
{
    struct random *r = &m->random;
    struct point anyone = m->points[random_below(r, m->count)];
    struct spots_question q = {.self = m, .centre = shaped(r, m->shape)};
    if (random_below(r, 3) == 0)
        q.centre = anyone;
    else if (random_below(r, 4) == 0)
        q.centre = shaped(r, UNIFORM);
    else if (random_below(r, 8) == 0) /* the antipode */
        q.centre = (struct point){-anyone.latitude_e7,
            anyone.longitude_e7 + (anyone.longitude_e7 > 0 ? -1 : 1) * POINT_LONGITUDE_MAX};
    switch (random_below(r, 6)) {
    case 0:
        q.radius_m = 0;
        break;
    case 1:
        q.radius_m = 20038000;
        break;
    case 2: /* exactly as far as one of them */
        q.radius_m = point_distance_m(q.centre, m->points[random_below(r, m->count)]);
        break;
    default:
        q.radius_m = pow(10, random_below(r, 9000) / 1000.0 - 1.5);
    }
    q.count = random_below(r, 4) ? 1 + random_below(r, 30) : 10001;
    return q;
}

static inline bool model_takes(void *self, uint32_t slot)
{
    return id_of(self, slot) % 3 != 0;
}

static inline int model_order(void *self, uint32_t a, uint32_t b)
{
    int id_a = id_of(self, a), id_b = id_of(self, b);
    cr_assert_neq(id_a, id_b);
    return id_a < id_b ? -1 : 1;
}

struct wanted {
    double distance_m;
    int id;
};

static inline int by_distance_and_id(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->distance_m != y->distance_m)
        return x->distance_m < y->distance_m ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* The answer by a full scan. Returns whether the index's is the same. */
static inline bool model_agrees(
    const struct model *m, const struct spots_question *q, const struct spots_search *search)
{
    static struct wanted all[MODEL_MAX];
    unsigned count = 0, found;
    const struct spots_hit *hits = spots_hits(search, &found);
    for (unsigned id = 0; id < m->count; id++) {
        if (!m->slots[id] || (q->takes && id % 3 == 0))
            continue;
        double distance = point_distance_m(q->centre, m->points[id]);
        if (distance <= q->radius_m)
            all[count++] = (struct wanted){distance, (int)id};
    }
    qsort(all, count, sizeof *all, by_distance_and_id);
    if (found != (count < q->count ? count : q->count))
        return false;
    bool same = true;
    static bool told[MODEL_MAX];
    for (unsigned i = 0; i < found; i++) {
        int id = id_of(m, hits[i].slot);
        same &= hits[i].distance_m == all[i].distance_m && !told[id] &&
                point_distance_m(q->centre, m->points[id]) == hits[i].distance_m &&
                (id == all[i].id || !q->order);
        told[id] = true;
    }
    for (unsigned i = 0; i < found; i++)
        told[id_of(m, hits[i].slot)] = false;
    return same;
}

#endif
