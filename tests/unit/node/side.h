/* side.h — for the tests of node: one node named Goloman, and a driver that does what node.h
 * says and nothing more. What a connection is sent is collected in `heard`. Received bytes are in a
 * block of exactly their size that is freed after the turn, as receive buffers are. */
#ifndef TESTS_UNIT_NODE_SIDE_H
#define TESTS_UNIT_NODE_SIDE_H

#include "core/base/log.h"
#include "core/node/node.h"
#include "unit/secrets.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef SIDE_CONNECTIONS /* a test may want more */
#define SIDE_CONNECTIONS 128
#endif

enum { CONNECTIONS = SIDE_CONNECTIONS, HEARD_BYTES = 1 << 20, NOW_S = 1700000000 };

/* -- a provider that answers when the test says so --------------------------------------------- */

struct slow_places {
    uint64_t waiting[PLACES_QUESTIONS_MAX];
    unsigned waiting_count;
    uint64_t ready[PLACES_QUESTIONS_MAX];
    unsigned ready_count;
    int64_t retry_ns; /* when an answer that found no memory is due again */
    struct places_question last;
    unsigned cancelled;
};

static inline void slow_ask(void *self, uint64_t ticket, const struct places_question *question,
    int64_t deadline_ns, struct instant at)
{
    struct slow_places *p = self;
    cr_assert_gt(deadline_ns, at.mono_ns);
    cr_assert_lt(p->waiting_count, PLACES_QUESTIONS_MAX);
    p->waiting[p->waiting_count++] = ticket;
    p->last = *question;
}

/* Like a real provider, it answers later when there is no memory. */
static inline bool slow_answer(void *self, struct places_answer *out, struct instant at)
{
    struct slow_places *p = self;
    if (!p->ready_count)
        return false;
    char *json = malloc(64);
    p->retry_ns = json ? 0 : at.mono_ns + 100 * MS_NS;
    if (!json)
        return false;
    out->ticket = p->ready[0];
    memmove(p->ready, p->ready + 1, --p->ready_count * sizeof *p->ready);
    out->json = json;
    out->json_bytes = (size_t)snprintf(out->json, 64, "{}\n\n");
    return true;
}

/* Answer the i-th question that waits. */
static inline void slow_make_ready(struct slow_places *p, unsigned i)
{
    cr_assert_lt(i, p->waiting_count);
    p->ready[p->ready_count++] = p->waiting[i];
    p->waiting_count--;
    memmove(p->waiting + i, p->waiting + i + 1, (p->waiting_count - i) * sizeof *p->waiting);
}

static inline void slow_cancel(void *self, uint64_t ticket)
{
    struct slow_places *p = self;
    for (unsigned i = 0; i < p->waiting_count; i++)
        if (p->waiting[i] == ticket) {
            slow_make_ready(p, i);
            break;
        }
    cr_assert_gt(p->ready_count, 0, "cancelled a question that was never asked");
    for (unsigned i = 0; i < p->ready_count; i++)
        if (p->ready[i] == ticket) {
            p->ready_count--;
            memmove(p->ready + i, p->ready + i + 1, (p->ready_count - i) * sizeof *p->ready);
            p->cancelled++;
            return;
        }
    cr_assert_fail("cancelled a question that does not wait");
}

static inline int64_t slow_deadline(const void *self)
{
    const struct slow_places *p = self;
    return p->ready_count ? p->retry_ns : NEVER_NS;
}

static inline void slow_destroy(void *self)
{
    (void)self;
}

/* -- the driver -------------------------------------------------------------------------------- */

/* Stamps of Welsh, which is no node here, are known. */
static struct topology_retired retired[] = {{.name = "Welsh"}};

/* Goloman and two others. A test sets the neighbours of Goloman before side_start. */
static struct topology_node nodes[3] = {
    {.name = "Goloman"},
    {.name = "Ant", .peer.address = {.ip = {127, 0, 0, 1}, .port = 12101}},
    {.name = "Hands", .peer.address = {.ip = {127, 0, 0, 1}, .port = 12102}},
};
static struct topology topology;
static struct slow_places places;
static struct log log_;
static char log_memory[1 << 16];
static struct node *node;
static const struct tls_config *side_tls; /* NULL: links are plain */
static const struct tls_config *side_http_tls; /* NULL: the HTTP port is plain */
static struct store *side_store; /* what the node begins with; NULL: nothing */
static const struct past *side_past; /* likewise */
static const struct found *side_found; /* of the journal; NULL: the node has none */
static struct instant now;
static char *heard[CONNECTIONS]; /* everything it was sent; ends with NUL */
static size_t heard_len[CONNECTIONS];
static unsigned wants[CONNECTIONS];
static bool deaf[CONNECTIONS]; /* it does not read */
static size_t unconfirmed[CONNECTIONS]; /* of what it was sent, as the node is told when it asks */
static size_t send_at_most; /* bytes the kernel takes at a time; 0: none */
static unsigned dials[3]; /* how often the node wanted to dial a neighbour */

static inline void side_begin(void)
{
    topology = (struct topology){
        .herd = "test",
        .nodes = nodes,
        .nodes_count = 3,
        .retired = retired,
        .retired_count = 1,
        .places.timeout_ms = 10000,
        .limits = {.line_bytes = 1024,
            .output_bytes = 65536,
            .output_total_bytes = 1 << 30,
            .connections = 8,
            .connections_per_address = 8,
            .stamps = 1000,
            .idle_ms = 600000,
            .stall_ms = 30000,
            .stop_ms = 5000,
            .future_ns = (uint64_t)86400 * SECOND_NS,
            .clock_ns = (uint64_t)60 * SECOND_NS},
    };
    log_init(&log_, LOG_INFO, (struct span){"", 0}, log_memory, sizeof log_memory - 1);
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = NOW_S * SECOND_NS};
    send_at_most = SIZE_MAX;
}

/* NULL: no memory. */
static inline struct node *side_node(const char *secret)
{
    struct secrets secrets = secrets_of(secret);
    struct node_config config = {.topology = &topology,
        .secrets = &secrets,
        .tls = side_tls,
        .http_tls = side_http_tls,
        .connections_max = CONNECTIONS,
        .places = {&places, slow_ask, slow_answer, slow_cancel, slow_deadline, slow_destroy,
            "slow"},
        .log = &log_,
        .store = side_store,
        .past = side_past,
        .found = side_found};
    memset(config.seed, 7, sizeof config.seed);
    return node_create(&config, now);
}

static inline void side_start(void)
{
    node = side_node("");
    cr_assert_not_null(node);
}

static inline void side_end(void)
{
    node_destroy(node);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        free(heard[i]);
}

static inline void send_out(uint32_t conn)
{
    while (wants[conn] & NODE_WANT_WRITE && send_at_most && !deaf[conn]) {
        struct span window = node_output(node, conn);
        size_t n = window.len < send_at_most ? window.len : send_at_most;
        cr_assert_leq(heard_len[conn] + n, HEARD_BYTES);
        memcpy(heard[conn] + heard_len[conn], window.at, n);
        heard_len[conn] += n;
        heard[conn][heard_len[conn]] = '\0';
        node_sent(node, conn, n, now);
        wants[conn] = node_wants(node, conn);
    }
}

static int64_t flight_ns; /* what each step of a handshake takes of the processor */
static int64_t flights_ns; /* all of them together */

static inline void shake(void)
{
    if (!node_shakes(node, now) || !node_shake(node, now))
        return;
    node_shook(node, flight_ns, now);
    flights_ns += flight_ns;
}

/* Turns until nothing more happens at this instant. */
static inline void turn(void)
{
    for (int i = 0; i < 10000; i++) {
        shake();
        node_turn(node, now);
        uint32_t conn;
        while (node_touched(node, &conn)) {
            wants[conn] = node_wants(node, conn);
            if (wants[conn] & NODE_WANT_REPORT) {
                node_reported(node, conn, unconfirmed[conn], now);
                wants[conn] = node_wants(node, conn);
            }
            send_out(conn);
        }
        struct dial_order dial;
        while (node_dial(node, &dial))
            dials[dial.id]++;
        if (!node_listens(node))
            node_port_shut(node);
        if (node_deadline(node) > now.mono_ns)
            return;
    }
    cr_assert_fail("the node never comes to rest");
}

static inline void passes_ms(int64_t ms)
{
    now.mono_ns += ms * MS_NS;
    now.real_ns += ms * MS_NS;
    turn();
}

static inline void forgets(uint32_t conn)
{
    if (!heard[conn])
        heard[conn] = malloc(HEARD_BYTES + 1);
    heard_len[conn] = 0;
    heard[conn][0] = '\0';
}

/* Of all that connect. */
static struct address caller = {.ip = {127, 0, 0, 1}, .port = 5};

static inline void joins_by(uint32_t conn, enum node_port port)
{
    forgets(conn);
    deaf[conn] = false;
    cr_assert(node_accepted(node, conn, port, &caller, now));
    turn();
}

static inline void joins(uint32_t conn)
{
    joins_by(conn, NODE_CLIENT_PORT);
}

static inline void sends_bytes(uint32_t conn, const char *bytes, size_t n)
{
    char *block = malloc(n);
    memcpy(block, bytes, n);
    node_received(node, conn, (struct span){block, n}, now);
    turn();
    free(block);
}

static inline void sends(uint32_t conn, const char *text)
{
    sends_bytes(conn, text, strlen(text));
}

static inline void finishes(uint32_t conn)
{
    node_ended(node, conn, now);
    turn();
}

static inline void hangs_up(uint32_t conn)
{
    node_closed(node, conn, "", now);
    turn();
}

static inline void hears(uint32_t conn, const char *expected)
{
    cr_assert_str_eq(heard[conn], expected);
    forgets(conn);
}

/* How often `text` is in the log, which must be complete. */
static inline unsigned logged(const char *text)
{
    log_memory[log_.pending.len] = '\0';
    cr_assert(log_.dropped == 0 && !strstr(log_memory, "lines_dropped_before="));
    unsigned count = 0;
    for (const char *at = log_memory; (at = strstr(at, text)); at++)
        count++;
    return count;
}

#endif
