/* stop.c — see stop.h.
 *
 *   state     event                                    next      does
 *   RUNS      stop_begin                               CONFIRMS  clients are read no more
 *   CONFIRMS  no link is waited for, or no time left   LEAVES    BYE on all links; what none has
 *                                                                confirmed is logged
 *   CONFIRMS  stop_hurry                               LEAVES    as above
 *   LEAVES    all output is sent, or has had its time  over
 *   LEAVES    stop_hurry                               over
 *
 * Holds always: no link hears BYE before the node has stopped waiting for all of them, since a link
 * may still bring what the others have to confirm. Called by node.c. */
#include "core/node/private.h"

void stop_begin(struct node *n, struct instant now)
{
    ASSERT(n->stopping && !n->stop.since_ns);
    n->stop = (struct stop){.since_ns = now.mono_ns,
        .until_ns = now.mono_ns + (int64_t)n->topology->limits.stop_ms * MS_NS,
        .bye_ns = NEVER_NS};
    clients_stop(n, now);
    links_stop(n, now);
    places_stop(n, now);
    webs_stop(n, now);
}

void stop_hurry(struct node *n)
{
    ASSERT(n->stopping);
    n->stop.hurried = true;
}

/* How many stamps the node holds behind own change `change`, not counting what links have brought
 * since and others hold. Moves a cursor that no link uses any more. */
static uint64_t count_behind(struct node *n, uint64_t change)
{
    unsigned cursor = n->links.peers[0].cursor;
    uint64_t count = 0;
    struct feed_item item;
    if (change)
        store_cursor_seek(n->store, cursor, change);
    else
        store_cursor_rewind(n->store, cursor);
    while (store_cursor_glance(n->store, cursor, &item) &&
           item.change <= n->links.peering.stop_change) {
        store_cursor_pass(n->store, cursor);
        count++;
    }
    ASSERT(count <= store_count(n->store));
    return count;
}

static void log_unconfirmed(struct node *n, struct instant now)
{
    if (!n->stop.unconfirmed)
        return;
    log_begin(n->log, LOG_WARN, "unconfirmed", now);
    log_number(n->log, "stamps", (int64_t)n->stop.unconfirmed);
    log_text(n->log, "why", SPAN("no node that goes on has confirmed them"));
    log_end(n->log);
}

void stop_turn(struct node *n, struct instant now)
{
    struct stop *s = &n->stop;
    ASSERT(n->stopping);
    if (s->bye_ns != NEVER_NS)
        return;
    bool has_time = !s->hurried && now.mono_ns < s->until_ns;
    if (has_time && links_stop_wait_ns(n, now))
        return;
    s->bye_ns = now.mono_ns;
    uint64_t confirmed = links_confirmed(n);
    links_bye(n, now);
    if (n->links.neighbours.count && confirmed < n->links.peering.stop_change)
        s->unconfirmed = count_behind(n, confirmed);
    log_unconfirmed(n, now);
}

/* Until when output of `c` is waited for; 0: it has none, or none is waited for. */
static int64_t flush_until_ns(const struct node *n, const struct connection *c)
{
    if (c->kind == CONNECTION_FREE || c->aborted || !c->out.head)
        return 0;
    if (c->kind == CONNECTION_CLIENT)
        return n->stop.since_ns + STOP_FLUSH_MS * MS_NS;
    bool waits = c->kind == CONNECTION_LINK && c->link && !c->link->given_up;
    return waits ? n->stop.bye_ns + STOP_FLUSH_MS * MS_NS : 0;
}

bool stop_is_over(const struct node *n)
{
    if (!n->stopping || n->stop.bye_ns == NEVER_NS)
        return false;
    for (uint32_t i = 0; !n->stop.hurried && i < n->connections.max; i++) {
        const struct connection *c = connection_of(&n->connections, i);
        if (c && n->now.mono_ns < flush_until_ns(n, c))
            return false;
    }
    return true;
}

int64_t stop_deadline(const struct node *n)
{
    const struct stop *s = &n->stop;
    ASSERT(n->stopping);
    if (s->bye_ns == NEVER_NS)
        return earlier_ns(s->until_ns, links_stop_wait_ns(n, n->now));
    int64_t flush_ns = STOP_FLUSH_MS * MS_NS, now_ns = n->now.mono_ns;
    int64_t soonest = NEVER_NS; /* later its driver knows that it is over */
    if (now_ns < s->since_ns + flush_ns)
        soonest = earlier_ns(soonest, s->since_ns + flush_ns);
    if (now_ns < s->bye_ns + flush_ns)
        soonest = earlier_ns(soonest, s->bye_ns + flush_ns);
    return soonest;
}
