/* places.c — see places.h: the connections of the places exchange, as connections of the node.
 *
 * The exchange decides, and holds the TLS of its connections; here its bytes go to the node's
 * outboxes and its requests to the driver. A connection of places is a CONNECTION_PLACES with the
 * exchange's channel number in it. A provider without an exchange (the gazetteer) needs none of
 * this. */
#include "core/node/private.h"

void places_begin(struct node *n, const struct node_config *config)
{
    n->places.provider = config->places;
    n->places.exchange = config->exchange;
}

void places_end(struct node *n)
{
    struct places_provider *provider = &n->places.provider;
    if (provider->destroy)
        provider->destroy(provider->self);
}

/* A connection that was dialled for the exchange. */
static unsigned channel_of(const struct node *n, const struct connection *c)
{
    ASSERT(c->kind == CONNECTION_PLACES && c->channel < EXCHANGE_CHANNELS);
    ASSERT(n->places.channels[c->channel] == c);
    return c->channel;
}

/* Move what a channel has to send to its connection's output, and finish the connection when the
 * channel is over. */
static void settle(struct node *n, struct connection *c, struct instant now)
{
    struct exchange *exchange = n->places.exchange;
    unsigned channel = channel_of(n, c);
    struct span sealed;
    while (!c->aborted && (sealed = exchange_output(exchange, channel)).len) {
        size_t taken = connection_write(&n->connections, c, sealed);
        if (taken == 0)
            connection_abort(&n->connections, c); /* no memory */
        else
            exchange_sent(exchange, channel, taken, now);
    }
    if (exchange_over(exchange, channel))
        connection_finish(&n->connections, c, now);
}

bool places_dialled(struct node *n, uint32_t number, unsigned racer, struct instant now)
{
    unsigned char entropy[RANDOM_BYTES];
    _Static_assert((int)RANDOM_BYTES >= (int)TLS_ENTROPY_BYTES, "one draw is enough");
    struct connection *c = connection_open(&n->connections, number, CONNECTION_PLACES, now);
    if (!c)
        return false;
    random_draw(&n->random, entropy);
    int channel = exchange_dialled(n->places.exchange, racer, entropy, now);
    if (channel < 0) {
        connection_free(&n->connections, c);
        return false;
    }
    ASSERT(channel < EXCHANGE_CHANNELS && !n->places.channels[channel]);
    c->channel = (unsigned)channel;
    n->places.channels[channel] = c;
    settle(n, c, now);
    return true;
}

void places_dial_failed(struct node *n, unsigned racer, const char *why, struct instant now)
{
    exchange_dial_failed(n->places.exchange, racer, why, now);
}

void places_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    size_t before = 0;
    while (in.len != before && in.len && !c->finishing && !c->aborted) {
        before = in.len;
        exchange_take(n->places.exchange, channel_of(n, c), &in, now);
        settle(n, c, now);
    }
}

void places_ended(struct node *n, struct connection *c, struct instant now)
{
    exchange_ended(n->places.exchange, channel_of(n, c), now);
    settle(n, c, now);
}

void places_closed(struct node *n, struct connection *c, const char *why, struct instant now)
{
    unsigned channel = channel_of(n, c);
    n->places.channels[channel] = NULL;
    exchange_lost(n->places.exchange, channel, why, now);
}

void places_turn(struct node *n, struct instant now)
{
    if (!n->places.exchange)
        return;
    exchange_turn(n->places.exchange, now);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (n->places.channels[i] && !n->places.channels[i]->finishing)
            settle(n, n->places.channels[i], now);
}

void places_stop(struct node *n, struct instant now)
{
    if (n->places.exchange)
        exchange_stop(n->places.exchange, now);
    for (unsigned i = 0; i < EXCHANGE_CHANNELS; i++)
        if (n->places.channels[i])
            connection_abort(&n->connections, n->places.channels[i]);
}

bool places_dial(struct node *n, struct dial_order *out)
{
    unsigned racer;
    if (!n->places.exchange ||
        !exchange_dial(n->places.exchange, n->now, &racer, &out->to, &out->until_ns))
        return false;
    out->id = NODE_DIALS_OF_PLACES + racer;
    return true;
}

bool places_dial_cancel(struct node *n, unsigned *dial)
{
    unsigned racer;
    if (!n->places.exchange || !exchange_dial_cancel(n->places.exchange, &racer))
        return false;
    *dial = NODE_DIALS_OF_PLACES + racer;
    return true;
}

bool places_resolve(struct node *n, struct lookup_order *out)
{
    if (!n->places.exchange || !exchange_resolve(n->places.exchange, n->now))
        return false;
    *out = (struct lookup_order){
        .id = NODE_LOOKUP_OF_PLACES, .host = exchange_host(n->places.exchange)};
    return true;
}
