/* clients.h — the node's client connections: what its other files use of clients.c, and
 * what of it lies in struct node. */
#ifndef CORE_NODE_CLIENTS_H
#define CORE_NODE_CLIENTS_H

#include "core/protocol/command.h"
#include "core/base/instant.h"
#include <stdint.h>

enum {
    NODE_GROUP = 64, /* commands that are prefetched together */
    NODE_GROUP_QUESTIONS = 8, /* WHATSATs among them: a gate and a chunk each, noticed afterwards */
    NODE_QUESTIONS_PER_CLIENT = 64, /* WHATSATs that wait for places; then input is held */
    NODE_ANSWERS_PER_TURN = 64, /* of places: of up to 1 MiB each, and each is copied */
    NODE_OUTPUT_MEMORY = 2, /* times limits.output: what unread output may take, chunks and all */
};

struct node;
struct connection;
struct chunk;

struct group_entry {
    struct connection *connection;
    struct command command;
    uint64_t hash; /* of command.id */
    uint32_t likely; /* store_prefetch_record's */
};

struct question {
    struct connection *asker; /* NULL: this place is free */
    struct chunk *gate;
    uint32_t serial; /* part of the ticket: an old answer fits no new question */
    uint32_t next_free;
};

void client_take(struct node *n, struct connection *c, struct span in, struct instant now);
void client_ended(struct node *n, struct connection *c, struct instant now);
/* Apply the commands that were gathered. */
void clients_apply(struct node *n, struct instant now);
/* Write the answers that places has ready. */
void clients_answer(struct node *n, struct instant now);
/* Go on with clients whose output has been read. */
void clients_resume(struct node *n, struct instant now);
/* Output was sent or answered: `c` may go on. */
void client_relieve(struct node *n, struct connection *c);
/* Forget what `c` waits for and holds. */
void client_drop(struct node *n, struct connection *c);

#endif
