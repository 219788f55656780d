/* spots.c — see spots.h. What changes the index; searches are search.c's. Called by live. */
#include "core/live/spots.h"
#include "core/base/invariant.h"
#include "core/live/quadtree.h"
#include "core/live/search.h"
#include <stdlib.h>

struct spots *spots_create(void)
{
    struct spots *s = calloc(1, sizeof *s);
    if (s && !quadtree_init(s)) {
        spots_destroy(s);
        return NULL;
    }
    return s;
}

void spots_destroy(struct spots *s)
{
    if (!s)
        return;
    ASSERT(!s->search);
    quadtree_deinit(s);
    free(s);
}

/* Take a point out of its leaf, and make the tree smaller if few are left around it. */
static void take_out(struct spots *s, struct entry at)
{
    uint32_t leaf = quadtree_erase(s, at);
    if (!search_allows_merge(s->search, leaf) || !quadtree_is_thin(s, leaf))
        return;
    while (search_allows_merge(s->search, leaf) && quadtree_should_merge(s, leaf))
        leaf = quadtree_merge(s, leaf);
}

enum spots_put spots_put(struct spots *s, uint32_t slot, struct point to, struct point *old)
{
    ASSERT(slot != 0 && !s->search);
    ASSERT(to.latitude_e7 >= -POINT_LATITUDE_MAX && to.latitude_e7 <= POINT_LATITUDE_MAX);
    ASSERT(to.longitude_e7 >= -POINT_LONGITUDE_MAX && to.longitude_e7 <= POINT_LONGITUDE_MAX);
    struct entry at;
    if (!quadtree_find(s, slot, &at)) {
        const uint32_t *home = quadtree_home(s, slot);
        ASSERT(!home || !*home); /* else it is that of a slot too near, which was not removed */
        if (!quadtree_insert(s, slot, to))
            return SPOTS_STARVED;
        s->count++;
        return SPOTS_NEW;
    }
    struct point *held = &brick_of(s, at.brick)->points[at.index];
    *old = *held;
    if (quadtree_same_leaf(s, at, to)) {
        *held = to;
        return SPOTS_MOVED;
    }
    /* First into the new leaf, which may need memory; the old one stays as it is by that. */
    if (!quadtree_insert(s, slot, to))
        return SPOTS_STARVED;
    take_out(s, at);
    return SPOTS_MOVED;
}

bool spots_find(const struct spots *s, uint32_t slot, struct point *out)
{
    struct entry at;
    if (!quadtree_find(s, slot, &at))
        return false;
    *out = brick_of(s, at.brick)->points[at.index];
    return true;
}

bool spots_rename(struct spots *s, uint32_t from, uint32_t to)
{
    struct entry at;
    ASSERT(to != 0 && to != from);
    if (!quadtree_find(s, from, &at))
        return true;
    if (!quadtree_rename(s, at, to)) {
        struct point old;
        bool held = spots_remove(s, from, &old);
        ASSERT(held);
        return false;
    }
    search_renamed(s->search, from, to);
    return true;
}

bool spots_remove(struct spots *s, uint32_t slot, struct point *old)
{
    struct entry at;
    if (!quadtree_find(s, slot, &at))
        return false;
    *old = brick_of(s, at.brick)->points[at.index];
    take_out(s, at);
    quadtree_leave_home(s, slot);
    search_removed(s->search, slot);
    ASSERT(s->count > 0);
    s->count--;
    return true;
}

void spots_prefetch_home(const struct spots *s, uint32_t slot)
{
    __builtin_prefetch(quadtree_home(s, slot));
}

void spots_prefetch(const struct spots *s, uint32_t slot)
{
    const uint32_t *home = quadtree_home(s, slot);
    if (!home || !*home)
        return;
    const char *brick = (const char *)brick_of(s, *home);
    __builtin_prefetch(brick, 1);
    __builtin_prefetch(brick + sizeof(struct brick) / 2, 1);
}

uint64_t spots_count(const struct spots *s)
{
    return s->count;
}

size_t spots_bytes(const struct spots *s)
{
    return sizeof *s + s->bricks.bytes + s->quads.bytes + s->homes.bytes;
}
