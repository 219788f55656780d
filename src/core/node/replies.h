/* replies.h — what a client is told: replies in the order of its commands, however long places
 * takes; and whether it is told more than it reads.
 *
 * Called by commands.c and clients.c, and by node.c when output was sent. Written by replies.c
 * alone: `struct replies` in struct node, and `struct client_replies` in each connection.
 * PROTOCOL.md, "Replies". */
#ifndef CORE_NODE_REPLIES_H
#define CORE_NODE_REPLIES_H

#include "core/base/instant.h"
#include "core/base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    CLIENT_QUESTIONS_MAX = 64, /* WHATSATs of one client that wait for places; then it is choked */
    CLIENT_OUTPUT_MEMORY = 2, /* times limits.output: memory of unread output, chunks included */
};

struct node;
struct connection;
struct chunk;
struct stamp;

struct client_replies {
    uint32_t next_resuming; /* these two outlive the connection: its number may be in the list */
    bool resuming; /* in the list of clients that go on in the next turn */
    uint16_t waiting; /* replies that are owed: the sum of the next two */
    uint16_t questions; /* gates in its output */
    uint16_t queries; /* likewise, of live queries: queries.h */
};

struct replies {
    uint32_t resuming_first, resuming_last;
};

void replies_begin(struct node *n);
/* `c` is a new client. */
void client_replies_begin(struct connection *c);

/* So many more replies, or fewer, that live queries owe it: `queries`. */
void client_owes(struct connection *c, int replies);
/* A command was refused, or is going to be. */
void reply_counts_refused(struct node *n);

/* A reply was written to its output: log it, and do what follows from it. */
void reply_wrote(struct node *n, struct connection *c, struct span reply, struct instant now);

/* Write a reply, log it, and do what follows from it: `client_close reply`, choking. Without memory
 * the connection is aborted, since no reply may be left out. */
void reply_refused(struct node *n, struct connection *c, struct span line, struct instant now);
void reply_stamp(
    struct node *n, struct connection *c, const struct stamp *stamp, struct instant now);

/* Put the stored AT line and its LF into a gate, behind which all later replies wait; the answer of
 * places will follow them. NULL: no memory. */
struct chunk *reply_gate(struct node *n, struct connection *c, const struct stamp *stamp);
/* Answer a gate. */
void reply_fill(struct node *n, struct connection *c, struct chunk *gate, struct span answer,
    struct instant now);
/* Cancel all questions of `c`, which is going to be closed. */
void client_forget_questions(struct node *n, struct connection *c);

/* Whether no more input may be taken: its output or its questions are at their limit. */
bool client_full(const struct node *n, const struct connection *c);
/* Nothing more is read from `c`; it closes when its replies are sent. */
void client_finish(struct node *n, struct connection *c, struct instant now);
/* The same after its first reply: client_close = reply. */
void client_closes(struct node *n, struct connection *c, struct instant now);
/* Abort it for want of memory. */
void client_starved(struct node *n, struct connection *c);

/* Output was sent or answered: `c` may go on. */
void client_relieve(struct node *n, struct connection *c);
/* It may take news again, if it watches and is behind. */
void client_news(struct node *n, struct connection *c);
/* Take the list of those that may go on; CONNECTION_NONE: it is empty. */
uint32_t replies_relieved(struct node *n);
/* Take the next client off the list; NULL: it need not go on any more. */
struct connection *replies_next_relieved(struct node *n, uint32_t *list);

#endif
