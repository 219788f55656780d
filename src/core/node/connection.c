/* connection.c — see connection.h: the table of connections, and what can happen to each.
 *
 * Watching costs an active connection nothing: it is looked at once a period, in the order in which
 * it was added, and only then is the time since it was last active compared. A watch is a list
 * whose first entry is due first: every entry of a watch waits for the same period. */
#include "core/node/connection.h"
#include <stddef.h>
#include <stdlib.h>

/* -- the table --------------------------------------------------------------------------------- */

static void watch_begin(struct watch *w, uint64_t timeout_ms)
{
    w->period_ns = (int64_t)timeout_ms * MS_NS / CONNECTION_WATCH_PARTS;
    ASSERT(w->period_ns > 0);
    connection_list_begin(&w->list);
}

bool connections_begin(struct connections *t, uint32_t max, const struct topology_limits *limits,
    size_t link_chunk_bytes, unsigned link_spare_chunks)
{
    ASSERT(max < CONNECTION_NONE);
    t->max = max;
    t->touched_first = CONNECTION_NONE;
    watch_begin(&t->idle, limits->idle_ms);
    watch_begin(&t->stalled, limits->stall_ms);
    t->quiet_until_ns = NEVER_NS;
    pool_init(&t->chunks, OUTBOX_CHUNK_BYTES, OUTBOX_SPARE_CHUNKS);
    pool_init(&t->link_chunks, link_chunk_bytes, link_spare_chunks);
    t->blocks = calloc(max / CONNECTION_BLOCK + 1, sizeof *t->blocks);
    return t->blocks != NULL;
}

void connections_end(struct connections *t)
{
    ASSERT(t->idle.list.first == CONNECTION_NONE && t->stalled.list.first == CONNECTION_NONE);
    for (uint32_t i = 0; t->blocks && i <= t->max / CONNECTION_BLOCK; i++)
        free(t->blocks[i]);
    free(t->blocks);
    pool_deinit(&t->chunks);
    pool_deinit(&t->link_chunks);
}

bool connections_grow(struct connections *t, uint32_t max)
{
    ASSERT(max < CONNECTION_NONE);
    if (max <= t->max)
        return true;
    size_t before = t->max / CONNECTION_BLOCK + 1, after = max / CONNECTION_BLOCK + 1;
    struct connection **blocks = realloc(t->blocks, after * sizeof *blocks);
    if (!blocks)
        return false;
    memset(blocks + before, 0, (after - before) * sizeof *blocks);
    t->blocks = blocks;
    t->max = max;
    return true;
}

/* Whoever would be looked at after a shorter period is looked at then: so the first stays the one
 * that is due first. */
static void watch_take_period(
    struct connections *t, struct watch *w, uint64_t timeout_ms, struct instant now)
{
    w->period_ns = (int64_t)timeout_ms * MS_NS / CONNECTION_WATCH_PARTS;
    ASSERT(w->period_ns > 0);
    uint32_t number = w->list.first;
    while (number != CONNECTION_NONE) {
        struct connection *c = connection_of(t, number);
        c->look_at_ns = earlier_ns(c->look_at_ns, now.mono_ns + w->period_ns);
        number = c->entries[LIST_WATCHED].next;
    }
}

void connections_take_limits(
    struct connections *t, const struct topology_limits *limits, struct instant now)
{
    watch_take_period(t, &t->idle, limits->idle_ms, now);
    watch_take_period(t, &t->stalled, limits->stall_ms, now);
    t->quiet_until_ns = connections_deadline(t);
}

struct connection *connection_open(
    struct connections *t, uint32_t number, enum connection_kind kind, struct instant now)
{
    ASSERT(number < t->max && kind != CONNECTION_FREE);
    struct connection **block = &t->blocks[number / CONNECTION_BLOCK];
    if (!*block)
        *block = calloc(CONNECTION_BLOCK, sizeof **block);
    if (!*block)
        return NULL;
    struct connection *c = connection_of(t, number);
    ASSERT(c->kind == CONNECTION_FREE && !c->watch && !c->out.head);
    memset(c, 0, offsetof(struct connection, touched));
    c->kind = kind;
    c->number = number;
    c->active_ns = now.mono_ns;
    connection_touch(t, c);
    return c;
}

/* -- output ------------------------------------------------------------------------------------ */

size_t connection_write(struct connections *t, struct connection *c, struct span bytes)
{
    size_t written = 0;
    while (written < bytes.len) {
        size_t room_bytes;
        char *room = outbox_rest(&c->out, connection_chunks(t, c), 1, &room_bytes);
        if (!room)
            break;
        size_t part = bytes.len - written < room_bytes ? bytes.len - written : room_bytes;
        memcpy(room, bytes.at + written, part);
        outbox_wrote(&c->out, part);
        written += part;
    }
    connection_touch(t, c);
    return written;
}

/* -- watching ---------------------------------------------------------------------------------- */

static void unwatch(struct connections *t, struct connection *c)
{
    if (c->watch)
        connection_list_remove(t, &c->watch->list, LIST_WATCHED, c);
    c->watch = NULL;
}

static void watch_append(
    struct connections *t, struct watch *w, struct connection *c, int64_t now_ns)
{
    ASSERT(!c->watch);
    c->watch = w;
    c->look_at_ns = now_ns + w->period_ns;
    if (w->list.first == CONNECTION_NONE)
        t->quiet_until_ns = earlier_ns(t->quiet_until_ns, c->look_at_ns);
    connection_list_append(t, &w->list, LIST_WATCHED, c);
}

void connection_watch(struct connections *t, struct connection *c, struct instant now)
{
    bool has_timers = c->kind != CONNECTION_CLIENT && !c->finishing; /* those of link or exchange */
    if (c->aborted || has_timers)
        return;
    struct watch *w = c->choked || c->finishing ? &t->stalled : &t->idle;
    if (c->watch == w)
        return;
    unwatch(t, c);
    c->active_ns = now.mono_ns;
    c->unconfirmed = 0;
    watch_append(t, w, c, now.mono_ns);
}

/* The time of the first of `w` has come. Whether it was silent for too long. A client that waits
 * for an answer of the places service, or pauses, is silent through no fault of its own. */
static bool first_is_silent(struct connections *t, struct watch *w, struct instant now)
{
    struct connection *c = connection_of(t, w->list.first);
    unwatch(t, c);
    watch_append(t, w, c, now.mono_ns);
    if (outbox_waits(&c->out) || c->paused || (c->spared && !c->finishing))
        c->active_ns = now.mono_ns;
    if (w == &t->stalled) {
        c->asked_about = true;
        connection_touch(t, c);
        return false;
    }
    return now.mono_ns - c->active_ns >= w->period_ns * CONNECTION_WATCH_PARTS;
}

bool connection_reported(struct connections *t, struct connection *c, size_t unconfirmed,
    uint64_t most, struct instant now)
{
    ASSERT(c->asked_about);
    c->asked_about = false;
    if (unconfirmed < c->unconfirmed)
        c->active_ns = now.mono_ns;
    c->unconfirmed = unconfirmed;
    if (c->watch != &t->stalled) /* it was released or aborted meanwhile */
        return false;
    const struct watch *w = connection_is_stalled(c, most) ? &t->stalled : &t->idle;
    return now.mono_ns - c->active_ns >= w->period_ns * CONNECTION_WATCH_PARTS;
}

static int64_t watch_deadline(const struct connections *t, const struct watch *w)
{
    return w->list.first == CONNECTION_NONE ? NEVER_NS
                                            : connection_of(t, w->list.first)->look_at_ns;
}

struct connection *connections_silent_now(
    struct connections *t, unsigned *looks, struct instant now)
{
    while (*looks) {
        --*looks;
        struct watch *w = watch_deadline(t, &t->idle) <= now.mono_ns ? &t->idle : &t->stalled;
        if (watch_deadline(t, w) > now.mono_ns) {
            t->quiet_until_ns = connections_deadline(t);
            return NULL;
        }
        if (first_is_silent(t, w, now))
            return connection_of(t, w->list.last);
    }
    return NULL;
}

int64_t connections_deadline(const struct connections *t)
{
    return earlier_ns(watch_deadline(t, &t->idle), watch_deadline(t, &t->stalled));
}

/* -- ending ------------------------------------------------------------------------------------ */

void connection_choke(struct connections *t, struct connection *c, struct instant now)
{
    if (c->choked)
        return;
    c->choked = true;
    connection_watch(t, c, now);
    connection_touch(t, c);
}

void connection_pause(struct connection *c, bool paused)
{
    ASSERT(c->kind == CONNECTION_CLIENT && c->paused != paused);
    c->paused = paused;
}

void connection_release(struct connection *c)
{
    c->choked = false;
}

void connection_ended(struct connections *t, struct connection *c)
{
    c->ended = true;
    connection_touch(t, c);
}

void connection_finish(struct connections *t, struct connection *c, struct instant now)
{
    if (c->finishing)
        return;
    c->finishing = true;
    connection_watch(t, c, now);
    connection_touch(t, c);
}

void connection_abort(struct connections *t, struct connection *c)
{
    c->aborted = true;
    unwatch(t, c);
    connection_touch(t, c);
}

void connection_free(struct connections *t, struct connection *c)
{
    ASSERT(c->kind != CONNECTION_FREE);
    unwatch(t, c);
    outbox_clear(&c->out, connection_chunks(t, c));
    c->kind = CONNECTION_FREE;
}
