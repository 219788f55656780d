/* hot_path.c — processes IAMATs in core/node without a kernel, so that instructions can be
 * counted.
 *
 *     perf/instructions        runs this under valgrind's callgrind and prints the counts
 *
 * Drives the node as the loop does, with the bytes that perf/load would send. Counted is what one
 * node does between the received bytes and the sent replies; in the sink's cases, what its peer
 * does with the AT lines. Not counted: preparation, producing the commands, the other node,
 * checking the replies. Prints a line per case: number of commands, TAB, name. The last case counts
 * connections to the peer port that say nothing, in place of IAMATs. */
#include "core/base/invariant.h"
#include "core/base/log.h"
#include "core/node/node.h"
#include "load/protocol.h"
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

enum {
    KNOWN_IDS = 20000,
    CLIENTS_MAX = 64,
    CLIENT = 1, /* the first client's connection; 0 is the link */
    COMMANDS_MAX = 1024, /* in a turn */
    COMMAND_BYTES_MAX = 96,
    CASE_COMMANDS = 12800,
    CONNECTS = 2000, /* in a turn, to the peer port */
    CONNECT_TURNS = 4,
    TURN_NS = 10000,
    LOG_BYTES = 65536,
};

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
    abort();
}

static void must(bool well, const char *what)
{
    if (!well)
        invariant_broken(what, "hot_path", 0);
}

static struct topology_node names[] = {
    {.name = "Goloman", .peer = {.address = {.ip = {127, 0, 0, 1}, .port = 12100}}},
    {.name = "Hands", .peer = {.address = {.ip = {127, 0, 0, 1}, .port = 12101}}},
};
static uint16_t neighbours[] = {1, 0};
static struct topology topology = {
    .herd = "count",
    .nodes = names,
    .nodes_count = 2,
    .places.timeout_ms = 10000,
    .limits = {.line_bytes = 1024,
        .output_bytes = 1 << 20,
        .output_total_bytes = 1 << 30,
        .connections = CLIENTS_MAX,
        .connections_per_address = CLIENTS_MAX,
        .stamps = 10000000,
        .idle_ms = 600000,
        .stall_ms = 30000,
        .partial_ms = 1000,
        .future_ns = (uint64_t)86400 * SECOND_NS,
        .clock_ns = (uint64_t)60 * SECOND_NS},
};
static struct instant now = {.mono_ns = SECOND_NS, .real_ns = INT64_C(1700000000) * SECOND_NS};
static struct log logs[2];
static char log_memory[2][LOG_BYTES];
static struct traffic traffic;
static struct node *each[2]; /* the node that clients talk to, and its peer or NULL */
static unsigned counted_node;

/* Bytes in transit. */
struct wire {
    char bytes[1 << 20];
    size_t len;
};
static struct wire replies[CLIENTS_MAX + CLIENT], links[2];

static int64_t never(const void *self)
{
    (void)self;
    return NEVER_NS;
}

static void nothing(void *self)
{
    (void)self;
}

static bool no_answer(void *self, struct places_answer *out, struct instant at)
{
    (void)self, (void)out, (void)at;
    return false;
}

static struct node *create(unsigned self)
{
    log_init(&logs[self], LOG_INFO, (struct span){"", 0}, log_memory[self], LOG_BYTES);
    struct node_config config = {.topology = &topology,
        .self = self,
        .connections_max = CLIENTS_MAX + CLIENT + CONNECTS + NODE_STRANGERS_MAX,
        .places = {.answer = no_answer, .deadline = never, .destroy = nothing},
        .log = &logs[self]};
    memset(config.seed, 7 + (int)self, sizeof config.seed);
    struct node *n = node_create(&config, now);
    must(n, "node_create");
    return n;
}

static bool counted;

/* Start or stop counting instructions. Returns whether they were counted before. */
static bool count(bool on)
{
    bool before = counted;
    if (on != before)
        CALLGRIND_TOGGLE_COLLECT;
    counted = on;
    return before;
}

/* -- the loop ---------------------------------------------------------------------------------- */

static void keep(struct wire *w, struct span bytes)
{
    must(w->len + bytes.len <= sizeof w->bytes, "room");
    memcpy(w->bytes + w->len, bytes.at, bytes.len);
    w->len += bytes.len;
}

/* End a turn of a node: pass its output to the link or to the client. */
static void turn(unsigned self)
{
    struct node *n = each[self];
    uint32_t conn;
    node_turn(n, now);
    while (node_touched(n, &conn)) {
        while (node_wants(n, conn) & NODE_WANT_WRITE) {
            struct span window = node_output(n, conn);
            bool before = count(false);
            keep(conn < CLIENT ? &links[!self] : &replies[conn], window); /* the kernel's part */
            count(before);
            node_sent(n, conn, window.len, now);
        }
    }
    node_turn_took(n, TURN_NS);
}

static void pass_time(void)
{
    now.mono_ns += TURN_NS;
    now.real_ns += TURN_NS;
}

/* Node `self` receives what is in transit on the link. The bytes must stay in place during its
 * turn, which adds new ones to the wires. */
static void link_turn(unsigned self)
{
    struct wire *in = &links[self];
    static char arrived[2][sizeof in->bytes];
    size_t len = in->len;
    memcpy(arrived[self], in->bytes, len);
    in->len = 0;
    count(self == counted_node);
    if (len)
        node_received(each[self], 0, (struct span){arrived[self], len}, now);
    turn(self);
    count(false);
}

static void begin(bool with_link)
{
    const struct address own = {.ip = {127, 0, 0, 1}, .port = 5};
    for (unsigned i = 0; i < 2; i++) {
        names[i].neighbours = &neighbours[i];
        names[i].neighbours_count = with_link;
    }
    each[0] = create(0);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        must(node_accepted(each[0], CLIENT + i, NODE_CLIENT_PORT, &own, now), "room");
    turn(0);
    if (!with_link)
        return;
    each[1] = create(1);
    struct dial_order dial;
    while (!node_dial(each[0], &dial)) {
        pass_time();
        turn(0);
    }
    must(node_dialled(each[0], 0, dial.id, now), "dialled");
    must(node_accepted(each[1], 0, NODE_PEER_PORT, &own, now), "accepted");
    while (!node_linked(each[0]) || !node_linked(each[1])) {
        pass_time();
        link_turn(0);
        link_turn(1);
    }
}

static void end(void)
{
    node_destroy(each[0]);
    if (each[1])
        node_destroy(each[1]);
    each[0] = each[1] = NULL;
    links[0].len = links[1].len = 0;
}

/* -- commands ---------------------------------------------------------------------------------- */

static char asked[CLIENTS_MAX][COMMANDS_MAX * COMMAND_BYTES_MAX];
static size_t asked_bytes[CLIENTS_MAX];

static void ask(unsigned clients, unsigned depth)
{
    for (unsigned i = 0; i < clients; i++) {
        asked_bytes[i] = 0;
        for (unsigned k = 0; k < depth; k++)
            asked_bytes[i] += herd_protocol.write(&traffic, KIND_UPDATE, asked[i] + asked_bytes[i]);
    }
}

/* Every command was answered, in order and correctly. */
static void judge(unsigned clients, unsigned depth)
{
    for (unsigned i = 0; i < clients; i++) {
        struct wire *w = &replies[CLIENT + i];
        struct span in = {w->bytes, w->len}, of = {asked[i], asked_bytes[i] / depth};
        for (unsigned k = 0; k < depth; k++) {
            size_t used = 0;
            must(herd_protocol.check(in, of, KIND_UPDATE, &used) == REPLY_RIGHT, "a right reply");
            in = span_from(in, used);
            of.at += of.len;
        }
        must(in.len == 0, "one reply a command");
        w->len = 0;
    }
}

/* One turn, in which `clients` clients send `depth` commands each. */
static void commands_turn(unsigned clients, unsigned depth)
{
    ask(clients, depth);
    pass_time();
    count(counted_node == 0);
    for (unsigned i = 0; i < clients; i++)
        node_received(each[0], CLIENT + i, (struct span){asked[i], asked_bytes[i]}, now);
    turn(0);
    count(false);
    judge(clients, depth);
    if (!each[1])
        return;
    /* The peer takes the AT lines and confirms them; processing its ACK is the node's work. */
    link_turn(1);
    link_turn(0);
}

/* -- cases ------------------------------------------------------------------------------------- */

/* What is switched on. A new feature adds a line here, whatever `begin` and `create` need to switch
 * it on, and its cases below. */
enum feature { ALONE, LINKED, SINK };
static const struct {
    const char *name; /* part of the case's name */
    bool with_link;
    unsigned counted_node;
} features[] = {
    [ALONE] = {"", false, 0},
    [LINKED] = {", a link", true, 0},
    [SINK] = {", the sink", true, 1},
};

static const struct {
    unsigned clients, depth; /* a turn */
    enum feature feature;
} cases[] = {
    {1, 1, ALONE},
    {1, 16, ALONE},
    {1, 128, ALONE},
    {50, 1, ALONE},
    {1, 1, LINKED},
    {1, 128, LINKED},
    {1, 1, SINK},
    {1, 128, SINK},
};

static void run(bool known, unsigned clients, unsigned depth, enum feature feature)
{
    must(traffic_init(&traffic, KNOWN_IDS, 0, IDS_SEQUENCE, 1), "traffic");
    memcpy(traffic.time_head, "1700000000.0", sizeof traffic.time_head);
    memcpy(&traffic.time_tail, "00000000", sizeof traffic.time_tail);
    counted_node = features[feature].counted_node;
    begin(features[feature].with_link);
    for (unsigned i = 0; i < KNOWN_IDS; i += 100)
        commands_turn(1, 100);
    traffic.order = known ? IDS_UNIFORM : IDS_SEQUENCE;
    traffic.first = known ? 0 : KNOWN_IDS;
    unsigned turns = CASE_COMMANDS / clients / depth;
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    for (unsigned i = 0; i < turns; i++)
        commands_turn(clients, depth);
    char name[128];
    snprintf(name, sizeof name, "%s ids, %u x %u%s", known ? "known" : "new", clients, depth,
        features[feature].name);
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
    printf("%u\t%s\n", turns * clients * depth, name);
    end();
}

/* Close what the node wants closed at once. */
static void close_aborted(void)
{
    uint32_t conn;
    while (node_touched(each[0], &conn))
        if (node_wants(each[0], conn) & NODE_WANT_ABORT)
            node_closed(each[0], conn, "", now);
}

/* Everybody can connect, and no turn may take long by that. */
static void run_connects(void)
{
    const struct address other = {.ip = {127, 0, 0, 1}, .port = 6};
    const uint32_t first = CLIENTS_MAX + CLIENT, numbers = CONNECTS + NODE_STRANGERS_MAX;
    const char *name = "silent connects, 2000 a turn";
    uint32_t next = 0;
    counted_node = 0;
    begin(false);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    for (unsigned i = 0; i < CONNECT_TURNS; i++) {
        pass_time();
        count(true);
        for (unsigned k = 0; k < CONNECTS; k++, next++) {
            uint32_t number = first + next % numbers;
            must(node_accepted(each[0], number, NODE_PEER_PORT, &other, now), "a number");
        }
        node_turn(each[0], now);
        close_aborted();
        count(false);
    }
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
    printf("%u\t%s\n", CONNECTS * CONNECT_TURNS, name);
    end();
}

int main(void)
{
    invariant_hook = on_broken;
    for (unsigned known = 2; known-- > 0;)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            run(known, cases[i].clients, cases[i].depth, cases[i].feature);
    run_connects();
    return 0;
}
