/* named.c — see named.h.
 *
 * Holds always: a bit of `racing` is set as long as its neighbour is in the state DIALS, one of
 * `to_ask` only while it is in LOOKS_UP and its name is not asked for. */
#include "core/node/named.h"
#include "core/node/private.h"
#include <stdlib.h>

enum { NAME_SHOWN_BYTES = 80 }; /* of a name, in a reason */

static uint64_t bit_of(unsigned number)
{
    ASSERT(number < EDGES_MAX);
    return UINT64_C(1) << number;
}

/* The lowest bit, which is cleared. */
static unsigned take_bit(uint64_t *bits)
{
    ASSERT(*bits);
    unsigned number = (unsigned)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return number;
}

void named_end(struct node *n)
{
    for (unsigned i = 0; i < EDGES_MAX; i++)
        free(n->named.each[i]);
}

/* -- looking up -------------------------------------------------------------------------------- */

static void go_idle(struct node *n, unsigned number)
{
    n->named.each[number]->state = NAMED_IDLE;
    n->named.to_ask &= ~bit_of(number);
    n->named.racing &= ~bit_of(number);
}

/* false: no address is known. */
static bool begin_race(struct node *n, unsigned number, struct instant now)
{
    struct named *d = n->named.each[number];
    ASSERT(d->state != NAMED_DIALS && !(n->named.racing & bit_of(number)));
    if (endpoint_begin(&d->endpoint, &d->attempt, now) != ENDPOINT_BEGUN)
        return false;
    d->state = NAMED_DIALS;
    n->named.racing |= bit_of(number);
    return true;
}

/* A connection that was made there came to no link, or this dial would not be due. */
static void learn(struct named *d, const struct neighbour *who)
{
    if (d->met.port && who->linked_ns < d->met_ns)
        endpoint_spoilt(&d->endpoint, &d->met);
    d->met.port = 0;
}

bool named_begin(struct node *n, unsigned number, struct instant now)
{
    const struct host_port *to = &edge_node(n, number)->peer;
    struct named **slot = &n->named.each[number], *d = *slot;
    ASSERT(host_port_is_name(to));
    if (!d)
        *slot = d = calloc(1, sizeof *d);
    if (!d)
        return false;
    ASSERT(d->state == NAMED_IDLE && (!d->asked || d->outdated));
    if (!host_port_equal(&d->to, to)) {
        d->to = *to;
        d->met.port = 0;
        endpoint_init(&d->endpoint, to->address.port);
    }
    learn(d, &n->edges.neighbour_of[number]);
    d->refused = false;
    struct address fixed[HOST_PORT_FIXED_MAX];
    unsigned count = host_port_fixed(to, fixed);
    if (count) {
        endpoint_resolved(&d->endpoint, fixed, count, ENDPOINT_TTL_MAX_S, now);
        return begin_race(n, number, now);
    }
    d->state = NAMED_LOOKS_UP;
    if (!d->asked)
        n->named.to_ask |= bit_of(number);
    return true;
}

bool named_drop(struct node *n, unsigned number)
{
    struct named *d = n->named.each[number];
    if (!d || d->state == NAMED_IDLE)
        return false;
    for (unsigned racer = 0; d->state == NAMED_DIALS && racer < ENDPOINT_RACERS; racer++)
        if (d->attempt.racers[racer].dialling)
            n->named.unwanted[racer] |= bit_of(number);
    d->outdated = d->asked;
    go_idle(n, number);
    return true;
}

bool named_ask(struct node *n, unsigned *number, struct span *host)
{
    if (!n->named.to_ask)
        return false;
    *number = take_bit(&n->named.to_ask);
    struct named *d = n->named.each[*number];
    ASSERT(d->state == NAMED_LOOKS_UP && !d->asked);
    d->asked = true;
    *host = span_of(d->to.name);
    return true;
}

/* "cannot look up goloman.example: no such host" */
static void explain(struct named *d, const char *why)
{
    struct buf b = buf_over(d->why, NEIGHBOUR_ERROR_BYTES_MAX);
    struct span name = span_of(d->to.name), reason = span_of(why);
    buf_text(&b, "cannot look up ");
    name.len = name.len < NAME_SHOWN_BYTES ? name.len : NAME_SHOWN_BYTES;
    buf_span_put(&b, name);
    buf_text(&b, ": ");
    reason.len = reason.len < buf_room(&b) ? reason.len : buf_room(&b);
    buf_span_put(&b, reason);
    ASSERT(!b.overflow);
    d->why[b.len] = '\0';
    d->refused = true;
}

const char *named_answer(struct node *n, unsigned number, const struct address *addresses,
    unsigned count, uint32_t ttl_s, const char *why, struct instant now)
{
    ASSERT(number < EDGES_MAX && n->named.each[number]);
    struct named *d = n->named.each[number];
    ASSERT(d->asked);
    bool outdated = d->outdated;
    d->asked = d->outdated = false;
    if (d->state != NAMED_LOOKS_UP)
        return NULL;
    if (outdated) {
        n->named.to_ask |= bit_of(number);
        return NULL;
    }
    if (count) {
        endpoint_resolved(&d->endpoint, addresses, count, ttl_s, now);
    } else {
        explain(d, why);
        endpoint_resolve_failed(&d->endpoint, why, now);
    }
    if (begin_race(n, number, now))
        return NULL;
    ASSERT(d->refused);
    go_idle(n, number);
    return d->why;
}

/* -- dialling ---------------------------------------------------------------------------------- */

bool named_next(struct node *n, unsigned *number, unsigned *racer, struct address *to,
    int64_t *until_ns, struct instant now)
{
    for (uint64_t left = n->named.racing; left;) {
        *number = take_bit(&left);
        struct named *d = n->named.each[*number];
        ASSERT(d->state == NAMED_DIALS);
        if (endpoint_attempt_next(&d->attempt, now, racer, to, until_ns))
            return true;
    }
    return false;
}

int64_t named_deadline(const struct node *n)
{
    int64_t soonest = NEVER_NS;
    for (uint64_t left = n->named.racing; left;)
        soonest = earlier_ns(
            soonest, endpoint_attempt_deadline(&n->named.each[take_bit(&left)]->attempt));
    return soonest;
}

bool named_cancel(struct node *n, unsigned *number, unsigned *racer)
{
    for (*racer = 0; *racer < ENDPOINT_RACERS; ++*racer)
        if (n->named.unwanted[*racer]) {
            *number = take_bit(&n->named.unwanted[*racer]);
            return true;
        }
    return false;
}

const struct address *named_address(const struct node *n, unsigned number, unsigned racer)
{
    const struct named *d = n->named.each[number];
    ASSERT(racer < ENDPOINT_RACERS);
    if (!d || d->state != NAMED_DIALS || !d->attempt.racers[racer].dialling)
        return NULL;
    return &d->attempt.each[d->attempt.racers[racer].index];
}

void named_met(struct node *n, unsigned number, unsigned racer, struct instant now)
{
    const struct address *to = named_address(n, number, racer);
    struct named *d = n->named.each[number];
    ASSERT(to);
    d->met = *to;
    d->met_ns = now.mono_ns;
    endpoint_attempt_won(&d->endpoint, &d->attempt, racer);
    d->attempt.racers[racer].dialling = false;
    named_drop(n, number);
}

const char *named_failed(struct node *n, unsigned number, unsigned racer, const char *why)
{
    struct named *d = n->named.each[number];
    ASSERT(named_address(n, number, racer));
    if (!endpoint_attempt_failed(&d->attempt, racer))
        return NULL;
    go_idle(n, number);
    return d->refused ? d->why : why;
}

void named_over(struct node *n, unsigned number, unsigned racer)
{
    ASSERT(racer < ENDPOINT_RACERS);
    n->named.unwanted[racer] &= ~bit_of(number);
}

bool named_know(const struct node *n, const struct address *other)
{
    for (unsigned i = 0; i < n->edges.count; i++) {
        const struct named *d = n->named.each[i];
        if (!d || n->edges.peers[i].gone || !host_port_equal(&d->to, &edge_node(n, i)->peer))
            continue;
        for (unsigned k = 0; k < d->endpoint.count; k++)
            if (address_same_host(&d->endpoint.each[k], other))
                return true;
    }
    return false;
}
