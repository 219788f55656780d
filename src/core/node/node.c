/* node.c — the node's life, and the turn that its driver drives.
 *
 * node.h tells how to drive it, private.h shows the inside. What a client says is
 * clients.c's, what a peer says links.c's, and what both kinds of connections share
 * connection.c's. Nothing is done twice and nothing is forgotten, because all that may change
 * a connection's wants touches it, and the driver asks for the wants of all that were touched. */
#include "core/base/invariant.h"
#include "core/node/private.h"
#include "core/topology/tree.h"
#include <stdlib.h>

/* -- life -------------------------------------------------------------------------------------- */

static uint64_t load_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* A node whose links are all of the tree has nothing to choose. */
static bool create_spare_links(struct node *n)
{
    uint16_t hops[TOPOLOGY_NEIGHBOURS_MAX];
    unsigned spare = 0;
    if (!tree_hops(n->topology, (unsigned)(n->self - n->topology->nodes), hops))
        return false;
    for (unsigned i = 0; i < n->self->neighbours_count; i++) {
        n->peers[i].in_tree = hops[i] == 1;
        n->peers[i].tree_hops = hops[i];
        spare += hops[i] != 1;
    }
    if (spare)
        n->spare_links = spare_links_create(n->topology->limits.stamps);
    return n->spare_links || !spare;
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
    return n->routes && create_spare_links(n);
}

static void init_questions(struct node *n)
{
    for (uint32_t i = 0; i < PLACES_QUESTIONS_MAX; i++)
        n->questions[i].next_free = i + 1;
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
    node_watches_begin(n);
    pool_init(&n->chunks, OUTBOX_CHUNK_BYTES, OUTBOX_SPARE_CHUNKS);
    pool_init(&n->link_chunks, NODE_LINK_CHUNK_BYTES, NODE_LINK_SPARE_CHUNKS);
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
    n->exchange = config->exchange;
    n->peering = (struct peering_node){.herd = span_of(t->herd),
        .name = n->name,
        .secret = config->secret,
        .boot = load_u64(config->seed + 24) | 1,
        .future_ns = t->limits.future_ns,
        .peers = n->peers,
        .peers_count = n->self->neighbours_count,
        .store = n->store,
        .routes = n->routes,
        .spare_links = n->spare_links};
    log_budget(n, now);
    return n;
}

/* A connection in use. */
static inline struct connection *at(const struct node *n, uint32_t number)
{
    ASSERT(number < n->connections_max);
    struct connection *c = node_connection(n, number);
    ASSERT(c && c->kind != CONNECTION_FREE);
    return c;
}

/* -- what happened ----------------------------------------------------------------------------- */

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

/* `who` was dialled; NULL: it was accepted. */
static bool open_link(
    struct node *n, uint32_t number, struct neighbour *who, struct span from, struct instant now)
{
    struct connection *c = node_connection_open(n, number, CONNECTION_LINK, now);
    if (!c)
        return false;
    if (n->stopping) {
        node_abort(n, c);
        return true;
    }
    if (link_open(n, c, who, from, now))
        return true;
    c->kind = CONNECTION_FREE;
    return false;
}

bool node_accepted(
    struct node *n, uint32_t conn, enum node_port port, struct span from, struct instant now)
{
    if (port == NODE_PEER_PORT)
        return open_link(n, conn, NULL, from, now);
    struct connection *c = node_connection_open(n, conn, CONNECTION_CLIENT, now);
    if (c)
        accept_client(n, c, from, now);
    return c != NULL;
}

bool node_dialled(struct node *n, uint32_t conn, unsigned dial, struct instant now)
{
    char address[ADDRESS_TEXT_BYTES_MAX + 1];
    if (dial >= NODE_DIALS_OF_PLACES)
        return places_dialled(n, conn, dial - NODE_DIALS_OF_PLACES, now);
    address_text(&n->topology->nodes[n->self->neighbours[dial]].peer, address);
    return open_link(n, conn, &n->neighbour_of[dial], span_of(address), now);
}

void node_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now)
{
    if (dial >= NODE_DIALS_OF_PLACES)
        exchange_dial_failed(n->exchange, dial - NODE_DIALS_OF_PLACES, why, now);
    else
        link_failed(n, &n->neighbour_of[dial], why, now);
}

void node_received(struct node *n, uint32_t conn, struct span bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->metrics.bytes_received += bytes.len;
    if (c->finishing || c->aborted)
        return; /* and no sign of life: it has to read */
    c->active_ns = now.mono_ns;
    if (c->kind == CONNECTION_CLIENT)
        client_take(n, c, bytes, now);
    else if (c->kind == CONNECTION_LINK)
        link_take(n, c, bytes, now);
    else
        places_take(n, c, bytes, now);
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
    } else if (c->kind == CONNECTION_LINK) {
        link_drop(n, c, "connection closed by the other end", now);
        node_finish(n, c, now);
    } else {
        places_ended(n, c, now);
    }
}

void node_sent(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->metrics.bytes_sent += bytes;
    c->active_ns = now.mono_ns;
    outbox_sent(&c->out, node_chunks(n, c), bytes);
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
    else if (c->kind == CONNECTION_LINK)
        link_close(n, c);
    node_unwatch(n, c);
    outbox_clear(&c->out, node_chunks(n, c));
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
    } else if (c->kind == CONNECTION_LINK) {
        link_drop(n, c, *why ? why : "connection closed", now);
    } else {
        places_closed(n, c, why, now);
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
    pool_deinit(&n->link_chunks);
    pool_deinit(&n->rooms);
    if (n->routes)
        route_table_destroy(n->routes);
    spare_links_destroy(n->spare_links);
    if (n->store)
        store_destroy(n->store);
    free(n->peers);
    free(n->neighbour_of);
    free(n);
}

/* -- what it wants ----------------------------------------------------------------------------- */

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
    places_turn(n, now);
    clients_answer(n, now);
    clients_resume(n, now);
    node_watches_run(n, now);
    links_turn(n, now);
    alarms_turn(n, now);
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
    bool read = !c->finishing && !c->choked; /* after FIN it is one of them */
    /* Two ends that both have given up would each wait for the other to read its last stamps. */
    bool drain = c->kind == CONNECTION_LINK && c->finishing && !c->ended;
    return (read || drain ? NODE_WANT_READ : 0u) | (write ? NODE_WANT_WRITE : 0u);
}

struct span node_output(const struct node *n, uint32_t conn)
{
    return outbox_window(&at(n, conn)->out);
}

bool node_dial(struct node *n, struct dial_order *out)
{
    struct neighbour *who = n->stopping ? NULL : neighbours_to_dial(&n->neighbours, n->now);
    if (!who)
        return places_dial(n, out);
    unsigned number = who->peer->number;
    *out = (struct dial_order){.id = number,
        .to = n->topology->nodes[n->self->neighbours[number]].peer,
        .until_ns = n->now.mono_ns + NODE_DIAL_MS * MS_NS};
    return true;
}

int64_t node_deadline(const struct node *n)
{
    if (n->resuming_first != NODE_CONN_NONE)
        return 0;
    bool stop_due = n->now.mono_ns < n->stop_at_ns; /* later its driver knows */
    int64_t soonest = stop_due ? n->stop_at_ns : NEVER_NS;
    soonest = earlier_ns(soonest, node_watches_deadline(n));
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
    places_stop(n, now);
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
