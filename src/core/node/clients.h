/* clients.h — the node's client connections: admission, lines, choking and going on.
 *
 * Called by node.c. Written by clients.c alone: `struct clients` in struct node, and `struct
 * client_state` in each connection. */
#ifndef CORE_NODE_CLIENTS_H
#define CORE_NODE_CLIENTS_H

#include "core/base/address.h"
#include "core/base/instant.h"
#include "core/base/pool.h"
#include "core/node/input.h"
#include "core/node/pace.h"
#include "core/node/replies.h"
#include "core/protocol/line.h"

struct node;
struct connection;
struct query_reader;

/* What a connection has when it is a client. */
struct client_state {
    struct line_reader lines;
    struct client_input input;
    struct client_replies replies;
    struct client_pace pace;
    bool admitted; /* counted against limits.connections */
    bool listed; /* among those who may catch up with news; written by listed.c */
    struct query_reader *reader; /* NULL: it has never watched; written by news.c */
};

struct clients {
    uint32_t count; /* admitted and not closed */
    struct pool rooms; /* for lines that are split between two receives */
};

void clients_begin(struct node *n);
/* All clients must be closed. */
void clients_end(struct node *n);
/* limits.line and limits.connections are others: for lines and clients to come. */
void clients_take_limits(struct node *n);

/* A client was accepted; at limits.connections, or limits.connections_per_address, it is aborted at
 * once. */
void client_open(
    struct node *n, struct connection *c, const struct address *from, struct instant now);
/* Its connection is gone; `why` for the log. */
void client_closed(struct node *n, struct connection *c, const char *why, struct instant now);
/* Forget what `c` waits for and holds. */
void client_drop(struct node *n, struct connection *c);

/* Bytes have come in. */
void client_take(struct node *n, struct connection *c, struct span in, struct instant now);
/* The other end has sent FIN. */
void client_ended(struct node *n, struct connection *c, struct instant now);
/* It was silent for limits.idle, or did not read for limits.stall. */
void client_silent(struct node *n, struct connection *c);

/* Take commands that lack only their LF, of clients that are silent. */
void clients_take_silent(struct node *n, struct instant now);
/* Go on with clients whose output has been read. */
void clients_resume(struct node *n, struct instant now);
/* The node stops: no client is read from any more. */
void clients_stop(struct node *n, struct instant now);

#endif
