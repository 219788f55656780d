/* node_driver.c — see node_driver.h. */
#include "fuzz/node_driver.h"
#include "core/base/log.h"
#include "core/node/private.h"
#include "fuzz/node_judge.h"
#include "fuzz/node_sealed.h"
#include "sim/tls_fixture.h"
#include "unit/secrets.h"
#include <stdio.h>
#include <stdlib.h>

enum {
    LENT_MAX = 64, /* receives in one turn */
    TURNS_MAX = 4000, /* while time passes; then it jumps */
    TURNS_AT_ONCE = 2000,
    SETTLES_S = 70, /* beyond limits.idle of small limits */
    FLUSH_MS = 200,
    LOG_BYTES = 1 << 15,
};

struct driver driver;

static struct topology_node nodes[3] = {
    {.name = "Goloman"},
    {.name = "Ant", .peer.address = {.ip = {127, 0, 0, 1}, .port = 12101}},
    {.name = "Hands", .peer.address = {.ip = {127, 0, 0, 1}, .port = 12102}},
};
static struct topology_retired retired[] = {{.name = "Welsh"}};
static struct log log_;
static char log_memory[LOG_BYTES];
static void *lent[LENT_MAX];
static unsigned lent_count;
static bool dials[NODE_DIALS_MAX]; /* ordered, and not reported */

/* -- places that the tape answers -------------------------------------------------------------- */

struct asked {
    uint64_t ticket;
    unsigned count;
};

static struct asked waiting[PLACES_QUESTIONS_MAX], ready[PLACES_QUESTIONS_MAX];
static unsigned waiting_count, ready_count;

static struct asked take_asked(struct asked *list, unsigned *count, unsigned i)
{
    struct asked q = list[i];
    memmove(list + i, list + i + 1, (--*count - i) * sizeof *list);
    return q;
}

static void ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant now)
{
    (void)self;
    ASSERT(deadline_ns > now.mono_ns && waiting_count + ready_count < PLACES_QUESTIONS_MAX);
    waiting[waiting_count++] = (struct asked){ticket, question->count};
}

static bool answer(void *self, struct places_answer *out, struct instant now)
{
    (void)self, (void)now;
    if (!ready_count)
        return false;
    struct asked q = take_asked(ready, &ready_count, 0);
    out->ticket = q.ticket;
    out->json = malloc(64);
    ASSERT(out->json);
    out->json_bytes = (size_t)snprintf(out->json, 64, "{\"count\": %u}\n\n", q.count);
    return true;
}

static void cancel(void *self, uint64_t ticket)
{
    (void)self;
    for (unsigned i = 0; i < waiting_count; i++)
        if (waiting[i].ticket == ticket) {
            (void)take_asked(waiting, &waiting_count, i);
            return;
        }
    unsigned i = 0;
    while (i < ready_count && ready[i].ticket != ticket)
        i++;
    ASSERT(i < ready_count); /* or it was never asked */
    (void)take_asked(ready, &ready_count, i);
}

static int64_t answers_at(const void *self)
{
    (void)self;
    return ready_count ? 0 : NEVER_NS;
}

static void forget(void *self)
{
    (void)self;
    waiting_count = ready_count = 0;
}

void driver_answers(unsigned i)
{
    if (waiting_count)
        ready[ready_count++] = take_asked(waiting, &waiting_count, i % waiting_count);
}

/* -- life -------------------------------------------------------------------------------------- */

static void set_topology(struct driver_config config)
{
    static uint16_t of_goloman[] = {1, 2}, of_ant[] = {0, 2}, of_hands[] = {0, 1};
    nodes[0].neighbours = of_goloman;
    nodes[0].neighbours_count = 2;
    nodes[1].neighbours = of_ant;
    nodes[2].neighbours = of_hands;
    nodes[1].neighbours_count = nodes[2].neighbours_count = config.ring ? 2 : 1;
    bool small = config.small;
    driver.topology = (struct topology){
        .herd = "test",
        .nodes = nodes,
        .nodes_count = 3,
        .retired = retired,
        .retired_count = 1,
        .client_close = config.close_reply ? CLIENT_CLOSE_REPLY : CLIENT_CLOSE_EOF,
        .tls_also_secret = config.secret && config.tls,
        .places.timeout_ms = 10000,
        .limits = {.line_bytes = small ? 64 : 1024,
            .output_bytes = 16384,
            .output_total_bytes = small ? 24576 : 1 << 30,
            .connections = small ? 1 : 8,
            .connections_per_address = small ? 1 : 8,
            .commands_per_address = {small ? 20 : 0, small ? 1 : 0},
            .new_ids_per_address = {small ? 4 : 0, small ? 60 : 0},
            .stamps = small ? 6 : 4096,
            .stamps_evict = config.evict,
            .idle_ms = 60000,
            .stall_ms = 30000,
            .partial_ms = config.waits_for_lf ? 0 : 1000,
            .stop_ms = 5000,
            .future_ns = (uint64_t)86400 * SECOND_NS,
            .clock_ns = (uint64_t)60 * SECOND_NS},
    };
}

void driver_start(struct driver_config config)
{
    static const struct places_google google = {
        .port = 443, .host = SPAN("places.test"), .key = SPAN("a-key-of-places")};
    memset(&driver, 0, sizeof driver);
    memset(dials, 0, sizeof dials);
    driver.config = config;
    set_topology(config);
    log_init(&log_, config.debug ? LOG_DEBUG : LOG_INFO, (struct span){"", 0}, log_memory,
        sizeof log_memory);
    driver.now = (struct instant){.mono_ns = SECOND_NS, .real_ns = DRIVER_NOW_S * SECOND_NS};
    driver.secrets = secrets_of(config.secret ? "sixteen bytes ok" : "");
    struct node_config of_node = {.topology = &driver.topology,
        .secrets = &driver.secrets,
        .tls = config.tls ? tls_fixture() : NULL,
        .seed = {7},
        .connections_max = SLOTS,
        .strangers_max = config.small ? 1 : 0,
        .places = {NULL, ask, answer, cancel, answers_at, forget, "tape"},
        .log = &log_};
    if (config.exchange) {
        struct exchange_config asks = {.google = google, .tls = tls_fixture(), .log = &log_};
        driver.exchange = of_node.exchange = places_exchange(&asks, &of_node.places);
        ASSERT(driver.exchange);
    }
    driver.node = node_create(&of_node, driver.now);
    ASSERT(driver.node);
}

static void give_back(void)
{
    while (lent_count)
        free(lent[--lent_count]);
}

void driver_destroy(void)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (driver.wires[slot].open)
            judge_closes(slot, false);
        sealed_end(slot);
    }
    node_destroy(driver.node);
    give_back();
}

/* -- what the node wants ----------------------------------------------------------------------- */

static void close_wire(unsigned slot, const char *why, bool orderly)
{
    judge_closes(slot, orderly);
    sealed_end(slot);
    driver.wires[slot].open = false;
    node_closed(driver.node, slot, why, driver.now);
}

static void follow(unsigned slot)
{
    struct wire *w = &driver.wires[slot];
    ASSERT(w->open);
    w->wants = node_wants(driver.node, slot);
    if (w->wants & NODE_WANT_REPORT) {
        node_reported(driver.node, slot, w->unread, driver.now);
        w->wants = node_wants(driver.node, slot);
    }
    const struct connection *c = connection_of(&driver.node->connections, slot);
    bool full = slot_is_client(slot) && c->out.bytes >= driver.topology.limits.output_bytes;
    ASSERT(!full || !(w->wants & NODE_WANT_READ));
    while (w->wants & NODE_WANT_WRITE && !w->deaf) {
        struct span window = node_output(driver.node, slot);
        if (sealed_is(slot))
            sealed_hears(slot, window);
        else
            judge_hears(slot, window);
        node_sent(driver.node, slot, window.len, driver.now);
        w->wants = node_wants(driver.node, slot);
    }
    ASSERT(!(w->wants & NODE_WANT_CLOSE) || w->wants == NODE_WANT_CLOSE);
    ASSERT(!(w->wants & NODE_WANT_ABORT) || w->wants == NODE_WANT_ABORT);
    if (w->wants & (NODE_WANT_CLOSE | NODE_WANT_ABORT))
        close_wire(slot, "", w->wants & NODE_WANT_CLOSE);
}

/* true: the node wanted anything. */
static bool do_deeds(void)
{
    uint32_t slot;
    unsigned dial;
    struct dial_order order;
    struct lookup_order lookup;
    bool any = false;
    for (; node_touched(driver.node, &slot); any = true)
        follow(slot);
    for (; node_dial_cancel(driver.node, &dial); any = true) {
        ASSERT(dials[dial]);
        dials[dial] = false;
    }
    for (; node_dial(driver.node, &order); any = true) {
        ASSERT(order.id < NODE_DIALS_MAX && !dials[order.id]);
        ASSERT(order.until_ns > driver.now.mono_ns);
        dials[order.id] = true;
    }
    for (; node_resolve(driver.node, &lookup); any = true) {
        ASSERT(!driver.resolving && lookup.id == NODE_LOOKUP_OF_PLACES);
        driver.resolving = true;
    }
    return any;
}

/* What clients said without LF and the node has taken now. */
static void see_taken(void)
{
    for (unsigned slot = CLIENT_A; slot <= CLIENT_B; slot++) {
        const struct connection *c = connection_of(&driver.node->connections, slot);
        bool taken = driver.wires[slot].open && !c->aborted && !c->finishing &&
                     c->client.input.state == INPUT_TAKEN;
        if (taken && !judge_has_taken(slot))
            judge_taken(slot);
    }
}

static void show_log(void)
{
    if (getenv("STAMPEDE_FUZZ_LOG"))
        fprintf(stderr, "%.*s", (int)log_.pending.len, log_.pending.at);
    log_taken(&log_, log_.pending.len);
}

/* By when a node that stops has stopped. */
static int64_t stopped_ns(void)
{
    int64_t stop_ms = (int64_t)driver.topology.limits.stop_ms;
    return driver.stopping ? driver.stop_ns + (stop_ms + 2 * FLUSH_MS) * MS_NS : NEVER_NS;
}

/* A flight takes as long as on an ordinary machine. */
static void end_turn(void)
{
    if (node_shakes(driver.node, driver.now) && node_shake(driver.node, driver.now))
        node_shook(driver.node, 2 * MS_NS, driver.now);
    node_turn(driver.node, driver.now);
}

void driver_turn(void)
{
    for (unsigned slot = ANT_IN; slot < PLACES; slot++)
        if (sealed_is(slot)) /* what it answers */
            driver_receives_sealed(slot, sealed_output(slot));
    end_turn();
    give_back();
    see_taken();
    (void)do_deeds();
    show_log();
    ASSERT(driver.now.mono_ns < stopped_ns() || node_stopped(driver.node));
    if (node_deadline(driver.node) <= driver.now.mono_ns)
        return;
    end_turn();
    ASSERT(!do_deeds()); /* or it would wait for an accident */
}

/* -- what happens ------------------------------------------------------------------------------ */

static void open_wire(unsigned slot)
{
    driver.wires[slot] = (struct wire){.open = true, .wants = NODE_WANT_READ};
    judge_opens(slot);
}

void driver_accepts(unsigned slot)
{
    struct address from = {.ip = {127, 0, 0, 1}, .port = 5};
    if (slot == CLIENT_B || slot == OTHER_IN)
        from = (struct address){.ip = {10, 0, 0, 1}, .port = 5};
    bool dialled = slot > OTHER_IN;
    if (driver.wires[slot].open || dialled || driver.stopping)
        return;
    enum node_port port = slot_is_client(slot) ? NODE_CLIENT_PORT : NODE_PEER_PORT;
    bool well = node_accepted(driver.node, slot, port, &from, driver.now);
    ASSERT(well);
    open_wire(slot);
}

static unsigned free_slot(unsigned dial)
{
    if (dial < NODE_DIALS_OF_PLACES)
        return ANT_OUT + dial;
    unsigned slot = PLACES;
    while (slot < SLOTS && driver.wires[slot].open)
        slot++;
    return slot;
}

void driver_dialled(unsigned dial)
{
    unsigned slot = free_slot(dial);
    if (!dials[dial] || slot == SLOTS || driver.wires[slot].open)
        return;
    dials[dial] = false;
    bool well = node_dialled(driver.node, slot, dial, driver.now);
    ASSERT(well);
    open_wire(slot);
}

void driver_dial_fails(unsigned dial)
{
    if (dials[dial])
        node_dial_failed(driver.node, dial, "connection refused", driver.now);
    dials[dial] = false;
}

void driver_receives_sealed(unsigned slot, struct span bytes)
{
    const struct wire *w = &driver.wires[slot];
    if (!w->open || !(w->wants & NODE_WANT_READ) || w->ended || lent_count == LENT_MAX)
        return;
    char *block = malloc(bytes.len ? bytes.len : 1);
    ASSERT(block);
    memcpy(block, bytes.at, bytes.len);
    lent[lent_count++] = block;
    judge_says(slot, bytes);
    node_received(driver.node, slot, (struct span){block, bytes.len}, driver.now);
}

void driver_receives(unsigned slot, struct span bytes)
{
    if (!sealed_is(slot)) {
        driver_receives_sealed(slot, bytes);
        return;
    }
    sealed_says(slot, bytes);
    driver_receives_sealed(slot, sealed_output(slot));
}

void driver_seals(unsigned slot)
{
    if (!driver.wires[slot].open || sealed_is(slot))
        return;
    sealed_begin(slot);
    driver_receives_sealed(slot, sealed_output(slot));
}

void driver_ended(unsigned slot)
{
    struct wire *w = &driver.wires[slot];
    if (!w->open || !(w->wants & NODE_WANT_READ) || w->ended)
        return;
    w->ended = true;
    judge_ended(slot);
    node_ended(driver.node, slot, driver.now);
}

void driver_reset(unsigned slot)
{
    if (driver.wires[slot].open)
        close_wire(slot, "connection reset", false);
}

void driver_deaf(unsigned slot, bool deaf)
{
    driver.wires[slot].deaf = deaf;
    if (driver.wires[slot].open && !deaf)
        follow(slot);
}

void driver_resolved(bool well)
{
    static const struct address both[] = {
        {.v6 = true, .ip = {[15] = 1}, .port = 443}, {.ip = {127, 0, 0, 1}, .port = 443}};
    if (!driver.resolving)
        return;
    driver.resolving = false;
    if (well)
        node_resolved(driver.node, NODE_LOOKUP_OF_PLACES, both, 2, 60, driver.now);
    else
        node_resolve_failed(
            driver.node, NODE_LOOKUP_OF_PLACES, "there is no such name", driver.now);
}

void driver_slept(int64_t slept_ns)
{
    driver.now.real_ns += slept_ns;
    node_slept(driver.node, slept_ns, driver.now);
}

void driver_secrets(const char *list)
{
    if (!driver.config.secret)
        return;
    driver.secrets = secrets_of(list);
    node_take_secrets(driver.node, &driver.secrets, driver.now);
}

void driver_stops(void)
{
    if (!driver.stopping)
        driver.stop_ns = driver.now.mono_ns;
    driver.stopping = true;
    node_stop(driver.node, driver.now);
}

/* -- time -------------------------------------------------------------------------------------- */

static void advance_to(int64_t mono_ns)
{
    driver.now.real_ns += mono_ns - driver.now.mono_ns;
    driver.now.mono_ns = mono_ns;
}

void driver_waits(int64_t ns)
{
    int64_t end_ns = driver.now.mono_ns + ns;
    for (int turns = 0, at_once = 0; turns < TURNS_MAX; turns++) {
        driver_turn();
        int64_t due_ns = node_deadline(driver.node);
        if (due_ns >= end_ns)
            break;
        at_once = due_ns > driver.now.mono_ns ? 0 : at_once + 1;
        ASSERT(at_once < TURNS_AT_ONCE);
        if (due_ns > driver.now.mono_ns)
            advance_to(due_ns);
    }
    bool early = node_deadline(driver.node) > end_ns;
    if (end_ns > driver.now.mono_ns)
        advance_to(end_ns);
    if (early) {
        end_turn();
        ASSERT(!do_deeds()); /* or its deadline was wrong */
    }
    driver_turn();
}

/* Whether a client may still be told something. */
static bool is_busy(unsigned slot)
{
    const struct connection *c = connection_of(&driver.node->connections, slot);
    return driver.wires[slot].open && (c->choked || c->out.head);
}

void driver_settles(void)
{
    for (unsigned slot = 0; slot < SLOTS; slot++)
        driver_deaf(slot, false);
    for (int i = 0; i < SETTLES_S && (i < 1 || is_busy(CLIENT_A) || is_busy(CLIENT_B)); i++) {
        while (waiting_count)
            driver_answers(0);
        driver_waits(SECOND_NS);
    }
    for (unsigned slot = CLIENT_A; slot <= CLIENT_B; slot++) {
        ASSERT(!is_busy(slot));
        if (driver.wires[slot].open)
            judge_settled(slot);
    }
}

void driver_ends(void)
{
    if (!driver.stopping)
        driver_stops();
    if (driver.now.mono_ns < stopped_ns())
        driver_waits(stopped_ns() - driver.now.mono_ns);
    ASSERT(node_stopped(driver.node));
    ASSERT(node_unconfirmed(driver.node) <= store_count(node_store(driver.node)));
}
