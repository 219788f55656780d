/* places.c — the connections of the places exchange, as connections of the node.
 *
 * The exchange decides, and holds its connections' TLS; here its bytes go to the node's outboxes
 * and its wishes to the driver. A connection of places is a CONNECTION_PLACES with the exchange's
 * channel in it. A provider without an exchange (the gazetteer) has none of all this. */
#include "core/node/private.h"

/* What a channel has to send goes to its connection's output, and a channel that is over to its
 * end. */
static void settle(struct node *n, struct connection *c, struct instant now)
{
    struct span sealed;
    while (!c->aborted && (sealed = exchange_output(n->exchange, c->channel)).len) {
        size_t taken = node_write(n, c, sealed);
        if (taken == 0)
            node_abort(n, c); /* no memory */
        else
            exchange_sent(n->exchange, c->channel, taken, now);
    }
    if (exchange_over(n->exchange, c->channel))
        node_finish(n, c, now);
}

bool places_dialled(struct node *n, uint32_t number, unsigned racer, struct instant now)
{
    unsigned char entropy[NODE_RANDOM_BYTES];
    _Static_assert((int)NODE_RANDOM_BYTES >= (int)TLS_ENTROPY_BYTES, "one is enough");
    struct connection *c = node_connection_open(n, number, CONNECTION_PLACES, now);
    if (!c)
        return false;
    node_random(n, entropy);
    int channel = exchange_dialled(n->exchange, racer, entropy, now);
    if (channel < 0) {
        c->kind = CONNECTION_FREE;
        return false;
    }
    c->channel = (unsigned)channel;
    n->channels[channel] = c;
    settle(n, c, now);
    return true;
}

void places_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    size_t before = 0;
    while (in.len != before && in.len && !c->finishing && !c->aborted) {
        before = in.len;
        exchange_take(n->exchange, c->channel, &in, now);
        settle(n, c, now);
    }
}

void places_ended(struct node *n, struct connection *c, struct instant now)
{
    exchange_ended(n->exchange, c->channel, now);
    settle(n, c, now);
}

void places_closed(struct node *n, struct connection *c, const char *why, struct instant now)
{
    n->channels[c->channel] = NULL;
    exchange_lost(n->exchange, c->channel, why, now);
}

void places_turn(struct node *n, struct instant now)
{
    if (!n->exchange)
        return;
    exchange_turn(n->exchange, now);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (n->channels[i] && !n->channels[i]->finishing)
            settle(n, n->channels[i], now);
}

void places_stop(struct node *n, struct instant now)
{
    if (n->exchange)
        exchange_stop(n->exchange, now);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (n->channels[i])
            node_abort(n, n->channels[i]);
}

bool places_dial(struct node *n, struct dial_order *out)
{
    unsigned racer;
    if (!n->exchange || !exchange_dial(n->exchange, n->now, &racer, &out->to, &out->until_ns))
        return false;
    out->id = NODE_DIALS_OF_PLACES + racer;
    return true;
}

bool node_dial_cancel(struct node *n, unsigned *dial)
{
    unsigned racer;
    if (!n->exchange || !exchange_dial_cancel(n->exchange, &racer))
        return false;
    *dial = NODE_DIALS_OF_PLACES + racer;
    return true;
}

bool node_resolve(struct node *n, struct span *host)
{
    if (!n->exchange || !exchange_resolve(n->exchange, n->now))
        return false;
    *host = exchange_host(n->exchange);
    return true;
}

void node_resolved(struct node *n, const struct address *addresses, unsigned count, uint32_t ttl_s,
    struct instant now)
{
    exchange_resolved(n->exchange, addresses, count, ttl_s, now);
}

void node_resolve_failed(struct node *n, const char *why, struct instant now)
{
    exchange_resolve_failed(n->exchange, why, now);
}
