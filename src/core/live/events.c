/* events.c — see events.h. What an event does to a fence that it touches, of an id whose stamp was
 * (from) and is now (to) within:
 *
 *   the fence is    the id            from, to          next
 *   LEVEL           -                 any               tells ENTER, MOVE, EXIT or GONE
 *   LEVEL           -                 any, refused      BEHIND, and notes whether it was within
 *   BEHIND          not noted         any               notes whether it was within
 *   BEHIND          noted as outside  to is outside     forgets the note: so it was told
 *   BEHIND          noted             any other         keeps the note
 *
 * An id that leaves while it is noted as within is known by watched_id.left: it has to be told as
 * GONE even if it comes back, since what comes back may be older. */
#include "core/live/events.h"
#include "core/base/invariant.h"

/* More has to be kept of it than may be. It ends when it has been told so. */
static void is_over(struct watches *ws, struct live_watch *w)
{
    ASSERT(w->behind && !w->over && w->kind != WATCH_ID);
    notes_clear(&w->notes, &ws->ids);
    w->over = true;
}

/* Note an id that is not noted, or end the watch. */
static void note_down(struct watches *ws, struct live_watch *w, struct span id, bool within)
{
    struct watched_id *known = ids_need(&ws->ids, id, store_hash(ws->store, id));
    struct note *note = known ? notes_add(&w->notes, known, &ws->ids) : NULL;
    if (note) {
        note->since = store_change(ws->store);
        note->within = within;
        return;
    }
    if (known)
        ids_release(&ws->ids, known);
    is_over(ws, w);
}

/* NULL: it is not noted. */
static struct note *note_of(const struct watches *ws, const struct live_watch *w, struct span id)
{
    if (notes_count(&w->notes) == 0)
        return NULL;
    struct watched_id *known = ids_find(&ws->ids, id, store_hash(ws->store, id));
    return known ? notes_find(&w->notes, known) : NULL;
}

/* -- of an id ---------------------------------------------------------------------------------- */

void event_change(struct watches *ws, const struct feed_item *item, uint64_t hash)
{
    struct watched_id *id = ids_find(&ws->ids, item->stamp.id, hash);
    for (struct live_watch *w = id ? id->watches : NULL; w; w = w->same_next) {
        if (w->behind || item->change <= w->told)
            continue;
        if (watch_tell(ws, w, LIVE_NOW, item->stamp.id, &item->stamp)) {
            w->told = item->change;
            w->held = true;
        } else {
            watch_falls_behind(ws, w);
        }
    }
}

static void leaves_ids(struct watches *ws, struct span id)
{
    if (!ws->ids.table.count)
        return;
    struct watched_id *known = ids_find(&ws->ids, id, store_hash(ws->store, id));
    if (!known)
        return;
    known->left = store_change(ws->store);
    for (struct live_watch *w = known->watches; w; w = w->same_next) {
        if (w->behind || !w->held)
            continue;
        if (watch_tell(ws, w, LIVE_GONE, id, NULL))
            w->held = false;
        else
            watch_falls_behind(ws, w);
    }
}

/* -- of a fence -------------------------------------------------------------------------------- */

struct move {
    struct watches *ws;
    struct span id;
    const struct stamp *stamp; /* NULL: it goes */
};

static void keep(const struct move *m, struct live_watch *w, bool from_in, bool to_in)
{
    struct watches *ws = m->ws;
    struct note *note = note_of(ws, w, m->id);
    if (note) {
        if (!note->within && !to_in)
            notes_drop(&w->notes, note, &ws->ids);
        return;
    }
    if (notes_count(&w->notes) >= ws->limits.fence) {
        is_over(ws, w);
        return;
    }
    note_down(ws, w, m->id, from_in);
    if (!m->stamp && !w->over)
        w->notes.last->id->left = store_change(ws->store); /* it was not known as it left */
}

static void touches(void *self, struct fence *fence, bool from_in, bool to_in)
{
    const struct move *m = self;
    struct live_watch *w = (void *)((char *)fence - offsetof(struct live_watch, fence));
    ASSERT(w->kind == WATCH_NEAR && (from_in || to_in));
    if (w->over)
        return;
    if (!w->behind) {
        enum live_news what = to_in ? LIVE_ENTER : m->stamp ? LIVE_EXIT : LIVE_GONE;
        if (from_in && to_in)
            what = LIVE_MOVE;
        if (watch_tell(m->ws, w, what, m->id, m->stamp))
            return;
        watch_falls_behind(m->ws, w);
    }
    keep(m, w, from_in, to_in);
}

void event_move(struct watches *ws, const struct point *from, const struct point *to,
    struct span id, const struct stamp *stamp)
{
    ASSERT(!to == !stamp);
    if (!watches_near(ws))
        return;
    struct move m = {ws, id, stamp};
    fences_visit(ws->fences, from, to, touches, &m);
}

/* -- of everything ----------------------------------------------------------------------------- */

/* Whether it may have been told of a stamp of the id whose newest has this change number: it has
 * passed that, or another before. (Then it can be that GONE is told of an id that it never heard
 * of.) */
static bool may_know(const struct watches *ws, const struct live_watch *w, uint64_t change)
{
    return change > w->began || change <= store_cursor_change(ws->store, w->cursor);
}

static void leaves_all(struct watches *ws, struct live_watch *w, struct span id)
{
    if (!w->behind) {
        if (watch_tell(ws, w, LIVE_GONE, id, NULL))
            return;
        watch_falls_behind(ws, w);
    }
    if (!note_of(ws, w, id))
        note_down(ws, w, id, true);
    if (w->notes.bytes > WATCH_ALL_NOTED_BYTES_MAX)
        is_over(ws, w);
}

void event_leave(struct watches *ws, uint32_t slot, struct span id)
{
    leaves_ids(ws, id);
    if (!ws->all_count)
        return;
    struct feed_item item;
    struct stamp_text text;
    store_read(ws->store, slot, &item, &text);
    for (unsigned i = 0; i < ws->all_count; i++)
        if (!ws->all[i]->over && may_know(ws, ws->all[i], item.change))
            leaves_all(ws, ws->all[i], id);
}

bool watch_has_more(const struct watches *ws, const struct live_watch *w)
{
    struct feed_item item;
    return !w->began_told || store_cursor_glance(ws->store, w->cursor, &item);
}

bool watch_reads(struct watches *ws, struct live_watch *w, unsigned *budget)
{
    struct feed_item item;
    struct stamp_text text;
    ASSERT(w->kind == WATCH_ALL && !w->over && notes_count(&w->notes) == 0);
    for (; *budget > 0; --*budget) {
        bool more = store_cursor_peek(ws->store, w->cursor, &item, &text);
        if (!w->began_told && (!more || item.change > w->began)) {
            if (!watch_tell(ws, w, LIVE_WATCHING, (struct span){0}, NULL))
                return false;
            w->began_told = true;
        } else if (!more) {
            return true;
        } else {
            if (!watch_tell(ws, w, LIVE_NOW, item.stamp.id, &item.stamp))
                return false;
            store_cursor_pass(ws->store, w->cursor);
        }
    }
    return true;
}
