/* spots.h — the spatial index: which stamps are where, and the nearest ones to a point.
 *
 * A bucket quadtree over points; a stamp is named by its slot of the store (store.h), so the index
 * holds no text. Two slots are STORE_SLOT_GAP apart at least: a table over slot / STORE_SLOT_GAP
 * leads back from a slot to its leaf. At most 40 bytes a stamp in all, of slots as a store gives
 * them. Called by live.
 *
 * A search costs what it finds, not its area: nodes and points are taken nearest first. It can be
 * stopped after so many points and go on later; meanwhile the index must not change but by
 * spots_rename, and by spots_remove. */
#ifndef CORE_LIVE_SPOTS_H
#define CORE_LIVE_SPOTS_H

#include "core/live/point.h"
#include <stddef.h>

struct spots;

/* NULL: out of memory. */
struct spots *spots_create(void);
void spots_destroy(struct spots *s); /* NULL is allowed */

enum spots_put {
    SPOTS_NEW,     /* it is held now and was not before */
    SPOTS_MOVED,   /* it was held at *old */
    SPOTS_STARVED, /* out of memory: nothing changed */
};

/* `slot`, not 0, is at `to` from now on. old: written if it was held. */
MUST_USE enum spots_put spots_put(
    struct spots *s, uint32_t slot, struct point to, struct point *old);

/* Where it is. false: it is not held. */
MUST_USE bool spots_find(const struct spots *s, uint32_t slot, struct point *out);

/* What was `from` is called `to` from now on, which nothing was called; where `from` is not held,
 * nothing changes. false: out of memory; `from` is not held any more. */
MUST_USE bool spots_rename(struct spots *s, uint32_t from, uint32_t to);

/* Forget `slot`. false: it was not held, and *old is not written. */
bool spots_remove(struct spots *s, uint32_t slot, struct point *old);

/* Bring what a put, find or remove of this slot reads into the cache. Moves are bound by cache
 * misses: call the first for all of a group, then the second for all, then put. */
void spots_prefetch_home(const struct spots *s, uint32_t slot);
void spots_prefetch(const struct spots *s, uint32_t slot);

uint64_t spots_count(const struct spots *s);
size_t spots_bytes(const struct spots *s); /* all memory that it holds */

/* -- searches ---------------------------------------------------------------------------------- */

struct spots_hit {
    double distance_m;
    uint32_t slot;
};

struct spots_question {
    struct point centre;
    double radius_m; /* >= 0; a point at exactly this distance is within */
    unsigned count; /* so many are wanted, >= 1 */
    void *self; /* for the two below */
    /* Whether a stamp counts at all. Called only for points that would be among the nearest `count`
     * of those looked at so far. NULL: all do. */
    bool (*takes)(void *self, uint32_t slot);
    /* The order of two stamps at equal distance: < 0, or > 0. NULL: any, and any of them are left
     * out if there are too many. */
    int (*order)(void *self, uint32_t a, uint32_t b);
};

struct spots_search;

/* NULL: out of memory. The question is copied. One search may be under way at a time: `s` does not
 * change until it is ended, but as told above. */
struct spots_search *spots_search(struct spots *s, const struct spots_question *q);

enum spots_progress {
    SPOTS_MORE,   /* the budget is used up: call it again */
    SPOTS_FOUND,  /* spots_hits is the answer */
    SPOTS_FAILED, /* out of memory */
};

/* Go on. budget: how many points may be looked at, and a few more; what was is taken off. However
 * many lie on one spot, they are looked at in parts. Once it has FAILED, it can only be ended. */
MUST_USE enum spots_progress spots_search_on(struct spots_search *search, unsigned *budget);

/* The nearest `count` or fewer, all that are within the radius, nearest first; equally near ones in
 * the question's order. How many in *found; a view, valid until the search ends. What was removed
 * while the search went on is not among them. Of a search that has found. */
const struct spots_hit *spots_hits(const struct spots_search *search, unsigned *found);

void spots_search_end(struct spots_search *search); /* NULL is allowed */

#endif
