/* unread.c — see unread.h.
 *
 * It looks at all connections, but only where the total is exceeded, once a turn, and then makes so
 * much room that much has to be written before it is exceeded again. */
#include "core/node/private.h"

/* The clients with the most, the first of all before the others. */
struct worst {
    struct connection *each[UNREAD_RESETS_MAX];
    unsigned count;
};

static void worst_offer(struct worst *w, struct connection *c)
{
    unsigned i = w->count;
    if (i == UNREAD_RESETS_MAX && c->out.memory <= w->each[i - 1]->out.memory)
        return;
    i -= i == UNREAD_RESETS_MAX;
    for (; i > 0 && w->each[i - 1]->out.memory < c->out.memory; i--)
        w->each[i] = w->each[i - 1];
    w->each[i] = c;
    w->count += w->count < UNREAD_RESETS_MAX;
}

/* What is held by clients that are not about to be closed, and the worst of these. */
static uint64_t look_at_all(const struct node *n, struct worst *worst)
{
    uint64_t held = pool_held(&n->connections.chunks);
    worst->count = 0;
    for (uint32_t i = 0; i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (!c || c->kind != CONNECTION_CLIENT || !c->out.head)
            continue;
        ASSERT(held >= c->out.memory || !c->aborted);
        if (c->aborted)
            held -= c->out.memory;
        else
            worst_offer(worst, c);
    }
    return held;
}

static void reset(struct node *n, struct connection *c)
{
    n->metrics.clients_dropped_unread++;
    client_log_ends(n, c, "it had most unread at limits.output_total");
    connection_abort(&n->connections, c);
}

void unread_begin(struct node *n)
{
    n->unread.most_bytes = n->topology->limits.output_total_bytes;
}

bool unread_relieve(struct node *n)
{
    uint64_t total = n->topology->limits.output_total_bytes, goal = total - total / UNREAD_SPARE;
    struct worst worst;
    uint64_t held = look_at_all(n, &worst);
    ASSERT(n->unread.most_bytes == total || n->unread.most_bytes == goal);
    bool exceeds = held > n->unread.most_bytes;
    unsigned resets = 0;
    for (; exceeds && resets < worst.count && held > goal; resets++) {
        ASSERT(held >= worst.each[resets]->out.memory);
        held -= worst.each[resets]->out.memory;
        reset(n, worst.each[resets]);
    }
    bool goes_on = held > goal && resets == UNREAD_RESETS_MAX; /* fewer: all are reset */
    n->unread.most_bytes = goes_on ? goal : total;
    return goes_on;
}
