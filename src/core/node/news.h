/* news.h — the news for clients that watch, and how much of them a connection takes.
 *
 * None while a reply before them waits, or while QUERIES_NEWS_BYTES are unsent; and those of
 * QUERIES_READERS_A_TURN connections in one turn, since it is their sends that cost. Whoever is
 * behind comes in the order in which it fell behind; the states stand in queries.h. After its FIN a
 * client is told only what a WATCH of everything begins with.
 *
 * PROTOCOL.md, "Live queries". Called by queries.c, and by core/live. Written by news.c alone:
 * `struct news` in struct node, `struct query_reader` and where a client keeps it, and `spared` of
 * its connection. */
#ifndef CORE_NODE_NEWS_H
#define CORE_NODE_NEWS_H

#include "core/base/buf.h"
#include "core/live/live.h"
#include "core/node/replies.h"

enum { NEWS_BYTES = 48 }; /* of a line at most, but for the AT or the id: any word, any number */

enum {
    QUERIES_NEWS_BYTES = 65536, /* unsent, beyond which a connection gets no news */
    QUERIES_READERS_A_TURN = 512,
    QUERIES_ALL_WAITS = CLIENT_QUESTIONS_MAX, /* in `queries`: nothing behind it is read */
};

struct connection;
struct node;

/* A client that watches, or has; from malloc. */
struct query_reader {
    struct live_reader live; /* the first member: live.h gives it back */
    struct connection *connection;
    bool all_begins; /* a WATCH of everything has not had its reply yet: nothing else is read */
    uint64_t turn; /* one more than the last in which it got news; 0: none yet */
};

struct news {
    uint64_t turn;
    unsigned given; /* connections that got some in this turn */
};

/* Write one line: NEWS_BYTES and what the AT or the id needs. */
void news_put(struct buf *out, uint64_t number, enum live_news what, struct span id,
    const struct stamp *stamp);

/* live_calls.tell; `self` is the node. */
bool news_tell(void *self, struct live_reader *live, uint64_t number, enum live_news what,
    struct span id, const struct stamp *stamp);

/* A turn begins: tell those who fell behind before any others, each once. */
void news_turn(struct node *n, struct live *live);

/* `c` is going to watch. false: no memory. */
MUST_USE bool news_begin(struct connection *c);
/* Its watches, of a client that has begun. */
struct live_reader *news_reader(struct connection *c);
/* It watches everything from now on: nothing is read from it until WATCHING. */
void news_begin_all(struct node *n, struct connection *c);
/* A watch of `c` ended as it began: it has had its number. */
void news_pass_number(struct connection *c);
/* `c` has more watches or fewer: is its silence to be counted? */
void news_spare(struct connection *c);
/* `c` goes. */
void news_end(struct node *n, struct connection *c, struct live *live);

#endif
