/* search.c — searches of spots.h: the nearest points first.
 *
 * Cells wait in a heap, the one with the least lower bound first. A divided one is replaced by its
 * four; the points of a leaf are looked at brick by brick. The best hits so far are kept in another
 * heap, the worst first; when it is full, what is worse than that need not be looked at.
 * Holds always: each point that was not looked at is below a cell that waits, or in the leaf where
 * the search stands, or beyond the limit. The hits are the best of all points looked at.
 *
 * When a hit is removed, one fewer is kept than before: those are still the best. If too few are
 * left, one that was left out may have to come in, and the search begins anew, with some to spare:
 * twice as many each time, so that it ends however many are removed meanwhile. */
#include "core/live/search.h"
#include "core/base/invariant.h"
#include "core/live/bound.h"
#include "core/live/quadtree.h"
#include <stdlib.h>

enum { SPARE_FIRST = 64, QUEUE_FIRST = 64, HITS_FIRST = 32 };

struct waiting {
    double bound;
    uint32_t cell;
    uint32_t west, south; /* of its square: as longitude and latitude from the least ones */
    unsigned depth;
};

struct spots_search {
    struct spots *spots;
    struct spots_question q;
    struct bound_from from;
    double limit; /* a point whose bound is above cannot be a hit */
    struct waiting *queue; /* a heap, the least bound first */
    size_t queue_count, queue_max;
    struct spots_hit *hits; /* once there are `kept`: a heap, the worst first; in the end sorted */
    size_t hits_count, hits_max;
    uint64_t kept; /* the most hits: q.count and what is spare */
    uint64_t spare;
    bool heaped; /* the hits are a heap; as soon as there are `kept`, but for a removal */
    bool again; /* too few are left: begin anew */
    bool found;
};

/* Room for one more item in an array that grows. false: out of memory; nothing changed. */
static bool have_room(void **items, size_t count, size_t *max, size_t first, size_t item_bytes)
{
    if (count < *max)
        return true;
    size_t more = *max ? *max * 2 : first;
    void *bigger = realloc(*items, more * item_bytes);
    if (!bigger)
        return false;
    *items = bigger;
    *max = more;
    return true;
}

/* -- cells that wait --------------------------------------------------------------------------- */

static bool queue_push(struct spots_search *h, const struct waiting *cell)
{
    void *items = h->queue;
    if (!have_room(&items, h->queue_count, &h->queue_max, QUEUE_FIRST, sizeof *h->queue))
        return false;
    h->queue = items;
    size_t at = h->queue_count++;
    for (; at && h->queue[(at - 1) / 2].bound > cell->bound; at = (at - 1) / 2)
        h->queue[at] = h->queue[(at - 1) / 2];
    h->queue[at] = *cell;
    return true;
}

static struct waiting queue_pop(struct spots_search *h)
{
    ASSERT(h->queue_count > 0);
    struct waiting first = h->queue[0], last = h->queue[--h->queue_count];
    size_t at = 0, below;
    while ((below = 2 * at + 1) < h->queue_count) {
        if (below + 1 < h->queue_count && h->queue[below + 1].bound < h->queue[below].bound)
            below++;
        if (h->queue[below].bound >= last.bound)
            break;
        h->queue[at] = h->queue[below];
        at = below;
    }
    h->queue[at] = last;
    return first;
}

/* -- hits -------------------------------------------------------------------------------------- */

static bool is_worse(const struct spots_search *h, struct spots_hit a, struct spots_hit b)
{
    if (a.distance_m != b.distance_m)
        return a.distance_m > b.distance_m;
    return h->q.order && a.slot != b.slot && h->q.order(h->q.self, a.slot, b.slot) > 0;
}

/* Put a hit into the heap of the first `count`, at index `at` or below. */
static void hits_sink(struct spots_search *h, size_t at, size_t count, struct spots_hit hit)
{
    size_t below;
    while ((below = 2 * at + 1) < count) {
        if (below + 1 < count && is_worse(h, h->hits[below + 1], h->hits[below]))
            below++;
        if (!is_worse(h, h->hits[below], hit))
            break;
        h->hits[at] = h->hits[below];
        at = below;
    }
    h->hits[at] = hit;
}

static void hits_heap(struct spots_search *h)
{
    for (size_t i = h->hits_count / 2; i-- > 0;)
        hits_sink(h, i, h->hits_count, h->hits[i]);
    h->heaped = true;
}

static void lower_limit(struct spots_search *h)
{
    double limit = bound_limit(h->hits[0].distance_m);
    if (limit < h->limit)
        h->limit = limit;
}

/* Nearest first, without those that were kept to spare. */
static void hits_sort(struct spots_search *h)
{
    if (!h->heaped)
        hits_heap(h);
    for (size_t end = h->hits_count; end-- > 1;) {
        struct spots_hit worst = h->hits[0], last = h->hits[end];
        hits_sink(h, 0, end, last);
        h->hits[end] = worst;
    }
    if (h->hits_count > h->q.count)
        h->hits_count = h->q.count;
}

/* false: out of memory. */
static bool consider(struct spots_search *h, uint32_t slot, struct point p)
{
    if (bound_of_point(&h->from, p) > h->limit)
        return true;
    struct spots_hit hit = {point_distance_m(h->q.centre, p), slot};
    ASSERT(h->hits_count <= h->kept);
    bool full = h->hits_count == h->kept;
    if (hit.distance_m > h->q.radius_m || (full && !is_worse(h, h->hits[0], hit)) ||
        (h->q.takes && !h->q.takes(h->q.self, slot)))
        return true;
    if (full) {
        hits_sink(h, 0, h->hits_count, hit);
        lower_limit(h);
        return true;
    }
    void *items = h->hits;
    if (!have_room(&items, h->hits_count, &h->hits_max, HITS_FIRST, sizeof *h->hits))
        return false;
    h->hits = items;
    h->hits[h->hits_count++] = hit;
    if (h->hits_count == h->kept) {
        hits_heap(h);
        lower_limit(h);
    }
    return true;
}

/* -- the search -------------------------------------------------------------------------------- */

static bool begin(struct spots_search *h)
{
    quadtree_scan_end(h->spots);
    h->queue_count = h->hits_count = 0;
    h->heaped = h->again = false;
    h->kept = h->q.count + h->spare;
    h->limit = bound_limit(h->q.radius_m);
    return queue_push(h, &(struct waiting){0});
}

struct spots_search *spots_search(struct spots *s, const struct spots_question *q)
{
    ASSERT(!s->search && q->count >= 1 && q->radius_m >= 0);
    struct spots_search *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->spots = s;
    h->q = *q;
    h->from = bound_from(q->centre);
    if (!begin(h)) {
        free(h);
        return NULL;
    }
    s->search = h;
    return h;
}

void spots_search_end(struct spots_search *h)
{
    if (!h)
        return;
    ASSERT(h->spots->search == h);
    quadtree_scan_end(h->spots);
    h->spots->search = NULL;
    free(h->queue);
    free(h->hits);
    free(h);
}

/* The end of a side of a square that begins at `begin`, or of the Earth. */
static int32_t side_end(uint32_t begin, unsigned depth, int32_t least)
{
    int64_t end = (int64_t)begin + (INT64_C(1) << (32 - depth)) - 1 + least;
    return (int32_t)(end < -(int64_t)least ? end : -(int64_t)least);
}

/* Let the four cells of a divided one wait, if they are within the limit. false: out of memory. */
static bool queue_quarters(struct spots_search *h, const struct waiting *cell, uint32_t quad)
{
    unsigned depth = cell->depth + 1;
    ASSERT(depth <= QUADTREE_DEPTH_MAX);
    for (unsigned i = 0; i < 4; i++) {
        struct waiting w = {0, quad * 4 + i, cell->west, cell->south, depth};
        w.west |= (i & 1) << (32 - depth);
        w.south |= (i >> 1) << (32 - depth);
        if (!*cell_of(h->spots, w.cell))
            continue;
        struct bound_box box = {
            .south = (int32_t)((int64_t)w.south - POINT_LATITUDE_MAX),
            .north = side_end(w.south, depth, -POINT_LATITUDE_MAX),
            .west = (int32_t)((int64_t)w.west - POINT_LONGITUDE_MAX),
            .east = side_end(w.west, depth, -POINT_LONGITUDE_MAX),
        };
        w.bound = bound_of_box(&h->from, &box, h->limit);
        if (w.bound <= h->limit && !queue_push(h, &w))
            return false;
    }
    return true;
}

/* Look at the points of a brick, and go on to the next. Returns how many; -1: out of memory. */
static int look(struct spots_search *h)
{
    const struct brick *b = brick_of(h->spots, h->spots->scan_brick);
    int count = b->count;
    if (b->next)
        __builtin_prefetch(brick_of(h->spots, b->next));
    for (int i = 0; i < count; i++)
        if (!consider(h, b->slots[i], b->points[i]))
            return -1;
    quadtree_scan_on(h->spots);
    return count;
}

/* Take the nearest cell that waits. false: out of memory. */
static bool enter(struct spots_search *h)
{
    struct waiting cell = queue_pop(h);
    uint32_t value = *cell_of(h->spots, cell.cell);
    if (value & CELL_DIVIDED)
        return queue_quarters(h, &cell, value & ~CELL_DIVIDED);
    if (value)
        quadtree_scan(h->spots, cell.cell);
    return true;
}

enum spots_progress spots_search_on(struct spots_search *h, unsigned *budget)
{
    ASSERT(h->spots->search == h);
    if (h->found)
        return SPOTS_FOUND;
    if (h->again) {
        h->spare = h->spare ? h->spare * 2 : SPARE_FIRST;
        if (!begin(h))
            return SPOTS_FAILED;
    }
    if (h->hits_count == h->kept && !h->heaped)
        hits_heap(h);
    for (;;) {
        if (h->spots->scan_brick) {
            if (*budget == 0)
                return SPOTS_MORE;
            int looked = look(h);
            if (looked < 0)
                return SPOTS_FAILED;
            *budget -= (unsigned)looked < *budget ? (unsigned)looked : *budget;
        } else if (h->queue_count == 0 || h->queue[0].bound > h->limit) {
            break;
        } else if (!enter(h)) {
            return SPOTS_FAILED;
        }
    }
    hits_sort(h);
    h->found = true;
    return SPOTS_FOUND;
}

const struct spots_hit *spots_hits(const struct spots_search *h, unsigned *found)
{
    ASSERT(h->found && h->hits_count <= h->q.count);
    *found = (unsigned)h->hits_count;
    return h->hits;
}

/* -- what changes meanwhile -------------------------------------------------------------------- */

bool search_allows_merge(const struct spots_search *h, uint32_t cell)
{
    if (!h)
        return true;
    if (h->spots->scan_brick && h->spots->scan_cell / 4 == cell / 4)
        return false;
    for (size_t i = 0; i < h->queue_count; i++)
        if (h->queue[i].cell / 4 == cell / 4)
            return false;
    return true;
}

/* The index of its hit, or hits_count. */
static size_t hit_of(const struct spots_search *h, uint32_t slot)
{
    size_t i = 0;
    while (i < h->hits_count && h->hits[i].slot != slot)
        i++;
    return i;
}

void search_renamed(struct spots_search *h, uint32_t from, uint32_t to)
{
    if (!h)
        return;
    size_t i = hit_of(h, from);
    if (i < h->hits_count)
        h->hits[i].slot = to;
}

void search_removed(struct spots_search *h, uint32_t slot)
{
    if (!h)
        return;
    size_t i = hit_of(h, slot);
    if (i == h->hits_count)
        return;
    bool full = h->hits_count == h->kept;
    h->hits_count--;
    memmove(h->hits + i, h->hits + i + 1, (h->hits_count - i) * sizeof *h->hits);
    h->heaped = false;
    if (!full)
        return;
    h->kept--;
    h->again = h->kept < h->q.count;
}
