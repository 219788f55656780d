/* lookups.c — see lookups.h. */
#include "io/lookups.h"
#include "core/base/invariant.h"

void lookups_open(struct lookups *l, struct ring *ring, struct node *node, const char *servers)
{
    *l = (struct lookups){.node = node};
    for (unsigned i = 0; i < LOOKUPS_MAX; i++)
        resolve_open(&l->each[i], ring, i, servers);
    resolve_open(&l->own, ring, LOOKUPS_MAX, servers);
}

void lookups_close(struct lookups *l)
{
    for (unsigned i = 0; i < LOOKUPS_MAX; i++)
        resolve_close(&l->each[i]);
    resolve_close(&l->own);
}

void lookups_completed(struct lookups *l, const struct ring_event *e)
{
    unsigned which = e->tag.slot / RESOLVE_SOCKETS_MAX;
    ASSERT(which <= LOOKUPS_MAX);
    resolve_completed(which == LOOKUPS_MAX ? &l->own : &l->each[which], e);
}

void lookups_turn(struct lookups *l, struct instant now)
{
    struct resolve_answer answer;
    for (unsigned i = 0; l->busy && i < LOOKUPS_MAX; i++) {
        if (!resolve_answer(&l->each[i], &answer, now))
            continue;
        if (answer.count)
            node_resolved(l->node, l->ids[i], answer.addresses, answer.count, answer.ttl_s, now);
        else
            node_resolve_failed(l->node, l->ids[i], answer.why, now);
    }
}

/* One that may be asked; NULL: none. */
static struct resolve *free_one(struct lookups *l)
{
    for (unsigned i = 0; i < LOOKUPS_MAX; i++)
        if (!l->each[i].asked)
            return &l->each[i];
    return NULL;
}

void lookups_settle(struct lookups *l, struct instant now)
{
    struct resolve *r;
    struct lookup_order order;
    while ((r = free_one(l)) && node_resolve(l->node, &order)) {
        l->ids[r->number] = order.id;
        resolve_ask(r, order.host, now);
        l->busy = LOOKUPS_MAX;
    }
    if (!l->busy)
        return;
    l->busy = 0;
    for (unsigned i = 0; i < LOOKUPS_MAX; i++) {
        resolve_settle(&l->each[i], now);
        l->busy += resolve_is_busy(&l->each[i]);
    }
}

int64_t lookups_deadline(const struct lookups *l)
{
    int64_t next_ns = NEVER_NS;
    for (unsigned i = 0; l->busy && i < LOOKUPS_MAX; i++)
        next_ns = earlier_ns(next_ns, resolve_deadline(&l->each[i]));
    return next_ns;
}
