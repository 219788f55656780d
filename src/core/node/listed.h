/* listed.h — clients that watch and may catch up with their news, in the order in which they came.
 *
 * The lowest of what news are made of: whoever opens a gate or gives an outbox room lists a client
 * here, and news.c takes it off. Called by replies.c, news.c and queries.c. Written by listed.c
 * alone: `struct listed` in struct node, and `listed` of each client. */
#ifndef CORE_NODE_LISTED_H
#define CORE_NODE_LISTED_H

#include "core/node/connection_list.h"

struct node;
struct connection;

struct listed {
    struct connection_list list;
};

void listed_begin(struct node *n);
/* `c` is the last then, if it is not in the list yet. */
void listed_add(struct node *n, struct connection *c);
/* It is not in the list any more, if it was. */
void listed_remove(struct node *n, struct connection *c);

#endif
