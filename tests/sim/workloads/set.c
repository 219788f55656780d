/* set.c — Maelstrom's broadcast and Jepsen's set-full workloads: adds and reads at random nodes,
 * half of each, while nothing happens, or with partitions, or with nodes that die and restart.
 *
 * As in Maelstrom: 100 operations a second, 0 to 20 ms apart; 25 nodes with 100 ms between them,
 * and clients next to theirs. Times are Jepsen's stable latencies, as reads find them, and also
 * what the census sees: from the first node to the last. Messages per operation are those between
 * nodes. Half of the operations are reads, which send none, so N-1 stamps per add are (N-1)/2 per
 * operation. A restarted node is empty until a first link has filled it; a read there misses
 * everything, which explains the long stable times under deaths. Published figures:
 *
 *     Maelstrom, doc/03-broadcast/02-performance.md: --topology tree4 and grid, --latency 100
 *     https://fly.io/dist-sys/3d and https://fly.io/dist-sys/3e: bounds of the challenges */
#include "sim/workloads/workload.h"
#include <inttypes.h>
#include <stdlib.h>

enum fate { FATE_NONE, FATE_PARTITIONS, FATE_DEATHS };

static const char *const fate_words[] = {"no accidents", "partitions", "deaths"};

struct set_plan {
    struct workload_plan herd;
    enum fate fate;
    unsigned seconds, per_second;
    int64_t fate_ms; /* duration of an accident, and of the pause until the next */
    int64_t recovery_ms; /* from the end of all accidents to the last reads */
};

struct set_run {
    const struct set_plan *plan;
    struct herd h;
    struct census c;
    uint64_t operations;
    struct workload_sent sent; /* while operations were running */
    unsigned dead; /* a node, or as many as there are: none */
    bool apart;
};

static uint64_t draw(struct set_run *r, uint64_t below)
{
    return network_draw(&r->h.network, below);
}

/* -- accidents --------------------------------------------------------------------------------- */

static void part(struct set_run *r)
{
    unsigned nodes = r->h.topology.nodes_count;
    enum cut how = (enum cut)draw(r, CUT_KINDS);
    bool side[TOPOLOGY_NODES_MAX];
    for (unsigned i = 0; i < nodes; i++)
        side[i] = draw(r, 2);
    for (unsigned a = 0; a < nodes; a++)
        for (unsigned b = a + 1; b < nodes; b++)
            if (side[a] != side[b])
                network_cut(&r->h.network, a, b, how);
}

static void heal(struct set_run *r)
{
    unsigned nodes = r->h.topology.nodes_count;
    for (unsigned a = 0; r->apart && a < nodes; a++)
        for (unsigned b = a + 1; b < nodes; b++)
            network_heal(&r->h.network, a, b);
    r->apart = false;
    if (r->dead < nodes)
        census_start(&r->c, r->dead);
    r->dead = nodes;
}

static void turn_of_fate(struct set_run *r)
{
    unsigned nodes = r->h.topology.nodes_count;
    if (r->apart || r->dead < nodes) {
        heal(r);
    } else if (r->plan->fate == FATE_PARTITIONS) {
        part(r);
        r->apart = true;
    } else if (r->plan->fate == FATE_DEATHS) {
        r->dead = (unsigned)draw(r, nodes);
        census_kill(&r->c, r->dead, draw(r, 2) ? DEATH_OF_MACHINE : DEATH_OF_PROCESS);
    }
}

/* -- a run ------------------------------------------------------------------------------------- */

static void operate(struct set_run *r)
{
    unsigned node = (unsigned)draw(r, r->h.topology.nodes_count);
    if (node == r->dead)
        return; /* no node answers */
    r->operations++;
    if (draw(r, 2))
        census_add(&r->c, node);
    else
        census_read(&r->c, node);
}

static bool operate_for(struct set_run *r)
{
    struct network *n = &r->h.network;
    int64_t gap_ns = 2 * SECOND_NS / r->plan->per_second;
    int64_t end_ns = n->now_ns + r->plan->seconds * SECOND_NS;
    int64_t fate_ns = n->now_ns + r->plan->fate_ms * MS_NS;
    while (n->now_ns < end_ns) {
        if (!census_run_ns(&r->c, (int64_t)draw(r, (uint64_t)gap_ns)))
            return false;
        operate(r);
        if (r->plan->fate != FATE_NONE && n->now_ns >= fate_ns) {
            turn_of_fate(r);
            fate_ns += r->plan->fate_ms * MS_NS;
        }
    }
    return true;
}

static bool play(struct set_run *r)
{
    struct workload_sent before;
    if (!workload_begin(&r->plan->herd, &r->h, &r->c))
        return false;
    r->dead = r->h.topology.nodes_count;
    before = workload_sent(&r->h);
    bool well = operate_for(r);
    r->sent = workload_since(&r->h, before);
    heal(r);
    well = well && census_run_ns(&r->c, r->plan->recovery_ms * MS_NS);
    census_read_all(&r->c);
    return workload_lawful(&r->h) && well;
}

/* -- what came of it --------------------------------------------------------------------------- */

struct set_result {
    unsigned outcomes[OUTCOMES];
    unsigned orphaned; /* lost with the only node that had it, which is allowed */
    struct workload_times stable, stale, last; /* last: from the first node to the last */
};

static struct set_result judge(const struct census *c)
{
    struct set_result out = {0};
    for (unsigned i = 0; i < c->count; i++) {
        const struct element *e = &c->elements[i];
        enum outcome outcome = census_outcome(e);
        if (outcome == OUTCOME_LOST && e->orphaned) {
            out.orphaned++;
            continue;
        }
        out.outcomes[outcome]++;
        if (outcome == OUTCOME_STABLE) {
            int64_t ns = census_stable_ns(e);
            workload_time(&out.stable, ns);
            if (ns)
                workload_time(&out.stale, ns);
        }
        if (e->everywhere_ns != NEVER_NS)
            workload_time(&out.last, e->everywhere_ns - e->first_ns);
    }
    workload_times_sort(&out.stable);
    workload_times_sort(&out.stale);
    workload_times_sort(&out.last);
    return out;
}

static void free_result(struct set_result *r)
{
    workload_times_free(&r->stable);
    workload_times_free(&r->stale);
    workload_times_free(&r->last);
}

static void print_times(const char *what, const struct workload_times *t)
{
    static const double parts[] = {0, 0.5, 0.95, 0.99, 1};
    printf("%s", what);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        printf(" %5.0f", workload_quantile_ms(t, parts[i]));
}

/* -- broadcast --------------------------------------------------------------------------------- */

static void print_broadcast(const struct set_run *r, const char *name, struct set_result *s)
{
    double operations = (double)r->operations;
    printf("%-24s %6.1f %6.1f %6.1f %6.1f ", name, (double)r->sent.stamps / operations,
        (double)r->sent.notices / operations, (double)r->sent.lines / operations,
        (double)r->sent.sends / operations);
    print_times("", &s->stable);
    print_times("  |", &s->last);
    printf("\n");
}

static bool broadcast(
    const struct workload_options *o, enum shape shape, const char *name, double most)
{
    const struct set_plan plan = {.herd = {.shape = shape,
                                      .nodes = 25,
                                      .children = 4,
                                      .seed = o->first,
                                      .delay_ns = 100 * MS_NS,
                                      .elements = 2000},
        .seconds = 20,
        .per_second = 100,
        .recovery_ms = 10000};
    struct set_run r = {.plan = &plan};
    bool well = play(&r);
    struct set_result s = judge(&r.c);
    print_broadcast(&r, name, &s);
    double stamps = (double)r.sent.stamps / (double)r.operations;
    if (s.outcomes[OUTCOME_LOST])
        well = workload_violated("%u lost", s.outcomes[OUTCOME_LOST]);
    if (stamps > most)
        well = workload_violated("%.1f stamps an operation, not %.1f", stamps, most);
    free_result(&s);
    workload_end(&r.h, &r.c);
    return well;
}

bool workload_broadcast(const struct workload_options *o)
{
    printf("25 nodes, 100 ms from node to node, 100 operations a second for 20 s, half of them "
           "reads\nper operation, between nodes: stamps (AT), notices (hashes in SEEN), lines of "
           "other kinds, sends\nstable latencies 0 .5 .95 .99 1 in ms, by reads | from the first "
           "node to the last\n");
    printf("%-24s %6s %6s %6s %6s\n", "topology", "stamps", "notice", "lines", "sends");
    bool well = broadcast(o, tree, "tree4", 13.0);
    well &= broadcast(o, mesh, "total", 13.0);
    well &= broadcast(o, grid, "grid", 16.0);
    printf("published, messages per operation, stable latencies:\n"
           "Maelstrom's tree4          12.0   0 386 489 498 505\n"
           "Maelstrom's grid           27.8   0 452 656 748 791\n"
           "fly.io 3d                  <30    median <400, most <600\n"
           "fly.io 3e                  <20    median <1000, most <2000\n");
    return well;
}

/* -- set --------------------------------------------------------------------------------------- */

static bool set(const struct set_plan *plan)
{
    struct set_run r = {.plan = plan};
    bool well = play(&r);
    struct set_result s = judge(&r.c);
    printf("%s %u, %s: seed %" PRIu64 ", %" PRIu64 " operations, %u adds: stable %u, lost %u, "
           "never read %u, stale %zu",
        shape_word(plan->herd.shape), r.h.topology.nodes_count, fate_words[plan->fate],
        plan->herd.seed, r.operations, r.c.count, s.outcomes[OUTCOME_STABLE],
        s.outcomes[OUTCOME_LOST], s.outcomes[OUTCOME_NEVER_READ], s.stale.count);
    if (plan->fate == FATE_DEATHS)
        printf(", gone with the only node that had them %u", s.orphaned);
    print_times("\n    stable latencies", &s.stable);
    print_times(", of the stale", &s.stale);
    printf(" ms\n");
    fflush(stdout);
    if (s.outcomes[OUTCOME_LOST])
        well = workload_violated("%u lost", s.outcomes[OUTCOME_LOST]);
    free_result(&s);
    workload_end(&r.h, &r.c);
    return well;
}

static bool set_under(const struct workload_options *o, uint64_t seed, enum fate fate)
{
    unsigned seconds = o->seconds ? o->seconds : 60;
    int64_t longest_ms = fate == FATE_DEATHS ? 3000 : 10000;
    const struct set_plan plan = {.herd = {.shape = o->shape < 0 ? grid : (enum shape)o->shape,
                                      .nodes = o->nodes ? o->nodes : 25,
                                      .seed = seed,
                                      .delay_ns = 10 * MS_NS,
                                      .jitter_ns = 10 * MS_NS,
                                      .elements = 60 * seconds},
        .fate = fate,
        .seconds = seconds,
        .per_second = 100,
        .fate_ms = earlier_ns(longest_ms, seconds * INT64_C(1000) / 4),
        .recovery_ms = 30000};
    return set(&plan);
}

bool workload_set(const struct workload_options *o)
{
    bool well = true;
    for (uint64_t seed = o->first; seed <= o->last; seed++)
        for (enum fate fate = FATE_NONE; fate <= FATE_DEATHS; fate++)
            well &= set_under(o, seed, fate);
    return well;
}
