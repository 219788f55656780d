/* quadtree.h — the tree of the spatial index: squares that are divided while they hold many points.
 *
 * A cell is empty, a leaf, or divided into the four cells of a quad; it is named by its quad and
 * its index there, and cell 0 is the root. A leaf is a list of bricks of a few points each, so that
 * little memory is unused whatever the density of points, and all bricks are of one size. A brick
 * is found from a slot by a table over slot / STORE_SLOT_GAP.
 *
 * A search may stand within a leaf, at the brick `scan_brick`: of a leaf's bricks those behind it
 * and itself are still to be looked at. quadtree_erase keeps it so that no point goes from one side
 * to the other. Called by spots and search. */
#ifndef CORE_LIVE_QUADTREE_H
#define CORE_LIVE_QUADTREE_H

#include "core/live/chunks.h"
#include "core/live/point.h"
#include "core/store/store.h"

enum {
    QUADTREE_DEPTH_MAX = 24, /* such a cell is 2.8 m high, and never divided */
    BRICK_POINTS = 9,
    BRICK_SHIFT = 9,
    QUAD_SHIFT = 11,
    HOME_SHIFT = 14,
};

/* A cell's value: 0: an empty leaf; the number of a leaf's first brick; or this bit and a quad. */
#define CELL_DIVIDED UINT32_C(0x80000000)

struct brick {
    _Alignas(64) uint32_t next; /* 0: the leaf's last */
    uint32_t cell;   /* the leaf */
    uint32_t serial; /* how many bricks there are from this one to the leaf's last */
    uint8_t depth;   /* the leaf's */
    uint8_t count;   /* BRICK_POINTS, but in the leaf's first one, and in that of a search */
    uint32_t slots[BRICK_POINTS];
    struct point points[BRICK_POINTS];
};

struct quad {
    uint32_t cells[4];
    uint32_t parent; /* a cell */
};

struct spots_search;

struct spots {
    struct chunks bricks, quads, homes;
    uint64_t count;
    uint32_t scan_cell, scan_brick; /* brick 0: no search stands within a leaf */
    struct spots_search *search; /* the one that is under way, or NULL; search.c's */
};

/* Where a point is kept. */
struct entry {
    uint32_t brick;
    unsigned index;
};

static inline struct brick *brick_of(const struct spots *s, uint32_t brick)
{
    return chunks_item(&s->bricks, sizeof(struct brick), BRICK_SHIFT, brick);
}

static inline struct quad *quad_of(const struct spots *s, uint32_t quad)
{
    return chunks_item(&s->quads, sizeof(struct quad), QUAD_SHIFT, quad);
}

static inline uint32_t *cell_of(const struct spots *s, uint32_t cell)
{
    return &quad_of(s, cell / 4)->cells[cell % 4];
}

/* Where the number of the brick with this slot stands, or 0. NULL: none is held near it. */
static inline uint32_t *quadtree_home(const struct spots *s, uint32_t slot)
{
    return chunks_item_if(&s->homes, sizeof(uint32_t), HOME_SHIFT, slot / STORE_SLOT_GAP);
}

/* false: out of memory; quadtree_deinit has to be called all the same. */
MUST_USE bool quadtree_init(struct spots *s);
void quadtree_deinit(struct spots *s);

/* false: no such slot is held. */
MUST_USE bool quadtree_find(const struct spots *s, uint32_t slot, struct entry *out);

/* Whether a point would be kept in the same leaf as this one. */
bool quadtree_same_leaf(const struct spots *s, struct entry at, struct point to);

/* Keep a point more; the slot's home is its brick from now on. false: out of memory; nothing
 * changed. */
MUST_USE bool quadtree_insert(struct spots *s, uint32_t slot, struct point p);

/* Forget what is kept there; what the slot's home says is left. Returns the leaf. */
uint32_t quadtree_erase(struct spots *s, struct entry at);

/* Call it `slot` from now on. false: out of memory; nothing changed. */
MUST_USE bool quadtree_rename(struct spots *s, struct entry at, uint32_t slot);

/* The slot is not held any more. */
void quadtree_leave_home(struct spots *s, uint32_t slot);

/* A leaf has lost a point: whether it has so few that a look at its neighbours is worth while, and
 * whether it and its three neighbours have so few together that they should be one leaf. */
bool quadtree_is_thin(const struct spots *s, uint32_t leaf);
bool quadtree_should_merge(const struct spots *s, uint32_t leaf);

/* Make one leaf of it and its three neighbours, within none of which a search stands. Returns
 * it. */
uint32_t quadtree_merge(struct spots *s, uint32_t leaf);

/* A search enters a leaf, which has points; goes on to the next brick of it; and leaves it. */
void quadtree_scan(struct spots *s, uint32_t leaf);
void quadtree_scan_on(struct spots *s);
void quadtree_scan_end(struct spots *s);

#endif
