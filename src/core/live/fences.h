/* fences.h — circles, and which of them a stamp that moves touches.
 *
 * Circles are hashed into cells of a size near their own, on one grid for each size in use, so a
 * move looks at the few cells that it leaves and enters, however many circles there are elsewhere.
 * Whether a point is within is decided by point_distance_m alone, here as in NEAR. Called by live;
 * a fence lies in its caller's struct. */
#ifndef CORE_LIVE_FENCES_H
#define CORE_LIVE_FENCES_H

#include "core/live/point.h"
#include <stddef.h>

struct fence {
    struct point centre;
    double radius_m; /* 0 to half of Earth's circumference and more */
    /* The rest is fences.c's. */
    uint8_t level;
    bool rows;
    uint32_t cells_count;
    struct fence_place *cells; /* where it stands */
};

struct fences;

struct fences *fences_create(void); /* NULL: out of memory */
void fences_destroy(struct fences *f); /* NULL is allowed; all fences must have been removed */

/* Add a fence whose centre and radius are set. It stays in place until it is removed.
 * false: out of memory; nothing changed. */
MUST_USE bool fences_add(struct fences *f, struct fence *fence);
void fences_remove(struct fences *f, struct fence *fence);

uint64_t fences_count(const struct fences *f);
size_t fences_bytes(const struct fences *f);

static inline bool fence_holds(const struct fence *fence, struct point p)
{
    return point_distance_m(fence->centre, p) <= fence->radius_m;
}

/* Call `touches` once for each fence that holds *from, *to or both; either may be NULL: the stamp
 * is new, or goes. It must not add or remove fences. */
void fences_visit(struct fences *f, const struct point *from, const struct point *to,
    void (*touches)(void *self, struct fence *fence, bool from_in, bool to_in), void *self);

#endif
