/* kept.c — see kept.h. */
#include "sim/host.h"
#include <stdlib.h>

struct kept_record {
    int64_t lasts_ns; /* virtual; from when on */
    uint64_t change; /* of a stamp; 0: it is what node_past said: */
    struct past *past;
    uint64_t digest, count; /* with it: of the store */
    struct stamp stamp;
    char *texts; /* of the stamp */
};

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    if (!memory)
        abort();
    return memory;
}

static struct kept_record *add(struct kept *k, int64_t lasts_ns)
{
    if (k->count == k->room) {
        k->room = k->room ? 2 * k->room : 64;
        k->records = realloc(k->records, k->room * sizeof *k->records);
        if (!k->records)
            abort();
    }
    struct kept_record *r = &k->records[k->count++];
    *r = (struct kept_record){.lasts_ns = lasts_ns};
    return r;
}

static struct span copy(char **to, struct span text)
{
    char *at = *to;
    memcpy(at, text.at, text.len);
    *to += text.len;
    return (struct span){at, text.len};
}

static void add_stamp(struct kept *k, const struct feed_item *item, int64_t lasts_ns)
{
    struct kept_record *r = add(k, lasts_ns);
    const struct stamp *s = &item->stamp;
    char *at = r->texts = allocate(s->id.len + s->position.len + s->time.len + s->origin.len);
    r->change = item->change;
    r->stamp = *s;
    r->stamp.id = copy(&at, s->id);
    r->stamp.position = copy(&at, s->position);
    r->stamp.time = copy(&at, s->time);
    r->stamp.origin = copy(&at, s->origin);
}

static void add_past(struct kept *k, const struct past *past, const struct store *store, int64_t ns)
{
    struct kept_record *r = add(k, ns);
    r->past = allocate(sizeof *r->past);
    *r->past = *past;
    r->digest = store_digest(store);
    r->count = store_count(store);
}

static void drop_from(struct kept *k, size_t first)
{
    for (size_t i = first; i < k->count; i++) {
        free(k->records[i].past);
        free(k->records[i].texts);
    }
    if (k->count > first)
        k->count = first;
}

void kept_deinit(struct kept *k)
{
    drop_from(k, 0);
    free(k->records);
}

/* -- a life begins ----------------------------------------------------------------------------- */

static struct store *restore(struct host *h, struct kept *k, const struct topology *t)
{
    struct store_config config = {.stamps_max = t->limits.stamps,
        .when_full = t->limits.stamps_evict ? STORE_EVICTS : STORE_REFUSES,
        .seed = {h->life, h->party}};
    struct store *s = store_create(&config);
    if (!s)
        abort();
    for (size_t i = 0; i < k->count; i++) {
        const struct kept_record *r = &k->records[i];
        if (r->change && store_restore(s, &r->stamp, store_hash(s, r->stamp.id), r->change, 0) !=
                             STORE_NEW)
            judge_violated(h->judge, "%s does not take back what it kept",
                h->topology.nodes[h->self].name);
    }
    return s;
}

/* Each id that was kept is there, with the last of its changes. */
static void check(struct host *h, const struct kept *k, const struct store *s)
{
    struct feed_item item;
    struct stamp_text text;
    const char *name = h->topology.nodes[h->self].name;
    for (size_t i = 0; i < k->count && !h->judge->forgetful; i++) {
        const struct kept_record *r = &k->records[i];
        if (r->change && (!store_get(s, r->stamp.id, store_hash(s, r->stamp.id), &item, &text) ||
                             item.change < r->change))
            judge_violated(h->judge, "%s has lost what it kept", name);
    }
    const struct kept_record *last = k->count ? &k->records[k->count - 1] : NULL;
    if (last && last->past &&
        (last->digest != store_digest(s) || last->count != store_count(s)))
        judge_violated(h->judge, "%s kept other stamps than it held", name);
}

/* The list is begun anew with what the store holds. */
static void compact(struct kept *k, struct store *s, bool knows)
{
    struct feed_item item;
    struct stamp_text text;
    drop_from(k, 0);
    unsigned cursor = store_cursor_open(s);
    for (; store_cursor_peek(s, cursor, &item, &text); store_cursor_pass(s, cursor))
        add_stamp(k, &item, 0);
    store_cursor_close(s, cursor);
    if (knows)
        add_past(k, &k->past, s, 0);
}

void kept_begins(struct host *h, struct node_config *config)
{
    struct kept *k = &h->kept;
    if (!k->on)
        return;
    const struct past *past = NULL;
    for (size_t i = 0; i < k->count; i++)
        past = k->records[i].past ? k->records[i].past : past;
    if (past)
        k->past = *past;
    config->past = past ? &k->past : NULL;
    struct store *s = config->store = restore(h, k, config->topology);
    struct account *node = memory_of(NULL);
    check(h, k, s);
    compact(k, s, past);
    memory_of(node);
    k->restored = store_count(s);
}

static struct store *store_of(const struct host *h)
{
    return (struct store *)node_store(h->node);
}

void kept_began(struct host *h)
{
    struct kept *k = &h->kept;
    if (!k->on)
        return;
    k->cursor = store_cursor_open(store_of(h));
    store_cursor_seek(store_of(h), k->cursor, store_change(store_of(h)));
    k->write_ns = h->network->now_ns;
}

/* -- it is written, and ends ------------------------------------------------------------------- */

static void write_some(struct host *h, unsigned items_most)
{
    struct kept *k = &h->kept;
    struct store *s = store_of(h);
    struct feed_item item;
    struct stamp_text text;
    for (unsigned n = items_most; n && store_cursor_peek(s, k->cursor, &item, &text); n--) {
        add_stamp(k, &item, k->lasts_ns);
        store_cursor_pass(s, k->cursor);
    }
}

bool kept_writes(struct host *h)
{
    struct kept *k = &h->kept;
    int64_t now_ns = h->network->now_ns;
    if (!k->on || k->rests || now_ns < k->write_ns)
        return false;
    k->lasts_ns = now_ns + k->lag_ns;
    write_some(h, k->items_most ? 1 + (unsigned)network_draw(h->network, k->items_most) : ~0u);
    k->write_ns = now_ns + (k->gap_ns ? (int64_t)network_draw(h->network, (uint64_t)k->gap_ns) : 0);
    return true;
}

bool kept_writes_all(struct host *h)
{
    h->kept.lasts_ns = 0;
    if (h->kept.on)
        write_some(h, ~0u);
    return h->kept.on;
}

bool kept_may_note(const struct host *h)
{
    const struct store *s = store_of(h);
    return store_cursor_change(s, h->kept.cursor) == store_change(s);
}

void kept_notes(struct host *h)
{
    struct past past;
    node_past(h->node, &past);
    add_past(&h->kept, &past, store_of(h), h->kept.lasts_ns);
}

void kept_dies(struct host *h)
{
    struct kept *k = &h->kept;
    size_t lasts = k->count;
    while (lasts && k->records[lasts - 1].lasts_ns > h->network->now_ns)
        lasts--;
    drop_from(k, lasts);
}
