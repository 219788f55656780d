/* events.h — what happens to stamps, and who is told of it, or has it noted.
 *
 * Called by live, as the index's cursor passes a stamp and as the store lets one go. */
#ifndef CORE_LIVE_EVENTS_H
#define CORE_LIVE_EVENTS_H

#include "core/live/watches.h"

/* The index's cursor passes `item`, whose id has this store_hash: id watches are told. */
void event_change(struct watches *ws, const struct feed_item *item, uint64_t hash);

/* In the index, the stamp of `id` is at *to, and was at *from: fences are told. from: NULL: it was
 * nowhere. to and stamp: NULL: it goes. */
void event_move(struct watches *ws, const struct point *from, const struct point *to,
    struct span id, const struct stamp *stamp);

/* The stamp in `slot` leaves the store: id watches and those of everything are told. event_move is
 * called behind it. */
void event_leave(struct watches *ws, uint32_t slot, struct span id);

/* Read on for a watch of everything, until it has read all, *budget is used up, or it refuses.
 * false: it refused. */
MUST_USE bool watch_reads(struct watches *ws, struct live_watch *w, unsigned *budget);
/* Whether a watch of everything has something to read. */
bool watch_has_more(const struct watches *ws, const struct live_watch *w);

#endif
