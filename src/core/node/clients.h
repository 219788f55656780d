/* clients.h — the node's client connections: admission, lines, groups of commands, replies.
 *
 * Called by node.c. Written by clients.c alone: `struct clients` in struct node, and `struct
 * client_state` in each connection. */
#ifndef CORE_NODE_CLIENTS_H
#define CORE_NODE_CLIENTS_H

#include "core/base/instant.h"
#include "core/base/pool.h"
#include "core/node/input.h"
#include "core/protocol/command.h"
#include "core/protocol/line.h"
#include "core/store/store.h"

enum {
    CLIENTS_GROUP = 64, /* commands that are prefetched together */
    CLIENTS_GROUP_QUESTIONS = 8, /* WHATSATs among them: each opens a gate, counted afterwards */
    CLIENT_QUESTIONS_MAX = 64, /* WHATSATs of one client that wait for places; then it is choked */
    CLIENTS_ANSWERS_PER_TURN = 64, /* of places: of up to 1 MiB each, and each is copied */
    CLIENT_OUTPUT_MEMORY = 2, /* times limits.output: memory of unread output, chunks included */
};

struct node;
struct connection;

/* What a connection has when it is a client. */
struct client_state {
    struct line_reader lines;
    struct client_input input;
    uint32_t next_resuming; /* these two outlive the connection: its number may be in the list */
    bool resuming; /* in the list of clients that go on in the next turn */
    bool admitted; /* counted against limits.connections */
    uint16_t questions; /* gates in its output */
};

/* A command that was read and not yet applied. */
struct group_entry {
    struct connection *connection;
    struct command command;
    uint64_t hash; /* of command.id */
    uint32_t likely; /* the record that store_prefetch_record found */
};

struct clients {
    uint32_t count; /* admitted and not closed */
    uint32_t resuming_first, resuming_last;
    struct pool rooms; /* for lines that are split between two receives */
    struct group_entry group[CLIENTS_GROUP];
    unsigned group_count, group_questions;
    struct stamp_text text; /* of the stamp that is being answered */
};

void clients_begin(struct node *n);
/* All clients must be closed. */
void clients_end(struct node *n);

/* A client was accepted; at limits.connections it is aborted at once. */
void client_open(struct node *n, struct connection *c, struct span from, struct instant now);
/* Its connection is gone; `why` for the log. */
void client_closed(struct node *n, struct connection *c, const char *why, struct instant now);
/* Forget what `c` waits for and holds. */
void client_drop(struct node *n, struct connection *c);

/* Bytes have come in. */
void client_take(struct node *n, struct connection *c, struct span in, struct instant now);
/* The other end has sent FIN. */
void client_ended(struct node *n, struct connection *c, struct instant now);
/* It was silent for limits.idle, or did not read for limits.stall. */
void client_silent(struct node *n, struct connection *c, struct instant now);
/* Output was sent or answered: `c` may go on. */
void client_relieve(struct node *n, struct connection *c);

/* Take commands that lack only their LF, of clients that are silent. */
void clients_take_silent(struct node *n, struct instant now);
/* Apply the commands that were gathered. */
void clients_apply(struct node *n, struct instant now);
/* Write the answers that places has ready. */
void clients_answer(struct node *n, struct instant now);
/* Go on with clients whose output has been read. */
void clients_resume(struct node *n, struct instant now);
/* The node stops: no client is read from any more. */
void clients_stop(struct node *n, struct instant now);

#endif
