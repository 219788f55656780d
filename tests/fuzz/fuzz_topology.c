/* fuzz_topology.c — any text as topology.conf: scanner, reader, draft and check together.
 *
 * Properties: it never crashes or leaks; faults come in the order of their lines and are text; a
 * herd that is accepted keeps every bound of core/topology/topology.h, and edges work in both
 * directions.
 *
 * Covers: src/core/topology/draft.c, src/core/topology/graph.c, src/core/topology/keys.c,
 * src/core/topology/reader.c, src/core/topology/retired.c, src/core/topology/scan.c,
 * src/core/topology/topology.c, src/core/topology/values.c */
#include "core/base/invariant.h"
#include "core/topology/topology.h"

static bool between(uint64_t value, uint64_t least, uint64_t most)
{
    return value >= least && value <= most;
}

static bool is_neighbour(const struct topology_node *n, unsigned wanted)
{
    for (unsigned i = 0; i < n->neighbours_count; i++)
        if (n->neighbours[i] == wanted)
            return true;
    return false;
}

static void check_node(const struct topology *t, unsigned self)
{
    const struct topology_node *n = &t->nodes[self];
    ASSERT(between(strlen(n->name), 1, STAMPEDE_NODE_NAME_BYTES_MAX));
    ASSERT(topology_find(t, span_of(n->name)) == (int)self);
    ASSERT(n->client.address.port && n->peer.address.port && !host_port_is_any(&n->peer));
    ASSERT(!host_port_equal(&n->client, &n->peer));
    bool loopback = host_port_is_loopback(&n->peer) && host_port_is_loopback(&n->peer_listen);
    ASSERT(t->secret_file[0] || loopback);
    ASSERT(n->neighbours_count <= TOPOLOGY_NEIGHBOURS_MAX);
    ASSERT(n->neighbours_count > 0 || t->nodes_count == 1);
    for (unsigned i = 0; i < n->neighbours_count; i++) {
        ASSERT(n->neighbours[i] < t->nodes_count && n->neighbours[i] != self);
        ASSERT(i == 0 || n->neighbours[i] > n->neighbours[i - 1]);
        ASSERT(is_neighbour(&t->nodes[n->neighbours[i]], self));
    }
}

static void check_rate(struct topology_rate rate)
{
    bool whole = rate.period_s == 1 || rate.period_s == 60 || rate.period_s == 3600 ||
                 rate.period_s == 86400;
    ASSERT(rate.count ? rate.count <= TOPOLOGY_RATE_MAX && whole : rate.period_s == 0);
}

static void check_herd(const struct topology *t)
{
    unsigned ends = 0;
    ASSERT(between(strlen(t->herd), 1, TOPOLOGY_HERD_BYTES_MAX));
    ASSERT(between(t->nodes_count, 1, TOPOLOGY_NODES_MAX));
    for (unsigned i = 0; i < t->nodes_count; i++) {
        check_node(t, i);
        ends += t->nodes[i].neighbours_count;
    }
    ASSERT(ends == 2 * t->edges_count && t->edges_count + 1 >= t->nodes_count);
    ASSERT(between(t->limits.line_bytes, 64, STAMPEDE_LINE_BYTES_MAX));
    ASSERT(between(t->limits.output_bytes, 16 << 10, 1 << 30));
    ASSERT(between(t->limits.connections, 1, 1000000));
    ASSERT(between(t->limits.connections_per_address, 1, 1000000));
    check_rate(t->limits.commands_per_address);
    check_rate(t->limits.new_ids_per_address);
    ASSERT(between(t->limits.stamps, 1, 1ull << 31));
    ASSERT(between(t->limits.idle_ms, 1000, 365ull * 86400000));
    ASSERT(between(t->limits.stall_ms, 100, 86400000));
    ASSERT(t->limits.partial_ms <= 3600000);
    ASSERT(between(t->limits.stop_ms, 0, 600000));
    ASSERT(t->limits.future_ns <= 3650ull * 86400 * 1000000000);
    ASSERT(between(t->limits.clock_ns, 1000000000, 86400ull * 1000000000));
    ASSERT(t->retired_count <= TOPOLOGY_RETIRED_MAX);
    ASSERT(t->spin_ns <= 10000000);
    ASSERT(between(t->places.timeout_ms, 100, 60000));
    ASSERT(*t->places.host == '\0' || t->places.port > 0);
    ASSERT(t->client_close == CLIENT_CLOSE_EOF || t->client_close == CLIENT_CLOSE_REPLY);
    ASSERT(t->log_level <= LOG_DEBUG);
}

static void check_faults(const struct topology_faults *faults)
{
    unsigned errors = 0;
    bool all = faults->count < TOPOLOGY_FAULTS_MAX;
    ASSERT(faults->count <= TOPOLOGY_FAULTS_MAX);
    for (unsigned i = 0; i < faults->count; i++) {
        const struct topology_fault *f = &faults->each[i];
        bool last = i + 1 == TOPOLOGY_FAULTS_MAX; /* "are not shown", of no line */
        ASSERT(f->line >= 0 && (i == 0 || last || f->line >= f[-1].line));
        ASSERT(between(strlen(f->text), 1, TOPOLOGY_FAULT_BYTES_MAX));
        ASSERT(!strpbrk(f->text, "\n\r\t\x1b"));
        errors += !f->warning;
    }
    ASSERT(all ? errors == faults->errors : errors <= faults->errors);
    ASSERT(faults->errors + faults->warnings >= faults->count);
    ASSERT(!all || faults->errors + faults->warnings == faults->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct topology t;
    struct topology_faults faults;
    bool well = topology_read_text((struct span){(const char *)data, size}, &t, &faults);
    check_faults(&faults);
    ASSERT(well == (faults.errors == 0));
    if (well) {
        check_herd(&t);
        topology_destroy(&t);
    }
    topology_faults_destroy(&faults);
    return 0;
}
