/* news.c — see news.h.
 *
 * Holds always: a connection in the list has a reader; one that is BEHIND and could take news is in
 * the list. */
#include "core/node/private.h"

static struct query_reader *reader_of(const struct connection *c)
{
    return c->client.reader;
}

/* -- who may catch up -------------------------------------------------------------------------- */

void news_unlist(struct node *n, struct connection *c)
{
    if (!c->client.listed)
        return;
    connection_list_remove(&n->connections, &n->queries.listed, LIST_NEWS, c);
    c->client.listed = false;
}

static void list(struct node *n, struct connection *c)
{
    if (c->client.listed)
        return;
    connection_list_append(&n->connections, &n->queries.listed, LIST_NEWS, c);
    c->client.listed = true;
}

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

void news_spare(struct connection *c)
{
    c->spared = reader_of(c)->live.count > 0;
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
    n->queries.told++;
    return true;
}

/* All that was held when it began is told: it is read from again. */
static void all_has_begun(struct node *n, struct connection *c)
{
    reader_of(c)->all_begins = false;
    ASSERT(c->client.replies.queries >= QUERIES_ALL_WAITS);
    c->client.replies.queries -= QUERIES_ALL_WAITS;
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
    if (r->turn != n->queries.turn) {
        if (n->queries.given == QUERIES_READERS_A_TURN) {
            list(n, c); /* client_news would not: it falls behind only now */
            return false;
        }
        n->queries.given++;
        r->turn = n->queries.turn;
    }
    if (!write_news(n, c, number, what, id, stamp))
        return false;
    if (what == LIVE_WATCHING)
        all_has_begun(n, c);
    return true;
}

/* -- catching up ------------------------------------------------------------------------------- */

void news_catch_up(struct node *n)
{
    struct queries *k = &n->queries;
    uint32_t last = k->listed.last;
    while (k->listed.first != CONNECTION_NONE && k->given < QUERIES_READERS_A_TURN) {
        struct connection *c = connection_of(&n->connections, k->listed.first);
        ASSERT(c->kind == CONNECTION_CLIENT && c->client.listed && reader_of(c));
        bool ends = c->number == last;
        news_unlist(n, c);
        if (takes_news(c) && !live_catch_up(k->live, &reader_of(c)->live) && takes_news(c))
            list(n, c);
        news_spare(c); /* FULL has ended some, perhaps */
        if (ends)
            return;
    }
}
