/* news.h — the news for clients that watch, and how much of them a connection takes.
 *
 * None while a reply before them waits, or while QUERIES_NEWS_BYTES are unsent; and those of
 * QUERIES_READERS_A_TURN connections in one turn, since it is their sends that cost. Whoever is
 * behind comes in the order in which it fell behind; the states stand in queries.h. After its FIN a
 * client is told only what a WATCH of everything begins with.
 *
 * PROTOCOL.md, "Live queries". Called by queries.c, and by core/live. Written by news.c: `listed`,
 * `given` and `told` of struct queries, `listed` of each client, and `spared` of its connection. */
#ifndef CORE_NODE_NEWS_H
#define CORE_NODE_NEWS_H

#include "core/base/buf.h"
#include "core/live/live.h"

enum { NEWS_BYTES = 48 }; /* of a line at most, but for the AT or the id: any word, any number */

struct connection;
struct node;

/* Write one line: NEWS_BYTES and what the AT or the id needs. */
void news_put(struct buf *out, uint64_t number, enum live_news what, struct span id,
    const struct stamp *stamp);

/* live_calls.tell; `self` is the node. */
bool news_tell(void *self, struct live_reader *live, uint64_t number, enum live_news what,
    struct span id, const struct stamp *stamp);

/* Tell those who fell behind before any others, each once. */
void news_catch_up(struct node *n);

/* `c` goes, and is not to catch up any more. */
void news_unlist(struct node *n, struct connection *c);
/* `c`, which has a reader, has more watches or fewer: is its silence to be counted? */
void news_spare(struct connection *c);

#endif
