/* catch_up.c — see catch_up.h. What is told of an id noted for a fence:
 *
 *   noted as    the id                       now, in the index     tells          the note
 *   within      has left the store since     -                     GONE           as outside
 *   within      has not                      within, outside       MOVE, EXIT     goes
 *   outside     -                            within                ENTER          goes
 *   outside     -                            outside, or nowhere   -              goes
 *   any         has changed, and the index has not read it yet     -              waits
 *
 * The last line is needed, since a fence without a note for an id counts as told what the index
 * says. Counter-example: the index has a stamp within, the store has the next one, outside. If EXIT
 * were told now, it would be told again when the index comes to that change. */
#include "core/live/catch_up.h"
#include "core/base/invariant.h"
#include "core/live/events.h"

enum caught {
    REFUSED, /* it could not be told */
    MORE, /* it was told something, and is not LEVEL yet */
    WAITS, /* the index has to read on first */
    LEVEL, /* nothing is left to tell */
    ENDED, /* FULL is told */
};

struct catcher {
    struct watches *ws;
    const struct spots *spots;
    uint64_t passed;
    unsigned steps; /* left */
};

static enum caught catch_id(struct watches *ws, struct live_watch *w)
{
    struct feed_item item;
    struct stamp_text text;
    struct span id = watched_id_text(w->id);
    if (w->held && w->id->left >= w->told) {
        if (!watch_tell(ws, w, LIVE_GONE, id, NULL))
            return REFUSED;
        w->held = false;
    }
    bool held = store_get(ws->store, id, w->id->hash, &item, &text);
    ASSERT(held || !w->held);
    if (held && item.change > w->told) {
        if (!watch_tell(ws, w, LIVE_NOW, id, &item.stamp))
            return REFUSED;
        w->told = item.change;
        w->held = true;
    }
    return LEVEL;
}

/* LEVEL: nothing is left to tell of this id. */
static enum caught catch_note(struct catcher *c, struct live_watch *w, struct note *note)
{
    struct span id = watched_id_text(note->id);
    struct feed_item item;
    struct stamp_text text;
    struct point at;
    bool held = store_get(c->ws->store, id, note->id->hash, &item, &text);
    if (note_is_gone(note)) {
        if (!watch_tell(c->ws, w, LIVE_GONE, id, NULL))
            return REFUSED;
        note->within = false;
    }
    ASSERT(held || !note->within);
    bool within = held && spots_find(c->spots, item.slot, &at) && fence_holds(&w->fence, at);
    if (!note->within && !within)
        return LEVEL;
    if (item.change > c->passed)
        return WAITS;
    enum live_news what = within ? LIVE_ENTER : LIVE_EXIT;
    if (within && note->within)
        what = LIVE_MOVE;
    return watch_tell(c->ws, w, what, id, &item.stamp) ? LEVEL : REFUSED;
}

static enum caught catch_near(struct catcher *c, struct live_watch *w)
{
    unsigned waits = 0;
    ASSERT(c->spots);
    for (unsigned i = 0; i < CATCH_UP_SHARE && c->steps && w->notes.first; i++) {
        struct note *note = w->notes.first;
        enum caught caught = catch_note(c, w, note);
        c->steps--;
        if (caught == REFUSED)
            return REFUSED;
        if (caught == LEVEL) {
            notes_drop(&w->notes, note, &c->ws->ids);
            waits = 0;
        } else {
            notes_defer(&w->notes, note);
            if (++waits == CATCH_UP_WAITS_MAX || waits >= notes_count(&w->notes))
                return WAITS;
        }
    }
    return w->notes.first ? MORE : LEVEL;
}

static enum caught catch_all(struct catcher *c, struct live_watch *w)
{
    unsigned share = c->steps < CATCH_UP_SHARE ? c->steps : CATCH_UP_SHARE;
    c->steps -= share;
    for (; share && w->notes.first; share--) {
        struct note *note = w->notes.first;
        if (!watch_tell(c->ws, w, LIVE_GONE, watched_id_text(note->id), NULL))
            return REFUSED;
        notes_drop(&w->notes, note, &c->ws->ids);
    }
    if (share && !watch_reads(c->ws, w, &share))
        return REFUSED;
    return w->notes.first || watch_has_more(c->ws, w) ? MORE : LEVEL;
}

static enum caught catch_watch(struct catcher *c, struct live_watch *w)
{
    if (w->over)
        return watch_tell(c->ws, w, LIVE_FULL, (struct span){0}, NULL) ? ENDED : REFUSED;
    if (w->kind == WATCH_NEAR)
        return catch_near(c, w);
    if (w->kind == WATCH_ALL)
        return catch_all(c, w);
    c->steps--;
    return catch_id(c->ws, w);
}

bool catch_up(
    struct watches *ws, const struct spots *spots, uint64_t passed, struct live_reader *reader)
{
    struct catcher c = {ws, spots, passed, CATCH_UP_STEPS_MAX};
    const struct live_watch *idle = NULL; /* since its turn, all that had theirs wait */
    while (reader->behind_first && c.steps) {
        struct live_watch *w = reader->behind_first;
        enum caught caught = catch_watch(&c, w);
        if (caught == LEVEL) {
            watch_catches_up(ws, w);
        } else if (caught == ENDED) {
            watches_end(ws, w);
        } else {
            watch_goes_last(w);
        }
        if (caught == REFUSED || (caught == WAITS && idle == w))
            return false;
        if (caught != WAITS)
            idle = NULL;
        else if (!idle)
            idle = w;
    }
    return !reader->behind_first;
}
