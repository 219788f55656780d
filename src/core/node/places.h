/* places.h — the places service, and its connections as connections of the node.
 *
 * Called by node.c; clients.c asks its questions through `provider`. Written by places.c alone. */
#ifndef CORE_NODE_PLACES_H
#define CORE_NODE_PLACES_H

#include "core/node/node.h"

struct connection;

struct node_places {
    struct places_provider provider;
    struct exchange *exchange; /* of `provider`; NULL: it has no connections */
    struct connection *channels[EXCHANGE_CHANNELS]; /* by the exchange's numbers */
};

void places_begin(struct node *n, const struct node_config *config);
void places_end(struct node *n);

/* What node_dialled, node_dial_failed and so on report, for the exchange's connections. */
MUST_USE bool places_dialled(struct node *n, uint32_t number, unsigned racer, struct instant now);
void places_dial_failed(struct node *n, unsigned racer, const char *why, struct instant now);
void places_take(struct node *n, struct connection *c, struct span in, struct instant now);
void places_ended(struct node *n, struct connection *c, struct instant now);
void places_closed(struct node *n, struct connection *c, const char *why, struct instant now);
void places_turn(struct node *n, struct instant now);
void places_stop(struct node *n, struct instant now);
/* The next dial under way that is no longer wanted; false: none. */
MUST_USE bool places_dial_cancel(struct node *n, unsigned *dial);
/* The next connection to make; false: none. */
MUST_USE bool places_dial(struct node *n, struct dial_order *out);
/* The service's name, if it is to be looked up; false: not now. */
MUST_USE bool places_resolve(struct node *n, struct lookup_order *out);

#endif
