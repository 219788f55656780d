/* live.c — see live.h. What there is of the index, and of the cursor that reads the feed for it:
 *
 *   state     event                              next      does
 *   NONE      an id is watched                   IDS       opens the cursor at the feed's end
 *   any       a question                         INDEX     as above, but from the feed's head
 *   INDEX     no question and no fence for       IDS       frees the index
 *             LIVE_KEEP_MS
 *   IDS       no id is watched                   NONE      closes the cursor
 *
 * Holds always: the index has each stamp that the cursor has passed, in the slot where it lies and
 * where it was as the cursor passed it; a fence exists only with an index, and began as that had
 * read the feed to its end. */
#include "core/live/live.h"
#include "core/base/invariant.h"
#include "core/live/catch_up.h"
#include "core/live/events.h"
#include "core/live/questions.h"
#include <stdlib.h>

enum { RETRY_MS = 10 }; /* after memory failed */

struct live {
    struct store *store;
    struct watches watches;
    struct questions questions;
    struct spots *spots; /* NULL: no index */
    bool reads; /* the cursor is open */
    unsigned cursor;
    bool answering;
    unsigned points; /* that searches may still look at in the turn of this time: */
    int64_t turn_ns;
    int64_t kept_until_ns; /* NEVER_NS: it is not known yet that nobody needs the index */
    int64_t retry_ns; /* the cursor goes on then; NEVER_NS: memory did not fail */
};

struct live *live_create(
    struct store *store, const struct live_limits *limits, const struct live_calls *calls)
{
    struct live *l = malloc(sizeof *l);
    if (!l)
        return NULL;
    *l = (struct live){
        .store = store,
        .watches = {.store = store, .calls = *calls, .limits = *limits},
        .questions = {.store = store, .calls = *calls},
        .turn_ns = INT64_MIN,
        .kept_until_ns = NEVER_NS,
        .retry_ns = NEVER_NS,
    };
    return l;
}

void live_destroy(struct live *l)
{
    if (!l)
        return;
    ASSERT(l->questions.count == 0);
    watches_deinit(&l->watches);
    spots_destroy(l->spots);
    if (l->reads)
        store_cursor_close(l->store, l->cursor);
    store_watch(l->store, NULL);
    free(l);
}

void live_take_limits(struct live *l, const struct live_limits *limits)
{
    l->watches.limits = *limits;
}

bool live_is_used(const struct live *l)
{
    return l->watches.count || l->questions.count || l->reads;
}

/* -- what the store tells ---------------------------------------------------------------------- */

static void on_leave(void *self, uint32_t slot, struct span id)
{
    struct live *l = self;
    struct point old;
    event_leave(&l->watches, slot, id);
    if (l->spots && spots_remove(l->spots, slot, &old))
        event_move(&l->watches, &old, NULL, id, NULL);
}

static void on_move(void *self, uint32_t from, uint32_t to)
{
    struct live *l = self;
    struct point old;
    if (!l->spots || !spots_find(l->spots, from, &old) || spots_rename(l->spots, from, to))
        return;
    /* The index has lost it. To fences it is gone, until the cursor comes to its change. */
    struct feed_item item;
    struct stamp_text text;
    store_read(l->store, to, &item, &text);
    event_move(&l->watches, &old, NULL, item.stamp.id, NULL);
}

static void listen(struct live *l)
{
    store_watch(l->store, &(struct store_watcher){l, on_move, on_leave});
}

static void listen_no_more(struct live *l)
{
    if (!live_is_used(l))
        store_watch(l->store, NULL);
}

/* -- the index --------------------------------------------------------------------------------- */

static void begin_reading(struct live *l)
{
    listen(l);
    if (l->reads)
        return;
    l->cursor = store_cursor_open(l->store);
    store_cursor_seek(l->store, l->cursor, store_change(l->store));
    l->reads = true;
}

static bool begin_index(struct live *l)
{
    l->kept_until_ns = NEVER_NS;
    if (l->spots)
        return true;
    ASSERT(watches_near(&l->watches) == 0 && l->questions.count == 0);
    l->spots = spots_create();
    if (!l->spots)
        return false;
    begin_reading(l);
    store_cursor_rewind(l->store, l->cursor);
    return true;
}

static bool is_at_end(const struct live *l)
{
    struct feed_item item;
    return !store_cursor_glance(l->store, l->cursor, &item);
}

static bool index_is_needed(const struct live *l)
{
    return l->questions.count || watches_near(&l->watches);
}

static void keep_or_close(struct live *l, struct instant now)
{
    if (l->spots && index_is_needed(l)) {
        l->kept_until_ns = NEVER_NS;
    } else if (l->spots && l->kept_until_ns == NEVER_NS) {
        l->kept_until_ns = now.mono_ns + LIVE_KEEP_MS * MS_NS;
    } else if (l->spots && now.mono_ns >= l->kept_until_ns) {
        spots_destroy(l->spots);
        l->spots = NULL;
        l->kept_until_ns = NEVER_NS;
        l->retry_ns = NEVER_NS;
    }
    if (l->reads && !l->spots && !l->watches.by_id) {
        store_cursor_close(l->store, l->cursor);
        l->reads = false;
    }
    listen_no_more(l);
}

/* -- watches ----------------------------------------------------------------------------------- */

struct live_watch *live_watch_id(
    struct live *l, struct live_reader *reader, struct span id, uint64_t told)
{
    struct live_watch *w = watches_add_id(&l->watches, reader, id, told);
    if (w)
        begin_reading(l);
    return w;
}

struct live_watch *live_watch_near(
    struct live *l, struct live_reader *reader, struct point centre, double radius_m)
{
    ASSERT(l->answering && l->spots && is_at_end(l));
    return watches_add_near(&l->watches, reader, centre, radius_m);
}

struct live_watch *live_watch_all(struct live *l, struct live_reader *reader)
{
    struct live_watch *w = watches_add_all(&l->watches, reader);
    if (w)
        listen(l);
    return w;
}

bool live_unwatch(struct live *l, struct live_reader *reader, uint64_t number)
{
    struct live_watch *w = reader->watches;
    while (w && w->number != number)
        w = w->next;
    if (!w)
        return false;
    watches_end(&l->watches, w);
    listen_no_more(l);
    return true;
}

void live_reader_end(struct live *l, struct live_reader *reader)
{
    while (reader->watches)
        watches_end(&l->watches, reader->watches);
    ASSERT(reader->count == 0 && !reader->behind_first && !reader->behind_last);
    listen_no_more(l);
}

bool live_catch_up(struct live *l, struct live_reader *reader)
{
    uint64_t passed = l->reads ? store_cursor_change(l->store, l->cursor) : 0;
    return catch_up(&l->watches, l->spots, passed, reader);
}

/* -- questions --------------------------------------------------------------------------------- */

bool live_ask(struct live *l, const struct live_question *q, struct instant now)
{
    ASSERT(!l->answering);
    if (!begin_index(l))
        return false;
    bool asked = questions_ask(&l->questions, q);
    keep_or_close(l, now);
    return asked;
}

void live_cancel(struct live *l, uint64_t ticket)
{
    ASSERT(!l->answering);
    questions_forget(&l->questions, ticket);
}

/* -- turns ------------------------------------------------------------------------------------- */

/* Put an item into the index. false: out of memory. */
static bool index_item(struct live *l, const struct feed_item *item)
{
    struct point old, to = point_of_text(item->stamp.position);
    enum spots_put put = spots_put(l->spots, item->slot, to, &old);
    if (put != SPOTS_STARVED)
        event_move(
            &l->watches, put == SPOTS_MOVED ? &old : NULL, &to, item->stamp.id, &item->stamp);
    return put != SPOTS_STARVED;
}

/* Read on. A line that is told counts as an item. false: out of memory. */
static bool drain(struct live *l)
{
    struct feed_item item;
    struct stamp_text text;
    uint64_t told = l->watches.told;
    for (uint64_t items = 0; items + (l->watches.told - told) < LIVE_ITEMS_A_TURN; items++) {
        if (!store_cursor_peek(l->store, l->cursor, &item, &text))
            return true;
        if (l->spots && !index_item(l, &item))
            return false;
        if (l->watches.by_id)
            event_change(&l->watches, &item, store_hash(l->store, item.stamp.id));
        store_cursor_pass(l->store, l->cursor);
    }
    return true;
}

static void read_on(struct live *l, struct instant now)
{
    if (l->retry_ns != NEVER_NS && now.mono_ns < l->retry_ns)
        return;
    l->retry_ns = NEVER_NS;
    if (drain(l))
        return;
    l->retry_ns = now.mono_ns + RETRY_MS * MS_NS;
    questions_fail(&l->questions);
}

static void read_all(struct live *l)
{
    unsigned budget = LIVE_ITEMS_A_TURN;
    for (unsigned i = 0; i < l->watches.all_count; i++) {
        struct live_watch *w = l->watches.all[i];
        if (!w->behind && !watch_reads(&l->watches, w, &budget))
            watch_falls_behind(&l->watches, w);
    }
}

void live_turn(struct live *l, struct instant now)
{
    if (now.mono_ns != l->turn_ns)
        l->points = LIVE_POINTS_A_TURN;
    l->turn_ns = now.mono_ns;
    l->answering = true;
    bool searched = !l->questions.search;
    if (!searched && l->points)
        searched = questions_go_on(&l->questions, &l->points);
    if (searched && l->reads) {
        read_on(l, now);
        if (l->spots && is_at_end(l))
            questions_answer(&l->questions, l->spots, &l->points);
    }
    l->answering = false;
    read_all(l);
    keep_or_close(l, now);
}

int64_t live_deadline(const struct live *l)
{
    for (unsigned i = 0; i < l->watches.all_count; i++)
        if (!l->watches.all[i]->behind && watch_has_more(&l->watches, l->watches.all[i]))
            return 0;
    if (l->questions.search)
        return 0;
    if (!l->reads)
        return NEVER_NS;
    bool closes = !l->spots && !l->watches.by_id;
    bool unkept = l->spots && !index_is_needed(l) && l->kept_until_ns == NEVER_NS;
    if (closes || unkept)
        return 0;
    if (!is_at_end(l) || l->questions.count)
        return l->retry_ns == NEVER_NS ? 0 : l->retry_ns;
    return l->kept_until_ns;
}

void live_report(const struct live *l, struct live_report *out)
{
    const struct watches *ws = &l->watches;
    *out = (struct live_report){
        .watches = ws->count,
        .fences = watches_near(ws),
        .all = ws->all_count,
        .indexed = l->spots ? spots_count(l->spots) : 0,
        .bytes = watches_bytes(ws) + (l->spots ? spots_bytes(l->spots) : 0),
        .told = ws->told,
        .answered = l->questions.answered,
        .behind = ws->behind,
    };
}
