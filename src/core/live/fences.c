/* fences.c — see fences.h. A level's cells are 2^level steps of 1e-7 degrees wide and high, and a
 * fence stands on the first level whose cells are as high as its circle: in two rows at most, and,
 * short of the poles, in a few cells of each.
 *
 *     a circle                        stands in
 *     most                            the cells that its box touches, COLUMNS_MAX a row at most
 *     around or near a pole           its rows, whole
 *     of a third of Earth and more    the one row of the last level
 *
 * So a point is within no other fences than those of its cell and its row, on each level. A fence
 * stands in each place with a copy of its box, which most points that are not within are outside
 * of, and are told so without a look at the fence.
 *
 * Holds always: all points within a fence are in its box; no two places of a fence are in one cell;
 * per_level counts them. */
#include "core/live/fences.h"
#include "core/base/invariant.h"
#include "core/live/table.h"
#include <math.h>
#include <stdlib.h>

enum {
    LEVEL_MIN = 13, /* 91 m */
    LEVEL_MAX = 28, /* 2,985 km */
    LEVEL_ALL = 31, /* one row */
    COLUMNS_MAX = 8,
    PLACES_MAX = 2 * (COLUMNS_MAX + 1),
};

#define AROUND_E7 UINT32_C(3600000000) /* of longitude */
#define POLE_E7 UINT32_C(1800000000) /* of latitude, from the other pole */
#define E7_PER_RADIAN (1e7 * 180 / M_PI)

/* From the south pole up, and from the date line to the east. */
struct grid_point {
    uint32_t up, east;
};

struct box {
    uint32_t bottom, top; /* of `up`, both within */
    uint32_t west, width; /* of `east`, from `west` to the east over the date line; both within */
};

struct fence_place {
    struct fence_place *next, *prev; /* in the cell; prev is NULL for the first */
    struct fence *fence;
    struct box box;
    uint64_t cell;
};

struct fences {
    struct table cells; /* from a cell's key to its first place */
    uint64_t count;
    uint64_t places;
    uint32_t per_level[LEVEL_ALL + 1]; /* fences in cells */
    uint32_t rows_per_level[LEVEL_ALL + 1]; /* fences in whole rows */
};

struct fences *fences_create(void)
{
    return calloc(1, sizeof(struct fences));
}

void fences_destroy(struct fences *f)
{
    if (!f)
        return;
    ASSERT(f->count == 0 && f->cells.count == 0);
    free(f);
}

/* -- where a fence stands ---------------------------------------------------------------------- */

static struct grid_point grid_of(struct point p)
{
    uint32_t east = (uint32_t)((int64_t)p.longitude_e7 + AROUND_E7 / 2);
    ASSERT(east <= AROUND_E7);
    return (struct grid_point){
        .up = (uint32_t)(p.latitude_e7 + (int32_t)(POLE_E7 / 2)),
        .east = east == AROUND_E7 ? 0 : east, /* one meridian has two longitudes */
    };
}

/* The box of all points within, and more by what an error of rounding can be. */
static struct box box_of(const struct fence *fence)
{
    struct grid_point centre = grid_of(fence->centre);
    double reach = fence->radius_m / POSITION_EARTH_RADIUS_M * (1 + 1e-9) + 1e-8; /* radians */
    double high = reach * E7_PER_RADIAN + 2;
    struct box box = {.bottom = 0, .top = POLE_E7, .west = 0, .width = AROUND_E7 - 1};
    if (high < centre.up)
        box.bottom = (uint32_t)(centre.up - high);
    if (centre.up + high < POLE_E7)
        box.top = (uint32_t)(centre.up + high) + 1;
    if (high >= centre.up || centre.up + high >= POLE_E7)
        return box; /* a pole is within */
    double off_equator = fabs((double)fence->centre.latitude_e7) / E7_PER_RADIAN;
    double sine = sin(reach) / cos(off_equator);
    double wide = asin(fmin(1, sine)) * (1 + 1e-6) * E7_PER_RADIAN + 2;
    if (sine > 1 - 1e-6 || wide >= AROUND_E7 / 2 - 2)
        return box;
    uint32_t half = (uint32_t)wide + 1;
    box.west = centre.east >= half ? centre.east - half : centre.east + (AROUND_E7 - half);
    box.width = 2 * half;
    return box;
}

static bool box_holds(const struct box *box, struct grid_point p)
{
    uint32_t east = p.east >= box->west ? p.east - box->west : p.east + (AROUND_E7 - box->west);
    return p.up >= box->bottom && p.up <= box->top && east <= box->width;
}

static uint32_t level_of(const struct box *box)
{
    for (uint32_t level = LEVEL_MIN; level <= LEVEL_MAX; level++)
        if (box->top - box->bottom <= UINT32_C(1) << level)
            return level;
    return LEVEL_ALL;
}

/* A key of its own for each cell: the numbers are mixed by steps that can be undone. (SplitMix64,
 * by Steele, Lea and Flood.) column: -1: the whole row. */
static uint64_t cell_key(uint32_t level, uint32_t row, int64_t column)
{
    uint64_t x = (uint64_t)level << 56 | (uint64_t)row << 28 | (uint64_t)(column + 1);
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* The cells that a box touches on a level. Returns how many; *rows: they are whole rows. */
static unsigned cells_of(
    const struct box *box, uint32_t level, uint64_t keys[PLACES_MAX], bool *rows)
{
    uint32_t first = box->west >> level, around = (AROUND_E7 - 1) >> level;
    uint64_t end = (uint64_t)box->west + box->width;
    uint32_t last = (uint32_t)(end >= AROUND_E7 ? end - AROUND_E7 : end) >> level;
    bool over = end >= AROUND_E7; /* the date line */
    uint32_t columns = over ? around - first + 1 + last + 1 : last - first + 1;
    *rows = level == LEVEL_ALL || columns > COLUMNS_MAX || (over && last >= first);
    unsigned count = 0;
    for (uint32_t row = box->bottom >> level; row <= box->top >> level; row++) {
        if (*rows)
            keys[count++] = cell_key(level, row, -1);
        for (uint32_t i = 0, column = first; !*rows && i < columns; i++) {
            ASSERT(count < PLACES_MAX && column <= around);
            keys[count++] = cell_key(level, row, column);
            column = column == around ? 0 : column + 1;
        }
    }
    ASSERT(count >= 1 && count <= PLACES_MAX);
    return count;
}

/* -- adding and removing ----------------------------------------------------------------------- */

static void place_link(struct fences *f, struct fence_place *place)
{
    struct table_entry *entry = table_find(&f->cells, place->cell);
    place->prev = NULL;
    place->next = entry ? entry->value : NULL;
    if (!entry) {
        table_add(&f->cells, place->cell, place);
        return;
    }
    place->next->prev = place;
    entry->value = place;
}

static void place_unlink(struct fences *f, struct fence_place *place)
{
    if (place->next)
        place->next->prev = place->prev;
    if (place->prev) {
        place->prev->next = place->next;
        return;
    }
    struct table_entry *entry = table_find(&f->cells, place->cell);
    ASSERT(entry && entry->value == place);
    if (place->next)
        entry->value = place->next;
    else
        table_remove(&f->cells, entry);
}

bool fences_add(struct fences *f, struct fence *fence)
{
    ASSERT(fence->radius_m >= 0);
    struct box box = box_of(fence);
    uint32_t level = level_of(&box);
    uint64_t keys[PLACES_MAX];
    bool rows;
    unsigned count = cells_of(&box, level, keys, &rows);
    fence->level = (uint8_t)level;
    fence->rows = rows;
    fence->cells_count = count;
    if (!table_reserve(&f->cells, count))
        return false;
    fence->cells = malloc(count * sizeof *fence->cells);
    if (!fence->cells) {
        if (!f->cells.count)
            table_clear(&f->cells);
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        fence->cells[i] = (struct fence_place){.fence = fence, .box = box, .cell = keys[i]};
        place_link(f, &fence->cells[i]);
    }
    f->count++;
    f->places += count;
    (rows ? f->rows_per_level : f->per_level)[level]++;
    return true;
}

void fences_remove(struct fences *f, struct fence *fence)
{
    uint32_t *count = &(fence->rows ? f->rows_per_level : f->per_level)[fence->level];
    ASSERT(f->count > 0 && *count > 0 && f->places >= fence->cells_count);
    for (unsigned i = 0; i < fence->cells_count; i++)
        place_unlink(f, &fence->cells[i]);
    f->count--;
    f->places -= fence->cells_count;
    --*count;
    free(fence->cells);
    fence->cells = NULL;
}

uint64_t fences_count(const struct fences *f)
{
    return f->count;
}

size_t fences_bytes(const struct fences *f)
{
    return sizeof *f + table_bytes(&f->cells) + f->places * sizeof(struct fence_place);
}

/* -- moves ------------------------------------------------------------------------------------- */

struct visit {
    struct point from, to;
    struct grid_point grid_from, grid_to;
    bool has_from, has_to;
    void (*touches)(void *self, struct fence *fence, bool from_in, bool to_in);
    void *self;
};

static bool place_holds(const struct fence_place *place, struct grid_point grid, struct point p)
{
    return box_holds(&place->box, grid) && fence_holds(place->fence, p);
}

/* All fences of a cell that `from` lies in, in which each fence that holds `from` stands. */
static void visit_from(struct fences *f, const struct visit *v, uint64_t cell, bool to_here)
{
    const struct table_entry *entry = table_find(&f->cells, cell);
    for (const struct fence_place *at = entry ? entry->value : NULL; at; at = at->next) {
        bool from_in = place_holds(at, v->grid_from, v->from);
        if (!from_in && !to_here)
            continue; /* if it holds `to`, it stands in the cell of that, too */
        bool to_in = v->has_to && place_holds(at, v->grid_to, v->to);
        if (from_in || to_in)
            v->touches(v->self, at->fence, from_in, to_in);
    }
}

/* Fences of the cell of `to`, another one, but for those that hold `from` and had their turn. */
static void visit_to(struct fences *f, const struct visit *v, uint64_t cell)
{
    const struct table_entry *entry = table_find(&f->cells, cell);
    for (const struct fence_place *at = entry ? entry->value : NULL; at; at = at->next)
        if (place_holds(at, v->grid_to, v->to) &&
            !(v->has_from && place_holds(at, v->grid_from, v->from)))
            v->touches(v->self, at->fence, false, true);
}

static void visit_level(struct fences *f, const struct visit *v, uint32_t level, bool rows)
{
    struct grid_point from = v->grid_from, to = v->grid_to;
    uint64_t leaves = cell_key(level, from.up >> level, rows ? -1 : (int64_t)(from.east >> level));
    uint64_t enters = cell_key(level, to.up >> level, rows ? -1 : (int64_t)(to.east >> level));
    bool stays = v->has_from && v->has_to && leaves == enters;
    if (v->has_from)
        visit_from(f, v, leaves, stays);
    if (v->has_to && !stays)
        visit_to(f, v, enters);
}

void fences_visit(struct fences *f, const struct point *from, const struct point *to,
    void (*touches)(void *self, struct fence *fence, bool from_in, bool to_in), void *self)
{
    struct visit v = {.has_from = from, .has_to = to, .touches = touches, .self = self};
    if (from) {
        v.from = *from;
        v.grid_from = grid_of(*from);
    }
    if (to) {
        v.to = *to;
        v.grid_to = grid_of(*to);
    }
    for (uint32_t level = LEVEL_MIN; level <= LEVEL_ALL; level++) {
        if (f->per_level[level])
            visit_level(f, &v, level, false);
        if (f->rows_per_level[level])
            visit_level(f, &v, level, true);
    }
}
