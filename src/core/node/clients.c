/* clients.c — see clients.h: their lives, and the lines that they say.
 *
 * The way of an IAMAT: received bytes -> lines (in place) -> struct command -> the group of
 * commands.c -> the store -> the outbox.
 *
 * A client that does not read its replies is choked: its input stays in the kernel, and what was
 * already received is held until there is room again. PROTOCOL.md, "Client port". */
#include "core/node/private.h"
#include "core/protocol/foreign.h"
#include <stdlib.h>

/* A line that is too long is refused, even if its first bytes are a command. */
static void take_line(struct node *n, struct connection *c, struct span line,
    enum line_result found, struct instant now)
{
    struct command *command = commands_next(n);
    if (found == LINE_WHOLE) {
        command_parse(line, command);
    } else {
        n->metrics.lines_too_long++;
        *command = (struct command){.kind = COMMAND_INVALID, .line = line};
    }
    if (log_on(n->log, LOG_DEBUG))
        client_log_line(n, c, line, found, now);
    commands_gather(n, c, now);
}

/* Most lines are whole commands in the usual form: those are cut and parsed in one pass. false:
 * this one is not. */
static bool take_command(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    if (line_partial(&c->client.lines))
        return false;
    struct command *command = commands_next(n);
    size_t bytes = command_next(*in, c->client.lines.bytes_max, command);
    if (!bytes)
        return false;
    line_passed(&c->client.lines);
    if (log_on(n->log, LOG_DEBUG))
        client_log_line(n, c, command->line, LINE_WHOLE, now);
    *in = span_from(*in, bytes);
    commands_gather(n, c, now);
    return true;
}

/* -- input ------------------------------------------------------------------------------------- */

/* Of a reader that has room; without it, its bytes_max is limits.line. */
static void put_room(struct node *n, struct line_reader *lines)
{
    uint32_t line_bytes = n->topology->limits.line_bytes;
    if (lines->bytes_max == line_bytes)
        pool_put(&n->clients.rooms, lines->room);
    else
        pool_drop(&n->clients.rooms, lines->room); /* from before limits.line was changed */
    lines->room = NULL;
    lines->bytes_max = line_bytes;
}

static void give_room_back(struct node *n, struct connection *c)
{
    if (c->client.lines.room)
        put_room(n, &c->client.lines);
}

/* The first line of a connection is no command. If another protocol's request begins with it, it is
 * the last that is taken: PROTOCOL.md, "Connections". */
static void judge_first(struct node *n, struct connection *c, struct span line,
    enum line_result found, struct instant now)
{
    if (!foreign_is_http(line, found == LINE_LONG))
        return;
    commands_apply(n, now); /* it is answered */
    if (c->aborted || c->finishing)
        return;
    n->metrics.clients_dropped_http++;
    client_log_ends(n, c, "its first line is an HTTP request");
    client_finish(n, c, now);
}

/* Cut and gather lines until `in` is used up or the client is choked. */
static void take_lines(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    unsigned lines = 0;
    while (in->len && !c->choked && !c->finishing && !c->aborted) {
        if (take_command(n, c, in, now)) {
            lines++;
            continue;
        }
        struct span line;
        bool first = c->client.lines.room_in_use == LINE_NONE_YET;
        enum line_result found = line_next(&c->client.lines, in, &line);
        switch (found) {
        case LINE_WHOLE:
        case LINE_LONG:
            take_line(n, c, line, found, now);
            lines++;
            if (first)
                judge_first(n, c, line, found, now);
            break;
        case LINE_NO_ROOM:
            c->client.lines.room = pool_get(&n->clients.rooms);
            if (!c->client.lines.room)
                client_starved(n, c);
            break;
        case LINE_MORE: /* what there was is kept */
            break;
        }
    }
    if (!c->client.lines.kept)
        give_room_back(n, c);
    else
        input_kept(n, c, now);
    if (c->client.pace.account != QUOTA_NONE)
        client_paces(n, c, lines, now);
}

/* What cannot be taken now is held. It is never more than what one turn received, because the
 * driver stops reading from a choked client. */
void client_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    if (c->client.input.state != INPUT_NONE && input_comes(n, c, &in, now))
        client_take(n, c, SPAN("\r"), now); /* it is INPUT_NONE now */
    if (!c->choked)
        take_lines(n, c, &in, now);
    if (c->finishing || c->aborted)
        return;
    if (client_full(n, c))
        connection_choke(&n->connections, c, now);
    if (c->choked && !input_hold(c, in))
        client_starved(n, c);
}

void clients_take_silent(struct node *n, struct instant now)
{
    struct connection *c;
    struct span line;
    while ((c = inputs_silent(n, now))) {
        bool whole = line_last(&c->client.lines, &line);
        ASSERT(whole);
        take_line(n, c, line, LINE_WHOLE, now); /* and applied, since it is in the reader's room */
        give_room_back(n, c);
    }
}

/* All input of a client that has sent FIN was taken, except a last line without LF. */
static void finish_input(struct node *n, struct connection *c, struct instant now)
{
    struct span line;
    if (line_last(&c->client.lines, &line))
        take_line(n, c, line, LINE_WHOLE, now);
    commands_apply(n, now);
    client_log_ends(n, c, "the client has ended its input");
    client_finish(n, c, now);
}

void client_ended(struct node *n, struct connection *c, struct instant now)
{
    if (!c->choked)
        finish_input(n, c, now);
}

/* -- after a choke ----------------------------------------------------------------------------- */

static void resume(struct node *n, struct connection *c, struct instant now)
{
    ASSERT(c->choked);
    connection_release(c);
    while (!c->finishing && !c->aborted && c->client.input.held && c->client.input.held->head &&
           !client_full(n, c)) {
        struct span in = outbox_window(c->client.input.held);
        size_t before = in.len;
        take_lines(n, c, &in, now);
        commands_apply(n, now); /* the lines are views of what is freed now */
        if (c->client.input.held) /* not when `client_close reply` has just forgotten it */
            outbox_sent(c->client.input.held, NULL, before - in.len);
    }
    if (c->finishing || c->aborted)
        return;
    if (client_full(n, c)) {
        connection_choke(&n->connections, c, now);
        return;
    }
    input_forget_held(c);
    connection_watch(&n->connections, c, now);
    connection_touch(&n->connections, c);
    if (c->ended)
        finish_input(n, c, now);
}

/* Those that are relieved meanwhile go on in the next turn. */
void clients_resume(struct node *n, struct instant now)
{
    uint32_t list = replies_relieved(n);
    while (list != CONNECTION_NONE) {
        struct connection *c = replies_next_relieved(n, &list);
        if (c)
            resume(n, c, now);
    }
}

/* -- the life of a client ---------------------------------------------------------------------- */

void clients_begin(struct node *n)
{
    struct clients *k = &n->clients;
    replies_begin(n);
    queries_begin(n);
    pool_init(&k->rooms, n->topology->limits.line_bytes + 1, OUTBOX_SPARE_CHUNKS);
}

/* A line that has begun is measured by the limit with which it began. */
void clients_take_limits(struct node *n)
{
    uint32_t line_bytes = n->topology->limits.line_bytes;
    queries_take_limits(n);
    pool_resize(&n->clients.rooms, line_bytes + 1);
    for (uint32_t i = 0; i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (c && c->kind == CONNECTION_CLIENT && !c->client.lines.room)
            c->client.lines.bytes_max = line_bytes;
    }
}

void clients_end(struct node *n)
{
    client_logs_end(n);
    queries_end(n);
    pool_deinit(&n->clients.rooms);
}

/* A node that stops admits nobody, which is no limit reached. */
void client_open(
    struct node *n, struct connection *c, const struct address *from, struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT && !c->client.input.held && !c->client.input.listed &&
           !c->client.lines.room);
    c->client.lines = (struct line_reader){
        .bytes_max = n->topology->limits.line_bytes, .room_in_use = LINE_NONE_YET};
    input_forget(n, c);
    c->client.admitted = false;
    client_replies_begin(c);
    client_pace_begin(c, QUOTA_NONE);
    bool full = n->clients.count >= n->topology->limits.connections;
    n->metrics.clients_refused += full && !n->stopping;
    if (full || n->stopping) {
        connection_abort(&n->connections, c);
        return;
    }
    uint32_t account;
    if (!quotas_enter(&n->quotas, from, &account)) {
        n->metrics.clients_refused_address++;
        connection_abort(&n->connections, c);
        return;
    }
    client_pace_begin(c, account);
    c->client.admitted = true;
    n->clients.count++;
    n->metrics.clients_accepted++;
    connection_watch(&n->connections, c, now);
    client_log_opened(n, c, from, now);
}

void client_silent(struct node *n, struct connection *c)
{
    bool stalled = c->watch == &n->connections.stalled &&
                   connection_is_stalled(c, n->topology->limits.output_bytes);
    if (stalled)
        n->metrics.clients_dropped_stalled++;
    else
        n->metrics.clients_dropped_idle++;
    client_log_ends(n, c, stalled ? "it did not read for limits.stall" : "no byte for limits.idle");
}

void client_drop(struct node *n, struct connection *c)
{
    queries_drop(n, c);
    client_forget_questions(n, c);
    client_pace_end(n, c);
    input_forget(n, c);
    give_room_back(n, c);
}

void client_closed(struct node *n, struct connection *c, const char *why, struct instant now)
{
    commands_apply(n, now); /* commands of this client may still wait in the group */
    if (!c->client.admitted)
        return;
    ASSERT(n->clients.count > 0);
    c->client.admitted = false;
    n->clients.count--;
    client_log_closed(n, c, why, now);
}

void clients_stop(struct node *n, struct instant now)
{
    commands_apply(n, now);
    for (uint32_t i = 0; i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (!c || c->kind != CONNECTION_CLIENT)
            continue;
        client_log_ends(n, c, "this node stops");
        client_finish(n, c, now);
    }
}
