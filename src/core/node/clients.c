/* clients.c — what clients say and what they are told.
 *
 * One IAMAT's way: received bytes -> lines (in place) -> struct command -> the group -> the store
 * -> the outbox. Commands are gathered up to NODE_GROUP over all connections of a turn, so that
 * their cache misses overlap; they are applied in the order in which they came, and answered in
 * the order of their commands, whatever places takes. Flooding is nobody's job here: the feed has
 * it.
 *
 * A client that does not read what it is told is "choked": its input stays in the kernel, and what
 * was received already is held until there is room again. PROTOCOL.md, "Client port". */
#include "core/base/invariant.h"
#include "core/node/private.h"
#include <stdlib.h>

/* -- replies ----------------------------------------------------------------------------------- */

static void log_no_memory(struct node *n, const struct connection *c, struct instant now)
{
    if (n->logged.memory)
        return;
    n->logged.memory = true;
    log_begin(n->log, LOG_ERROR, "no_memory", now);
    log_number(n->log, "conn", c->number);
    log_end(n->log);
}

static void out_of_memory(struct node *n, struct connection *c, struct instant now)
{
    log_no_memory(n, c, now);
    node_abort(n, c);
}

static bool too_much(const struct node *n, const struct connection *c)
{
    uint64_t most = n->topology->limits.output_bytes;
    return c->out.bytes >= most || c->out.memory >= NODE_OUTPUT_MEMORY * most ||
           c->questions >= NODE_QUESTIONS_PER_CLIENT;
}

/* Read no more from it until it has read. */
static void choke(struct node *n, struct connection *c, struct instant now)
{
    if (c->choked)
        return;
    c->choked = true;
    node_watch(n, c, now);
    node_touch(n, c);
}

static void put_log_line(struct node *n, const struct connection *c, const char *event,
    struct span line, struct instant now)
{
    log_begin(n->log, LOG_DEBUG, event, now);
    log_number(n->log, "conn", c->number);
    log_text(n->log, "text", line);
    log_end(n->log);
}

static inline void log_line(struct node *n, const struct connection *c, const char *event,
    struct span line, struct instant now)
{
    if (log_on(n->log, LOG_DEBUG))
        put_log_line(n, c, event, line, now);
}

static void replied(struct node *n, struct connection *c, struct span reply, struct instant now)
{
    node_touch(n, c);
    log_line(n, c, "line_out", reply, now);
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        node_finish(n, c, now);
    else if (too_much(n, c))
        choke(n, c, now);
}

static void reply_refused(
    struct node *n, struct connection *c, struct span line, struct instant now)
{
    char *room = outbox_room(&c->out, &n->chunks, line.len + 3);
    if (!room) {
        out_of_memory(n, c, now);
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
    char *room = outbox_room(&c->out, &n->chunks, bytes);
    if (!room) {
        out_of_memory(n, c, now);
        return;
    }
    struct buf out = buf_over(room, bytes);
    stamp_at_put(&out, stamp);
    buf_byte(&out, '\n');
    outbox_wrote(&c->out, out.len);
    replied(n, c, (struct span){room, out.len - 1}, now);
}

/* -- commands ---------------------------------------------------------------------------------- */

static void refuse(
    struct node *n, struct connection *c, const struct command *command, struct instant now)
{
    n->metrics.lines_invalid++;
    reply_refused(n, c, command->line, now);
}

static void log_full(struct node *n, struct instant now)
{
    if (n->logged.stamps)
        return;
    n->logged.stamps = true;
    log_begin(n->log, LOG_WARN, "stamps_full", now);
    log_number(n->log, "limits.stamps", (int64_t)n->topology->limits.stamps);
    log_text(n->log, "effect", SPAN("IAMATs of new ids are answered with ?, known ids go on"));
    log_end(n->log);
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
    if (stamp_is_of_future(&stamp, n->peering.future_ns)) {
        n->metrics.stamps_refused_future++;
        refuse(n, c, command, now);
        return;
    }
    struct feed_item held;
    switch (store_put_later(n->store, &stamp, entry->hash, ROUTE_LOCAL)) {
    case STORE_NEW:
        n->metrics.stamps_new++;
        reply_stamp(n, c, &stamp, now);
        return;
    case STORE_OLD:
        n->metrics.stamps_old++;
        ASSERT(store_get(n->store, command->id, entry->hash, &held, &n->text));
        reply_stamp(n, c, &held.stamp, now);
        return;
    case STORE_FULL:
        n->metrics.stamps_refused_full++;
        log_full(n, now);
        refuse(n, c, command, now);
        return;
    case STORE_STARVED:
        n->metrics.stamps_refused_memory++;
        log_no_memory(n, c, now);
        refuse(n, c, command, now);
        return;
    }
}

/* The stored AT line and its LF go into a gate; what places says will follow them. */
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
    if (gate)
        c->questions++;
    return gate;
}

/* Answer a gate. The connection is given up when memory is out: a reply must not be left out. */
static void fill_gate(struct node *n, struct connection *c, struct chunk *gate, struct span answer,
    struct instant now)
{
    c->questions--;
    log_line(n, c, "line_out", (struct span){gate->bytes, gate->len - 1}, now);
    if (!outbox_fill(&c->out, &n->chunks, gate, answer)) {
        out_of_memory(n, c, now);
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
        out_of_memory(n, c, now);
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
    if (!store_get(n->store, command->id, entry->hash, &held, &n->text)) {
        refuse(n, c, command, now);
        return;
    }
    ASSERT(position_parse(held.stamp.position, &question.centre));
    struct chunk *gate = open_gate(c, &held.stamp);
    if (!gate) {
        out_of_memory(n, c, now);
        return;
    }
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        node_finish(n, c, now);
    uint32_t place = n->questions_free;
    if (place == PLACES_QUESTIONS_MAX) {
        fail_gate(n, c, gate, now);
        return;
    }
    struct question *q = &n->questions[place];
    n->questions_free = q->next_free;
    *q = (struct question){.asker = c, .gate = gate, .serial = q->serial + 1};
    n->metrics.places_asked++;
    n->places.ask(n->places.self, (uint64_t)q->serial << 32 | place, &question,
        now.mono_ns + (int64_t)n->topology->places.timeout_ms * MS_NS, now);
    if (too_much(n, c))
        choke(n, c, now);
}

static void apply(struct node *n, const struct group_entry *entry, struct instant now)
{
    struct connection *c = entry->connection;
    if (c->finishing || c->aborted)
        return; /* `client_close reply`, or memory ran out in between */
    switch (entry->command.kind) {
    case COMMAND_IAMAT:
        on_iamat(n, c, entry, now);
        return;
    case COMMAND_WHATSAT:
        on_whatsat(n, c, entry, now);
        return;
    case COMMAND_INVALID:
        refuse(n, c, &entry->command, now);
        return;
    }
}

void clients_apply(struct node *n, struct instant now)
{
    unsigned count = n->group_count;
    n->group_count = n->group_questions = 0;
    for (unsigned i = 0; i < count; i++)
        if (n->group[i].command.kind != COMMAND_INVALID)
            n->group[i].likely = store_prefetch_record(n->store, n->group[i].hash);
    for (unsigned i = 0; i < count; i++)
        if (n->group[i].command.kind == COMMAND_IAMAT)
            store_prefetch_feed(n->store, n->group[i].likely);
    for (unsigned i = 0; i < count; i++)
        apply(n, &n->group[i], now);
}

/* The place of the next command, which waits for its group. */
static struct group_entry *next_entry(struct node *n, struct connection *c)
{
    struct group_entry *entry = &n->group[n->group_count];
    entry->connection = c;
    return entry;
}

/* `entry` is filled. */
static void gather(
    struct node *n, struct connection *c, struct group_entry *entry, struct instant now)
{
    n->group_count++;
    if (entry->command.kind != COMMAND_INVALID) {
        entry->hash = store_hash(n->store, entry->command.id);
        store_prefetch_table(n->store, entry->hash);
    }
    log_line(n, c, "line_in", entry->command.line, now);
    n->group_questions += entry->command.kind == COMMAND_WHATSAT;
    /* A line in the reader's room is overwritten by the next one that is split. */
    if (n->group_count == NODE_GROUP || n->group_questions == NODE_GROUP_QUESTIONS ||
        c->lines.room_in_use)
        clients_apply(n, now);
}

/* One that is too long is refused, even if its first bytes would do. */
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
    gather(n, c, entry, now);
}

/* Most lines are whole commands in the usual shape: they are cut and understood in one pass. false:
 * this one is not. */
static bool take_command(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    if (line_partial(&c->lines))
        return false;
    struct group_entry *entry = next_entry(n, c);
    size_t bytes = command_next(*in, c->lines.bytes_max, &entry->command);
    if (!bytes)
        return false;
    line_passed(&c->lines);
    *in = span_from(*in, bytes);
    gather(n, c, entry, now);
    return true;
}

/* -- input ------------------------------------------------------------------------------------- */

/* Keep what cannot be taken now. What was received before the driver stopped reading is all that
 * ever comes here: one turn's bytes. */
static void hold(struct node *n, struct connection *c, struct span in, struct instant now)
{
    if (in.len == 0)
        return;
    if (!c->held)
        c->held = calloc(1, sizeof *c->held);
    char *room = c->held ? outbox_room(c->held, NULL, in.len) : NULL;
    if (!room) {
        out_of_memory(n, c, now);
        return;
    }
    memcpy(room, in.at, in.len);
    outbox_wrote(c->held, in.len);
}

static void give_room_back(struct node *n, struct connection *c)
{
    if (c->lines.room)
        pool_put(&n->rooms, c->lines.room);
    c->lines.room = NULL;
}

/* Cut and gather lines until `in` is used up or the client is choked. */
static void take_lines(struct node *n, struct connection *c, struct span *in, struct instant now)
{
    while (in->len && !too_much(n, c) && !c->finishing && !c->aborted) {
        if (take_command(n, c, in, now))
            continue;
        struct span line;
        enum line_result found = line_next(&c->lines, in, &line);
        switch (found) {
        case LINE_WHOLE:
        case LINE_LONG:
            take_line(n, c, line, found, now);
            break;
        case LINE_NO_ROOM:
            c->lines.room = pool_get(&n->rooms);
            if (!c->lines.room)
                out_of_memory(n, c, now);
            break;
        case LINE_MORE: /* what there was is kept */
            break;
        }
    }
    if (!c->lines.kept)
        give_room_back(n, c);
}

void client_take(struct node *n, struct connection *c, struct span in, struct instant now)
{
    if (!c->choked)
        take_lines(n, c, &in, now);
    if (c->finishing || c->aborted)
        return;
    if (too_much(n, c))
        choke(n, c, now);
    if (c->choked)
        hold(n, c, in, now);
}

/* Everything that the client sent has been taken: its last line may lack an LF. */
static void finish_input(struct node *n, struct connection *c, struct instant now)
{
    struct span line;
    if (line_last(&c->lines, &line))
        take_line(n, c, line, LINE_WHOLE, now);
    clients_apply(n, now);
    node_finish(n, c, now);
}

void client_ended(struct node *n, struct connection *c, struct instant now)
{
    if (!c->choked)
        finish_input(n, c, now);
}

/* -- going on after a choke -------------------------------------------------------------------- */

void client_relieve(struct node *n, struct connection *c)
{
    bool roomy = c->out.bytes <= n->topology->limits.output_bytes / 2 &&
                 c->questions <= NODE_QUESTIONS_PER_CLIENT / 2;
    if (!c->choked || c->resuming || !roomy)
        return;
    c->resuming = true;
    c->next_resuming = NODE_CONN_NONE;
    if (n->resuming_first == NODE_CONN_NONE)
        n->resuming_first = c->number;
    else
        node_connection(n, n->resuming_last)->next_resuming = c->number;
    n->resuming_last = c->number;
}

static void resume(struct node *n, struct connection *c, struct instant now)
{
    c->choked = false;
    while (!c->finishing && !c->aborted && c->held && c->held->head && !too_much(n, c)) {
        struct span in = outbox_window(c->held);
        size_t before = in.len;
        take_lines(n, c, &in, now);
        clients_apply(n, now); /* the lines are views of what is freed now */
        if (c->held) /* not when `client_close reply` has just forgotten it */
            outbox_sent(c->held, NULL, before - in.len);
    }
    if (c->finishing || c->aborted)
        return;
    if (too_much(n, c)) {
        c->choked = true;
        return;
    }
    node_forget_input(c);
    node_watch(n, c, now);
    node_touch(n, c);
    if (c->ended)
        finish_input(n, c, now);
}

void clients_resume(struct node *n, struct instant now)
{
    uint32_t number = n->resuming_first;
    n->resuming_first = n->resuming_last = NODE_CONN_NONE;
    while (number != NODE_CONN_NONE) {
        struct connection *c = node_connection(n, number);
        number = c->next_resuming;
        c->resuming = false;
        if (c->kind == CONNECTION_CLIENT && c->choked && !c->finishing && !c->aborted)
            resume(n, c, now);
    }
}

/* -- places ------------------------------------------------------------------------------------ */

static void free_question(struct node *n, uint32_t place)
{
    n->questions[place].asker = NULL;
    n->questions[place].next_free = n->questions_free;
    n->questions_free = place;
}

/* Those beyond NODE_ANSWERS_PER_TURN come in the next turn, which the provider's deadline makes
 * come at once: a thousand clients with the same question must not hold up the others. */
void clients_answer(struct node *n, struct instant now)
{
    struct places_answer answer;
    for (unsigned i = 0;
         i < NODE_ANSWERS_PER_TURN && n->places.answer(n->places.self, &answer, now); i++) {
        uint32_t place = (uint32_t)answer.ticket;
        ASSERT(place < PLACES_QUESTIONS_MAX);
        struct question *q = &n->questions[place];
        ASSERT(q->asker && q->serial == answer.ticket >> 32);
        struct connection *c = q->asker;
        struct chunk *gate = q->gate;
        free_question(n, place);
        fill_gate(n, c, gate, (struct span){answer.json, answer.json_bytes}, now);
        free(answer.json);
    }
}

/* -- the end of a client ----------------------------------------------------------------------- */

void client_drop(struct node *n, struct connection *c)
{
    for (uint32_t place = 0; c->questions && place < PLACES_QUESTIONS_MAX; place++) {
        struct question *q = &n->questions[place];
        if (q->asker != c)
            continue;
        n->places.cancel(n->places.self, (uint64_t)q->serial << 32 | place);
        free_question(n, place);
        c->questions--;
    }
    node_forget_input(c);
    give_room_back(n, c);
}
