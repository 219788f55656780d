/* watches.h — who watches what, and what each was told.
 *
 * What a watch was told last of an id, and where that is kept:
 *
 *   watch of            LEVEL                                 BEHIND
 *   an id               `told`, `held`                        the same, and when it left (ids.h)
 *   a circle            within where the index has it within  the same, but for ids noted (notes.h)
 *   everything          all that its cursor has passed        the same, but for ids that are gone
 *
 * So a fence, however many stamps are within, costs nothing for each, as long as it is LEVEL. The
 * members of these structs are written by watches.c, events.c and catch_up.c. Called by these and
 * live. */
#ifndef CORE_LIVE_WATCHES_H
#define CORE_LIVE_WATCHES_H

#include "core/live/fences.h"
#include "core/live/live.h"
#include "core/live/notes.h"
#include "core/store/store.h"

enum { WATCH_ALL_NOTED_BYTES_MAX = 65536 };

enum watch_kind { WATCH_ID, WATCH_NEAR, WATCH_ALL };

struct live_watch {
    struct live_reader *reader;
    uint64_t number;
    struct live_watch *next; /* of the reader */
    struct live_watch *behind_next; /* in the reader's list */
    enum watch_kind kind;
    bool behind;
    bool over; /* nothing follows but FULL; it is BEHIND */
    /* of an id */
    bool held; /* a stamp was told, and no GONE since */
    uint64_t told; /* the change that was told last */
    struct watched_id *id;
    struct live_watch *same_next, *same_prev; /* of the id */
    /* of a circle */
    struct fence fence;
    /* of everything */
    unsigned cursor;
    uint64_t began; /* the store's last change when it began */
    bool began_told; /* WATCHING is told */
    /* of a circle or everything, while BEHIND */
    struct notes notes;
};

struct watches {
    struct store *store;
    struct live_calls calls;
    struct live_limits limits;
    struct ids ids;
    struct fences *fences; /* NULL before the first */
    struct live_watch *all[LIVE_ALL_MAX]; /* the first all_count */
    unsigned all_count;
    uint64_t count, by_id, behind;
    uint64_t told;
};

/* Create one, as live.h tells. NULL: out of memory. */
struct live_watch *watches_add_id(
    struct watches *ws, struct live_reader *reader, struct span id, uint64_t told);
struct live_watch *watches_add_near(
    struct watches *ws, struct live_reader *reader, struct point centre, double radius_m);
struct live_watch *watches_add_all(struct watches *ws, struct live_reader *reader);
void watches_end(struct watches *ws, struct live_watch *w);
void watches_deinit(struct watches *ws); /* none is left (an ASSERT) */

static inline uint64_t watches_near(const struct watches *ws)
{
    return ws->fences ? fences_count(ws->fences) : 0;
}

size_t watches_bytes(const struct watches *ws);

/* Tell one line. false: refused. */
MUST_USE bool watch_tell(struct watches *ws, struct live_watch *w, enum live_news what,
    struct span id, const struct stamp *stamp);
void watch_falls_behind(struct watches *ws, struct live_watch *w);
/* It is LEVEL from now on. It must be the first of its reader's list (an ASSERT). */
void watch_catches_up(struct watches *ws, struct live_watch *w);
/* The first of its reader's list that are BEHIND (an ASSERT) is the last now. */
void watch_goes_last(struct live_watch *w);

#endif
