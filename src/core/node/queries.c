/* queries.c — see queries.h.
 *
 * Holds always: `queries` of a client's replies is the number of its slots, and
 * CLIENT_QUESTIONS_MAX more while a WATCH NEAR or a WATCH of everything waits for its reply. */
#include "core/node/private.h"
#include "core/base/decimal.h"
#include <stdlib.h>

enum {
    NUMBER_BYTES = 20, /* of a 64-bit number */
    LINE_BYTES = 128, /* of most stamps, with what stands before them */
};

#define UM_PER_M 1e6

static struct query_reader *reader_of(const struct connection *c)
{
    return c->client.reader;
}

/* Whether what `c` begins to watch goes on after its reply. */
static bool stays(const struct node *n, const struct connection *c)
{
    return !c->finishing && !c->ended && n->topology->client_close != CLIENT_CLOSE_REPLY;
}

/* -- answers ----------------------------------------------------------------------------------- */

static uint64_t ticket_of(const struct query *q, uint32_t slot)
{
    return (uint64_t)q->serial << 32 | slot;
}

static void free_slot(struct queries *k, uint32_t slot)
{
    struct query *q = &k->slots[slot];
    free(q->head);
    q->asker = NULL;
    q->head = NULL;
    q->next_free = k->free_first;
    k->free_first = slot;
}

static void put_km(struct buf *out, double distance_m)
{
    uint64_t m = (uint64_t)(distance_m + 0.5); /* it is not negative */
    buf_u64(out, m / 1000);
    buf_byte(out, '.');
    for (uint64_t part = 100; part; part /= 10)
        buf_byte(out, (char)('0' + m % 1000 / part % 10));
    buf_byte(out, ' ');
}

/* A reply that grows; from malloc. */
struct reply {
    char *memory; /* NULL: there was none */
    struct buf out;
};

static void make_room(struct reply *r, size_t bytes)
{
    size_t wanted = r->out.len + bytes;
    if (!r->memory || wanted <= r->out.cap)
        return;
    size_t cap = wanted > 2 * r->out.cap ? wanted : 2 * r->out.cap;
    char *memory = realloc(r->memory, cap);
    if (!memory)
        free(r->memory);
    size_t len = r->out.len;
    r->memory = memory;
    r->out = buf_over(memory, memory ? cap : 0);
    r->out.len = memory ? len : 0;
}

/* number: of the watch whose members the hits are; 0: they are the answer to NEAR. */
static void put_hit(struct node *n, struct reply *r, const struct live_hit *hit, uint64_t number)
{
    struct feed_item item;
    store_read(n->store, hit->slot, &item, &n->queries.text);
    make_room(r, NEWS_BYTES + stamp_at_bytes_max(&item.stamp));
    if (!r->memory)
        return;
    if (number) {
        buf_text(&r->out, "! ");
        buf_u64(&r->out, number);
        buf_text(&r->out, " IN ");
    } else {
        put_km(&r->out, hit->distance_m);
    }
    stamp_at_put(&r->out, &item.stamp);
    buf_byte(&r->out, '\n');
}

/* The whole reply, from malloc. NULL: no memory. */
static char *render(struct node *n, const struct query *q, const struct live_hit *hits,
    unsigned found, uint64_t number, size_t *len)
{
    size_t ends = 32 + NUMBER_BYTES + strlen(q->head), cap = ends + found * LINE_BYTES;
    struct reply r = {.memory = malloc(cap)};
    r.out = buf_over(r.memory, cap);
    for (unsigned i = 0; i < found; i++)
        store_prefetch_slot(n->store, hits[i].slot);
    if (r.memory && !q->fence) {
        buf_text(&r.out, "NEAR ");
        buf_u64(&r.out, found);
        buf_text(&r.out, q->head);
        buf_byte(&r.out, '\n');
    }
    for (unsigned i = 0; r.memory && i < found; i++)
        put_hit(n, &r, &hits[i], number);
    make_room(&r, ends);
    if (r.memory && q->fence) {
        buf_text(&r.out, "WATCHING ");
        buf_u64(&r.out, number);
        buf_text(&r.out, " NEAR");
        buf_text(&r.out, q->head);
        buf_byte(&r.out, '\n');
    }
    ASSERT(!r.memory || !r.out.overflow);
    *len = r.out.len;
    return r.memory;
}

/* What it counts among the `queries` of its asker. */
static int slots_of(const struct query *q)
{
    return q->fence ? 1 + QUERIES_ALL_WAITS : 1;
}

/* The reply that the gate holds as its head, and what follows, is whole. */
static void fill(struct node *n, const struct query *q, struct span reply)
{
    struct connection *c = q->asker;
    if (n->durable.holds)
        durable_fills(n, c, q->gate);
    if (!outbox_fill(&c->out, connection_chunks(&n->connections, c), q->gate, reply)) {
        client_starved(n, c);
        return;
    }
    client_news(n, c);
    client_relieve(n, c);
    reply_wrote(n, c, (struct span){reply.at, reply.len - 1}, n->now);
}

static void refuse(struct node *n, const struct query *q)
{
    char reply[STAMPEDE_LINE_BYTES_MAX + 3];
    struct buf out = buf_over(reply, sizeof reply);
    command_refuse(&out, (struct span){q->line, strlen(q->line)});
    ASSERT(!out.overflow);
    reply_counts_refused(n);
    fill(n, q, buf_span(&out));
}

/* false: no memory. */
static bool begin_fence(struct node *n, const struct query *q)
{
    if (!stays(n, q->asker)) {
        news_pass_number(q->asker);
        return true;
    }
    bool begun = live_watch_near(n->queries.live, news_reader(q->asker), point_of(&q->centre),
        (double)q->radius_um / UM_PER_M);
    news_spare(q->asker);
    return begun;
}

/* Others may have begun to watch while it waited. */
static bool has_room(const struct node *n)
{
    struct live_report report;
    live_report(n->queries.live, &report);
    return report.watches < n->topology->limits.watches_total;
}

static void answer_query(struct node *n, const struct query *q, const struct live_hit *hits,
    unsigned found, bool more)
{
    struct connection *c = q->asker;
    if (q->fence && hits && (more || !has_room(n))) {
        refuse(n, q);
        return;
    }
    size_t len;
    uint64_t number = q->fence ? reader_of(c)->live.last + 1 : 0;
    char *reply = hits ? render(n, q, hits, found, number, &len) : NULL;
    if (reply && (!q->fence || begin_fence(n, q)))
        fill(n, q, (struct span){reply, len});
    else
        client_starved(n, c);
    free(reply);
}

static void answer(void *self, const struct live_question *question, const struct live_hit *hits,
    unsigned found, bool more)
{
    struct node *n = self;
    uint32_t slot = (uint32_t)question->ticket;
    struct query *q = &n->queries.slots[slot];
    struct connection *c = q->asker;
    ASSERT(c && ticket_of(q, slot) == question->ticket);
    client_owes(c, -slots_of(q));
    if (!c->aborted)
        answer_query(n, q, hits, found, more);
    free_slot(&n->queries, slot);
}

/* -- asking ------------------------------------------------------------------------------------ */

/* " <position> <radius-km> <count>" and NUL; of a fence, its line and NUL follow. From malloc. */
static char *head_of(const struct live_command *command, struct span line)
{
    bool near = command->kind == LIVE_COMMAND_NEAR;
    size_t bytes = 4 + command->position_text.len + command->radius_text.len +
                   (near ? command->count_text.len : line.len + 1);
    char *head = malloc(bytes);
    if (!head)
        return NULL;
    struct buf out = buf_over(head, bytes);
    buf_byte(&out, ' ');
    buf_span_put(&out, command->position_text);
    buf_byte(&out, ' ');
    buf_span_put(&out, command->radius_text);
    if (near) {
        buf_byte(&out, ' ');
        buf_span_put(&out, command->count_text);
    } else {
        buf_byte(&out, '\0');
        buf_span_put(&out, line);
    }
    buf_byte(&out, '\0');
    ASSERT(!out.overflow);
    return head;
}

/* Of a NEAR that wants none. false: no memory. */
static bool tell_none(struct node *n, struct connection *c, const struct live_command *command,
    struct instant now)
{
    char *head = head_of(command, SPAN(""));
    size_t bytes = head ? strlen(head) + 8 : 0;
    char *room = head ? outbox_room(&c->out, connection_chunks(&n->connections, c), bytes) : NULL;
    if (room) {
        struct buf out = buf_over(room, bytes);
        buf_text(&out, "NEAR 0");
        buf_text(&out, head);
        buf_byte(&out, '\n');
        outbox_wrote(&c->out, out.len);
        reply_wrote(n, c, (struct span){room, out.len - 1}, now);
    }
    free(head);
    return room != NULL;
}

/* false: no memory. */
static bool ask(struct node *n, struct connection *c, const struct live_command *command,
    struct span line, struct instant now)
{
    struct queries *k = &n->queries;
    uint32_t slot = k->free_first;
    struct query *q = &k->slots[slot];
    char *head = head_of(command, line);
    struct chunk *gate =
        head ? outbox_gate(&c->out, connection_chunks(&n->connections, c), SPAN("")) : NULL;
    if (!gate) {
        free(head);
        return false;
    }
    bool fence = command->kind == LIVE_COMMAND_WATCH_NEAR;
    k->free_first = q->next_free;
    *q = (struct query){.asker = c, .gate = gate, .head = head,
        .line = fence ? head + strlen(head) + 1 : NULL, .centre = command->centre,
        .radius_um = command->radius_um, .fence = fence, .serial = q->serial + 1};
    client_owes(c, slots_of(q));
    bool aged = command->kind == LIVE_COMMAND_NEAR && command->age_ns >= 0;
    struct live_question question = {.fence = fence,
        .centre = point_of(&command->centre),
        .radius_m = (double)command->radius_um / UM_PER_M,
        .count = fence ? n->topology->limits.fence : command->count,
        .since_ns = aged ? now.real_ns - command->age_ns : INT64_MIN,
        .ticket = ticket_of(q, slot)};
    if (!live_ask(k->live, &question, now)) {
        free_slot(k, slot);
        return false;
    }
    live_turn(k->live, now); /* mostly the index is level, and the answer comes at once */
    return true;
}

static bool begin_live(struct node *n)
{
    struct queries *k = &n->queries;
    const struct live_limits limits = {.fence = n->topology->limits.fence};
    const struct live_calls calls = {.self = n, .tell = news_tell, .answer = answer};
    if (k->live)
        return true;
    k->slots = calloc(QUERIES_MAX, sizeof *k->slots);
    k->live = k->slots ? live_create(n->store, &limits, &calls) : NULL;
    if (!k->live) {
        free(k->slots);
        k->slots = NULL;
        return false;
    }
    for (uint32_t i = 0; i < QUERIES_MAX; i++)
        k->slots[i].next_free = i + 1;
    k->free_first = 0;
    return true;
}

/* -- commands ---------------------------------------------------------------------------------- */

static void put_now(struct buf *out, uint64_t number, const struct stamp *held)
{
    if (held)
        news_put(out, number, LIVE_NOW, held->id, held);
}

/* The newest stamp and the reply go out in one piece. false: no memory. */
static bool watch_id(struct node *n, struct connection *c, struct span id, struct instant now)
{
    struct live_reader *live = news_reader(c);
    struct feed_item item;
    bool held = store_get(n->store, id, store_hash(n->store, id), &item, &n->queries.text);
    bool goes_on = stays(n, c);
    size_t bytes = 2 * NEWS_BYTES + id.len + (held ? stamp_at_bytes_max(&item.stamp) : 0);
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), bytes);
    if (!room || (goes_on && !live_watch_id(n->queries.live, live, id, store_change(n->store)))) {
        if (room)
            outbox_trim(&c->out, connection_chunks(&n->connections, c));
        return false;
    }
    if (!goes_on)
        news_pass_number(c);
    struct buf out = buf_over(room, bytes);
    put_now(&out, live->last, held ? &item.stamp : NULL);
    size_t first = out.len;
    buf_text(&out, "WATCHING ");
    buf_u64(&out, live->last);
    buf_byte(&out, ' ');
    buf_span_put(&out, id);
    buf_byte(&out, '\n');
    ASSERT(!out.overflow);
    outbox_wrote(&c->out, out.len);
    reply_wrote(n, c, (struct span){room + first, out.len - first - 1}, now);
    return true;
}

static bool watch_all(struct node *n, struct connection *c)
{
    if (!live_watch_all(n->queries.live, news_reader(c)))
        return false;
    news_begin_all(n, c); /* which fills it, so that query_apply chokes it */
    return true;
}

static bool unwatch(struct node *n, struct connection *c, uint64_t number, struct instant now)
{
    if (!c->client.reader || !live_unwatch(n->queries.live, news_reader(c), number))
        return false;
    news_spare(c);
    size_t bytes = 16 + NUMBER_BYTES;
    char *room = outbox_room(&c->out, connection_chunks(&n->connections, c), bytes);
    if (!room) {
        client_starved(n, c);
        return true;
    }
    struct buf out = buf_over(room, bytes);
    buf_text(&out, "UNWATCHED ");
    buf_u64(&out, number);
    buf_byte(&out, '\n');
    outbox_wrote(&c->out, out.len);
    reply_wrote(n, c, (struct span){room, out.len - 1}, now);
    return true;
}

static bool may_watch(struct node *n, struct connection *c, const struct live_command *command,
    struct span *why)
{
    const struct topology_limits *limits = &n->topology->limits;
    struct live_report report;
    live_report(n->queries.live, &report);
    if (reader_of(c)->live.count >= limits->watches)
        *why = SPAN("the connection has limits.watches watches");
    else if (report.watches >= limits->watches_total)
        *why = SPAN("the node has limits.watches_total watches");
    else if (command->kind == LIVE_COMMAND_WATCH_ALL && report.all >= limits->watch_all)
        *why = SPAN("the node has limits.watch_all watches of everything");
    else
        return true;
    return false;
}

static bool is_watch(const struct live_command *command)
{
    return command->kind != LIVE_COMMAND_NEAR && command->kind != LIVE_COMMAND_UNWATCH;
}

static bool waits_too_many(
    const struct node *n, const struct live_command *command, struct span *why)
{
    *why = SPAN("too many live queries wait at this node");
    return (command->kind == LIVE_COMMAND_NEAR || command->kind == LIVE_COMMAND_WATCH_NEAR) &&
           n->queries.free_first == QUERIES_MAX;
}

/* false: no memory. */
static bool apply(struct node *n, struct connection *c, const struct live_command *command,
    struct span line, struct instant now)
{
    switch (command->kind) {
    case LIVE_COMMAND_WATCH_ID:
        return watch_id(n, c, command->id, now);
    case LIVE_COMMAND_WATCH_ALL:
        return watch_all(n, c);
    default:
        return command->kind == LIVE_COMMAND_NEAR && command->count == 0
                   ? tell_none(n, c, command, now)
                   : ask(n, c, command, line, now);
    }
}

static bool begins_all(const struct connection *c)
{
    return reader_of(c) && reader_of(c)->all_begins;
}

bool query_apply(struct node *n, struct connection *c, const struct command *line,
    struct span *why, struct instant now)
{
    struct live_command command;
    command_live(line, &command);
    n->metrics.lines_live++;
    *why = SPAN("no watch has this number");
    if (command.kind == LIVE_COMMAND_UNWATCH)
        return unwatch(n, c, command.number, now);
    *why = SPAN("the count is above limits.near");
    if (command.kind == LIVE_COMMAND_NEAR && command.count > n->topology->limits.near)
        return false;
    if (!begin_live(n) || (is_watch(&command) && !news_begin(c))) {
        client_starved(n, c);
        return true;
    }
    if (waits_too_many(n, &command, why) ||
        (is_watch(&command) && !may_watch(n, c, &command, why)))
        return false;
    if (!apply(n, c, &command, line->line, now))
        client_starved(n, c);
    if (c->aborted)
        return true;
    if (is_watch(&command))
        news_spare(c);
    if (c->client.replies.queries && !c->finishing) {
        if (n->topology->client_close == CLIENT_CLOSE_REPLY && !begins_all(c))
            client_closes(n, c, now);
        else if (client_full(n, c))
            connection_choke(&n->connections, c, now);
    }
    return true;
}

/* -- life -------------------------------------------------------------------------------------- */

void queries_begin(struct node *n)
{
    n->queries = (struct queries){0};
    listed_begin(n);
}

void queries_end(struct node *n)
{
    if (n->queries.live)
        live_destroy(n->queries.live);
    free(n->queries.slots);
}

void queries_take_limits(struct node *n)
{
    const struct live_limits limits = {.fence = n->topology->limits.fence};
    if (n->queries.live)
        live_take_limits(n->queries.live, &limits);
}

void queries_drop(struct node *n, struct connection *c)
{
    struct queries *k = &n->queries;
    for (uint32_t i = 0; k->live && c->client.replies.queries && i < QUERIES_MAX; i++)
        if (k->slots[i].asker == c) {
            live_cancel(k->live, ticket_of(&k->slots[i], i));
            free_slot(k, i);
        }
    client_owes(c, -c->client.replies.queries);
    news_end(n, c, k->live);
}

/* -- turns ------------------------------------------------------------------------------------- */

void queries_turn(struct node *n, struct instant now)
{
    struct queries *k = &n->queries;
    news_turn(n, k->live);
    if (live_is_used(k->live))
        live_turn(k->live, now);
}

int64_t queries_deadline(const struct node *n)
{
    const struct queries *k = &n->queries;
    return n->listed.list.first != CONNECTION_NONE ? 0 : live_deadline(k->live);
}
