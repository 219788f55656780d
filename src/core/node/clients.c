/* clients.c — see clients.h: what clients say and what they are told.
 *
 * The way of an IAMAT: received bytes -> lines (in place) -> struct command -> the group -> the
 * store -> the outbox. Commands are gathered over all connections of a turn, up to CLIENTS_GROUP,
 * so that their cache misses overlap; they are applied in the order in which they came. Replies
 * keep the order of their commands, however long places takes. Nothing here floods: links read the
 * feed.
 *
 * A client that does not read its replies is choked: its input stays in the kernel, and what was
 * already received is held until there is room again. PROTOCOL.md, "Client port". */
#include "core/node/private.h"
#include <stdlib.h>

/* Nothing more is read from `c`; it closes when its replies are sent. */
static void finish(struct node *n, struct connection *c, struct instant now)
{
    input_forget(n, c);
    connection_finish(&n->connections, c, now);
}

/* -- replies ----------------------------------------------------------------------------------- */

static void out_of_memory(struct node *n, struct connection *c)
{
    n->metrics.clients_dropped_memory++;
    connection_abort(&n->connections, c);
}

/* Whether no more input may be taken: its output or its questions are at their limit. */
static bool too_much(const struct node *n, const struct connection *c)
{
    uint64_t most = n->topology->limits.output_bytes;
    return c->out.bytes >= most || c->out.memory >= CLIENT_OUTPUT_MEMORY * most ||
           c->client.questions >= CLIENT_QUESTIONS_MAX;
}

static void replied(struct node *n, struct connection *c, struct span reply, struct instant now)
{
    connection_touch(&n->connections, c);
    if (log_on(n->log, LOG_DEBUG))
        client_log_reply(n, c, reply, now);
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        finish(n, c, now);
    else if (too_much(n, c))
        connection_choke(&n->connections, c, now);
}

static void reply_refused(
    struct node *n, struct connection *c, struct span line, struct instant now)
{
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), line.len + 3);
    if (!room) {
        out_of_memory(n, c);
        return;
    }
    struct buf out = buf_over(room, line.len + 3);
    command_refuse(&out, line);
    outbox_wrote(&c->out, out.len);
    replied(n, c, (struct span){room, out.len - 1}, now);
}

static void reply_stamp(
    struct node *n, struct connection *c, const struct stamp *stamp, struct instant now)
{
    size_t bytes = stamp_at_bytes_max(stamp) + 1;
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), bytes);
    if (!room) {
        out_of_memory(n, c);
        return;
    }
    struct buf out = buf_over(room, bytes);
    stamp_at_put(&out, stamp);
    buf_byte(&out, '\n');
    outbox_wrote(&c->out, out.len);
    replied(n, c, (struct span){room, out.len - 1}, now);
}

/* -- commands ---------------------------------------------------------------------------------- */

/* `why` is for the log only: PROTOCOL.md, "To anything else". */
static void refuse(struct node *n, struct connection *c, const struct command *command,
    struct span why, struct instant now)
{
    n->metrics.lines_invalid++;
    if (log_on(n->log, LOG_DEBUG))
        client_log_refusal(n, c, why, now);
    reply_refused(n, c, command->line, now);
}

static void on_iamat(
    struct node *n, struct connection *c, const struct group_entry *entry, struct instant now)
{
    const struct command *command = &entry->command;
    n->metrics.lines_iamat++;
    struct stamp stamp = {.id = command->id,
        .position = command->iamat.position_text,
        .time = command->iamat.time_text,
        .origin = n->name,
        .time_ns = command->iamat.time_ns,
        .skew_ns = now.real_ns - command->iamat.time_ns};
    if (stamp_is_of_future(&stamp, n->links.peering.future_ns)) {
        n->metrics.stamps_refused_future++;
        refuse(n, c, command, SPAN("the time is further ahead than limits.future"), now);
        return;
    }
    struct feed_item held;
    bool known;
    switch (store_put_later(n->store, &stamp, entry->hash, ROUTE_LOCAL)) {
    case STORE_NEW:
        n->metrics.stamps_new++;
        reply_stamp(n, c, &stamp, now);
        return;
    case STORE_OLD:
        n->metrics.stamps_old++;
        known = store_get(n->store, command->id, entry->hash, &held, &n->clients.text);
        ASSERT(known);
        reply_stamp(n, c, &held.stamp, now);
        return;
    case STORE_FULL:
        n->metrics.stamps_refused_full++;
        refuse(n, c, command, SPAN("limits.stamps ids are held and this one is new"), now);
        return;
    case STORE_STARVED:
        n->metrics.stamps_refused_memory++;
        refuse(n, c, command, SPAN("no memory is left for the stamp"), now);
        return;
    }
}

/* Put the stored AT line and its LF into a gate; the answer of places will follow them. NULL: no
 * memory. */
static struct chunk *open_gate(struct connection *c, const struct stamp *stamp)
{
    size_t bytes = stamp_at_bytes_max(stamp) + 1;
    char small[1024], *room = bytes <= sizeof small ? small : malloc(bytes);
    if (!room)
        return NULL;
    struct buf head = buf_over(room, bytes);
    stamp_at_put(&head, stamp);
    buf_byte(&head, '\n');
    struct chunk *gate = outbox_gate(&c->out, buf_span(&head));
    if (room != small)
        free(room);
    /* it was not choked when its group began */
    ASSERT(c->client.questions < CLIENT_QUESTIONS_MAX + CLIENTS_GROUP_QUESTIONS);
    if (gate)
        c->client.questions++;
    return gate;
}

/* Answer a gate. Without memory the connection is aborted, since no reply may be left out. */
static void fill_gate(struct node *n, struct connection *c, struct chunk *gate, struct span answer,
    struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT && c->client.questions > 0);
    c->client.questions--;
    if (log_on(n->log, LOG_DEBUG))
        client_log_reply(n, c, (struct span){gate->bytes, gate->len - 1}, now);
    if (!outbox_fill(&c->out, connection_chunks(&n->connections, c), gate, answer)) {
        out_of_memory(n, c);
        return;
    }
    client_relieve(n, c);
    replied(n, c, answer, now);
}

static void fail_gate(struct node *n, struct connection *c, struct chunk *gate, struct instant now)
{
    size_t bytes;
    char *json = places_render(NULL, NULL, PLACES_OVER_QUERY_LIMIT,
        "too many questions wait for an answer at this node", &bytes);
    if (json)
        fill_gate(n, c, gate, (struct span){json, bytes}, now);
    else
        out_of_memory(n, c);
    free(json);
}

static void on_whatsat(
    struct node *n, struct connection *c, const struct group_entry *entry, struct instant now)
{
    const struct command *command = &entry->command;
    n->metrics.lines_whatsat++;
    struct feed_item held;
    struct places_question question = {
        .radius_um = command->whatsat.radius_um, .count = command->whatsat.count};
    if (!store_get(n->store, command->id, entry->hash, &held, &n->clients.text)) {
        refuse(n, c, command, SPAN("no stamp of the client id is held"), now);
        return;
    }
    bool parsed = position_parse(held.stamp.position, &question.centre);
    ASSERT(parsed); /* or it would not have been stored */
    struct chunk *gate = open_gate(c, &held.stamp);
    if (!gate) {
        out_of_memory(n, c);
        return;
    }
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        finish(n, c, now);
    if (!question_ask(n, c, gate, &question, now)) {
        fail_gate(n, c, gate, now);
        return;
    }
    n->metrics.places_asked++;
    if (too_much(n, c))
        connection_choke(&n->connections, c, now);
}

static void apply(struct node *n, const struct group_entry *entry, struct instant now)
{
    struct connection *c = entry->connection;
    if (c->finishing || c->aborted)
        return; /* by an earlier command: `client_close reply`, or memory has run out */
    switch (entry->command.kind) {
    case COMMAND_IAMAT:
        on_iamat(n, c, entry, now);
        return;
    case COMMAND_WHATSAT:
        on_whatsat(n, c, entry, now);
        return;
    case COMMAND_INVALID:
        refuse(n, c, &entry->command, SPAN(""), now); /* its line_in says why */
        return;
    }
}

void clients_apply(struct node *n, struct instant now)
{
    unsigned count = n->clients.group_count;
    if (count == 0)
        return;
    ASSERT(count <= CLIENTS_GROUP);
    n->clients.group_count = n->clients.group_questions = 0;
    for (unsigned i = 0; i < count; i++)
        if (n->clients.group[i].command.kind != COMMAND_INVALID)
            n->clients.group[i].likely = store_prefetch_record(n->store, n->clients.group[i].hash);
    for (unsigned i = 0; i < count; i++)
        if (n->clients.group[i].command.kind == COMMAND_IAMAT)
            store_prefetch_feed(n->store, n->clients.group[i].likely);
    for (unsigned i = 0; i < count; i++)
        apply(n, &n->clients.group[i], now);
}

/* The slot of the next command in the group. */
static struct group_entry *next_entry(struct node *n, struct connection *c)
{
    struct group_entry *entry = &n->clients.group[n->clients.group_count];
    entry->connection = c;
    return entry;
}

/* Add `entry`, which is filled, to the group; apply the group when it is full. */
static void gather(
    struct node *n, struct connection *c, struct group_entry *entry, struct instant now)
{
    n->clients.group_count++;
    if (entry->command.kind != COMMAND_INVALID) {
        entry->hash = store_hash(n->store, entry->command.id);
        store_prefetch_table(n->store, entry->hash);
    }
    n->clients.group_questions += entry->command.kind == COMMAND_WHATSAT;
    /* A line in the reader's room would be overwritten by the next one that is split. */
    if (n->clients.group_count == CLIENTS_GROUP ||
        n->clients.group_questions == CLIENTS_GROUP_QUESTIONS || c->client.lines.room_in_use)
        clients_apply(n, now);
}

/* A line that is too long is refused, even if its first bytes are a command. */
static void take_line(struct node *n, struct connection *c, struct span line,
    enum line_result found, struct instant now)
{
    struct group_entry *entry = next_entry(n, c);
    if (found == LINE_WHOLE) {
        command_parse(line, &entry->command);
    } else {
        n->metrics.lines_too_long++;
        entry->command = (struct command){.kind = COMMAND_INVALID, .line = line};
    }
    if (log_on(n->log, LOG_DEBUG))
        client_log_line(n, c, line, found, now);
    gather(n, c, entry, now);
}

/* Most lines are whole commands in the usual form: those are cut and parsed in one pass. false:
 * this one is not. */
static bool take_command(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    if (line_partial(&c->client.lines))
        return false;
    struct group_entry *entry = next_entry(n, c);
    size_t bytes = command_next(*in, c->client.lines.bytes_max, &entry->command);
    if (!bytes)
        return false;
    line_passed(&c->client.lines);
    if (log_on(n->log, LOG_DEBUG))
        client_log_line(n, c, entry->command.line, LINE_WHOLE, now);
    *in = span_from(*in, bytes);
    gather(n, c, entry, now);
    return true;
}

/* -- input ------------------------------------------------------------------------------------- */

static void give_room_back(struct node *n, struct connection *c)
{
    if (c->client.lines.room)
        pool_put(&n->clients.rooms, c->client.lines.room);
    c->client.lines.room = NULL;
}

/* Cut and gather lines until `in` is used up or the client is choked. */
static void take_lines(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    while (in->len && !too_much(n, c) && !c->finishing && !c->aborted) {
        if (take_command(n, c, in, now))
            continue;
        struct span line;
        enum line_result found = line_next(&c->client.lines, in, &line);
        switch (found) {
        case LINE_WHOLE:
        case LINE_LONG:
            take_line(n, c, line, found, now);
            break;
        case LINE_NO_ROOM:
            c->client.lines.room = pool_get(&n->clients.rooms);
            if (!c->client.lines.room)
                out_of_memory(n, c);
            break;
        case LINE_MORE: /* what there was is kept */
            break;
        }
    }
    if (!c->client.lines.kept)
        give_room_back(n, c);
    else
        input_kept(n, c, now);
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
    if (too_much(n, c))
        connection_choke(&n->connections, c, now);
    if (c->choked && !input_hold(c, in))
        out_of_memory(n, c);
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
    clients_apply(n, now);
    finish(n, c, now);
}

void client_ended(struct node *n, struct connection *c, struct instant now)
{
    if (!c->choked)
        finish_input(n, c, now);
}

/* -- after a choke ----------------------------------------------------------------------------- */

void client_relieve(struct node *n, struct connection *c)
{
    bool roomy = c->out.bytes <= n->topology->limits.output_bytes / 2 &&
                 c->client.questions <= CLIENT_QUESTIONS_MAX / 2;
    if (!c->choked || c->client.resuming || !roomy)
        return;
    c->client.resuming = true;
    c->client.next_resuming = CONNECTION_NONE;
    if (n->clients.resuming_first == CONNECTION_NONE)
        n->clients.resuming_first = c->number;
    else
        connection_of(&n->connections, n->clients.resuming_last)->client.next_resuming = c->number;
    n->clients.resuming_last = c->number;
}

static void resume(struct node *n, struct connection *c, struct instant now)
{
    ASSERT(c->choked);
    connection_release(c);
    while (!c->finishing && !c->aborted && c->client.input.held && c->client.input.held->head &&
           !too_much(n, c)) {
        struct span in = outbox_window(c->client.input.held);
        size_t before = in.len;
        take_lines(n, c, &in, now);
        clients_apply(n, now); /* the lines are views of what is freed now */
        if (c->client.input.held) /* not when `client_close reply` has just forgotten it */
            outbox_sent(c->client.input.held, NULL, before - in.len);
    }
    if (c->finishing || c->aborted)
        return;
    if (too_much(n, c)) {
        connection_choke(&n->connections, c, now);
        return;
    }
    input_forget_held(c);
    connection_watch(&n->connections, c, now);
    connection_touch(&n->connections, c);
    if (c->ended)
        finish_input(n, c, now);
}

void clients_resume(struct node *n, struct instant now)
{
    uint32_t number = n->clients.resuming_first;
    n->clients.resuming_first = n->clients.resuming_last = CONNECTION_NONE;
    while (number != CONNECTION_NONE) {
        struct connection *c = connection_of(&n->connections, number);
        number = c->client.next_resuming;
        c->client.resuming = false;
        if (c->kind == CONNECTION_CLIENT && c->choked && !c->finishing && !c->aborted)
            resume(n, c, now);
    }
}

/* -- answers of places ------------------------------------------------------------------------- */

/* Those beyond CLIENTS_ANSWERS_PER_TURN come in the next turn, for which the provider's deadline
 * asks at once: a thousand clients with the same question must not hold up the others. */
void clients_answer(struct node *n, struct instant now)
{
    const struct places_provider *p = &n->places.provider;
    struct places_answer answer;
    for (unsigned i = 0; i < CLIENTS_ANSWERS_PER_TURN && p->answer(p->self, &answer, now); i++) {
        struct chunk *gate;
        struct connection *c = question_answered(n, answer.ticket, &gate);
        fill_gate(n, c, gate, (struct span){answer.json, answer.json_bytes}, now);
        free(answer.json);
    }
}

/* -- the life of a client ---------------------------------------------------------------------- */

void clients_begin(struct node *n)
{
    struct clients *k = &n->clients;
    k->resuming_first = k->resuming_last = CONNECTION_NONE;
    pool_init(&k->rooms, n->topology->limits.line_bytes + 1, OUTBOX_SPARE_CHUNKS);
}

void clients_end(struct node *n)
{
    pool_deinit(&n->clients.rooms);
}

/* A node that stops admits nobody, which is no limit reached. */
void client_open(struct node *n, struct connection *c, struct span from, struct instant now)
{
    ASSERT(c->kind == CONNECTION_CLIENT && !c->client.input.held && !c->client.input.listed &&
           !c->client.lines.room);
    c->client.lines = (struct line_reader){.bytes_max = n->topology->limits.line_bytes};
    input_forget(n, c);
    c->client.admitted = false;
    c->client.questions = 0;
    bool full = n->clients.count == n->topology->limits.connections;
    n->metrics.clients_refused += full && !n->stopping;
    if (full || n->stopping) {
        connection_abort(&n->connections, c);
        return;
    }
    c->client.admitted = true;
    n->clients.count++;
    n->metrics.clients_accepted++;
    connection_watch(&n->connections, c, now);
    log_begin(n->log, LOG_INFO, "client_opened", now);
    log_number(n->log, "conn", c->number);
    log_text(n->log, "from", from);
    log_end(n->log);
}

void client_silent(struct node *n, struct connection *c, struct instant now)
{
    bool stalled = c->watch == &n->connections.stalled;
    if (stalled)
        n->metrics.clients_dropped_stalled++;
    else
        n->metrics.clients_dropped_idle++;
    log_begin(n->log, LOG_INFO, stalled ? "client_stalled" : "client_idle", now);
    log_number(n->log, "conn", c->number);
    log_number(n->log, "unread_bytes", (int64_t)c->out.bytes);
    log_end(n->log);
}

void client_drop(struct node *n, struct connection *c)
{
    questions_cancel(n, c, c->client.questions);
    c->client.questions = 0;
    input_forget(n, c);
    give_room_back(n, c);
}

void client_closed(struct node *n, struct connection *c, const char *why, struct instant now)
{
    clients_apply(n, now); /* commands of this client may still wait in the group */
    if (!c->client.admitted)
        return;
    ASSERT(n->clients.count > 0);
    c->client.admitted = false;
    n->clients.count--;
    log_begin(n->log, LOG_INFO, "client_closed", now);
    log_number(n->log, "conn", c->number);
    if (*why)
        log_text(n->log, "why", span_of(why));
    log_end(n->log);
}

void clients_stop(struct node *n, struct instant now)
{
    clients_apply(n, now);
    for (uint32_t i = 0; i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (c && c->kind == CONNECTION_CLIENT)
            finish(n, c, now);
    }
}
