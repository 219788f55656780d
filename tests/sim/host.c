/* host.c — see host.h. */
#include "sim/host.h"
#include "core/node/outbox.h"
#include "core/node/private.h"
#include <stdlib.h>

enum {
    LOG_BYTES = 1 << 16,
    LENT_MAX = 256, /* receives in one turn */
    DRAIN_MS = 2000, /* as io/conn's */
    DRAIN_LATE_MS = 1000, /* turns come late */
    TURNS_IN_A_MS = 4000,
    REST_EACH = 8,
    FLIGHT_US = 200, /* of the processor, for a step of a handshake of TLS */
    /* Bounds of a node's memory: */
    GROUP_BYTES = 64 * 1200 + 64 * 512, /* replies to one group, places' answers to one client */
    TURN_BYTES = 65536 + 1025, /* what a client was read in one turn; a line and a window */
    CLIENT_BYTES = TURN_BYTES + GROUP_BYTES + 4 * OUTBOX_CHUNK_BYTES, /* + limits.output */
    LINK_UNSENT_BYTES = LINK_OUTPUT_BYTES + LINK_CHUNK_BYTES,
    LINK_BYTES = LINK_UNSENT_BYTES + 2 * PEERING_LINE_BYTES_MAX + 2 * LINK_CHUNK_BYTES,
    STATUS_BYTES = 131072, /* for an observer */
    STAMP_BYTES = 192, /* with its share of tables, where there are few hundred */
    FIXED_BYTES = 65536,
};

static const struct address here = {.ip = {127, 0, 0, 1}, .port = 5};

static int64_t mono_ns(const struct host *h)
{
    return h->network->now_ns + h->mono_ahead_ns;
}

static struct instant now_of(const struct host *h)
{
    return (struct instant){.mono_ns = mono_ns(h) - h->awake.slept_ns,
        .real_ns = EPOCH_NS + h->network->now_ns + h->judge->clock_ahead_ns[h->party]};
}

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    if (!memory)
        abort();
    return memory;
}

void host_init(struct host *h, struct network *network, struct judge *judge,
    const struct topology *topology, unsigned self, struct secrets secrets)
{
    *h = (struct host){.network = network,
        .judge = judge,
        .self = self,
        .party = self,
        .topology = *topology,
        .secrets = secrets,
        .outside = here,
        .flight_ns = FLIGHT_US * 1000,
        .mono_ahead_ns = (int64_t)network_draw(network, 1000) * SECOND_NS};
    h->dials = allocate(NODE_DIALS_MAX, sizeof *h->dials);
    h->said = allocate(network->nodes, sizeof *h->said);
    h->log_memory = allocate(LOG_BYTES, 1);
}

void host_deinit(struct host *h)
{
    if (h->node)
        host_kill(h, DEATH_OF_PROCESS);
    file_free(h->file);
    kept_deinit(&h->kept);
    disk_host_remove(h);
    free(h->dials);
    free(h->said);
    free(h->log_memory);
}

/* -- life and death ---------------------------------------------------------------------------- */

/* The judge's cursor changes the store, so it cannot be const. */
static struct store *store_of(const struct host *h)
{
    return (struct store *)node_store(h->node);
}

/* What its node goes by, and as which of its nodes. */
static const struct topology *file_of(const struct host *h, unsigned *self)
{
    *self = h->self;
    if (!h->file)
        return &h->topology;
    int found = topology_find(h->file, span_of(h->topology.nodes[h->self].name));
    if (found < 0)
        abort();
    *self = (unsigned)found;
    return h->file;
}

void host_start(struct host *h)
{
    unsigned self;
    struct node_config config = {.topology = file_of(h, &self),
        .self = self,
        .secrets = &h->secrets,
        .tls = h->tls,
        .connections_max = HOST_CONNECTIONS,
        .log = &h->log};
    for (size_t i = 0; i < sizeof config.seed; i++)
        config.seed[i] = (unsigned char)network_draw(h->network, 256);
    log_init(&h->log, LOG_INFO, span_of(h->topology.nodes[h->self].name), h->log_memory, LOG_BYTES);
    h->life++;
    h->paused = h->stopping = h->was_twin = h->failed = false;
    h->grace_ends_ns = h->drain_ends_ns = NEVER_NS;
    h->stopped_ns = NEVER_NS;
    for (unsigned i = 0; i < NODE_DIALS_MAX; i++)
        h->dials[i] = WIRE_NONE;
    h->memory = (struct account){.dice = {h->life ^ (uint64_t)h->party << 32}};
    h->clients_most = h->links_most = 0;
    memory_of(&h->memory);
    awake_begin(&h->awake, mono_ns(h));
    h->due_ns = h->awake.now_ns;
    caller_begins(h, &config);
    kept_begins(h, &config);
    disk_host_begins(h, &config);
    h->node = node_create(&config, now_of(h));
    memory_of(NULL);
    if (!h->node)
        abort();
    judge_starts(h->judge, h->party, h->node->links.peering.boot);
    h->memory_idle_bytes = h->memory.held_bytes;
    h->judges_cursor = store_cursor_open(store_of(h));
    kept_began(h);
    disk_host_began(h);
    network_listen(h->network, h->party, disk_host_is_open(h));
    network_wake(h->network, h->party, h->network->now_ns);
}

static void show_log(struct host *h)
{
    static int shown = -1;
    if (shown < 0)
        shown = getenv("STAMPEDE_SIM_LOG") != NULL;
    if (shown)
        fprintf(stderr, "%.*s", (int)h->log.pending.len, h->log.pending.at);
    log_taken(&h->log, h->log.pending.len);
}

static void go_down(struct host *h)
{
    h->diverged += node_metrics(h->node)->divergences;
    show_log(h);
    memory_of(&h->memory);
    node_destroy(h->node);
    memory_of(NULL);
    h->node = NULL;
    if (h->memory.blocks)
        judge_violated(h->judge, "%s ended without freeing %zu blocks of memory",
            h->topology.nodes[h->self].name, h->memory.blocks);
    judge_forgets(h->judge, h->party);
}

static void end(struct host *h, enum death how)
{
    struct network *n = h->network;
    if (how == DEATH_OF_MACHINE)
        network_crash(n, h->party);
    else
        network_listen(n, h->party, false);
    for (uint32_t i = 0; i < h->conns_end; i++)
        if (h->conns[i].used)
            network_close(n, h->conns[i].wire, h->conns[i].end, network_once_in(n, 3));
    for (unsigned i = 0; i < NODE_DIALS_MAX; i++)
        if (h->dials[i] != WIRE_NONE)
            network_close(n, h->dials[i], 0, true);
    memset(h->conns, 0, sizeof h->conns);
    go_down(h);
}

void host_kill(struct host *h, enum death how)
{
    judge_dies(h->judge, h->party);
    kept_dies(h);
    disk_host_ends(h, false, how == DEATH_OF_MACHINE, now_of(h));
    end(h, how);
}

/* It was told to stop, and has. */
static void leave(struct host *h)
{
    h->unconfirmed = node_unconfirmed(h->node);
    h->was_twin = node_is_twin(h->node);
    h->failed = node_gives_up(h->node);
    if (h->unconfirmed)
        judge_dies(h->judge, h->party);
    else
        judge_leaves(h->judge, h->party);
    if (kept_writes_all(h) && kept_may_note(h))
        kept_notes(h);
    disk_host_ends(h, true, false, now_of(h));
    end(h, DEATH_OF_PROCESS);
}

void host_stop(struct host *h)
{
    h->stopping = true;
    network_listen(h->network, h->party, false);
    if (!disk_host_is_open(h))
        return; /* it looks at signals later */
    memory_of(&h->memory);
    node_stop(h->node, now_of(h));
    memory_of(NULL);
    network_wake(h->network, h->party, h->network->now_ns);
}

void host_changes_secrets(struct host *h, const struct secrets *secrets)
{
    h->secrets = *secrets;
    if (!h->node)
        return;
    memory_of(&h->memory);
    node_take_secrets(h->node, secrets, now_of(h));
    memory_of(NULL);
    network_wake(h->network, h->self, h->network->now_ns);
}

bool host_takes_file(struct host *h, const struct file_plan *plan)
{
    if (h->paused || h->stopping || plan->lacks[h->self])
        return false;
    struct topology *file = file_make(plan, &h->topology);
    const char *why = NULL;
    if (h->node) {
        memory_of(&h->memory);
        why = node_take_topology(h->node, file, HOST_CONNECTIONS, now_of(h));
        if (!why)
            caller_cancels(h);
        memory_of(NULL);
        network_wake(h->network, h->party, h->network->now_ns);
    }
    if (why && !h->memory.failed)
        judge_violated(
            h->judge, "%s does not take a file: %s", h->topology.nodes[h->self].name, why);
    file_free(why ? file : h->file);
    if (why)
        return false;
    h->file = file;
    judge_takes_file(h->judge, h->party, plan);
    return true;
}

void host_pause(struct host *h, bool paused)
{
    if (paused)
        h->stopped_ns = earlier_ns(h->stopped_ns, h->network->now_ns);
    h->paused = paused;
    if (h->disk)
        h->disk->clean = false;
    network_wake(h->network, h->party, h->network->now_ns);
}

void host_starve(struct host *h, unsigned fails_in, size_t from_bytes)
{
    h->memory.fails_in = fails_in;
    h->memory.fails_from_bytes = from_bytes;
}

void host_set_clock(struct host *h, int64_t ahead_ns)
{
    judge_sets_clock(h->judge, h->party, ahead_ns);
}

void host_status(const struct host *h, struct buf *out)
{
    node_status(h->node, out, now_of(h));
}

uint64_t host_divergences(const struct host *h)
{
    return h->diverged + (h->node ? node_metrics(h->node)->divergences : 0);
}

/* -- what is said on links --------------------------------------------------------------------- */

static bool begins_with(const struct host_conn *c, const char *word)
{
    return c->line_len >= strlen(word) && memcmp(c->line, word, strlen(word)) == 0;
}

/* Which directions of links are lazy: those that PRUNE has made so. */
static void count_turn(struct host *h, const struct host_conn *c, unsigned to)
{
    struct tally *t = &h->said[to];
    bool *lazy = judge_lazy(h->judge, h->party, to);
    if (begins_with(c, "PRUNE ")) {
        t->prunes++;
        *judge_lazy(h->judge, to, h->party) = true;
    }
    if (begins_with(c, "EAGER ") || begins_with(c, "HELLO "))
        *lazy = false;
    t->ats_lazy += *lazy && begins_with(c, "AT ");
}

static void count_line(struct host *h, const struct host_conn *c, unsigned to)
{
    struct tally *t = &h->said[to];
    t->hellos += begins_with(c, "HELLO ");
    t->ats += begins_with(c, "AT ");
    t->marks += begins_with(c, "MARK ");
    t->acks += begins_with(c, "ACK ");
    t->pings += begins_with(c, "PING ");
    t->pongs += begins_with(c, "PONG ");
    t->turns += begins_with(c, "PRUNE ") || begins_with(c, "GRAFT ") || begins_with(c, "EAGER ");
    count_turn(h, c, to);
    if (begins_with(c, "SEEN ")) {
        t->seens++;
        t->hashes += c->spaces - 1;
    }
    if (begins_with(c, "BYE ")) {
        t->byes++;
        struct span reason = span_from((struct span){c->line, c->line_len}, 4);
        judge_hears_bye(h->judge, h->party, to, reason, h->memory.failed > 0);
    }
}

static void listen_in(struct host *h, struct host_conn *c, struct span said)
{
    unsigned to = network_other(h->network, c->wire, c->end);
    if (to >= h->network->nodes)
        return; /* strangers check it themselves */
    if (h->tapes)
        tapes_record(h->tapes, c->wire, h->party, to, said);
    if (h->tls)
        return; /* encrypted */
    for (size_t i = 0; i < said.len; i++) {
        if (said.at[i] != '\n') {
            if (c->line_len < sizeof c->line)
                c->line[c->line_len++] = said.at[i];
            c->spaces += said.at[i] == ' ';
            continue;
        }
        count_line(h, c, to);
        c->line_len = 0;
        c->spaces = 0;
    }
}

/* -- what happened ----------------------------------------------------------------------------- */

struct turn {
    struct instant now;
    void *lent[LENT_MAX];
    unsigned lent_count;
};

static uint32_t take_number(struct host *h, uint32_t wire, unsigned end, enum node_port port)
{
    for (uint32_t i = 0; i < HOST_CONNECTIONS; i++)
        if (!h->conns[i].used) {
            h->conns[i] = (struct host_conn){.used = true, .wire = wire, .end = end, .port = port};
            if (h->conns_end <= i)
                h->conns_end = i + 1;
            return i;
        }
    return HOST_CONNECTIONS;
}

/* The driver has no slot, or the node no memory. */
static void turn_away(struct host *h, uint32_t number, uint32_t wire, unsigned end)
{
    network_close(h->network, wire, end, true);
    if (number < HOST_CONNECTIONS)
        h->conns[number].used = false;
}

static void accept_all(struct host *h, struct instant now)
{
    uint32_t wire;
    enum node_port port;
    while (network_accept(h->network, h->party, &wire, &port)) {
        bool is_node = network_other(h->network, wire, 1) < h->network->nodes;
        const struct address *caller = is_node ? &here : &h->outside;
        uint32_t number = take_number(h, wire, 1, port);
        if (number == HOST_CONNECTIONS || !node_accepted(h->node, number, port, caller, now))
            turn_away(h, number, wire, 1);
    }
}

static void end_dial(struct host *h, unsigned id, struct instant now)
{
    uint32_t wire = h->dials[id];
    enum dial_state state = network_dialled(h->network, wire);
    if (state == DIAL_UNDER_WAY)
        return;
    h->dials[id] = WIRE_NONE;
    if (state != DIAL_STANDS) {
        const char *why = state == DIAL_REFUSED ? "connection refused" : "timed out";
        node_dial_failed(h->node, id, why, now);
        return;
    }
    enum node_port port = id < NODE_DIALS_OF_PLACES ? NODE_PEER_PORT : NODE_CLIENT_PORT;
    uint32_t number = take_number(h, wire, 0, port);
    if (number < HOST_CONNECTIONS && node_dialled(h->node, number, id, now))
        return;
    turn_away(h, number, wire, 0);
    caller_lacks_room(h);
    node_dial_failed(h->node, id, "no room", now);
}

static void end_dials(struct host *h, struct instant now)
{
    for (unsigned i = 0; i < NODE_DIALS_MAX; i++)
        if (h->dials[i] != WIRE_NONE)
            end_dial(h, i, now);
}

static void close_conn(
    struct host *h, uint32_t number, bool reset, const char *why, struct instant now)
{
    struct host_conn *c = &h->conns[number];
    network_close(h->network, c->wire, c->end, reset);
    c->used = false;
    node_closed(h->node, number, why, now);
}

/* The kernel takes part of what it was given, perhaps later. */
static void go_on_sending(struct host *h, uint32_t number, struct instant now)
{
    struct host_conn *c = &h->conns[number];
    if (!c->sending.len || network_once_in(h->network, 4))
        return;
    struct span part = c->sending;
    if (network_once_in(h->network, 4))
        part.len = 1 + network_draw(h->network, part.len);
    part.len = network_write(h->network, c->wire, c->end, part.at, part.len);
    if (!part.len)
        return;
    c->sending.len = 0;
    if (c->port == NODE_PEER_PORT)
        listen_in(h, c, part);
    node_sent(h->node, number, part.len, now);
}

static void *read_some(struct host *h, const struct host_conn *c, size_t *count)
{
    *count = network_readable(h->network, c->wire, c->end);
    if (network_once_in(h->network, 4))
        *count = 1 + network_draw(h->network, *count);
    struct account *node = memory_of(NULL);
    void *block = allocate(*count, 1);
    memory_of(node);
    network_read(h->network, c->wire, c->end, block, *count);
    return block;
}

static void receive(struct host *h, struct turn *t, uint32_t number)
{
    struct host_conn *c = &h->conns[number];
    if (!(node_wants(h->node, number) & NODE_WANT_READ))
        return;
    while (network_readable(h->network, c->wire, c->end) && t->lent_count < LENT_MAX) {
        size_t count;
        void *block = read_some(h, c, &count);
        t->lent[t->lent_count++] = block;
        node_received(h->node, number, (struct span){block, count}, t->now);
    }
    if (network_ended(h->network, c->wire, c->end)) {
        c->ended_told = true;
        node_ended(h->node, number, t->now);
    }
}

/* Discard input, so that the other end gets the last bytes and not a reset. */
static void drain(struct host *h, uint32_t number, struct instant now)
{
    struct host_conn *c = &h->conns[number];
    while (network_readable(h->network, c->wire, c->end)) {
        size_t count;
        struct account *node = memory_of(NULL);
        free(read_some(h, c, &count));
        memory_of(node);
    }
    if (network_ended(h->network, c->wire, c->end) || now.mono_ns >= c->drain_until_ns)
        close_conn(h, number, false, "", now);
}

static void learn(struct host *h, struct turn *t, uint32_t number)
{
    struct host_conn *c = &h->conns[number];
    if (network_broken(h->network, c->wire, c->end)) {
        c->lost = caller_learns_late(h);
        if (!c->lost)
            close_conn(h, number, true, "connection reset", t->now);
    } else if (c->draining) {
        drain(h, number, t->now);
    } else {
        go_on_sending(h, number, t->now);
        receive(h, t, number);
    }
}

/* -- what it wants ----------------------------------------------------------------------------- */

static void begin_sending(struct host *h, uint32_t number)
{
    struct host_conn *c = &h->conns[number];
    c->sending = node_output(h->node, number);
    if (!c->sending.len)
        judge_violated(h->judge, "a connection wants to write but has no output");
    unsigned to = network_other(h->network, c->wire, c->end);
    if (to < h->network->nodes)
        h->said[to].sends++;
    if (c->port == NODE_PEER_PORT && c->sending.len > LINK_CHUNK_BYTES)
        judge_violated(h->judge, "a link holds %zu bytes in one piece", c->sending.len);
}

static void follow_wants(struct host *h, uint32_t number, struct instant now)
{
    struct host_conn *c = &h->conns[number];
    if (c->draining)
        return;
    unsigned wants = node_wants(h->node, number);
    if (wants & NODE_WANT_REPORT) {
        node_reported(h->node, number, network_unread(h->network, c->wire, c->end), now);
        wants = node_wants(h->node, number);
    }
    if (wants & NODE_WANT_ABORT) {
        close_conn(h, number, true, "", now);
    } else if (wants & NODE_WANT_CLOSE && !c->sending.len) {
        if (c->ended_told) {
            close_conn(h, number, false, "", now);
            return;
        }
        c->draining = true;
        c->drain_until_ns = now.mono_ns + DRAIN_MS * MS_NS;
        network_shut(h->network, c->wire, c->end);
    } else if (wants & NODE_WANT_WRITE && !c->sending.len) {
        begin_sending(h, number);
    }
}

static void dial_all(struct host *h)
{
    struct dial_order dial;
    caller_cancels(h);
    while (node_dial(h->node, &dial)) {
        if (h->dials[dial.id] != WIRE_NONE)
            judge_violated(h->judge, "two dials at a time");
        unsigned to = caller_dials(h, &dial);
        h->dials[dial.id] = network_dial(h->network, h->party, to, NODE_PEER_PORT);
    }
    caller_wants(h);
}

/* When the next turn is due even if nothing happens. */
static int64_t next_turn_ns(const struct host *h, const struct turn *t)
{
    int64_t soonest_ns = node_deadline(h->node);
    for (uint32_t i = 0; i < h->conns_end; i++) {
        const struct host_conn *c = &h->conns[i];
        if (!c->used)
            continue;
        bool readable = network_readable(h->network, c->wire, c->end) ||
                        (network_ended(h->network, c->wire, c->end) && !c->ended_told);
        bool sends = c->sending.len && network_room(h->network, c->wire, c->end);
        bool reads = readable && (c->draining || node_wants(h->node, i) & NODE_WANT_READ);
        if (sends || reads)
            soonest_ns = t->now.mono_ns;
        if (c->draining)
            soonest_ns = earlier_ns(soonest_ns, c->drain_until_ns);
    }
    return soonest_ns;
}

static void plan_turn(struct host *h, const struct turn *t)
{
    struct network *n = h->network;
    h->due_ns = next_turn_ns(h, t);
    caller_wakes(h);
    disk_host_wakes(h);
    if (h->due_ns == NEVER_NS)
        return;
    int64_t at_ns = h->due_ns - h->mono_ahead_ns + h->awake.slept_ns;
    if (at_ns <= n->now_ns) /* even "at once" takes a moment */
        at_ns = n->now_ns + 1000 + (int64_t)network_draw(n, 10000);
    network_wake(n, h->party, at_ns);
    if (n->now_ns - h->row_began_ns > MS_NS) {
        h->row_began_ns = n->now_ns;
        h->turns_in_a_row = 0;
    }
    if (++h->turns_in_a_row > TURNS_IN_A_MS)
        judge_violated(h->judge, "%s has turns without end", h->topology.nodes[h->self].name);
}

/* -- the turn ---------------------------------------------------------------------------------- */

static void do_deeds(struct host *h, struct instant now)
{
    uint32_t number;
    for (uint32_t i = 0; i < h->conns_end; i++)
        if (h->conns[i].used && h->conns[i].lost)
            close_conn(h, i, true, "connection reset", now);
    while (node_touched(h->node, &number))
        follow_wants(h, number, now);
    dial_all(h);
    network_refuse_clients(h->network, h->party, !node_listens(h->node));
    if (!node_listens(h->node)) /* all that had come was accepted in this turn */
        node_port_shut(h->node);
}

/* When the loop would now sleep, a turn has nothing to do, whatever happened after the last one:
 * otherwise that would wait for an accident. Every eighth turn is followed by one that must be
 * idle; all are, where nodes learn things late. Not where allocations fail. */
static void check_rest(struct host *h, struct instant now)
{
    uint32_t number;
    struct dial_order dial;
    struct lookup_order lookup;
    struct journal_order order;
    bool rests = node_deadline(h->node) > now.mono_ns;
    if (h->turns++ % (h->caller.service ? 1 : REST_EACH) || !rests || h->memory.fails_in)
        return;
    memory_of(&h->memory);
    node_turn(h->node, now);
    if (node_touched(h->node, &number) || node_dial(h->node, &dial) ||
        node_resolve(h->node, &lookup) || node_journal_order(h->node, &order, now))
        judge_violated(h->judge, "%s had something to do, but no deadline for it",
            h->topology.nodes[h->self].name);
    memory_of(NULL);
}

static void weigh_one(struct host *h, uint32_t number)
{
    const struct connection *c = connection_of(&h->node->connections, number);
    bool client = c->kind == CONNECTION_CLIENT;
    size_t output = h->topology.limits.output_bytes;
    size_t most = client ? output + GROUP_BYTES : LINK_UNSENT_BYTES + STATUS_BYTES;
    size_t memory_most = client ? 2 * output + CLIENT_BYTES : LINK_BYTES + STATUS_BYTES;
    if (c->out.bytes > most || c->out.memory > memory_most)
        judge_violated(h->judge, "%zu bytes in %zu of memory wait to be sent by one connection",
            c->out.bytes, c->out.memory);
    if (client && c->client.input.held && c->client.input.held->bytes > TURN_BYTES)
        judge_violated(
            h->judge, "%zu bytes of input are held for one client", c->client.input.held->bytes);
}

/* Check that its memory is explained by its limits and connections. Spare blocks are kept for the
 * largest number of connections so far. */
static void weigh(struct host *h)
{
    unsigned clients = 0, links = 0;
    for (uint32_t i = 0; i < h->conns_end; i++) {
        if (!h->conns[i].used)
            continue;
        weigh_one(h, i);
        clients += h->conns[i].port == NODE_CLIENT_PORT && h->conns[i].end == 1;
        links += h->conns[i].port != NODE_CLIENT_PORT; /* those of HTTP take less */
    }
    h->clients_most = clients > h->clients_most ? clients : h->clients_most;
    h->links_most = links > h->links_most ? links : h->links_most;
    size_t link_bytes = LINK_BYTES + (h->tls ? tls_bytes() : 0);
    size_t client_bytes = 2 * h->topology.limits.output_bytes + CLIENT_BYTES;
    size_t most = h->memory_idle_bytes + FIXED_BYTES + STATUS_BYTES +
                  store_count(store_of(h)) * STAMP_BYTES + h->clients_most * client_bytes +
                  h->links_most * link_bytes + caller_bytes(h);
    if (h->memory.held_bytes > most)
        judge_violated(h->judge, "%s holds %zu bytes for %u clients and %u links, more than %zu",
            h->topology.nodes[h->self].name, h->memory.held_bytes, h->clients_most, h->links_most,
            most);
}

/* Everything that calls the node; only here allocations may fail. */
static void act(struct host *h, struct turn *t)
{
    memory_of(&h->memory);
    disk_host_answers(h, t->now);
    accept_all(h, t->now);
    end_dials(h, t->now);
    caller_hears(h, t->now);
    for (uint32_t i = 0; i < h->conns_end; i++)
        if (h->conns[i].used)
            learn(h, t, i);
    if (node_shakes(h->node, t->now) && node_shake(h->node, t->now)) {
        node_shook(h->node, h->flight_ns, t->now);
        h->flights_ns += h->flight_ns;
    }
    node_turn(h->node, t->now);
    memory_of(NULL);
    caller_looks(h);
    for (unsigned i = 0; i < t->lent_count; i++)
        free(t->lent[i]);
    weigh(h);
    judge_looks(h->judge, h->party, store_of(h), h->judges_cursor);
    disk_host_looks(h, t->now);
    if (kept_writes(h) && kept_may_note(h))
        kept_notes(h);
    memory_of(&h->memory);
    do_deeds(h, t->now);
    disk_host_orders(h, t->now);
    memory_of(NULL);
    check_rest(h, t->now);
}

/* A node that is drained ends by itself, not before its clients had their time, and not after. */
static void check_drain(struct host *h, struct instant now)
{
    const char *name = h->topology.nodes[h->self].name;
    bool over = node_is_drained(h->node);
    if (h->stopping)
        return;
    if (over && (h->grace_ends_ns == NEVER_NS || now.mono_ns < h->grace_ends_ns))
        judge_violated(h->judge, "%s ends although it serves, or its grace is not over", name);
    if (!over && h->drain_ends_ns != NEVER_NS &&
        now.mono_ns > h->drain_ends_ns + DRAIN_LATE_MS * MS_NS)
        judge_violated(h->judge, "%s drains for longer than it was told to", name);
    if (!node_listens(h->node) && (h->grace_ends_ns == NEVER_NS || now.mono_ns < h->grace_ends_ns))
        judge_violated(
            h->judge, "%s refuses clients although it serves, or for too short a time", name);
}

/* Its journal is opened; until then it has no other turns. */
static void open_journal(struct host *h, struct turn *t)
{
    bool failed;
    disk_host_opens(h, t->now, &failed);
    show_log(h);
    if (failed) {
        host_kill(h, DEATH_OF_PROCESS);
        h->failed = true;
        return;
    }
    if (disk_host_is_open(h) && h->stopping)
        host_stop(h);
    else if (disk_host_is_open(h))
        network_listen(h->network, h->party, true);
    plan_turn(h, t);
}

void host_act(struct host *h)
{
    if (!h->node || h->paused)
        return;
    int64_t slept_ns = awake_turn(&h->awake, mono_ns(h), h->due_ns);
    struct turn t = {.now = now_of(h)};
    if (slept_ns)
        node_slept(h->node, slept_ns, t.now);
    if (!disk_host_is_open(h)) {
        open_journal(h, &t);
        return;
    }
    act(h, &t);
    h->stopped_ns = NEVER_NS;
    show_log(h);
    check_drain(h, t.now);
    bool ends = node_is_twin(h->node) || node_is_drained(h->node) || node_gives_up(h->node);
    if (ends && !h->stopping) {
        const struct node *n = h->node;
        if (node_is_twin(n))
            judge_yields(h->judge, h->party, n->links.peering.boot, n->twins.told_of);
        host_stop(h);
    }
    if (h->stopping && node_stopped(h->node))
        leave(h);
    else
        plan_turn(h, &t);
}
