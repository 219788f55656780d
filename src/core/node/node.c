/* node.c — see node.h: the node's life, and the turn that its driver drives.
 *
 * Here every event of the driver finds the file that knows its kind of connection: clients.c,
 * links.c or places.c. Nothing is done twice and nothing is forgotten, because whatever may change
 * what the driver should do with a connection touches it, and the driver asks about every touched
 * one. */
#include "core/journal/journal.h"
#include "core/node/private.h"
#include <stdlib.h>

enum { SLEPT_LOGGED_MS = 1000 };

/* -- life -------------------------------------------------------------------------------------- */

static uint64_t load_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

struct store_config node_store_config(const struct node_config *config)
{
    const struct topology_limits *limits = &config->topology->limits;
    return (struct store_config){.stamps_max = limits->stamps,
        .when_full = limits->stamps_evict ? STORE_EVICTS : STORE_REFUSES,
        .seed = {load_u64(config->seed), load_u64(config->seed + 8)}};
}

/* false: no memory. */
static bool begin_parts(struct node *n, const struct node_config *config, struct instant now)
{
    const struct topology_limits *limits = &n->topology->limits;
    struct store_config store = node_store_config(config);
    random_source_begin(&n->random, config->seed + 32);
    clients_begin(n);
    inputs_begin(n);
    pace_begin(n);
    unread_begin(n);
    questions_begin(n);
    links_tls_begin(n, config->tls);
    webs_begin(n, config);
    status_begin(n, now);
    if (!connections_begin(
            &n->connections, config->connections_max, limits, LINK_CHUNK_BYTES, LINKS_SPARE_CHUNKS))
        return false;
    n->store = config->store ? config->store : store_create(&store);
    if (!n->store || !quotas_begin(&n->quotas, limits, store.seed))
        return false;
    change_know_origins(n);
    return links_begin(n, config, load_u64(config->seed + 16), now) &&
           durable_begin(n, config, now);
}

struct node *node_create(const struct node_config *config, struct instant now)
{
    ASSERT(config->self < config->topology->nodes_count);
    struct node *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->topology = config->topology;
    n->self = &n->topology->nodes[config->self];
    memcpy(n->herd_text, n->topology->herd, sizeof n->herd_text);
    memcpy(n->name_text, n->self->name, sizeof n->name_text);
    n->herd = span_of(n->herd_text);
    n->name = span_of(n->name_text);
    n->log = config->log;
    n->commit = config->commit ? config->commit : "";
    n->started_ns = now.mono_ns;
    if (!begin_parts(n, config, now)) {
        n->store = config->store ? NULL : n->store; /* which is the caller's until here */
        node_destroy(n);
        return NULL;
    }
    places_begin(n, config); /* which are the caller's until here */
    budget_log(n, now);
    return n;
}

/* A connection in use. */
static inline struct connection *at(const struct node *n, uint32_t number)
{
    ASSERT(number < n->connections.max);
    struct connection *c = connection_of(&n->connections, number);
    ASSERT(c && c->kind != CONNECTION_FREE);
    return c;
}

/* -- what happened ----------------------------------------------------------------------------- */

/* A connection that nobody wants any more. */
static bool open_none(struct node *n, uint32_t number, struct instant now)
{
    struct connection *c = connection_open(&n->connections, number, CONNECTION_LINK, now);
    if (c)
        connection_abort(&n->connections, c);
    return c != NULL;
}

/* dial: the neighbour that was dialled; -1: it was accepted. */
static bool open_link(
    struct node *n, uint32_t number, int dial, const struct address *other, struct instant now)
{
    if (n->stopping)
        return open_none(n, number, now);
    struct connection *c = connection_open(&n->connections, number, CONNECTION_LINK, now);
    if (!c)
        return false;
    if (link_open(n, c, dial, other, now))
        return true;
    connection_free(&n->connections, c);
    return false;
}

bool node_accepted(struct node *n, uint32_t conn, enum node_port port, const struct address *from,
    struct instant now)
{
    n->told = true;
    if (port == NODE_PEER_PORT)
        return open_link(n, conn, -1, from, now);
    enum connection_kind kind = port == NODE_HTTP_PORT ? CONNECTION_WEB : CONNECTION_CLIENT;
    struct connection *c = connection_open(&n->connections, conn, kind, now);
    if (c && kind == CONNECTION_CLIENT)
        client_open(n, c, from, now);
    else if (c && !web_open(n, c, now)) {
        connection_free(&n->connections, c);
        c = NULL;
    }
    return c != NULL;
}

bool node_dialled(struct node *n, uint32_t conn, unsigned dial, struct instant now)
{
    ASSERT(dial < NODE_DIALS_MAX);
    n->told = true;
    if (!dialling_own(dial))
        return places_dialled(n, conn, dial - NODE_DIALS_OF_PLACES, now);
    unsigned number;
    struct address to;
    bool wanted = dialling_find(n, dial, &number, &to);
    bool well = wanted ? open_link(n, conn, (int)number, &to, now) : open_none(n, conn, now);
    if (well)
        dialling_met(n, dial, now);
    return well;
}

void node_dial_failed(struct node *n, unsigned dial, const char *why, struct instant now)
{
    ASSERT(dial < NODE_DIALS_MAX);
    n->told = true;
    if (dialling_own(dial))
        dialling_failed(n, dial, why, now);
    else
        places_dial_failed(n, dial - NODE_DIALS_OF_PLACES, why, now);
}

void node_received(struct node *n, uint32_t conn, struct span bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->told = true;
    if (c->kind != CONNECTION_WEB)
        n->metrics.bytes_received += bytes.len;
    if (c->finishing || c->aborted)
        return; /* and does not count as active: it should read, not write */
    connection_is_active(c, now);
    if (c->kind == CONNECTION_CLIENT) {
        if (log_on(n->log, LOG_DEBUG))
            client_log_received(n, c, bytes.len);
        client_take(n, c, bytes, now);
    } else if (c->kind == CONNECTION_LINK)
        link_take(n, c, bytes, now);
    else if (c->kind == CONNECTION_PLACES)
        places_take(n, c, bytes, now);
    else
        web_take(n, c, bytes, now);
}

void node_ended(struct node *n, uint32_t conn, struct instant now)
{
    struct connection *c = at(n, conn);
    n->told = true;
    connection_ended(&n->connections, c);
    if (c->finishing || c->aborted)
        return;
    if (c->kind == CONNECTION_CLIENT) {
        client_ended(n, c, now);
    } else if (c->kind == CONNECTION_LINK) {
        link_drop(n, c, "connection closed by the other end", now);
        connection_finish(&n->connections, c, now);
    } else if (c->kind == CONNECTION_PLACES) {
        places_ended(n, c, now);
    } else {
        web_ended(n, c, now);
    }
}

void node_sent(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    n->told = true;
    connection_sent(&n->connections, c, bytes, now);
    if (c->kind == CONNECTION_WEB) {
        web_sent(n, c, now);
        return;
    }
    n->metrics.bytes_sent += bytes;
    if (c->kind != CONNECTION_CLIENT)
        return;
    if (n->durable.holds)
        durable_sent(n, c, bytes);
    client_relieve(n, c);
    if (c->client.reader && c->out.bytes < QUERIES_NEWS_BYTES / 2)
        client_news(n, c);
}

void node_reported(struct node *n, uint32_t conn, size_t bytes, struct instant now)
{
    struct connection *c = at(n, conn);
    if (!connection_reported(&n->connections, c, bytes, n->topology->limits.output_bytes, now))
        return;
    if (c->kind == CONNECTION_CLIENT)
        client_silent(n, c); /* that a link is down was logged already */
    connection_abort(&n->connections, c);
}

/* Give back everything that a connection holds, and its number. */
static void release(struct node *n, struct connection *c)
{
    if (c->kind == CONNECTION_CLIENT)
        client_drop(n, c);
    else if (c->kind == CONNECTION_LINK)
        link_close(n, c);
    else if (c->kind == CONNECTION_WEB)
        web_close(n, c);
    connection_free(&n->connections, c);
}

static void close_client(
    struct node *n, struct connection *c, const char *why, struct instant now)
{
    client_closed(n, c, why, now);
    if (n->durable.journal)
        durable_forget(n, c);
}

void node_closed(struct node *n, uint32_t conn, const char *why, struct instant now)
{
    struct connection *c = at(n, conn);
    n->told = true;
    if (c->kind == CONNECTION_CLIENT)
        close_client(n, c, why, now);
    else if (c->kind == CONNECTION_LINK)
        link_drop(n, c, *why ? why : "connection closed", now);
    else if (c->kind == CONNECTION_PLACES)
        places_closed(n, c, why, now);
    release(n, c);
}

void node_slept(struct node *n, int64_t slept_ns, struct instant now)
{
    ASSERT(slept_ns > 0);
    n->slept_ns += slept_ns;
    links_slept(n);
    if (slept_ns < SLEPT_LOGGED_MS * MS_NS)
        return;
    log_begin(n->log, LOG_WARN, "slept", now);
    log_number(n->log, "ms", slept_ns / MS_NS);
    log_text(n->log, "effect", SPAN("this process did not run; nobody's time-out counts that"));
    log_end(n->log);
}

void node_take_secrets(struct node *n, const struct secrets *secrets, struct instant now)
{
    n->told = true;
    links_take_secrets(n, secrets, now);
}

const char *node_take_topology(
    struct node *n, const struct topology *t, uint32_t connections_max, struct instant now)
{
    int self = topology_find(t, n->name);
    struct edges_plan plan = {0};
    ASSERT(self >= 0 && span_equal(n->herd, span_of(t->herd)) && !n->stopping);
    commands_apply(n, now); /* what came before goes by the limits that held then */
    const char *why = change_begin(n, t, (unsigned)self, connections_max, &plan);
    if (why)
        return why;
    n->told = true;
    n->topology = t;
    n->self = &t->nodes[self];
    change_spread(n, &plan, now);
    return NULL;
}

void node_destroy(struct node *n)
{
    if (!n)
        return;
    for (uint32_t i = 0; n->connections.blocks && i < n->connections.max; i++) {
        struct connection *c = connection_of(&n->connections, i);
        if (c && c->kind != CONNECTION_FREE)
            release(n, c);
    }
    places_end(n);
    webs_end(n);
    named_end(n);
    links_end(n);
    clients_end(n);
    quotas_end(&n->quotas);
    connections_end(&n->connections);
    durable_end(n);
    if (n->store)
        store_destroy(n->store);
    free(n);
}

/* -- what it wants ----------------------------------------------------------------------------- */

static void drop_silent(struct node *n, struct instant now)
{
    struct connection *c;
    unsigned looks = CONNECTION_LOOKS_MAX;
    while ((c = connections_silent(&n->connections, &looks, now))) {
        if (c->kind == CONNECTION_CLIENT)
            client_silent(n, c); /* that a link is down was logged already */
        connection_abort(&n->connections, c);
    }
}

bool node_shakes(const struct node *n, struct instant now)
{
    return links_tls_wait(&n->tls, now) || webs_tls_wait(n, now);
}

bool node_shake(struct node *n, struct instant now)
{
    bool web = webs_tls_wait(n, now);
    if (web && webs_tls_go_first(n))
        return webs_shake(n, now);
    bool shaken = links_shake(n, now);
    if (shaken)
        webs_tls_let_pass(n);
    return shaken || (web && webs_shake(n, now));
}

void node_shook(struct node *n, int64_t processor_ns, struct instant now)
{
    admission_spend(n, webs_tls_shook(n) ? ADMISSION_OTHER : n->tls.shaken, processor_ns, now);
}

void node_turn(struct node *n, struct instant now)
{
    ASSERT(now.mono_ns >= n->now.mono_ns);
    n->now = now;
    n->told = false;
    if (n->inputs.list.first != CONNECTION_NONE) /* seldom: this is on the way of every command */
        clients_take_silent(n, now);
    if (n->commands.group_count)
        commands_apply(n, now);
    places_turn(n, now);
    commands_answer(n, now);
    if (n->pace.list.first != CONNECTION_NONE)
        pace_turn(n, now);
    if (n->replies.resuming_first != CONNECTION_NONE)
        clients_resume(n, now);
    drop_silent(n, now);
    if (pool_held(&n->connections.chunks) > n->unread.most_bytes)
        n->told |= unread_relieve(n);
    if (n->transfers.count)
        transfers_turn(n, now);
    links_turn(n, now);
    if (now.mono_ns >= n->webs.due_ns)
        webs_turn(n, now);
    if (n->drain.state != DRAIN_SERVES)
        drain_turn(n, now);
    if (n->stopping)
        stop_turn(n, now);
    status_turn(n, now);
    alarms_turn(n, now);
    if (n->client_log.more && now.mono_ns >= client_log_deadline(&n->client_log))
        client_log_sum(n, now);
    if (n->queries.live)
        queries_turn(n, now);
    if (n->durable.journal)
        durable_turn(n, now);
}

bool node_touched(struct node *n, uint32_t *conn)
{
    struct connection *c = connections_touched(&n->connections);
    if (c)
        *conn = c->number;
    return c != NULL;
}

/* Whether replies of the connection wait for the disk. Seldom: this is on the way of every turn. */
static inline bool waits_for_disk(const struct node *n, const struct connection *c)
{
    return __builtin_expect(n->durable.holds, false) && c->kind == CONNECTION_CLIENT;
}

unsigned node_wants(const struct node *n, uint32_t conn)
{
    const struct connection *c = at(n, conn);
    if (c->aborted)
        return NODE_WANT_ABORT;
    bool write = outbox_window(&c->out).len > 0;
    if (waits_for_disk(n, c))
        write = durable_window(n, c).len > 0;
    if (c->finishing && !c->out.head)
        return NODE_WANT_CLOSE;
    unsigned wants = write ? NODE_WANT_WRITE : 0u;
    if (!c->finishing && !c->choked) /* after FIN one of them is set */
        return wants | NODE_WANT_READ | c->spared;
    /* Input of a finishing link is read and discarded: two ends that both finish would otherwise
     * each wait for the other to read its last stamps. */
    bool drain = c->kind == CONNECTION_LINK && c->finishing && !c->ended;
    return wants | (drain ? NODE_WANT_READ : 0u) | (c->asked_about ? NODE_WANT_REPORT : 0u);
}

struct span node_output(const struct node *n, uint32_t conn)
{
    const struct connection *c = at(n, conn);
    return waits_for_disk(n, c) ? durable_window(n, c) : outbox_window(&c->out);
}

bool node_journal_order(struct node *n, struct journal_order *out, struct instant now)
{
    return n->durable.journal && journal_order(n->durable.journal, out, now);
}

void node_journal_done(struct node *n, const struct journal_answer *a, struct instant now)
{
    n->told = true;
    journal_done(n->durable.journal, a, now);
}

bool node_journal_is_open(const struct node *n, const char **why)
{
    *why = n->durable.journal ? journal_fails(n->durable.journal) : NULL;
    return !n->durable.journal || journal_is_open(n->durable.journal);
}

bool node_gives_up(const struct node *n)
{
    return n->durable.gave_up;
}

bool node_dial_cancel(struct node *n, unsigned *dial)
{
    return dialling_cancel(n, dial) || places_dial_cancel(n, dial);
}

bool node_dial(struct node *n, struct dial_order *out)
{
    return dialling_next(n, out) || places_dial(n, out);
}

bool node_resolve(struct node *n, struct lookup_order *out)
{
    return dialling_ask(n, out) || places_resolve(n, out);
}

void node_resolved(struct node *n, unsigned lookup, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now)
{
    ASSERT(lookup < NODE_LOOKUPS_MAX && count > 0);
    n->told = true;
    if (lookup == NODE_LOOKUP_OF_PLACES)
        exchange_resolved(n->places.exchange, addresses, count, ttl_s, now);
    else
        dialling_answer(n, lookup, addresses, count, ttl_s, "", now);
}

void node_resolve_failed(struct node *n, unsigned lookup, const char *why, struct instant now)
{
    ASSERT(lookup < NODE_LOOKUPS_MAX);
    n->told = true;
    if (lookup == NODE_LOOKUP_OF_PLACES)
        exchange_resolve_failed(n->places.exchange, why, now);
    else
        dialling_answer(n, lookup, NULL, 0, 0, why, now);
}

int64_t node_deadline(const struct node *n)
{
    const struct places_provider *places = &n->places.provider;
    if (n->told || n->replies.resuming_first != CONNECTION_NONE)
        return 0;
    int64_t soonest = connections_deadline(&n->connections);
    if (n->stopping)
        soonest = earlier_ns(soonest, stop_deadline(n));
    else if (n->drain.state != DRAIN_SERVES)
        soonest = earlier_ns(soonest, drain_deadline(&n->drain));
    soonest = earlier_ns(soonest, places->deadline(places->self));
    soonest = earlier_ns(soonest, alarms_deadline(&n->alarms));
    soonest = earlier_ns(soonest, n->webs.due_ns);
    if (n->webs_tls.first)
        soonest = earlier_ns(soonest, webs_tls_ready_ns(n));
    if (n->queries.live)
        soonest = earlier_ns(soonest, queries_deadline(n));
    soonest = earlier_ns(soonest, inputs_deadline(n));
    if (n->client_log.more)
        soonest = earlier_ns(soonest, client_log_deadline(&n->client_log));
    soonest = earlier_ns(soonest, pace_deadline(n));
    if (n->durable.journal)
        soonest = earlier_ns(soonest, durable_deadline(n));
    if (n->transfers.count)
        soonest = earlier_ns(soonest, transfers_deadline(n));
    if (n->named.racing)
        soonest = earlier_ns(soonest, dialling_deadline(n));
    return earlier_ns(soonest, links_deadline(n));
}

void node_stop(struct node *n, struct instant now)
{
    n->told = true;
    if (n->stopping) {
        stop_hurry(n);
        return;
    }
    n->stopping = true;
    stop_begin(n, now);
    alarms_stop(n, now);
    client_log_sum(n, now);
}

bool node_stopped(const struct node *n)
{
    return stop_is_over(n) && !durable_waits(n);
}

bool node_is_twin(const struct node *n)
{
    return n->twins.told_of != 0;
}

bool node_listens(const struct node *n)
{
    return n->drain.state < DRAIN_CLOSED;
}

void node_port_shut(struct node *n)
{
    n->told |= drain_port_shut(n);
}

bool node_is_drained(const struct node *n)
{
    return n->drain.state == DRAIN_OVER;
}

uint64_t node_unconfirmed(const struct node *n)
{
    return n->stop.unconfirmed;
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
    return edges_all_linked(n);
}

void node_past(const struct node *n, struct past *out)
{
    past_note(&n->links.peering, peering_partial(&n->links.peering), out);
}
