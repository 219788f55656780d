/* node.c — the node's life, its table of connections, and the turn that its driver drives.
 *
 * node.h tells how to drive it; node_private.h shows the inside and the life of a connection. What a
 * client says is node_clients.c's, what a peer says node_links.c's; here is what both share. Nothing
 * is done twice and nothing is forgotten, because all that may change a connection's wants touches
 * it, and the driver asks for the wants of all that were touched. */
#include "core/invariant.h"
#include "core/node_private.h"
#include <bearssl.h>
#include <stdlib.h>

/* -- life --------------------------------------------------------------------------------------- */

static uint64_t load_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Neighbours and what is kept per peer, in the order of the topology. */
static bool create_neighbours(struct node *n, uint64_t jitter, struct instant now)
{
    unsigned count = n->self->neighbours_count;
    n->peers = calloc(count + 1, sizeof *n->peers);
    n->neighbour_of = calloc(count + 1, sizeof *n->neighbour_of);
    if (!n->peers || !n->neighbour_of)
        return false;
    struct span names[TOPOLOGY_NEIGHBOURS_MAX];
    for (unsigned i = 0; i < count; i++) {
        names[i] = span_of(n->topology->nodes[n->self->neighbours[i]].name);
        n->peers[i] =
            (struct peer){.name = names[i], .number = i, .cursor = store_cursor_open(n->store)};
        n->neighbour_of[i].peer = &n->peers[i];
    }
    n->routes = route_table_create(names, count);
    n->neighbours = (struct neighbours){
        .self = n->name, .each = n->neighbour_of, .count = count, .jitter = jitter};
    neighbours_begin(&n->neighbours, now);
    return n->routes != NULL;
}

static void init_questions(struct node *n)
{
    for (uint32_t i = 0; i < PLACES_QUESTIONS_MAX; i++)
        n->questions[i].next_free = i + 1;
}

static void init_watches(struct node *n)
{
    const struct topology_limits *limits = &n->topology->limits;
    n->idle = n->stalled = (struct watch){.first = NODE_CONN_NONE, .last = NODE_CONN_NONE};
    n->idle.period_ns = (int64_t)limits->idle_ms * MS_NS / NODE_WATCH_PARTS;
    n->stalled.period_ns = (int64_t)limits->stall_ms * MS_NS / NODE_WATCH_PARTS;
}

/* What the node may come to hold at the most, by limits of topology.conf. */
static void log_budget(struct node *n, struct instant now)
{
    const struct topology_limits *limits = &n->topology->limits;
    log_begin(n->log, LOG_INFO, "memory_budget", now);
    log_number(n->log, "stamps_bytes", (int64_t)(limits->stamps * NODE_STAMP_BYTES));
    log_number(n->log, "connections_bytes",
        (int64_t)(n->connections_max * (sizeof(struct connection) + n->rooms.block_bytes)));
    log_number(n->log, "unread_output_bytes",
        (int64_t)(limits->connections * limits->output_bytes * NODE_OUTPUT_MEMORY));
    size_t link_bytes =
        sizeof(struct link) + 2 * NODE_LINK_OUTPUT_BYTES + (n->tls ? tls_bytes() : 0);
    log_number(n->log, "links_bytes", (int64_t)(n->neighbours.count * link_bytes));
    log_end(n->log);
}

struct node *node_create(const struct node_config *config, struct instant now)
{
    struct node *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    const struct topology *t = config->topology;
    n->topology = t;
    n->self = &t->nodes[config->self];
    n->name = span_of(n->self->name);
    n->connections_max = config->connections_max;
    n->touched_first = n->resuming_first = n->resuming_last = NODE_CONN_NONE;
    n->log = config->log;
    n->started_ns = now.mono_ns;
    n->stop_at_ns = NEVER_NS;
    n->updates.at_ns = now.mono_ns;
    n->tls = config->tls;
    memcpy(n->random_key, config->seed + 32, sizeof n->random_key);
    init_questions(n);
    init_watches(n);
    pool_init(&n->chunks, OUTBOX_CHUNK_BYTES, OUTBOX_SPARE_CHUNKS);
    pool_init(&n->rooms, t->limits.line_bytes + 1, OUTBOX_SPARE_CHUNKS);
    struct store_config store = {.stamps_max = t->limits.stamps,
        .when_full = t->limits.stamps_evict ? STORE_EVICTS : STORE_REFUSES,
        .seed = {load_u64(config->seed), load_u64(config->seed + 8)}};
    n->store = store_create(&store);
    n->blocks = calloc(n->connections_max / NODE_TABLE_BLOCK + 1, sizeof *n->blocks);
    if (!n->store || !n->blocks || !create_neighbours(n, load_u64(config->seed + 16), now)) {
        node_destroy(n);
        return NULL;
    }
    n->places = config->places;
    n->peering = (struct peering_node){.herd = span_of(t->herd),
        .name = n->name,
        .secret = config->secret,
        .boot = load_u64(config->seed + 24) | 1,
        .peers = n->peers,
        .peers_count = n->self->neighbours_count,
        .store = n->store,
        .routes = n->routes};
    log_budget(n, now);
    return n;
}

struct connection *node_connection(const struct node *n, uint32_t number)
{
    struct connection *block = n->blocks[number / NODE_TABLE_BLOCK];
    return block ? &block[number % NODE_TABLE_BLOCK] : NULL;
}

/* A connection in use. */
static struct connection *at(const struct node *n, uint32_t number)
{
    ASSERT(number < n->connections_max);
    struct connection *c = node_connection(n, number);
    ASSERT(c && c->kind != CONNECTION_FREE);
    return c;
}

/* SHA-256 of a secret key and a counter. Parts of some are told to peers (nonces), others must stay
 * unknown (TLS): none says anything about another. */
void node_random(struct node *n, unsigned char out[NODE_RANDOM_BYTES])
{
    _Static_assert(NODE_RANDOM_BYTES == br_sha256_SIZE, "it is one digest");
    br_sha256_context sha;
    br_sha256_init(&sha);
    br_sha256_update(&sha, n->random_key, sizeof n->random_key);
    n->randoms++;
    br_sha256_update(&sha, &n->randoms, sizeof n->randoms);
    br_sha256_out(&sha, out);
}

/* -- touching and watching ---------------------------------------------------------------------- */

void node_touch(struct node *n, struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = n->touched_first;
    n->touched_first = c->number;
}

static void watch_remove(struct node *n, struct connection *c)
{
    struct watch *w = c->watch;
    if (!w)
        return;
    uint32_t *before = c->watch_prev == NODE_CONN_NONE
                           ? &w->first
                           : &node_connection(n, c->watch_prev)->watch_next;
    uint32_t *after =
        c->watch_next == NODE_CONN_NONE ? &w->last : &node_connection(n, c->watch_next)->watch_prev;
    *before = c->watch_next;
    *after = c->watch_prev;
    c->watch = NULL;
}

static void watch_append(struct node *n, struct watch *w, struct connection *c, int64_t now_ns)
{
    c->watch = w;
    c->look_at_ns = now_ns + w->period_ns;
    c->watch_next = NODE_CONN_NONE;
    c->watch_prev = w->last;
    if (w->last == NODE_CONN_NONE)
        w->first = c->number;
    else
        node_connection(n, w->last)->watch_next = c->number;
    w->last = c->number;
}

void node_watch(struct node *n, struct connection *c, struct instant now)
{
    bool minds_itself =
        c->kind == CONNECTION_LINK && !c->finishing; /* peering has its own timers */
    if (c->aborted || minds_itself)
        return;
    struct watch *w = c->choked || c->finishing ? &n->stalled : &n->idle;
    if (c->watch == w)
        return;
    watch_remove(n, c);
    c->active_ns = now.mono_ns;
    watch_append(n, w, c, now.mono_ns);
}

static void log_silent(struct node *n, const struct connection *c, struct instant now)
{
    bool stalled = c->watch == &n->stalled;
    uint64_t *counter =
        stalled ? &n->metrics.clients_dropped_stalled : &n->metrics.clients_dropped_idle;
    ++*counter;
    log_begin(n->log, LOG_INFO, stalled ? "client_stalled" : "client_idle", now);
    log_number(n->log, "conn", c->number);
    log_number(n->log, "unread_bytes", (int64_t)c->out.bytes);
    log_end(n->log);
}

/* Look at those whose time has come. A client that waits for places is not silent by its own doing. */
static void watch_run(struct node *n, struct watch *w, struct instant now)
{
    while (w->first != NODE_CONN_NONE) {
        struct connection *c = node_connection(n, w->first);
        if (c->look_at_ns > now.mono_ns)
            return;
        watch_remove(n, c);
        watch_append(n, w, c, now.mono_ns);
        bool waits_for_us = c->questions > 0 && outbox_window(&c->out).len == 0;
        if (waits_for_us)
            c->active_ns = now.mono_ns;
        if (now.mono_ns - c->active_ns < w->period_ns * NODE_WATCH_PARTS)
            continue;
        if (c->kind == CONNECTION_CLIENT)
            log_silent(n, c, now); /* of a link it is known already that it is down */
        node_abort(n, c);
    }
}

static int64_t watch_deadline(const struct node *n, const struct watch *w)
{
    return w->first == NODE_CONN_NONE ? NEVER_NS : node_connection(n, w->first)->look_at_ns;
}

void node_finish(struct node *n, struct connection *c, struct instant now)
{
    if (c->finishing)
        return;
    c->finishing = true;
    if (c->kind == CONNECTION_CLIENT)
        client_forget_input(c);
    node_watch(n, c, now);
    node_touch(n, c);
}

void node_abort(struct node *n, struct connection *c)
{
    c->aborted = true;
    watch_remove(n, c);
    node_touch(n, c);
}

/* -- what happened ------------------------------------------------------------------------------ */

static struct connection *open_connection(
    struct node *n, uint32_t number, enum connection_kind kind, struct instant now)
{
    ASSERT(number < n->connections_max);
    struct connection **block = &n->blocks[number / NODE_TABLE_BLOCK];
    if (!*block)
        *block = calloc(NODE_TABLE_BLOCK, sizeof **block);
    if (!*block)
        return NULL;
    struct connection *c = node_connection(n, number);
    ASSERT(c->kind == CONNECTION_FREE);
    const struct connection last = *c; /* it may stand in lists from its last life */
    *c = (struct connection){.kind = kind,
        .number = number,
        .touched = last.touched,
        .next_touched = last.next_touched,
        .resuming = last.resuming,
        .next_resuming = last.next_resuming,
        .active_ns = now.mono_ns,
        .lines = {.bytes_max = n->topology->limits.line_bytes}};
    node_touch(n, c);
    return c;
}

static void log_connections_full(struct node *n, struct instant now)
{
    n->metrics.clients_refused++;
    if (n->logged.connections)
        return;
    n->logged.connections = true;
    log_begin(n->log, LOG_WARN, "connections_full", now);
    log_number(n->log, "limits.connections", n->topology->limits.connections);
    log_end(n->log);
}

static void accept_client(
    struct node *n, struct connection *c, struct span from, struct instant now)
{
    bool full = n->clients == n->topology->limits.connections;
    if (full && !n->stopping)
        log_connections_full(n, now);
    if (full || n->stopping) {
        node_abort(n, c);
        return;
    }
    c->admitted = true;
    n->clients++;
    n->metrics.clients_accepted++;
    node_watch(n, c, now);
    log_begin(n->log, LOG_INFO, "client_opened", now);
    log_number(n->log, "conn", c->number);
    log_text(n->log, "from", from);
    log_end(n->log);
}

bool node_accepted(
    struct node *n, uint32_t conn, enum node_port port, struct span from, struct instant now)
{
    bool client = port == NODE_CLIENT_PORT;
    struct connection *c =
        open_connection(n, conn, client ? CONNECTION_CLIENT : CONNECTION_LINK, now);
    if (!c)
        return false;
    if (client)
        accept_client(n, c, from, now);
    else if (n->stopping || !links_welcome(n, now) || !link_open(n, c, NULL, from, now))
        node_abort(n, c);
    return true;
}

bool node_dialled(struct node *n, uint32_t conn, unsigned neighbour, struct instant now)
{
    struct neighbour *who = &n->neighbour_of[neighbour];
    struct connection *c = open_connection(n, conn, CONNECTION_LINK, now);
    if (!c)
        return false;
    char address[ADDRESS_TEXT_BYTES_MAX + 1];
    address_text(&n->topology->nodes[n->self->neighbours[neighbour]].peer, address);
    if (n->stopping || !link_open(n, c, who, span_of(address), now))
        node_abort(n, c);
    return true;
}

void node_dial_failed(struct node *n, unsigned neighbour, const char *why, struct instant now)
{
    link_failed(n, &n->neighbour_of[neighbour], why, now);
}

void node_received(struct node *n, uint32_t conn, struct span bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->metrics.bytes_received += bytes.len;
    c->active_ns = now.mono_ns;
    if (c->finishing || c->aborted)
        return;
    if (c->kind == CONNECTION_CLIENT)
        client_take(n, c, bytes, now);
    else
        link_take(n, c, bytes, now);
}

void node_ended(struct node *n, uint32_t conn, struct instant now)
{
    struct connection *c = at(n, conn);
    c->ended = true;
    node_touch(n, c);
    if (c->finishing || c->aborted)
        return;
    if (c->kind == CONNECTION_CLIENT) {
        client_ended(n, c, now);
    } else {
        link_drop(n, c, "connection closed by the other end", now);
        node_finish(n, c, now);
    }
}

void node_sent(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->metrics.bytes_sent += bytes;
    c->active_ns = now.mono_ns;
    outbox_sent(&c->out, &n->chunks, bytes);
    node_touch(n, c);
    if (c->kind == CONNECTION_CLIENT)
        client_relieve(n, c);
}

static void log_client_closed(struct node *n, uint32_t conn, const char *why, struct instant now)
{
    log_begin(n->log, LOG_INFO, "client_closed", now);
    log_number(n->log, "conn", conn);
    if (*why)
        log_text(n->log, "why", span_of(why));
    log_end(n->log);
}

/* Give back all that a connection holds, and its number. */
static void release(struct node *n, struct connection *c)
{
    if (c->kind == CONNECTION_CLIENT)
        client_drop(n, c);
    else
        link_close(n, c);
    watch_remove(n, c);
    outbox_clear(&c->out, &n->chunks);
    c->kind = CONNECTION_FREE;
}

void node_closed(struct node *n, uint32_t conn, const char *why, struct instant now)
{
    struct connection *c = at(n, conn);
    if (c->kind == CONNECTION_CLIENT) {
        clients_apply(n, now); /* commands of this client may still wait in the group */
        if (c->admitted) {
            n->clients--;
            log_client_closed(n, conn, why, now);
        }
    } else {
        link_drop(n, c, *why ? why : "connection closed", now);
    }
    release(n, c);
}

void node_destroy(struct node *n)
{
    if (!n)
        return;
    for (uint32_t i = 0; n->blocks && i < n->connections_max; i++) {
        struct connection *c = node_connection(n, i);
        if (c && c->kind != CONNECTION_FREE)
            release(n, c);
    }
    for (uint32_t i = 0; n->blocks && i <= n->connections_max / NODE_TABLE_BLOCK; i++)
        free(n->blocks[i]);
    free(n->blocks);
    if (n->places.destroy)
        n->places.destroy(n->places.self);
    pool_deinit(&n->chunks);
    pool_deinit(&n->rooms);
    if (n->routes)
        route_table_destroy(n->routes);
    if (n->store)
        store_destroy(n->store);
    free(n->peers);
    free(n->neighbour_of);
    free(n);
}

/* -- what it wants ------------------------------------------------------------------------------ */

double node_updates_per_s(const struct node *n, struct instant now)
{
    int64_t elapsed_ns = now.mono_ns - n->updates.at_ns;
    if (elapsed_ns < SECOND_NS)
        return n->updates.per_s;
    return (double)(store_change(n->store) - n->updates.count) * 1e9 / (double)elapsed_ns;
}

static void measure_updates(struct node *n, struct instant now)
{
    if (now.mono_ns - n->updates.at_ns < SECOND_NS)
        return;
    n->updates.per_s = node_updates_per_s(n, now);
    n->updates.count = store_change(n->store);
    n->updates.at_ns = now.mono_ns;
}

void node_turn(struct node *n, struct instant now)
{
    n->now = now;
    clients_apply(n, now);
    clients_answer(n, now);
    clients_resume(n, now);
    watch_run(n, &n->idle, now);
    watch_run(n, &n->stalled, now);
    links_turn(n, now);
    measure_updates(n, now);
}

bool node_touched(struct node *n, uint32_t *conn)
{
    while (n->touched_first != NODE_CONN_NONE) {
        struct connection *c = node_connection(n, n->touched_first);
        n->touched_first = c->next_touched;
        c->touched = false;
        if (c->kind != CONNECTION_FREE) {
            *conn = c->number;
            return true;
        }
    }
    return false;
}

unsigned node_wants(const struct node *n, uint32_t conn)
{
    const struct connection *c = at(n, conn);
    if (c->aborted)
        return NODE_WANT_ABORT;
    bool write = outbox_window(&c->out).len > 0;
    if (c->finishing && !c->out.head)
        return NODE_WANT_CLOSE;
    bool read = !c->finishing && !c->ended && !c->choked;
    return (read ? NODE_WANT_READ : 0u) | (write ? NODE_WANT_WRITE : 0u);
}

struct span node_output(const struct node *n, uint32_t conn)
{
    return outbox_window(&at(n, conn)->out);
}

bool node_dial(struct node *n, unsigned *neighbour, struct address *to)
{
    struct neighbour *who = n->stopping ? NULL : neighbours_to_dial(&n->neighbours, n->now);
    if (!who)
        return false;
    *neighbour = who->peer->number;
    *to = n->topology->nodes[n->self->neighbours[*neighbour]].peer;
    return true;
}

int64_t node_deadline(const struct node *n)
{
    if (n->resuming_first != NODE_CONN_NONE)
        return 0;
    bool stop_due = n->now.mono_ns < n->stop_at_ns; /* later its driver knows */
    int64_t soonest = stop_due ? n->stop_at_ns : NEVER_NS;
    soonest = earlier_ns(soonest, watch_deadline(n, &n->idle));
    soonest = earlier_ns(soonest, watch_deadline(n, &n->stalled));
    soonest = earlier_ns(soonest, n->places.deadline(n->places.self));
    return earlier_ns(soonest, links_deadline(n));
}

void node_stop(struct node *n, struct instant now)
{
    if (n->stopping)
        return;
    n->stopping = true;
    n->stop_at_ns = now.mono_ns + NODE_STOP_MS * MS_NS;
    clients_apply(n, now);
    for (uint32_t i = 0; i < n->connections_max; i++) {
        struct connection *c = node_connection(n, i);
        if (c && c->kind == CONNECTION_CLIENT)
            node_finish(n, c, now);
    }
    links_stop(n, now);
}

bool node_stopped(const struct node *n)
{
    return n->stopping && (n->now.mono_ns >= n->stop_at_ns || (n->clients == 0 && !n->links));
}

const struct metrics *node_metrics(const struct node *n)
{
    return &n->metrics;
}

const struct store *node_store(const struct node *n)
{
    return n->store;
}

bool node_linked(const struct node *n)
{
    for (unsigned i = 0; i < n->neighbours.count; i++)
        if (n->neighbour_of[i].linked == NEIGHBOUR_NO_LINK)
            return false;
    return true;
}
