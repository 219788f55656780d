/* transfers.c — see transfers.h.
 *
 * Holds always: a link with a transfer is an observer's, and no stranger; there are as many open
 * cursors of dumps as dumps. */
#include "core/node/transfers.h"
#include "core/node/private.h"
#include <stdlib.h>

/* The cursors of neighbours, two of a journal, and these. */
_Static_assert(EDGES_MAX + 2 + TRANSFERS_DUMPS_MAX <= STORE_CURSORS_MAX, "all fit");
_Static_assert(TRANSFERS_DUMPS_MAX == 4, "as the reason of BYE says");

static int64_t stall_ns(const struct node *n)
{
    return (int64_t)n->topology->limits.stall_ms * MS_NS;
}

static int64_t until_ns(const struct node *n, const struct transfer *t)
{
    return earlier_ns(t->ends_ns, t->link->connection->active_ns + stall_ns(n));
}

/* -- how it ends ------------------------------------------------------------------------------- */

static void log_load(struct node *n, const struct load *l)
{
    static const char *const keys[] = {[LOAD_NEW] = "new",
        [LOAD_OLD] = "old",
        [LOAD_FUTURE] = "of_future",
        [LOAD_AHEAD] = "ahead",
        [LOAD_UNKNOWN] = "of_unknown",
        [LOAD_NO_ROOM] = "no_room"};
    log_number(n->log, "stamps", (int64_t)l->taken);
    for (unsigned i = 0; i < LOAD_VERDICTS; i++)
        if (l->counts[i])
            log_number(n->log, keys[i], (int64_t)l->counts[i]);
    if (l->why && *l->why)
        log_text(n->log, "ended_by", span_of(l->why));
}

static void log_transfer(struct node *n, const struct transfer *t)
{
    log_begin(n->log, LOG_INFO, t->loads ? "loaded" : "dumped", n->now);
    if (t->loads) {
        log_load(n, &t->load);
    } else {
        log_number(n->log, "stamps", (int64_t)t->dump.lines);
        log_text(n->log, "whole", t->dump.whole ? SPAN("yes") : SPAN("no"));
    }
    log_text(n->log, "from", span_of(t->link->from));
    log_end(n->log);
}

void transfer_close(struct node *n, struct link *l)
{
    struct transfers *all = &n->transfers;
    struct transfer *t = l->transfer;
    unsigned i = 0;
    if (!t)
        return;
    while (all->each[i] != t)
        i++;
    ASSERT(i < all->count && t->link == l);
    all->each[i] = all->each[--all->count];
    all->loads -= t->loads;
    log_transfer(n, t);
    if (!t->loads)
        dump_end(&t->dump, n);
    l->transfer = NULL;
    free(t);
}

/* -- how it goes ------------------------------------------------------------------------------- */

const char *transfer_begin(struct node *n, struct link *l, bool loads)
{
    struct transfers *all = &n->transfers;
    ASSERT(!l->transfer && all->loads <= all->count && all->count <= TRANSFERS_MAX);
    if (loads && all->loads == TRANSFERS_LOADS_MAX)
        return "another load is under way";
    if (!loads && all->count - all->loads == TRANSFERS_DUMPS_MAX)
        return "this node is dumped 4 times already";
    struct transfer *t = malloc(sizeof *t + (loads ? PEERING_LINE_BYTES_MAX + 1 : 0));
    if (!t)
        return "memory has run out";
    t->link = l;
    t->ends_ns = NEVER_NS;
    t->loads = loads;
    if (loads)
        load_begin(&t->load, t->room);
    else
        dump_begin(&t->dump, n);
    all->each[all->count++] = l->transfer = t;
    all->loads += loads;
    n->metrics.dumps += !loads;
    strangers_remove(n, l);
    connection_touch(&n->connections, l->connection); /* it is written to before the turn ends */
    return NULL;
}

void transfer_take(struct node *n, struct link *l, struct span in, struct instant now)
{
    struct transfer *t = l->transfer;
    ASSERT(!l->connection->finishing);
    if (t->loads) {
        load_take(&t->load, n, in, now);
        return;
    }
    connection_abort(&n->connections, l->connection); /* the reader of a dump has nothing to say */
}

bool transfer_put(struct node *n, struct link *l, struct buf *out, struct instant now)
{
    struct transfer *t = l->transfer;
    bool more = t->loads ? load_put(&t->load, out) : dump_put(&t->dump, n, out, TRANSFERS_STAMPS);
    if (more || (t->loads && !t->load.why))
        return more;
    transfer_close(n, l);
    connection_finish(&n->connections, l->connection, now);
    return false;
}

/* A load that is silent is sent BYE. One that ends, and whose BYE finds no room, has as long again,
 * whatever it says meanwhile. */
void transfers_turn(struct node *n, struct instant now)
{
    for (unsigned i = n->transfers.count; i-- > 0;) {
        struct transfer *t = n->transfers.each[i];
        struct connection *c = t->link->connection;
        bool is_over = c->finishing || c->aborted, ends = t->loads && t->load.why;
        if (ends && t->ends_ns == NEVER_NS)
            t->ends_ns = now.mono_ns + stall_ns(n);
        if (!is_over && now.mono_ns < until_ns(n, t))
            continue;
        if (!is_over && t->loads && !ends) {
            load_stop(&t->load, "no line of a load came");
            t->ends_ns = now.mono_ns; /* the BYE goes in this turn, or never */
            continue;
        }
        if (!is_over)
            connection_abort(&n->connections, c);
        transfer_close(n, t->link);
    }
}

int64_t transfers_deadline(const struct node *n)
{
    int64_t soonest = NEVER_NS;
    for (unsigned i = 0; i < n->transfers.count; i++)
        soonest = earlier_ns(soonest, until_ns(n, n->transfers.each[i]));
    return soonest;
}
