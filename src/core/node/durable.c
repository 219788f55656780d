/* durable.c — see durable.h.
 *
 * Holds always: a client's marks ascend, in bytes and in changes; a client without marks has
 * nothing to wait for, and all of its output may go out. */
#include "core/node/durable.h"
#include "core/journal/journal.h"
#include "core/node/private.h"
#include <stdlib.h>

struct held_mark {
    size_t bytes; /* of the output, from its front; 0: there is no such mark */
    uint64_t change; /* that has to be durable */
};

struct held {
    size_t free; /* bytes at the front that may go out */
    struct held_mark marks[2];
    uint32_t next; /* in the list of those that have marks, or had */
    bool listed;
};

/* -- life -------------------------------------------------------------------------------------- */

bool durable_begin(struct node *n, const struct node_config *config, struct instant now)
{
    struct durable *d = &n->durable;
    unsigned char random[RANDOM_BYTES];
    d->first = CONNECTION_NONE;
    if (!config->found)
        return true;
    random_draw(&n->random, random);
    struct journal_config journal = {.store = n->store,
        .log = n->log,
        .how = &n->topology->journal,
        .herd = n->herd,
        .node = n->name,
        .boot = n->links.peering.boot,
        .found = config->found};
    memcpy(&journal.random, random, sizeof journal.random);
    d->journal = journal_create(&journal, now);
    d->holds = n->topology->journal.mode == JOURNAL_ALWAYS;
    return d->journal && durable_grow(n, n->connections.max);
}

bool durable_grow(struct node *n, uint32_t max)
{
    struct durable *d = &n->durable;
    if (!d->journal || max <= d->max)
        return true;
    struct held *more = calloc(max, sizeof *more); /* what is never used costs no memory */
    if (!more)
        return false;
    if (d->max)
        memcpy(more, d->each, d->max * sizeof *more);
    free(d->each);
    d->each = more;
    d->max = max;
    return true;
}

void durable_end(struct node *n)
{
    journal_destroy(n->durable.journal);
    free(n->durable.each);
}

/* Replies wait from now on: what was written before may go out. Or they do not any more. Where they
 * waited before and still do, they go on waiting. */
void durable_take_limits(struct node *n, struct instant now)
{
    struct durable *d = &n->durable;
    if (!d->journal)
        return;
    journal_take_limits(d->journal, &n->topology->journal, now);
    bool held = d->holds;
    d->holds = n->topology->journal.mode == JOURNAL_ALWAYS;
    if (d->holds == held)
        return;
    for (uint32_t i = 0; i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (!c || c->kind != CONNECTION_CLIENT)
            continue;
        struct held *h = &d->each[i];
        h->free = c->out.bytes;
        h->marks[0] = h->marks[1] = (struct held_mark){0};
        connection_touch(&n->connections, c);
    }
}

/* -- replies that wait ------------------------------------------------------------------------- */

static bool has_marks(const struct held *h)
{
    ASSERT(h->marks[0].bytes || !h->marks[1].bytes);
    return h->marks[0].bytes;
}

/* A turn has ended in which the client's output may have grown, while not all changes are
 * durable. */
static void hold(struct durable *d, const struct connection *c, uint64_t change)
{
    struct held *h = &d->each[c->number];
    bool first = !has_marks(h);
    size_t known = first ? h->free : h->marks[h->marks[1].bytes ? 1 : 0].bytes;
    ASSERT(c->out.bytes >= known);
    if (c->out.bytes == known)
        return;
    h->marks[first ? 0 : 1] = (struct held_mark){.bytes = c->out.bytes, .change = change};
    if (h->listed)
        return;
    h->listed = true;
    h->next = d->first;
    d->first = c->number;
}

/* true: some of it may go out now. */
static bool let_go(struct held *h, uint64_t durable)
{
    size_t before = h->free;
    while (has_marks(h) && h->marks[0].change <= durable) {
        ASSERT(h->marks[0].bytes >= h->free);
        h->free = h->marks[0].bytes;
        h->marks[0] = h->marks[1];
        h->marks[1] = (struct held_mark){0};
    }
    return h->free > before;
}

/* More has become durable. */
static void let_all_go(struct node *n, uint64_t durable)
{
    struct durable *d = &n->durable;
    uint32_t *at = &d->first;
    while (*at != CONNECTION_NONE) {
        struct held *h = &d->each[*at];
        struct connection *c = connection_of(&n->connections, *at);
        if (let_go(h, durable))
            connection_touch(&n->connections, c);
        if (has_marks(h)) {
            at = &h->next;
            continue;
        }
        h->listed = false;
        *at = h->next;
    }
}

static void hold_all(struct node *n, uint64_t durable)
{
    struct durable *d = &n->durable;
    uint64_t change = store_change(n->store);
    for (uint32_t i = n->connections.touched_first; i != CONNECTION_NONE;) {
        const struct connection *c = connection_of(&n->connections, i);
        i = c->next_touched;
        if (c->kind != CONNECTION_CLIENT)
            continue;
        if (durable < change)
            hold(d, c, change);
        else
            d->each[c->number].free = c->out.bytes;
    }
}

struct span durable_window(const struct node *n, const struct connection *c)
{
    struct span window = outbox_window(&c->out);
    size_t most = n->durable.each[c->number].free;
    ASSERT(n->durable.holds && c->kind == CONNECTION_CLIENT);
    return window.len <= most ? window : (struct span){window.at, most};
}

void durable_fills(struct node *n, const struct connection *c, const struct chunk *gate)
{
    struct held *h = &n->durable.each[c->number];
    size_t before = 0;
    for (const struct chunk *chunk = c->out.head; chunk != gate; chunk = chunk->next)
        before += chunk->len - chunk->sent;
    if (h->free > before)
        h->free = before;
    for (unsigned i = 0; i < 2; i++) /* the turn's end marks it anew */
        if (h->marks[i].bytes > before)
            h->marks[i] = (struct held_mark){0};
}

void durable_sent(struct node *n, const struct connection *c, size_t bytes)
{
    struct held *h = &n->durable.each[c->number];
    ASSERT(bytes <= h->free);
    h->free -= bytes;
    for (unsigned i = 0; i < 2 && h->marks[i].bytes; i++)
        h->marks[i].bytes -= bytes;
}

void durable_forget(struct node *n, const struct connection *c)
{
    struct held *h = &n->durable.each[c->number];
    h->free = 0;
    h->marks[0] = h->marks[1] = (struct held_mark){0}; /* the list finds that out */
}

/* -- the journal ------------------------------------------------------------------------------- */

static void give_up(struct node *n, const char *why, struct instant now)
{
    n->durable.gave_up = true;
    log_begin(n->log, LOG_ERROR, "journal_gives_up", now);
    log_text(n->log, "why", span_of(why));
    log_text(n->log, "means",
        SPAN("no reply can be given that promises a stamp on the disk, so the node ends"));
    log_end(n->log);
}

void durable_turn(struct node *n, struct instant now)
{
    struct durable *d = &n->durable;
    ASSERT(d->journal);
    if (n->stopping && n->stop.bye_ns != NEVER_NS && !d->stop_ns) {
        d->stop_ns = now.mono_ns;
        journal_stop(d->journal);
    }
    if (journal_turn(d->journal, now)) {
        struct past past;
        past_note(&n->links.peering, peering_partial(&n->links.peering), &past);
        journal_end(d->journal, &past, now);
    }
    if (d->holds) {
        uint64_t durable = journal_durable(d->journal);
        if (durable > d->released)
            let_all_go(n, durable);
        d->released = durable;
        hold_all(n, durable);
    }
    const char *why = journal_gives_up(d->journal, now);
    if (why && !d->gave_up)
        give_up(n, why, now);
}

bool durable_waits(const struct node *n)
{
    const struct durable *d = &n->durable;
    if (!d->journal || n->stop.hurried || journal_is_over(d->journal))
        return false;
    return !d->stop_ns || n->now.mono_ns < d->stop_ns + DURABLE_STOP_MS * MS_NS;
}

int64_t durable_deadline(const struct node *n)
{
    const struct durable *d = &n->durable;
    int64_t stop_ns = d->stop_ns ? d->stop_ns + DURABLE_STOP_MS * MS_NS : NEVER_NS;
    return earlier_ns(journal_deadline(d->journal), stop_ns > n->now.mono_ns ? stop_ns : NEVER_NS);
}
