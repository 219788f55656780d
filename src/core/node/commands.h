/* commands.h — what the commands of clients do, in groups.
 *
 * Commands are gathered over all connections of a turn, up to COMMANDS_GROUP, so that their cache
 * misses overlap. Nothing here floods: links read the feed. Called by clients.c and node.c. Written
 * by commands.c alone. PROTOCOL.md, "Replies". */
#ifndef CORE_NODE_COMMANDS_H
#define CORE_NODE_COMMANDS_H

#include "core/base/instant.h"
#include "core/protocol/command.h"
#include "core/store/store.h"

enum {
    COMMANDS_GROUP = 64, /* that are prefetched together */
    COMMANDS_GROUP_QUESTIONS = 8, /* WHATSATs among them: each opens a gate, counted afterwards */
    COMMANDS_ANSWERS_PER_TURN = 64, /* of places: of up to 1 MiB each, and each is copied */
};

struct node;
struct connection;

/* A command that was read and not yet applied. */
struct group_entry {
    struct connection *connection;
    struct command command;
    uint64_t hash; /* of command.id */
    uint32_t likely; /* the record that store_prefetch_record found */
};

struct commands {
    struct group_entry group[COMMANDS_GROUP];
    unsigned group_count, group_questions;
    struct stamp_text text; /* of the stamp that is being answered */
};

/* Where to put the next command. */
struct command *commands_next(struct node *n);
/* Add that command, which `c` has said, to the group; apply the group when it is full. */
void commands_gather(struct node *n, struct connection *c, struct instant now);
/* Apply the commands that were gathered. */
void commands_apply(struct node *n, struct instant now);
/* Write the answers that places has ready. */
void commands_answer(struct node *n, struct instant now);

#endif
