/* queries.h — live queries of clients: NEAR, WATCH and UNWATCH.
 *
 * What is near, and who is told of what, is core/live's. Here are the replies, which wait behind
 * gates for an index that has not read the feed to its end. What a client that watches is told
 * behind them, and when, is news.h's:
 *
 *   a reader   event                                 next
 *   LEVEL      news, and it takes them               LEVEL
 *   LEVEL      news, and it cannot                   BEHIND
 *   BEHIND     output was sent, a gate opened, or    LISTED
 *              only the turn was full
 *   LISTED     its turn comes                        LEVEL or BEHIND, as live_catch_up says
 *
 * PROTOCOL.md, "Live queries". Called by node.c, commands.c and clients.c. Written by queries.c
 * alone: `struct queries` in struct node. */
#ifndef CORE_NODE_QUERIES_H
#define CORE_NODE_QUERIES_H

#include "core/base/instant.h"
#include "core/live/live.h"
#include "core/protocol/command.h"
#include "core/store/store.h"

enum {
    QUERIES_MAX = 1024, /* that wait for the index */
};

struct node;
struct connection;
struct chunk;

/* A NEAR or WATCH NEAR that waits. */
struct query {
    struct connection *asker; /* NULL: this slot is free */
    struct chunk *gate;
    char *head; /* " <position> <radius-km> <count>", or without the count; from malloc */
    const char *line; /* of a fence, behind that: the command, to be repeated if it is refused */
    struct position centre;
    uint64_t radius_um;
    bool fence;
    uint32_t serial, next_free;
};

struct queries {
    struct live *live; /* NULL: nobody has asked or watched yet */
    struct query *slots; /* QUERIES_MAX, when there is a `live` */
    uint32_t free_first;
    struct stamp_text text; /* of the stamp that is being told */
};

void queries_begin(struct node *n);
/* All clients must be closed. */
void queries_end(struct node *n);
void queries_take_limits(struct node *n);

/* `c` has said this command, a COMMAND_LIVE. false: it is to be refused; `why` for the log. */
MUST_USE bool query_apply(struct node *n, struct connection *c, const struct command *command,
    struct span *why, struct instant now);
/* `c` is gone. */
void queries_drop(struct node *n, struct connection *c);

/* At the end of a turn, after all that puts stamps, if there is a `live`. */
void queries_turn(struct node *n, struct instant now);
/* When that is due although nothing happens. */
int64_t queries_deadline(const struct node *n);

#endif
