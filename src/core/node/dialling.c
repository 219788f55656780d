/* dialling.c — see dialling.h. */
#include "core/node/dialling.h"
#include "core/node/private.h"

_Static_assert((int)ENDPOINT_RACERS == 2, "a neighbour has two ids of dials");
_Static_assert((int)EDGES_MAX <= (int)NODE_DIALS_OF_SECOND, "each number is an id");

static unsigned racer_of(unsigned id)
{
    ASSERT(dialling_own(id) && id < NODE_DIALS_MAX);
    return id >= NODE_DIALS_OF_SECOND;
}

static unsigned number_of(unsigned id)
{
    return racer_of(id) ? id - NODE_DIALS_OF_SECOND : id;
}

static unsigned id_of(unsigned number, unsigned racer)
{
    ASSERT(number < EDGES_MAX && racer < ENDPOINT_RACERS);
    return racer ? NODE_DIALS_OF_SECOND + number : number;
}

bool dialling_next(struct node *n, struct dial_order *out)
{
    const struct neighbour *who;
    while ((who = links_to_dial(n))) {
        unsigned number = who->peer->number;
        ASSERT(number < n->links.neighbours.count && who->dialling);
        const struct host_port *to = &edge_node(n, number)->peer;
        if (!host_port_is_name(to)) {
            *out = (struct dial_order){
                .id = number, .to = to->address, .until_ns = n->now.mono_ns + NODE_DIAL_MS * MS_NS};
            return true;
        }
        if (!named_begin(n, number, n->now))
            link_dial_failed(n, number, "memory has run out", n->now);
    }
    unsigned number, racer;
    if (n->stopping || !n->named.racing ||
        !named_next(n, &number, &racer, &out->to, &out->until_ns, n->now))
        return false;
    out->id = id_of(number, racer);
    return true;
}

bool dialling_cancel(struct node *n, unsigned *id)
{
    unsigned number, racer;
    while (edges_dial_cancel(n, &number))
        if (!named_drop(n, number)) {
            *id = number;
            return true;
        }
    if (!named_cancel(n, &number, &racer))
        return false;
    *id = id_of(number, racer);
    return true;
}

int64_t dialling_deadline(const struct node *n)
{
    return n->named.racing && !n->stopping ? named_deadline(n) : NEVER_NS;
}

/* Whether it is one at an address of topology.conf. */
static bool is_plain(const struct node *n, unsigned id)
{
    unsigned number = number_of(id);
    ASSERT(number < n->edges.count);
    return !racer_of(id) && !n->edges.peers[number].gone &&
           !host_port_is_name(&edge_node(n, number)->peer);
}

bool dialling_find(const struct node *n, unsigned id, unsigned *number, struct address *to)
{
    *number = number_of(id);
    const struct address *named = named_address(n, *number, racer_of(id));
    if (!named && !is_plain(n, id))
        return false;
    *to = named ? *named : edge_node(n, *number)->peer.address;
    return true;
}

void dialling_met(struct node *n, unsigned id, struct instant now)
{
    unsigned number = number_of(id), racer = racer_of(id);
    if (named_address(n, number, racer))
        named_met(n, number, racer, now);
    else
        named_over(n, number, racer);
}

void dialling_failed(struct node *n, unsigned id, const char *why, struct instant now)
{
    unsigned number = number_of(id), racer = racer_of(id);
    if (named_address(n, number, racer)) {
        why = named_failed(n, number, racer, why);
    } else if (!is_plain(n, id)) { /* its end has crossed its cancellation */
        named_over(n, number, racer);
        return;
    }
    if (why)
        link_dial_failed(n, number, why, now);
}

bool dialling_ask(struct node *n, struct lookup_order *out)
{
    return n->named.to_ask && !n->stopping && named_ask(n, &out->id, &out->host);
}

void dialling_answer(struct node *n, unsigned number, const struct address *addresses,
    unsigned count, uint32_t ttl_s, const char *why, struct instant now)
{
    const char *failed = named_answer(n, number, addresses, count, ttl_s, why, now);
    if (failed)
        link_dial_failed(n, number, failed, now);
}
