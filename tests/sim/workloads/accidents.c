/* accidents.c — how long a stamp takes to reach all nodes when the tree loses a link or a node.
 *
 * Stamps are sent to random nodes, 25 ms apart. After a second, part of the tree on which they
 * travel (core/topology/tree.h) fails: a link falls silent or is reset, a machine crashes or a
 * process dies. Nobody is told of silent failures; nodes notice them after 10 s. Each stamp that a
 * running node holds must reach all of them within 2 s of reaching its first node, or of the
 * accident if that was later: on another path, by notices on spare links. What fails is drawn so
 * that the remaining nodes stay connected. */
#include "core/topology/tree.h"
#include "sim/workloads/workload.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    GAP_MS = 25,
    BEFORE_MS = 1000,
    AFTER_MS = 18000, /* until it is noticed, dialled again and at rest */
    LAST_MS = 4000, /* for the last stamps to come */
    BOUND_MS = 2000,
    STAMPS = (BEFORE_MS + AFTER_MS) / GAP_MS,
};

enum accident { LINK_SILENT, LINK_RESET, MACHINE_GONE, PROCESS_GONE, ACCIDENTS };

static const char *const accident_words[ACCIDENTS] = {
    "link falls silent", "link is reset", "machine is gone", "process is gone"};

/* What fails: the link between a and b, or node a. */
struct victim {
    unsigned a, b;
    bool node;
};

/* -- choosing ---------------------------------------------------------------------------------- */

static void reach(const struct topology *t, const struct victim *v, unsigned node, bool *reached)
{
    reached[node] = true;
    for (unsigned i = 0; i < t->nodes[node].neighbours_count; i++) {
        unsigned next = t->nodes[node].neighbours[i];
        bool cut = !v->node && ((node == v->a && next == v->b) || (node == v->b && next == v->a));
        if (!reached[next] && !cut && !(v->node && next == v->a))
            reach(t, v, next, reached);
    }
}

static bool others_hang_together(const struct topology *t, const struct victim *v)
{
    bool reached[TOPOLOGY_NODES_MAX] = {false};
    unsigned count = v->node;
    reach(t, v, v->node && v->a == 0 ? 1 : 0, reached);
    for (unsigned i = 0; i < t->nodes_count; i++)
        count += reached[i];
    return count == t->nodes_count;
}

static bool draw_victim(struct herd *h, bool node, struct victim *out)
{
    const struct topology *t = &h->topology;
    uint16_t hops[TOPOLOGY_NEIGHBOURS_MAX];
    for (unsigned tries = 0; tries < 1000; tries++) {
        unsigned a = (unsigned)network_draw(&h->network, t->nodes_count);
        unsigned i = (unsigned)network_draw(&h->network, t->nodes[a].neighbours_count);
        *out = (struct victim){a, t->nodes[a].neighbours[i], node};
        if (!tree_hops(t, a, hops))
            abort();
        if (hops[i] == 1 && others_hang_together(t, out))
            return true;
    }
    return false;
}

/* -- a run ------------------------------------------------------------------------------------- */

static void happen(struct census *c, enum accident what, const struct victim *v)
{
    static const enum cut cuts[] = {CUT_SILENT, CUT_RESET};
    if (v->node)
        census_kill(c, v->a, what == MACHINE_GONE ? DEATH_OF_MACHINE : DEATH_OF_PROCESS);
    else
        network_cut(&c->herd->network, v->a, v->b, cuts[what]);
}

static bool say_for(struct census *c, const struct victim *gone, unsigned ms)
{
    struct herd *h = c->herd;
    for (unsigned i = 0; i < ms / GAP_MS; i++) {
        unsigned node = (unsigned)network_draw(&h->network, h->topology.nodes_count);
        while (gone && gone->node && node == gone->a)
            node = (unsigned)network_draw(&h->network, h->topology.nodes_count);
        census_add(c, node);
        if (!census_run_ns(c, GAP_MS * MS_NS))
            return workload_lawful(h);
    }
    return true;
}

static bool add_times(const struct census *c, int64_t at_ns, struct workload_times *times)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct element *e = &c->elements[i];
        int64_t from_ns = e->first_ns > at_ns ? e->first_ns : at_ns;
        if (!e->holders)
            continue; /* it died with its node, or it was never sent */
        if (e->everywhere_ns == NEVER_NS)
            return workload_violated("a stamp came to %u of %u nodes", e->holders, c->running);
        workload_time(times, e->everywhere_ns > from_ns ? e->everywhere_ns - from_ns : 0);
    }
    return true;
}

static bool run(enum shape shape, unsigned nodes, enum accident what, uint64_t seed,
    struct workload_times *times, struct workload_sent *sent)
{
    struct herd h;
    struct census c;
    struct victim victim = {0};
    struct workload_plan plan = {.shape = shape,
        .nodes = nodes,
        .seed = seed,
        .delay_ns = MS_NS,
        .jitter_ns = 4 * MS_NS,
        .elements = STAMPS};
    bool well = workload_begin(&plan, &h, &c) && say_for(&c, NULL, BEFORE_MS);
    if (well && draw_victim(&h, what >= MACHINE_GONE, &victim)) {
        struct workload_sent before = workload_sent(&h);
        int64_t at_ns = h.network.now_ns;
        happen(&c, what, &victim);
        well = say_for(&c, &victim, AFTER_MS) && census_run_ns(&c, LAST_MS * MS_NS);
        well = well && add_times(&c, at_ns, times);
        struct workload_sent since = workload_since(&h, before);
        sent->stamps += since.stamps;
        sent->notices += since.notices;
    }
    well = workload_lawful(&h) && well;
    workload_end(&h, &c);
    return well;
}

static bool row(
    const struct workload_options *o, enum shape shape, unsigned nodes, enum accident what)
{
    struct workload_times times = {0};
    struct workload_sent sent = {0};
    double worst_ms = 0;
    bool well = true;
    uint64_t worst_seed = 0;
    for (uint64_t seed = o->first; well && seed <= o->last; seed++) {
        size_t before = times.count;
        well = run(shape, nodes, what, seed, &times, &sent);
        for (size_t i = before; i < times.count; i++)
            if ((double)times.each_ns[i] / MS_NS > worst_ms) {
                worst_ms = (double)times.each_ns[i] / MS_NS;
                worst_seed = seed;
            }
        if (!well)
            printf("seed %" PRIu64 " of %s %u, %s\n", seed, shape_word(shape), nodes,
                accident_words[what]);
    }
    workload_times_sort(&times);
    double stamps = (double)(o->last - o->first + 1) * (AFTER_MS / GAP_MS);
    printf("%-8s %5u %-18s %7.1f %7.1f %7.1f %7.1f %6" PRIu64 " %7.2f\n", shape_word(shape), nodes,
        accident_words[what], workload_quantile_ms(&times, 0.5), workload_quantile_ms(&times, 0.99),
        workload_quantile_ms(&times, 0.999), worst_ms, worst_seed,
        (double)sent.stamps / stamps / (nodes - 1));
    fflush(stdout);
    workload_times_free(&times);
    if (worst_ms > BOUND_MS)
        return workload_violated("%.0f ms, not %d", worst_ms, BOUND_MS);
    return well;
}

static bool rows(const struct workload_options *o, enum shape shape, unsigned nodes)
{
    bool well = true;
    for (unsigned what = 0; what < ACCIDENTS; what++)
        well &= row(o, shape, nodes, (enum accident)what);
    return well;
}

bool workload_accidents(const struct workload_options *o)
{
    static const struct {
        enum shape shape;
        unsigned nodes;
    } herds[] = {{shipped, 5}, {ring, 12}, {mesh, 12}, {grid, 25}, {regular, 25}, {grid, 100},
        {regular, 100}};
    bool well = true;
    printf("time from a stamp's first node, or from the accident, to the last running node, in ms; "
           "and stamps sent per update, divided by N-1\n");
    printf("%-8s %5s %-18s %7s %7s %7s %7s %6s %7s\n", "topology", "nodes", "accident", ".5", ".99",
        ".999", "1", "seed", "stamps");
    if (o->nodes)
        return rows(o, o->shape < 0 ? grid : (enum shape)o->shape, o->nodes);
    for (size_t i = 0; i < sizeof herds / sizeof *herds; i++)
        if (o->shape < 0 || o->shape == (int)herds[i].shape)
            well &= rows(o, herds[i].shape, herds[i].nodes);
    return well;
}
