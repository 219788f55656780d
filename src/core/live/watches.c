/* watches.c — see watches.h.
 *
 * Holds always: a watch is in its reader's list of those that are BEHIND if and only if `behind`;
 * one that is LEVEL, or over, has no notes. */
#include "core/live/watches.h"
#include "core/base/invariant.h"
#include <stdlib.h>

/* -- the watches ------------------------------------------------------------------------------- */

static struct live_watch *create(struct live_reader *reader, enum watch_kind kind)
{
    struct live_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->reader = reader;
    w->kind = kind;
    return w;
}

static struct live_watch *enter(struct watches *ws, struct live_watch *w)
{
    struct live_reader *reader = w->reader;
    w->number = ++reader->last;
    w->next = reader->watches;
    reader->watches = w;
    reader->count++;
    ws->count++;
    return w;
}

struct live_watch *watches_add_id(
    struct watches *ws, struct live_reader *reader, struct span id, uint64_t told)
{
    ASSERT(told == store_change(ws->store)); /* what is held now was told, and nothing since */
    uint64_t hash = store_hash(ws->store, id);
    struct feed_item item;
    struct stamp_text text;
    struct live_watch *w = create(reader, WATCH_ID);
    if (!w || !(w->id = ids_need(&ws->ids, id, hash))) {
        free(w);
        return NULL;
    }
    w->told = told;
    w->held = store_get(ws->store, id, hash, &item, &text);
    w->same_next = w->id->watches;
    if (w->same_next)
        w->same_next->same_prev = w;
    w->id->watches = w;
    ws->by_id++;
    return enter(ws, w);
}

struct live_watch *watches_add_near(
    struct watches *ws, struct live_reader *reader, struct point centre, double radius_m)
{
    if (!ws->fences && !(ws->fences = fences_create()))
        return NULL;
    struct live_watch *w = create(reader, WATCH_NEAR);
    if (!w)
        return NULL;
    w->fence.centre = centre;
    w->fence.radius_m = radius_m;
    if (!fences_add(ws->fences, &w->fence)) {
        free(w);
        return NULL;
    }
    return enter(ws, w);
}

struct live_watch *watches_add_all(struct watches *ws, struct live_reader *reader)
{
    if (ws->all_count == LIVE_ALL_MAX)
        return NULL;
    struct live_watch *w = create(reader, WATCH_ALL);
    if (!w)
        return NULL;
    w->cursor = store_cursor_open(ws->store);
    w->began = store_change(ws->store);
    ws->all[ws->all_count++] = w;
    enter(ws, w);
    watch_falls_behind(ws, w);
    return w;
}

static void leave_behind(struct watches *ws, struct live_watch *w)
{
    struct live_reader *reader = w->reader;
    struct live_watch **at = &reader->behind_first, *before = NULL;
    for (; *at != w; at = &before->behind_next) {
        before = *at;
        ASSERT(before);
    }
    *at = w->behind_next;
    if (reader->behind_last == w)
        reader->behind_last = before;
    ASSERT(!reader->behind_first == !reader->behind_last && ws->behind > 0);
    w->behind_next = NULL;
    w->behind = false;
    ws->behind--;
}

static void end_id(struct watches *ws, struct live_watch *w)
{
    if (w->same_next)
        w->same_next->same_prev = w->same_prev;
    if (w->same_prev)
        w->same_prev->same_next = w->same_next;
    else
        w->id->watches = w->same_next;
    ids_release(&ws->ids, w->id);
    ws->by_id--;
}

static void end_all(struct watches *ws, struct live_watch *w)
{
    unsigned i = 0;
    while (i < ws->all_count && ws->all[i] != w)
        i++;
    ASSERT(i < ws->all_count);
    ws->all[i] = ws->all[--ws->all_count];
    store_cursor_close(ws->store, w->cursor);
}

void watches_end(struct watches *ws, struct live_watch *w)
{
    struct live_reader *reader = w->reader;
    ASSERT(ws->count > 0 && reader->count > 0);
    if (w->behind)
        leave_behind(ws, w);
    notes_clear(&w->notes, &ws->ids);
    if (w->kind == WATCH_ID)
        end_id(ws, w);
    else if (w->kind == WATCH_NEAR)
        fences_remove(ws->fences, &w->fence);
    else
        end_all(ws, w);
    struct live_watch **at = &reader->watches;
    while (*at != w) {
        ASSERT(*at);
        at = &(*at)->next;
    }
    *at = w->next;
    reader->count--;
    ws->count--;
    free(w);
}

void watches_deinit(struct watches *ws)
{
    ASSERT(ws->count == 0 && ws->behind == 0 && ws->all_count == 0);
    ASSERT(ws->ids.table.count == 0 && ws->ids.bytes == 0);
    fences_destroy(ws->fences);
    ws->fences = NULL;
}

size_t watches_bytes(const struct watches *ws)
{
    size_t bytes = ws->count * sizeof(struct live_watch) + ws->ids.bytes +
                   table_bytes(&ws->ids.table) + (ws->fences ? fences_bytes(ws->fences) : 0);
    return bytes + ws->ids.notes * NOTE_BYTES;
}

/* -- telling ----------------------------------------------------------------------------------- */

bool watch_tell(struct watches *ws, struct live_watch *w, enum live_news what, struct span id,
    const struct stamp *stamp)
{
    ASSERT(!w->over || what == LIVE_FULL);
    ASSERT(!stamp == (what >= LIVE_GONE));
    bool told = ws->calls.tell(ws->calls.self, w->reader, w->number, what, id, stamp);
    ws->told += told;
    return told;
}

void watch_falls_behind(struct watches *ws, struct live_watch *w)
{
    struct live_reader *reader = w->reader;
    ASSERT(!w->behind && !w->behind_next && notes_count(&w->notes) == 0);
    w->behind = true;
    if (reader->behind_last)
        reader->behind_last->behind_next = w;
    else
        reader->behind_first = w;
    reader->behind_last = w;
    ws->behind++;
}

void watch_catches_up(struct watches *ws, struct live_watch *w)
{
    ASSERT(w->behind && w->reader->behind_first == w);
    ASSERT(!w->over && notes_count(&w->notes) == 0);
    leave_behind(ws, w);
}

void watch_goes_last(struct live_watch *w)
{
    struct live_reader *reader = w->reader;
    ASSERT(w->behind && reader->behind_first == w);
    if (reader->behind_last == w)
        return;
    reader->behind_first = w->behind_next;
    reader->behind_last->behind_next = w;
    reader->behind_last = w;
    w->behind_next = NULL;
}
