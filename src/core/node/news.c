/* news.c — see news.h.
 *
 * Holds always: a connection in the list has a reader; one that is BEHIND and could take news is in
 * the list. */
#include "core/node/private.h"
#include <stdlib.h>

static struct query_reader *reader_of(const struct connection *c)
{
    return c->client.reader;
}

/* -- who may catch up -------------------------------------------------------------------------- */

/* Whether it could take news, but for the turn. After FIN, those are only what a WATCH of
 * everything begins with. */
static bool takes_news(const struct connection *c)
{
    const struct client_replies *r = &c->client.replies;
    bool begins = reader_of(c)->all_begins;
    bool gates = r->questions > 0 || (r->queries > 0 && !begins);
    bool ends = c->finishing || c->aborted || (c->ended && !begins);
    return !ends && !gates && c->out.bytes < QUERIES_NEWS_BYTES;
}

bool news_begin(struct connection *c)
{
    if (c->client.reader)
        return true;
    c->client.reader = calloc(1, sizeof *c->client.reader);
    if (c->client.reader)
        c->client.reader->connection = c;
    return c->client.reader != NULL;
}

struct live_reader *news_reader(struct connection *c)
{
    return &reader_of(c)->live;
}

void news_begin_all(struct node *n, struct connection *c)
{
    reader_of(c)->all_begins = true;
    client_owes(c, QUERIES_ALL_WAITS);
    client_news(n, c);
}

void news_pass_number(struct connection *c)
{
    reader_of(c)->live.last++;
}

void news_spare(struct connection *c)
{
    c->spared = reader_of(c)->live.count > 0 ? NODE_WANT_KEEP : 0u;
}

void news_end(struct node *n, struct connection *c, struct live *live)
{
    listed_remove(n, c);
    if (!c->client.reader)
        return;
    live_reader_end(live, &c->client.reader->live);
    c->spared = 0;
    free(c->client.reader);
    c->client.reader = NULL;
}

/* -- news -------------------------------------------------------------------------------------- */

static const char *word_of(enum live_news what)
{
    static const char *const words[] = {[LIVE_NOW] = " NOW ", [LIVE_ENTER] = " ENTER ",
        [LIVE_MOVE] = " MOVE ", [LIVE_EXIT] = " EXIT ", [LIVE_GONE] = " GONE "};
    return words[what];
}

void news_put(struct buf *out, uint64_t number, enum live_news what, struct span id,
    const struct stamp *stamp)
{
    if (what == LIVE_WATCHING) {
        buf_text(out, "WATCHING ");
        buf_u64(out, number);
    } else {
        buf_text(out, "! ");
        buf_u64(out, number);
        buf_text(out, what == LIVE_FULL ? " FULL" : word_of(what));
    }
    if (what == LIVE_GONE)
        buf_span_put(out, id);
    else if (stamp)
        stamp_at_put(out, stamp);
    buf_byte(out, '\n');
}

static bool write_news(struct node *n, struct connection *c, uint64_t number, enum live_news what,
    struct span id, const struct stamp *stamp)
{
    size_t bytes = NEWS_BYTES + (stamp ? stamp_at_bytes_max(stamp) : id.len);
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), bytes);
    if (!room) {
        client_starved(n, c);
        return false;
    }
    struct buf out = buf_over(room, bytes);
    news_put(&out, number, what, id, stamp);
    outbox_wrote(&c->out, out.len);
    connection_touch(&n->connections, c);
    if (log_on(n->log, LOG_DEBUG))
        client_log_reply(n, c, (struct span){room, out.len - 1}, n->now);
    return true;
}

/* All that was held when it began is told: it is read from again. */
static void all_has_begun(struct node *n, struct connection *c)
{
    reader_of(c)->all_begins = false;
    client_owes(c, -QUERIES_ALL_WAITS);
    client_relieve(n, c);
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        client_closes(n, c, n->now);
}

bool news_tell(void *self, struct live_reader *live, uint64_t number, enum live_news what,
    struct span id, const struct stamp *stamp)
{
    struct node *n = self;
    struct query_reader *r = (struct query_reader *)live;
    struct connection *c = r->connection;
    if (!takes_news(c))
        return false;
    if (r->turn != n->news.turn + 1) {
        if (n->news.given == QUERIES_READERS_A_TURN) {
            listed_add(n, c); /* client_news would not: it falls behind only now */
            return false;
        }
        n->news.given++;
        r->turn = n->news.turn + 1;
    }
    if (!write_news(n, c, number, what, id, stamp))
        return false;
    if (what == LIVE_WATCHING)
        all_has_begun(n, c);
    return true;
}

/* -- catching up ------------------------------------------------------------------------------- */

void news_turn(struct node *n, struct live *live)
{
    const struct connection_list *list = &n->listed.list;
    uint32_t last = list->last;
    n->news.turn++;
    n->news.given = 0;
    while (list->first != CONNECTION_NONE && n->news.given < QUERIES_READERS_A_TURN) {
        struct connection *c = connection_of(&n->connections, list->first);
        ASSERT(c->kind == CONNECTION_CLIENT && c->client.listed && reader_of(c));
        bool ends = c->number == last;
        listed_remove(n, c);
        if (takes_news(c) && !live_catch_up(live, &reader_of(c)->live) && takes_news(c))
            listed_add(n, c);
        news_spare(c); /* FULL has ended some, perhaps */
        if (ends)
            return;
    }
}
