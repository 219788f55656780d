/* judge.c — what must be true of news and answers; see world.h. */
#include "live/world.h"
#include "unit/failing_memory.h"
#include <inttypes.h>
#include <stdarg.h>

void judge_violated(struct world *w, const char *format, ...)
{
    if (w->violated)
        return;
    w->violated = true;
    va_list args;
    va_start(args, format);
    vsnprintf(w->verdict, sizeof w->verdict, format, args);
    va_end(args);
}

static void remember(struct known *k, const struct stamp *s)
{
    k->stamp = *s;
    struct span *texts[] = {
        &k->stamp.position, &k->stamp.time, &k->stamp.origin, &k->stamp.id};
    for (unsigned i = 0; i < 4; i++) {
        memcpy(k->texts[i], texts[i]->at, texts[i]->len);
        texts[i]->at = k->texts[i];
    }
    k->held = k->follows = true;
}

static bool is_within(const struct watch_model *m, const struct stamp *s)
{
    return point_distance_m(m->centre, point_of_text(s->position)) <= m->radius_m;
}

void judge_begin(struct world *w, struct watch_model *m, unsigned id)
{
    struct feed_item item;
    struct stamp_text text;
    m->known[id] = (struct known){.gone_before = w->left[id]};
    if (world_get(w, id, &item, &text) && (m->kind != OF_CIRCLE || is_within(m, &item.stamp)))
        remember(&m->known[id], &item.stamp);
}

/* -- lines ------------------------------------------------------------------------------------- */

static const char *const words[] = {"NOW", "ENTER", "MOVE", "EXIT", "GONE", "FULL", "WATCHING"};

static bool line_may_come(const struct watch_model *m, enum live_news what, bool held, bool within)
{
    switch (what) {
    case LIVE_NOW:
        return m->kind == OF_ID || m->kind == OF_ALL;
    case LIVE_ENTER:
        return m->kind == OF_CIRCLE && !held && within;
    case LIVE_MOVE:
        return m->kind == OF_CIRCLE && held && within;
    case LIVE_EXIT:
        return m->kind == OF_CIRCLE && held && !within;
    default:
        return m->kind == OF_ALL || held; /* GONE */
    }
}

static void judge_stamp(struct world *w, struct watch_model *m, enum live_news what, unsigned id,
    const struct stamp *stamp)
{
    struct known *k = &m->known[id];
    struct feed_item item;
    struct stamp_text text;
    if (!world_get(w, id, &item, &text) || stamp_compare(&item.stamp, stamp) != 0)
        judge_violated(w, "%s of id %u tells what the store does not hold", words[what], id);
    if (k->follows && stamp_compare(stamp, &k->stamp) <= 0)
        judge_violated(w, "%s of id %u is not newer than the line before", words[what], id);
    remember(k, stamp);
    if (what == LIVE_EXIT)
        k->held = k->follows = false;
}

bool judge_line(struct world *w, struct watch_model *m, enum live_news what, struct span text,
    const struct stamp *stamp)
{
    if (what == LIVE_WATCHING) {
        if (m->kind != OF_ALL || m->watching)
            judge_violated(w, "WATCHING of what is watched already");
        m->watching = true;
        return true;
    }
    if (what == LIVE_FULL) {
        bool few = m->kind == OF_CIRCLE && w->limit < IDS;
        if (!few && !w->failed && !heap.fails_at)
            judge_violated(w, "FULL without need");
        m->kind = OF_NOTHING;
        w->full++;
        return true;
    }
    int id = world_number(text);
    if (id < 0)
        return true;
    struct known *k = &m->known[id];
    if (m->kind == OF_ID && m->id != (unsigned)id)
        judge_violated(w, "a line of another id");
    if (!line_may_come(m, what, k->held, stamp && is_within(m, stamp)))
        judge_violated(
            w, "%s of id %d, which was told as %s", words[what], id, k->held ? "held" : "not held");
    if (what != LIVE_GONE) {
        judge_stamp(w, m, what, (unsigned)id, stamp);
        return true;
    }
    k->held = k->follows = false;
    w->gone++;
    if (++k->gone > w->left[id] - k->gone_before + w->in_put && !w->failed && !heap.fails_at)
        judge_violated(w, "GONE of id %d, which is not", id);
    return true;
}

void judge_level(struct world *w, const struct watch_model *m)
{
    for (unsigned id = 0; id < IDS; id++) {
        struct feed_item item;
        struct stamp_text text;
        const struct known *k = &m->known[id];
        if (m->kind == OF_ID && m->id != id)
            continue;
        bool held = world_get(w, id, &item, &text);
        if (m->kind == OF_CIRCLE)
            held = held && is_within(m, &item.stamp);
        if (held != k->held)
            judge_violated(w, "kind %d: id %u %s, and was told as the contrary", m->kind, id,
                held ? "is held" : "is not held");
        else if (held && stamp_compare(&k->stamp, &item.stamp) != 0)
            judge_violated(w, "kind %d: what was told of id %u is not the newest", m->kind, id);
    }
    if (m->kind == OF_ALL && !m->watching)
        judge_violated(w, "no WATCHING");
}

/* -- answers ----------------------------------------------------------------------------------- */

static int nearer(const struct world *w, const struct live_hit *a, const struct live_hit *b)
{
    struct feed_item x, y;
    struct stamp_text text_x, text_y;
    if (a->distance_m != b->distance_m)
        return a->distance_m < b->distance_m ? -1 : 1;
    store_read(w->store, a->slot, &x, &text_x);
    store_read(w->store, b->slot, &y, &text_y);
    return span_compare(x.stamp.id, y.stamp.id);
}

static bool counts(const struct live_question *q, const struct feed_item *item, double *distance_m)
{
    *distance_m = point_distance_m(q->centre, point_of_text(item->stamp.position));
    return *distance_m <= q->radius_m && item->stamp.time_ns + item->stamp.skew_ns >= q->since_ns;
}

/* All that count, nearest first. */
static unsigned scan(const struct world *w, const struct live_question *q, struct live_hit *out)
{
    unsigned count = 0;
    for (unsigned id = 0; id < IDS; id++) {
        struct feed_item item;
        struct stamp_text text;
        struct live_hit hit;
        if (!world_get(w, id, &item, &text) || !counts(q, &item, &hit.distance_m))
            continue;
        hit.slot = item.slot;
        unsigned at = count++;
        for (; at && nearer(w, &hit, &out[at - 1]) < 0; at--)
            out[at] = out[at - 1];
        out[at] = hit;
    }
    return count;
}

/* Of a search that went on over several turns: each counts now, and they are in order. */
static void judge_parts(
    struct world *w, const struct live_question *q, const struct live_hit *hits, unsigned found)
{
    for (unsigned i = 0; i < found; i++) {
        struct feed_item item;
        struct stamp_text text;
        double distance_m;
        store_read(w->store, hits[i].slot, &item, &text);
        if (!counts(q, &item, &distance_m) || distance_m != hits[i].distance_m)
            judge_violated(w, "near, in parts: a stamp that is not");
        if (i && nearer(w, &hits[i - 1], &hits[i]) >= 0)
            judge_violated(w, "near, in parts: out of order");
    }
    if (found > q->count)
        judge_violated(w, "near, in parts: %u of %u", found, q->count);
}

static bool has(const struct live_hit *hits, unsigned found, uint32_t slot)
{
    for (unsigned i = 0; i < found; i++)
        if (hits[i].slot == slot)
            return true;
    return false;
}

void judge_answer(struct world *w, const struct live_question *q, const struct live_hit *hits,
    unsigned found, bool more)
{
    struct live_hit all[IDS];
    if (w->in_parts && !q->fence) {
        w->parts++;
        judge_parts(w, q, hits, found);
        return;
    }
    unsigned count = scan(w, q, all), due = count < q->count ? count : q->count;
    if (found != due || more != (q->fence && count > q->count))
        judge_violated(
            w, "near: %u found%s, and there are %u", found, more ? " and more" : "", count);
    for (unsigned i = 0; i < found && i < due; i++) {
        if (q->fence ? !has(all, count, hits[i].slot) || has(hits, i, hits[i].slot)
                     : all[i].slot != hits[i].slot || all[i].distance_m != hits[i].distance_m)
            judge_violated(w, "near: number %u is another", i);
    }
}
