/* quadtree.c — see quadtree.h.
 *
 * Latitude and longitude are shifted to unsigned numbers x and y of 32 bits; a cell of depth d has
 * all points that agree in their first d bits of both.
 * Holds always: a point is in the leaf that its bits lead to. All bricks of a leaf are full but its
 * first, which is not empty, and the one at which a search stands. Serials fall by one from brick
 * to brick. A leaf of more than LEAF_BRICKS is of the greatest depth. What may need memory reserves
 * it before anything is changed. */
#include "core/live/quadtree.h"
#include "core/base/invariant.h"

enum {
    LEAF_BRICKS = 3, /* a leaf that would have more is divided */
    LEAF_POINTS = LEAF_BRICKS * BRICK_POINTS,
    MERGE_POINTS = 12, /* four leaves with so few together become one: half of a leaf, so that a
                        * point that goes to and fro does not divide and merge it each time */
    THIN_POINTS = 4,
    /* When LEAF_POINTS + 1 points are dealt to four leaves. */
    DEALT_BRICKS = (LEAF_POINTS + 1 + 4 * (BRICK_POINTS - 1)) / BRICK_POINTS,
    QUADS_MAX = 1 << 29,
};

_Static_assert(sizeof(struct brick) == 128, "two cache lines");
_Static_assert(MERGE_POINTS <= 2 * BRICK_POINTS && MERGE_POINTS < LEAF_POINTS, "fits a leaf");

struct square {
    uint32_t x, y;
};

static struct square square_of(struct point p)
{
    return (struct square){(uint32_t)p.longitude_e7 + (uint32_t)POINT_LONGITUDE_MAX,
        (uint32_t)p.latitude_e7 + (uint32_t)POINT_LATITUDE_MAX};
}

/* In which of the four cells, within a divided one of this depth. */
static unsigned quarter(struct square at, unsigned depth)
{
    ASSERT(depth < QUADTREE_DEPTH_MAX);
    return (at.x >> (31 - depth) & 1) | (at.y >> (31 - depth) & 1) << 1;
}

/* How many of the first bits two points have in common. */
static unsigned in_common(struct point a, struct point b)
{
    struct square at = square_of(a), other = square_of(b);
    uint32_t differ = (at.x ^ other.x) | (at.y ^ other.y);
    return differ ? (unsigned)__builtin_clz(differ) : 32;
}

bool quadtree_init(struct spots *s)
{
    chunks_init(&s->bricks, sizeof(struct brick), BRICK_SHIFT, 1 << 27);
    chunks_init(&s->quads, sizeof(struct quad), QUAD_SHIFT, QUADS_MAX);
    chunks_init(&s->homes, sizeof(uint32_t), HOME_SHIFT, UINT32_MAX / STORE_SLOT_GAP + 1);
    return chunks_have(&s->quads, 0) && chunks_reserve(&s->quads, 1);
}

void quadtree_deinit(struct spots *s)
{
    chunks_deinit(&s->bricks);
    chunks_deinit(&s->quads);
    chunks_deinit(&s->homes);
}

bool quadtree_find(const struct spots *s, uint32_t slot, struct entry *out)
{
    const uint32_t *home = quadtree_home(s, slot);
    if (!home || !*home)
        return false;
    const struct brick *b = brick_of(s, *home);
    ASSERT(b->count >= 1 && b->count <= BRICK_POINTS);
    for (unsigned i = 0; i < b->count; i++) {
        if (b->slots[i] == slot) {
            *out = (struct entry){*home, i};
            return true;
        }
    }
    return false;
}

bool quadtree_same_leaf(const struct spots *s, struct entry at, struct point to)
{
    const struct brick *b = brick_of(s, at.brick);
    return in_common(b->points[at.index], to) >= b->depth;
}

/* -- adding ------------------------------------------------------------------------------------ */

/* Take the leaf's first brick, which is empty or was copied, off it. */
static void drop_first(struct spots *s, uint32_t leaf)
{
    uint32_t *first = cell_of(s, leaf), brick = *first;
    *first = brick_of(s, brick)->next;
    chunks_give(&s->bricks, brick);
}

/* Keep a point in a brick that has room. */
static void brick_add(struct spots *s, uint32_t brick, uint32_t slot, struct point p)
{
    struct brick *b = brick_of(s, brick);
    ASSERT(b->count < BRICK_POINTS);
    b->slots[b->count] = slot;
    b->points[b->count++] = p;
    *quadtree_home(s, slot) = brick;
}

/* Whether one point more needs a brick more, which must have been reserved. */
static bool leaf_is_full(const struct spots *s, uint32_t leaf)
{
    uint32_t first = *cell_of(s, leaf);
    return !first || brick_of(s, first)->count == BRICK_POINTS;
}

static void leaf_add(struct spots *s, uint32_t leaf, unsigned depth, uint32_t slot, struct point p)
{
    uint32_t *first = cell_of(s, leaf);
    if (leaf_is_full(s, leaf)) {
        uint32_t brick = chunks_take(&s->bricks), behind = *first;
        struct brick *b = brick_of(s, brick);
        b->next = behind;
        b->cell = leaf;
        b->serial = behind ? brick_of(s, behind)->serial + 1 : 1;
        b->depth = (uint8_t)depth;
        b->count = 0;
        *first = brick;
    }
    ASSERT(brick_of(s, *first)->cell == leaf && brick_of(s, *first)->depth == depth);
    brick_add(s, *first, slot, p);
}

struct points {
    unsigned count;
    uint32_t slots[LEAF_POINTS + 1];
    struct point points[LEAF_POINTS + 1];
};

/* Move all points of a leaf, which is empty then, to `out`. */
static void gather(struct spots *s, uint32_t leaf, struct points *out)
{
    while (*cell_of(s, leaf)) {
        const struct brick *b = brick_of(s, *cell_of(s, leaf));
        ASSERT(out->count + b->count <= LEAF_POINTS);
        memcpy(out->slots + out->count, b->slots, b->count * sizeof *b->slots);
        memcpy(out->points + out->count, b->points, b->count * sizeof *b->points);
        out->count += b->count;
        drop_first(s, leaf);
    }
}

/* Divide an empty leaf. Returns the quad. */
static uint32_t divide(struct spots *s, uint32_t leaf)
{
    uint32_t quad = chunks_take(&s->quads);
    ASSERT(*cell_of(s, leaf) == 0 && quad);
    *quad_of(s, quad) = (struct quad){.parent = leaf};
    *cell_of(s, leaf) = quad | CELL_DIVIDED;
    return quad;
}

/* Divide a leaf of LEAF_POINTS points until they and a further one are apart, or it is of the
 * greatest depth, and add that. */
static bool divide_and_add(
    struct spots *s, uint32_t leaf, unsigned depth, uint32_t slot, struct point p)
{
    unsigned common = QUADTREE_DEPTH_MAX;
    for (uint32_t at = *cell_of(s, leaf); at; at = brick_of(s, at)->next)
        for (unsigned i = 0; i < BRICK_POINTS; i++) {
            unsigned same = in_common(brick_of(s, at)->points[i], p);
            common = same < common ? same : common;
        }
    ASSERT(common >= depth && depth < QUADTREE_DEPTH_MAX);
    unsigned apart = common < QUADTREE_DEPTH_MAX ? common + 1 : common;
    if (!chunks_reserve(&s->quads, apart - depth) ||
        !chunks_reserve(&s->bricks, DEALT_BRICKS - LEAF_BRICKS))
        return false;
    struct points all = {0};
    gather(s, leaf, &all);
    ASSERT(all.count == LEAF_POINTS);
    all.slots[all.count] = slot;
    all.points[all.count++] = p;
    uint32_t quad = leaf / 4;
    for (uint32_t cell = leaf; depth < apart; depth++) {
        quad = divide(s, cell);
        cell = quad * 4 + quarter(square_of(p), depth);
    }
    for (unsigned i = 0; i < all.count; i++)
        leaf_add(s, quad * 4 + quarter(square_of(all.points[i]), depth - 1), depth, all.slots[i],
            all.points[i]);
    return true;
}

bool quadtree_insert(struct spots *s, uint32_t slot, struct point p)
{
    if (!chunks_have(&s->homes, slot / STORE_SLOT_GAP))
        return false;
    struct square at = square_of(p);
    uint32_t leaf = 0, value;
    unsigned depth = 0;
    for (; (value = *cell_of(s, leaf)) & CELL_DIVIDED; depth++)
        leaf = (value & ~CELL_DIVIDED) * 4 + quarter(at, depth);
    if (leaf_is_full(s, leaf)) {
        if (value && brick_of(s, value)->serial >= LEAF_BRICKS && depth < QUADTREE_DEPTH_MAX)
            return divide_and_add(s, leaf, depth, slot, p);
        if (!chunks_reserve(&s->bricks, 1))
            return false;
    }
    leaf_add(s, leaf, depth, slot, p);
    return true;
}

/* -- removing ---------------------------------------------------------------------------------- */

/* Move the last point of brick `from` into the gap at `to`, which may be that point. */
static void fill(struct spots *s, uint32_t from, struct entry to)
{
    struct brick *f = brick_of(s, from), *t = brick_of(s, to.brick);
    ASSERT(f->count > 0 && f->cell == t->cell);
    unsigned last = --f->count;
    if (f == t && to.index == last)
        return;
    t->slots[to.index] = f->slots[last];
    t->points[to.index] = f->points[last];
    *quadtree_home(s, f->slots[last]) = to.brick;
}

/* The brick of the scan has a gap or more: fill it up from the leaf's first bricks, all of which
 * are looked at, or none of which will be. */
static void fill_up_scanned(struct spots *s)
{
    uint32_t leaf = s->scan_cell, brick = s->scan_brick, first;
    struct brick *b = brick_of(s, brick);
    while (b->count < BRICK_POINTS && (first = *cell_of(s, leaf)) != brick) {
        b->count++;
        fill(s, first, (struct entry){brick, b->count - 1u});
        if (brick_of(s, first)->count == 0)
            drop_first(s, leaf);
    }
    if (b->count == 0)
        drop_first(s, leaf);
}

uint32_t quadtree_erase(struct spots *s, struct entry at)
{
    struct brick *b = brick_of(s, at.brick);
    uint32_t leaf = b->cell, first = *cell_of(s, leaf);
    ASSERT(at.index < b->count && brick_of(s, first)->serial >= b->serial);
    bool scanned = s->scan_brick && s->scan_cell == leaf;
    uint32_t from = first;
    if (scanned && b->serial <= brick_of(s, s->scan_brick)->serial)
        from = s->scan_brick;
    fill(s, from, at);
    if (brick_of(s, from)->count == 0) {
        if (scanned && from == s->scan_brick)
            quadtree_scan_on(s);
        else
            drop_first(s, leaf);
    }
    return leaf;
}

bool quadtree_rename(struct spots *s, struct entry at, uint32_t slot)
{
    if (!chunks_have(&s->homes, slot / STORE_SLOT_GAP))
        return false;
    struct brick *b = brick_of(s, at.brick);
    uint32_t *from = quadtree_home(s, b->slots[at.index]), *to = quadtree_home(s, slot);
    ASSERT(*from == at.brick && (*to == 0 || to == from));
    *from = 0;
    *to = at.brick;
    b->slots[at.index] = slot;
    return true;
}

void quadtree_leave_home(struct spots *s, uint32_t slot)
{
    uint32_t *home = quadtree_home(s, slot);
    ASSERT(home && *home);
    *home = 0;
}

/* -- merging ----------------------------------------------------------------------------------- */

static uint64_t leaf_count(const struct spots *s, uint32_t leaf)
{
    uint32_t first = *cell_of(s, leaf);
    ASSERT(!(first & CELL_DIVIDED));
    if (!first)
        return 0;
    const struct brick *b = brick_of(s, first);
    return (b->serial - 1) * (uint64_t)BRICK_POINTS + b->count;
}

bool quadtree_is_thin(const struct spots *s, uint32_t leaf)
{
    return leaf_count(s, leaf) <= THIN_POINTS;
}

bool quadtree_should_merge(const struct spots *s, uint32_t leaf)
{
    if (leaf == 0)
        return false;
    const struct quad *q = quad_of(s, leaf / 4);
    uint64_t all = 0;
    for (unsigned i = 0; i < 4 && all <= MERGE_POINTS; i++) {
        if (q->cells[i] & CELL_DIVIDED)
            return false;
        all += leaf_count(s, leaf / 4 * 4 + i);
    }
    return all <= MERGE_POINTS;
}

uint32_t quadtree_merge(struct spots *s, uint32_t leaf)
{
    uint32_t quad = leaf / 4, parent = quad_of(s, quad)->parent;
    ASSERT(leaf && *cell_of(s, parent) == (quad | CELL_DIVIDED));
    ASSERT(!s->scan_brick || s->scan_cell / 4 != quad);
    struct points all = {0};
    unsigned depth = 0;
    for (uint32_t cell = quad * 4; cell < quad * 4 + 4; cell++) {
        if (*cell_of(s, cell))
            depth = brick_of(s, *cell_of(s, cell))->depth - 1u;
        gather(s, cell, &all);
    }
    ASSERT(all.count <= MERGE_POINTS);
    chunks_give(&s->quads, quad);
    *cell_of(s, parent) = 0;
    for (unsigned i = 0; i < all.count; i++)
        leaf_add(s, parent, depth, all.slots[i], all.points[i]);
    return parent;
}

/* -- where a search stands --------------------------------------------------------------------- */

void quadtree_scan(struct spots *s, uint32_t leaf)
{
    ASSERT(!s->scan_brick && *cell_of(s, leaf) && !(*cell_of(s, leaf) & CELL_DIVIDED));
    s->scan_cell = leaf;
    s->scan_brick = *cell_of(s, leaf);
}

void quadtree_scan_on(struct spots *s)
{
    ASSERT(s->scan_brick);
    uint32_t next = brick_of(s, s->scan_brick)->next;
    fill_up_scanned(s);
    s->scan_brick = next;
}

void quadtree_scan_end(struct spots *s)
{
    if (s->scan_brick)
        fill_up_scanned(s);
    s->scan_brick = 0;
}
