/* drain.c — see drain.h.
 *
 * Holds always: the node stops at or after closes_ns, so no client is refused before the grace is
 * over; and the state is OVER at stops_ns at the latest. */
#include "core/node/drain.h"
#include "core/node/private.h"

static void log_drain(struct node *n, const char *event, struct instant now)
{
    log_begin(n->log, LOG_INFO, event, now);
    log_number(n->log, "clients", n->clients.count);
}

static void say_from(struct node *n, const char *from)
{
    log_text(n->log, "from", span_of(from));
    log_end(n->log);
}

void drain_begin(struct node *n, int64_t grace_ms, int64_t timeout_ms, const char *from,
    struct instant now)
{
    struct drain *d = &n->drain;
    ASSERT(grace_ms >= 0 && grace_ms <= DRAIN_GRACE_MS_MAX);
    ASSERT(timeout_ms >= grace_ms && timeout_ms <= DRAIN_TIMEOUT_MS_MAX);
    ASSERT(!n->stopping && d->state != DRAIN_OVER);
    if (d->state == DRAIN_SERVES)
        d->state = DRAIN_OPEN;
    if (d->state == DRAIN_OPEN)
        d->closes_ns = now.mono_ns + grace_ms * MS_NS;
    d->stops_ns = now.mono_ns + timeout_ms * MS_NS;
    ASSERT(d->closes_ns <= d->stops_ns);
    log_drain(n, "draining", now);
    log_number(n->log, "grace_ms", grace_ms);
    log_number(n->log, "timeout_ms", timeout_ms);
    say_from(n, from);
}

bool drain_undo(struct node *n, const char *from, struct instant now)
{
    struct drain *d = &n->drain;
    if (n->stopping || d->state == DRAIN_OVER)
        return false;
    if (d->state == DRAIN_SERVES)
        return true;
    *d = (struct drain){.state = DRAIN_SERVES};
    log_drain(n, "drain_undone", now);
    say_from(n, from);
    return true;
}

bool drain_port_shut(struct node *n)
{
    bool news = n->drain.state == DRAIN_CLOSED && !n->drain.shut;
    n->drain.shut |= news;
    return news;
}

static bool is_done(const struct node *n, struct instant now)
{
    const struct drain *d = &n->drain;
    bool empty = d->shut && !n->clients.count;
    return d->state == DRAIN_CLOSED && (empty || now.mono_ns >= d->stops_ns);
}

void drain_turn(struct node *n, struct instant now)
{
    struct drain *d = &n->drain;
    ASSERT(d->state != DRAIN_SERVES && d->closes_ns <= d->stops_ns);
    if (n->stopping || d->state == DRAIN_OVER)
        return;
    if (d->state == DRAIN_OPEN && now.mono_ns >= d->closes_ns) {
        d->state = DRAIN_CLOSED;
        log_drain(n, "drain_closes_port", now);
        log_end(n->log);
    } else if (is_done(n, now)) {
        d->state = DRAIN_OVER;
        log_drain(n, "drained", now);
        log_end(n->log);
    }
}

int64_t drain_deadline(const struct drain *d)
{
    if (d->state == DRAIN_OPEN)
        return d->closes_ns;
    return d->state == DRAIN_CLOSED ? d->stops_ns : NEVER_NS;
}

int64_t drain_closes_in_ns(const struct drain *d, struct instant now)
{
    ASSERT(d->state != DRAIN_SERVES);
    return d->state == DRAIN_OPEN && d->closes_ns > now.mono_ns ? d->closes_ns - now.mono_ns : 0;
}

int64_t drain_stops_in_ns(const struct drain *d, struct instant now)
{
    ASSERT(d->state != DRAIN_SERVES);
    return d->state != DRAIN_OVER && d->stops_ns > now.mono_ns ? d->stops_ns - now.mono_ns : 0;
}
