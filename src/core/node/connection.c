/* connection.c — see connection.h: the table, and what can happen to every connection.
 *
 * The ground floor of the node: it calls none of the node's other files. Watching costs an active
 * connection nothing: it is looked at once a period, in the order in which it was put there, and
 * only then is compared when it last did something. Called by node, node_clients and node_links. */
#include "core/base/invariant.h"
#include "core/node/private.h"
#include <stdlib.h>

/* -- the table --------------------------------------------------------------------------------- */

struct connection *node_connection_open(
    struct node *n, uint32_t number, enum connection_kind kind, struct instant now)
{
    ASSERT(number < n->connections_max);
    struct connection **block = &n->blocks[number / NODE_TABLE_BLOCK];
    if (!*block)
        *block = calloc(NODE_TABLE_BLOCK, sizeof **block);
    if (!*block)
        return NULL;
    struct connection *c = node_connection(n, number);
    ASSERT(c->kind == CONNECTION_FREE);
    const struct connection last = *c; /* it may stand in lists from its last life */
    *c = (struct connection){.kind = kind,
        .number = number,
        .touched = last.touched,
        .next_touched = last.next_touched,
        .resuming = last.resuming,
        .next_resuming = last.next_resuming,
        .active_ns = now.mono_ns,
        .lines = {.bytes_max = n->topology->limits.line_bytes}};
    node_touch(n, c);
    return c;
}

struct pool *node_chunks(struct node *n, const struct connection *c)
{
    return c->kind == CONNECTION_LINK ? &n->link_chunks : &n->chunks;
}

size_t node_write(struct node *n, struct connection *c, struct span bytes)
{
    size_t written = 0;
    while (written < bytes.len) {
        size_t room_bytes;
        char *room = outbox_rest(&c->out, node_chunks(n, c), 1, &room_bytes);
        if (!room)
            break;
        size_t part = bytes.len - written < room_bytes ? bytes.len - written : room_bytes;
        memcpy(room, bytes.at + written, part);
        outbox_wrote(&c->out, part);
        written += part;
    }
    node_touch(n, c);
    return written;
}

/* -- touching and watching --------------------------------------------------------------------- */

void node_watches_begin(struct node *n)
{
    const struct topology_limits *limits = &n->topology->limits;
    n->idle = n->stalled = (struct watch){.first = NODE_CONN_NONE, .last = NODE_CONN_NONE};
    n->idle.period_ns = (int64_t)limits->idle_ms * MS_NS / NODE_WATCH_PARTS;
    n->stalled.period_ns = (int64_t)limits->stall_ms * MS_NS / NODE_WATCH_PARTS;
}

void node_unwatch(struct node *n, struct connection *c)
{
    struct watch *w = c->watch;
    if (!w)
        return;
    uint32_t *before = c->watch_prev == NODE_CONN_NONE
                           ? &w->first
                           : &node_connection(n, c->watch_prev)->watch_next;
    uint32_t *after =
        c->watch_next == NODE_CONN_NONE ? &w->last : &node_connection(n, c->watch_next)->watch_prev;
    *before = c->watch_next;
    *after = c->watch_prev;
    c->watch = NULL;
}

static void watch_append(struct node *n, struct watch *w, struct connection *c, int64_t now_ns)
{
    c->watch = w;
    c->look_at_ns = now_ns + w->period_ns;
    c->watch_next = NODE_CONN_NONE;
    c->watch_prev = w->last;
    if (w->last == NODE_CONN_NONE)
        w->first = c->number;
    else
        node_connection(n, w->last)->watch_next = c->number;
    w->last = c->number;
}

void node_watch(struct node *n, struct connection *c, struct instant now)
{
    bool minds_itself =
        c->kind != CONNECTION_CLIENT && !c->finishing; /* the others have timers of their own */
    if (c->aborted || minds_itself)
        return;
    struct watch *w = c->choked || c->finishing ? &n->stalled : &n->idle;
    if (c->watch == w)
        return;
    node_unwatch(n, c);
    c->active_ns = now.mono_ns;
    watch_append(n, w, c, now.mono_ns);
}

static void log_silent(struct node *n, const struct connection *c, struct instant now)
{
    bool stalled = c->watch == &n->stalled;
    uint64_t *counter =
        stalled ? &n->metrics.clients_dropped_stalled : &n->metrics.clients_dropped_idle;
    ++*counter;
    log_begin(n->log, LOG_INFO, stalled ? "client_stalled" : "client_idle", now);
    log_number(n->log, "conn", c->number);
    log_number(n->log, "unread_bytes", (int64_t)c->out.bytes);
    log_end(n->log);
}

/* The time of the first of `w` has come. A client that waits for places is not silent by its own
 * doing. */
static void look_at_first(struct node *n, struct watch *w, struct instant now)
{
    struct connection *c = node_connection(n, w->first);
    node_unwatch(n, c);
    watch_append(n, w, c, now.mono_ns);
    bool waits_for_us = c->questions > 0 && outbox_window(&c->out).len == 0;
    if (waits_for_us)
        c->active_ns = now.mono_ns;
    if (now.mono_ns - c->active_ns < w->period_ns * NODE_WATCH_PARTS)
        return;
    if (c->kind == CONNECTION_CLIENT)
        log_silent(n, c, now); /* of a link it is known already that it is down */
    node_abort(n, c);
}

static int64_t watch_deadline(const struct node *n, const struct watch *w)
{
    return w->first == NODE_CONN_NONE ? NEVER_NS : node_connection(n, w->first)->look_at_ns;
}

void node_watches_run(struct node *n, struct instant now)
{
    while (watch_deadline(n, &n->idle) <= now.mono_ns)
        look_at_first(n, &n->idle, now);
    while (watch_deadline(n, &n->stalled) <= now.mono_ns)
        look_at_first(n, &n->stalled, now);
}

int64_t node_watches_deadline(const struct node *n)
{
    return earlier_ns(watch_deadline(n, &n->idle), watch_deadline(n, &n->stalled));
}

/* -- ending ------------------------------------------------------------------------------------ */

void node_forget_input(struct connection *c)
{
    if (!c->held)
        return;
    outbox_clear(c->held, NULL);
    free(c->held);
    c->held = NULL;
}

void node_finish(struct node *n, struct connection *c, struct instant now)
{
    if (c->finishing)
        return;
    c->finishing = true;
    if (c->kind == CONNECTION_CLIENT)
        node_forget_input(c);
    node_watch(n, c, now);
    node_touch(n, c);
}

void node_abort(struct node *n, struct connection *c)
{
    c->aborted = true;
    node_unwatch(n, c);
    node_touch(n, c);
}
