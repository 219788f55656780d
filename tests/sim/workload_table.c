/* workload_table.c — what an update costs, and how long it takes to all, by topology and size.
 *
 * A herd at rest, links of 1 ms and up to 0.5 more; then updates at nodes drawn at random, 20 ms
 * apart, so that some are under way at the same time wherever the way is long. N-1 stamps is the
 * least that can tell N nodes. Notices are told beside it and not counted: the issue of a stamp is
 * its line of some 80 bytes, a notice has 17. Bounds: 5.0 stamps an update on the shipped topology,
 * 1.3 times the least on all others. */
#include "sim/workload.h"
#include <stdlib.h>

enum {
    UPDATES = 200,
    GAP_MS = 20,
    QUIET_MS = 10000, /* at most, for the last to come to all */
};

struct cost {
    double stamps, notices, lines, sends; /* per update */
    double median_ms, worst_ms; /* from its first node to its last */
};

static bool all_came(struct census *c, struct workload_times *times)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct element *e = &c->elements[i];
        if (e->everywhere_ns == NEVER_NS)
            return workload_violated("an update came to %u of %u nodes", e->holders, c->running);
        workload_time(times, e->everywhere_ns - e->first_ns);
    }
    workload_times_sort(times);
    return true;
}

static bool update(struct herd *h, struct census *c, struct cost *out)
{
    struct workload_sent before = workload_sent(h);
    struct workload_times times = {0};
    for (unsigned i = 0; i < UPDATES; i++) {
        census_add(c, (unsigned)network_draw(&h->network, h->topology.nodes_count));
        if (!census_run_ns(c, GAP_MS * MS_NS))
            return workload_lawful(h);
    }
    for (unsigned ms = 0; ms < QUIET_MS && c->elements[c->count - 1].everywhere_ns == NEVER_NS;
         ms += 100)
        if (!census_run_ns(c, 100 * MS_NS))
            return workload_lawful(h);
    if (!census_run_ns(c, SECOND_NS)) /* for notices that are still to come */
        return workload_lawful(h);
    struct workload_sent sent = workload_since(h, before);
    *out = (struct cost){(double)sent.stamps / UPDATES, (double)sent.notices / UPDATES,
        (double)sent.lines / UPDATES, (double)sent.sends / UPDATES, 0, 0};
    bool well = all_came(c, &times);
    out->median_ms = workload_quantile_ms(&times, 0.5);
    out->worst_ms = workload_quantile_ms(&times, 1);
    workload_times_free(&times);
    return well;
}

static bool row(enum shape shape, unsigned nodes, uint64_t seed)
{
    struct herd h;
    struct census c;
    struct workload_plan plan = {.shape = shape,
        .nodes = nodes,
        .seed = seed,
        .delay_ns = MS_NS,
        .jitter_ns = MS_NS / 2,
        .elements = UPDATES};
    struct cost cost = {0};
    bool well = workload_begin(&plan, &h, &c) && update(&h, &c, &cost);
    unsigned least = h.topology.nodes_count - 1;
    workload_end(&h, &c);
    if (!well)
        return false;
    printf("%-8s %5u %5u %8.1f %6.2f %9.1f %8.1f %8.1f %8.1f %8.1f\n", shape_word(shape), least + 1,
        least, cost.stamps, cost.stamps / least, cost.notices, cost.lines, cost.sends,
        cost.median_ms, cost.worst_ms);
    fflush(stdout);
    double most = shape == shipped ? 5.0 : 1.3 * least;
    return cost.stamps <= most || workload_violated("%.1f stamps an update on %s %u, not %.1f",
                                      cost.stamps, shape_word(shape), least + 1, most);
}

static bool rows(const struct workload_options *o, enum shape shape)
{
    static const unsigned sizes[] = {5, 12, 25, 65, 100, 300, 1000};
    bool well = true;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned nodes = sizes[i];
        bool wanted = nodes <= shape_nodes_max(shape);
        if (nodes == 65 && shape_nodes_max(shape) > 65)
            wanted = false; /* only where there is no larger one */
        if (wanted && (!o->nodes || o->nodes == nodes))
            well &= row(shape, nodes, o->first);
    }
    return well;
}

bool workload_table(const struct workload_options *o)
{
    bool well = true;
    printf("per update: stamps, their part of the least possible, notices, other lines, sends; ms "
           "from its first node to its last\n");
    printf("%-8s %5s %5s %8s %6s %9s %8s %8s %8s %8s\n", "topology", "nodes", "least", "stamps",
        "part", "notices", "lines", "sends", "median", "worst");
    for (unsigned shape = 0; shape < SHAPES; shape++)
        if (o->shape < 0 || o->shape == (int)shape)
            well &= rows(o, (enum shape)shape);
    return well;
}
