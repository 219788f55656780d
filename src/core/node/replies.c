/* replies.c — see replies.h.
 *
 * Holds always: a choked client that does not pause, and whose output and questions have fallen to
 * half of what they may be, is in the list of those that go on; `questions` counts the gates in its
 * output that wait. */
#include "core/node/private.h"
#include <stdlib.h>

void replies_begin(struct node *n)
{
    n->replies.resuming_first = n->replies.resuming_last = CONNECTION_NONE;
}

void client_replies_begin(struct connection *c)
{
    c->client.replies.waiting = 0;
    c->client.replies.questions = c->client.replies.queries = 0;
}

void client_finish(struct node *n, struct connection *c, struct instant now)
{
    input_forget(n, c);
    connection_finish(&n->connections, c, now);
}

void client_closes(struct node *n, struct connection *c, struct instant now)
{
    client_log_ends(n, c, "client_close = reply");
    client_finish(n, c, now);
}

void client_starved(struct node *n, struct connection *c)
{
    n->metrics.clients_dropped_memory++;
    client_log_ends(n, c, "no memory for a reply");
    connection_abort(&n->connections, c);
}

bool client_full(const struct node *n, const struct connection *c)
{
    uint64_t most = n->topology->limits.output_bytes;
    return c->out.bytes >= most || c->out.memory >= CLIENT_OUTPUT_MEMORY * most ||
           c->client.replies.waiting >= CLIENT_QUESTIONS_MAX;
}

void reply_wrote(struct node *n, struct connection *c, struct span reply, struct instant now)
{
    connection_touch(&n->connections, c);
    if (log_on(n->log, LOG_DEBUG))
        client_log_reply(n, c, reply, now);
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        client_closes(n, c, now);
    else if (client_full(n, c))
        connection_choke(&n->connections, c, now);
}

void reply_refused(struct node *n, struct connection *c, struct span line, struct instant now)
{
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), line.len + 3);
    if (!room) {
        client_starved(n, c);
        return;
    }
    struct buf out = buf_over(room, line.len + 3);
    command_refuse(&out, line);
    outbox_wrote(&c->out, out.len);
    reply_wrote(n, c, (struct span){room, out.len - 1}, now);
}

void reply_stamp(
    struct node *n, struct connection *c, const struct stamp *stamp, struct instant now)
{
    size_t bytes = stamp_at_bytes_max(stamp) + 1;
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), bytes);
    if (!room) {
        client_starved(n, c);
        return;
    }
    struct buf out = buf_over(room, bytes);
    stamp_at_put(&out, stamp);
    buf_byte(&out, '\n');
    outbox_wrote(&c->out, out.len);
    reply_wrote(n, c, (struct span){room, out.len - 1}, now);
}

/* -- gates ------------------------------------------------------------------------------------- */

struct chunk *reply_gate(struct node *n, struct connection *c, const struct stamp *stamp)
{
    size_t bytes = stamp_at_bytes_max(stamp) + 1;
    char small[1024], *room = bytes <= sizeof small ? small : malloc(bytes);
    if (!room)
        return NULL;
    struct buf head = buf_over(room, bytes);
    stamp_at_put(&head, stamp);
    buf_byte(&head, '\n');
    struct chunk *gate =
        outbox_gate(&c->out, connection_chunks(&n->connections, c), buf_span(&head));
    if (room != small)
        free(room);
    /* it was not choked when its group began */
    ASSERT(c->client.replies.questions < CLIENT_QUESTIONS_MAX + COMMANDS_GROUP_QUESTIONS);
    if (!gate)
        return NULL;
    c->client.replies.questions++;
    c->client.replies.waiting++;
    quotas_asked(&n->quotas, c->client.pace.account, 1);
    return gate;
}

void reply_fill(struct node *n, struct connection *c, struct chunk *gate, struct span answer,
    struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT && c->client.replies.questions > 0);
    c->client.replies.questions--;
    c->client.replies.waiting--;
    quotas_answered(&n->quotas, c->client.pace.account, 1);
    if (log_on(n->log, LOG_DEBUG))
        client_log_reply(n, c, (struct span){gate->bytes, gate->len - 1}, now);
    if (!outbox_fill(&c->out, connection_chunks(&n->connections, c), gate, answer)) {
        client_starved(n, c);
        return;
    }
    client_news(n, c);
    client_relieve(n, c);
    reply_wrote(n, c, answer, now);
}

void client_forget_questions(struct node *n, struct connection *c)
{
    uint16_t questions = c->client.replies.questions;
    questions_cancel(n, c, questions);
    quotas_answered(&n->quotas, c->client.pace.account, questions);
    c->client.replies.questions = 0;
    c->client.replies.waiting = (uint16_t)(c->client.replies.waiting - questions);
}

/* -- after a choke ----------------------------------------------------------------------------- */

void client_relieve(struct node *n, struct connection *c)
{
    bool roomy = c->out.bytes <= n->topology->limits.output_bytes / 2 &&
                 c->client.replies.waiting <= CLIENT_QUESTIONS_MAX / 2;
    if (!c->choked || c->paused || c->client.replies.resuming || !roomy)
        return;
    c->client.replies.resuming = true;
    c->client.replies.next_resuming = CONNECTION_NONE;
    if (n->replies.resuming_first == CONNECTION_NONE)
        n->replies.resuming_first = c->number;
    else
        connection_of(&n->connections, n->replies.resuming_last)->client.replies.next_resuming =
            c->number;
    n->replies.resuming_last = c->number;
}

void client_news(struct node *n, struct connection *c)
{
    if (c->client.reader && live_is_behind(&c->client.reader->live))
        listed_add(n, c);
}

void client_owes(struct connection *c, int replies)
{
    int queries = c->client.replies.queries + replies;
    ASSERT(queries >= 0 && queries <= UINT16_MAX / 2);
    c->client.replies.queries = (uint16_t)queries;
    c->client.replies.waiting = (uint16_t)(c->client.replies.questions + queries);
}

void reply_counts_refused(struct node *n)
{
    n->metrics.lines_invalid++;
}

uint32_t replies_relieved(struct node *n)
{
    uint32_t first = n->replies.resuming_first;
    n->replies.resuming_first = n->replies.resuming_last = CONNECTION_NONE;
    return first;
}

struct connection *replies_next_relieved(struct node *n, uint32_t *list)
{
    struct connection *c = connection_of(&n->connections, *list);
    ASSERT(c->client.replies.resuming);
    *list = c->client.replies.next_resuming;
    c->client.replies.resuming = false;
    bool goes_on = c->kind == CONNECTION_CLIENT && c->choked && !c->finishing && !c->aborted;
    return goes_on ? c : NULL;
}
