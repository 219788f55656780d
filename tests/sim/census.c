/* census.c — see census.h. */
#include "sim/census.h"
#include <inttypes.h>
#include <stdlib.h>

/* What a client has sent that was not acknowledged, oldest first. */
struct queue {
    unsigned *elements;
    unsigned count, room;
    uint64_t answers; /* of the client, that were handled here */
};

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes);
    if (!memory)
        abort();
    return memory;
}

static int64_t now_ns(const struct census *c)
{
    return c->herd->network.now_ns;
}

static struct store *store_at(const struct census *c, unsigned node)
{
    return (struct store *)node_store(c->herd->hosts[node].node); /* cursors change it */
}

static unsigned char *holds(const struct census *c, unsigned node, unsigned element)
{
    return &c->holds[(size_t)node * c->most + element];
}

/* -- life -------------------------------------------------------------------------------------- */

void census_begin(struct census *c, struct herd *h, unsigned most)
{
    unsigned nodes = h->topology.nodes_count;
    *c = (struct census){.herd = h, .most = most, .running = nodes};
    c->elements = allocate(most, sizeof *c->elements);
    c->holds = allocate((size_t)nodes * most, 1);
    c->cursors = allocate(nodes, sizeof *c->cursors);
    c->said = allocate(nodes, sizeof *c->said);
    for (unsigned i = 0; i < nodes; i++)
        c->cursors[i] = store_cursor_open(store_at(c, i));
}

void census_end(struct census *c)
{
    for (unsigned i = 0; i < c->herd->topology.nodes_count; i++)
        free(c->said[i].elements);
    free(c->said);
    free(c->cursors);
    free(c->holds);
    free(c->elements);
}

/* -- what nodes hold --------------------------------------------------------------------------- */

static void note_everywhere(struct census *c, struct element *e)
{
    if (e->everywhere_ns == NEVER_NS && e->holders && e->holders == c->running)
        e->everywhere_ns = now_ns(c);
}

static void note_held(struct census *c, unsigned node, unsigned number)
{
    struct element *e = &c->elements[number];
    if (*holds(c, node, number))
        return;
    *holds(c, node, number) = 1;
    e->holders++;
    e->orphaned = false;
    if (e->first_ns == NEVER_NS)
        e->first_ns = now_ns(c);
    note_everywhere(c, e);
}

static void look_at_node(struct census *c, unsigned node)
{
    if (!c->herd->hosts[node].node)
        return;
    struct store *store = store_at(c, node);
    struct feed_item item;
    struct stamp_text text;
    for (; store_cursor_peek(store, c->cursors[node], &item, &text);
         store_cursor_pass(store, c->cursors[node])) {
        unsigned number = 0; /* an id is "e" and its number */
        for (size_t i = 1; i < item.stamp.id.len; i++)
            number = number * 10 + (unsigned)(item.stamp.id.at[i] - '0');
        note_held(c, node, number);
    }
}

static void note_known(struct census *c, struct element *e)
{
    if (e->known_ns != NEVER_NS)
        return;
    e->known_ns = now_ns(c);
    e->known_read = c->reads;
}

/* A client that has gone gets no more replies, so the rest stays unacknowledged. */
static void look_at_client(struct census *c, unsigned node)
{
    struct queue *q = &c->said[node];
    const struct client *client = &c->herd->clients[node];
    unsigned told = (unsigned)(client->answers - q->answers);
    q->answers = client->answers;
    for (unsigned i = 0; i < told; i++)
        note_known(c, &c->elements[q->elements[i]]);
    q->count = client->asked_count;
    if (told)
        memmove(q->elements, q->elements + told, q->count * sizeof *q->elements);
}

bool census_run_ns(struct census *c, int64_t ns)
{
    int64_t until_ns = now_ns(c) + ns;
    unsigned nodes = c->herd->topology.nodes_count, party;
    while (herd_step(c->herd, until_ns, &party)) {
        if (party < nodes)
            look_at_node(c, party);
        else
            look_at_client(c, party - nodes);
    }
    return !c->herd->judge.violated;
}

/* -- what happens ------------------------------------------------------------------------------ */

static void leave_dead_node(struct census *c, unsigned node)
{
    struct client *client = &c->herd->clients[node];
    const struct host *host = &c->herd->hosts[node];
    if (client->state != CLIENT_AWAY && client->life != host->life)
        client_vanish(client);
    if (client->state == CLIENT_AWAY)
        client_join(client, &c->herd->hosts[node]);
    look_at_client(c, node);
}

void census_add(struct census *c, unsigned node)
{
    if (c->count == c->most)
        abort();
    unsigned number = c->count++;
    c->elements[number] = (struct element){
        .node = node, .first_ns = NEVER_NS, .known_ns = NEVER_NS, .everywhere_ns = NEVER_NS};
    leave_dead_node(c, node);
    struct queue *q = &c->said[node];
    if (q->count == q->room) {
        q->room = q->room ? 2 * q->room : 8;
        q->elements = realloc(q->elements, q->room * sizeof *q->elements);
        if (!q->elements)
            abort();
    }
    q->elements[q->count++] = number;
    int64_t time_ns = EPOCH_NS + now_ns(c);
    char line[96];
    snprintf(line, sizeof line, "IAMAT e%u +34.068930-118.445127 %" PRId64 ".%09" PRId64, number,
        time_ns / SECOND_NS, time_ns % SECOND_NS);
    client_say(&c->herd->clients[node], line);
}

void census_kill(struct census *c, unsigned node, enum death how)
{
    host_kill(&c->herd->hosts[node], how);
    c->running--;
    for (unsigned i = 0; i < c->count; i++) {
        struct element *e = &c->elements[i];
        if (*holds(c, node, i) && --e->holders == 0)
            e->orphaned = true;
        *holds(c, node, i) = 0;
        note_everywhere(c, e);
    }
}

void census_start(struct census *c, unsigned node)
{
    host_start(&c->herd->hosts[node]);
    c->cursors[node] = store_cursor_open(store_at(c, node));
    c->running++;
}

/* -- reads ------------------------------------------------------------------------------------- */

static void note_read(struct census *c, struct element *e, bool present)
{
    if (present) {
        note_known(c, e);
        e->present_read = c->reads;
    } else {
        e->absent_read = c->reads;
        e->absent_ns = now_ns(c);
    }
}

void census_read(struct census *c, unsigned node)
{
    c->reads++;
    for (unsigned i = 0; i < c->count; i++)
        note_read(c, &c->elements[i], *holds(c, node, i));
}

void census_read_all(struct census *c)
{
    c->reads++;
    for (unsigned i = 0; i < c->count; i++)
        note_read(c, &c->elements[i], c->elements[i].holders == c->running);
}

enum outcome census_outcome(const struct element *e)
{
    if (e->present_read > e->absent_read)
        return OUTCOME_STABLE;
    bool known_then = e->known_ns != NEVER_NS && e->known_read < e->absent_read;
    return known_then ? OUTCOME_LOST : OUTCOME_NEVER_READ;
}

int64_t census_stable_ns(const struct element *e)
{
    return e->absent_read && e->absent_ns >= e->known_ns ? e->absent_ns + 1 - e->known_ns : 0;
}
