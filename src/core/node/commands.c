/* commands.c — see commands.h.
 *
 * Holds always: a group is applied in the order in which its commands came, and before the bytes
 * that they are views of are gone. */
#include "core/node/private.h"
#include <stdlib.h>

/* `why` is for the log only: PROTOCOL.md, "To anything else". */
static void refuse(struct node *n, struct connection *c, const struct command *command,
    struct span why, struct instant now)
{
    reply_counts_refused(n);
    if (log_on(n->log, LOG_DEBUG))
        client_log_refusal(n, c, why, now);
    reply_refused(n, c, command->line, now);
}

/* Not put, or of an older time. */
static void on_not_newer(
    struct node *n, const struct group_entry *entry, enum store_verdict verdict, struct instant now)
{
    struct connection *c = entry->connection;
    struct feed_item held;
    if (verdict == STORE_FULL) {
        n->metrics.stamps_refused_full++;
        refuse(n, c, &entry->command, SPAN("limits.stamps ids are held and this one is new"), now);
    } else if (verdict == STORE_STARVED) {
        n->metrics.stamps_refused_memory++;
        refuse(n, c, &entry->command, SPAN("no memory is left for the stamp"), now);
    } else {
        ASSERT(verdict == STORE_OLD); /* never STORE_UNKNOWN: the origin is this node */
        n->metrics.stamps_old++;
        bool known = store_get(n->store, entry->command.id, entry->hash, &held, &n->commands.text);
        ASSERT(known);
        reply_stamp(n, c, &held.stamp, now);
    }
}

static void put(
    struct node *n, const struct group_entry *entry, const struct stamp *stamp, struct instant now)
{
    enum store_verdict verdict = store_put_later(n->store, stamp, entry->hash, ROUTE_LOCAL);
    if (verdict != STORE_NEW) {
        on_not_newer(n, entry, verdict, now);
        return;
    }
    n->metrics.stamps_new++;
    reply_stamp(n, entry->connection, stamp, now);
}

static uint64_t ids_so_far(const struct node *n)
{
    return store_count(n->store) + store_evicted(n->store);
}

/* An address that has no new ids left may go on with those that are held. */
static bool may_put(struct node *n, const struct group_entry *entry, struct instant now)
{
    struct feed_item held;
    return quotas_has_new_id(&n->quotas, entry->connection->client.pace.account, now) ||
           store_get(n->store, entry->command.id, entry->hash, &held, &n->commands.text);
}

static void on_iamat(struct node *n, const struct group_entry *entry, struct instant now)
{
    struct connection *c = entry->connection;
    const struct command *command = &entry->command;
    bool counted = c->client.pace.account != QUOTA_NONE;
    uint64_t before = counted ? ids_so_far(n) : 0;
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
    } else if (counted && !may_put(n, entry, now)) {
        n->metrics.stamps_refused_address++;
        refuse(
            n, c, command, SPAN("limits.new_ids_per_address are used up and this one is new"), now);
    } else {
        put(n, entry, &stamp, now);
        if (counted && ids_so_far(n) > before)
            quotas_took_new_id(&n->quotas, c->client.pace.account, now);
    }
}

static void fail_gate(struct node *n, struct connection *c, struct chunk *gate, struct instant now)
{
    size_t bytes;
    n->metrics.places_refused++;
    char *json = places_render(NULL, NULL, PLACES_OVER_QUERY_LIMIT,
        "too many questions wait for an answer at this node", &bytes);
    if (json)
        reply_fill(n, c, gate, (struct span){json, bytes}, now);
    else
        client_starved(n, c);
    free(json);
}

/* Places is asked, in place of somebody who has more questions if need be. false: it is not. */
static bool ask(struct node *n, struct connection *c, struct chunk *gate,
    const struct places_question *question, struct instant now)
{
    if (question_ask(n, c, gate, question, now))
        return true;
    struct chunk *other;
    struct connection *whose = question_yields(n, c, &other);
    if (!whose)
        return false;
    fail_gate(n, whose, other, now);
    bool asked = question_ask(n, c, gate, question, now);
    ASSERT(asked);
    return true;
}

static void on_whatsat(
    struct node *n, struct connection *c, const struct group_entry *entry, struct instant now)
{
    const struct command *command = &entry->command;
    n->metrics.lines_whatsat++;
    struct feed_item held;
    struct places_question question = {
        .radius_um = command->whatsat.radius_um, .count = command->whatsat.count};
    if (!store_get(n->store, command->id, entry->hash, &held, &n->commands.text)) {
        refuse(n, c, command, SPAN("no stamp of the client id is held"), now);
        return;
    }
    bool parsed = position_parse(held.stamp.position, &question.centre);
    ASSERT(parsed); /* or it would not have been stored */
    struct chunk *gate = reply_gate(n, c, &held.stamp);
    if (!gate) {
        client_starved(n, c);
        return;
    }
    if (n->topology->client_close == CLIENT_CLOSE_REPLY)
        client_closes(n, c, now);
    if (!ask(n, c, gate, &question, now)) {
        fail_gate(n, c, gate, now);
        return;
    }
    n->metrics.places_asked++;
    if (client_full(n, c))
        connection_choke(&n->connections, c, now);
}

static void on_live(struct node *n, struct connection *c, const struct command *command,
    struct instant now)
{
    struct span why;
    if (!query_apply(n, c, command, &why, now))
        refuse(n, c, command, why, now);
}

static void apply(struct node *n, const struct group_entry *entry, struct instant now)
{
    struct connection *c = entry->connection;
    if (c->finishing || c->aborted)
        return; /* by an earlier command: `client_close reply`, or memory has run out */
    switch (entry->command.kind) {
    case COMMAND_IAMAT:
        on_iamat(n, entry, now);
        return;
    case COMMAND_WHATSAT:
        on_whatsat(n, c, entry, now);
        return;
    case COMMAND_LIVE:
        on_live(n, c, &entry->command, now);
        return;
    case COMMAND_INVALID:
        refuse(n, c, &entry->command, SPAN(""), now); /* its line_in says why */
        return;
    }
}

void commands_apply(struct node *n, struct instant now)
{
    unsigned count = n->commands.group_count;
    if (count == 0)
        return;
    ASSERT(count <= COMMANDS_GROUP);
    n->commands.group_count = n->commands.group_questions = 0;
    for (unsigned i = 0; i < count; i++)
        if (n->commands.group[i].command.id.len)
            n->commands.group[i].likely =
                store_prefetch_record(n->store, n->commands.group[i].hash);
    for (unsigned i = 0; i < count; i++)
        if (n->commands.group[i].command.kind == COMMAND_IAMAT)
            store_prefetch_feed(n->store, n->commands.group[i].likely);
    for (unsigned i = 0; i < count; i++)
        apply(n, &n->commands.group[i], now);
}

struct command *commands_next(struct node *n)
{
    ASSERT(n->commands.group_count < COMMANDS_GROUP);
    return &n->commands.group[n->commands.group_count].command;
}

void commands_gather(struct node *n, struct connection *c, struct instant now)
{
    struct group_entry *entry = &n->commands.group[n->commands.group_count++];
    entry->connection = c;
    if (entry->command.id.len) {
        entry->hash = store_hash(n->store, entry->command.id);
        store_prefetch_table(n->store, entry->hash);
    } else if (entry->command.kind == COMMAND_LIVE) { /* nothing behind a WATCH may be read yet */
        commands_apply(n, now);
        return;
    }
    n->commands.group_questions += entry->command.kind == COMMAND_WHATSAT;
    /* A line in the reader's room would be overwritten by the next one that is split. */
    if (n->commands.group_count == COMMANDS_GROUP ||
        n->commands.group_questions == COMMANDS_GROUP_QUESTIONS || c->client.lines.room_in_use)
        commands_apply(n, now);
}

/* -- answers of places ------------------------------------------------------------------------- */

/* Those beyond COMMANDS_ANSWERS_PER_TURN come in the next turn, for which the provider's deadline
 * asks at once: a thousand clients with the same question must not hold up the others. */
void commands_answer(struct node *n, struct instant now)
{
    const struct places_provider *p = &n->places.provider;
    struct places_answer answer;
    for (unsigned i = 0; i < COMMANDS_ANSWERS_PER_TURN && p->answer(p->self, &answer, now); i++) {
        struct chunk *gate;
        struct connection *c = question_answered(n, answer.ticket, &gate);
        reply_fill(n, c, gate, (struct span){answer.json, answer.json_bytes}, now);
        free(answer.json);
    }
}
