/* table.c — what an update costs and how long it takes to reach all nodes, by topology and size.
 *
 * A herd at rest, on links with a delay of 1 to 1.5 ms; then updates at random nodes, 20 ms apart,
 * so that several are in transit at the same time where paths are long. With N nodes, N-1 stamps
 * are the minimum. Notices are shown beside that and not counted: a stamp is a line of about 80
 * bytes, a notice has 17. Bounds: 5.0 stamps an update in the shipped topology, 1.3 times the
 * minimum in all others. */
#include "sim/workloads/workload.h"
#include <stdlib.h>

enum {
    UPDATES = 200,
    WARM_UPDATES = 2000,
    GAP_MS = 20,
    QUIET_MS = 10000, /* longest time for the last one to reach all */
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

static bool say(struct herd *h, struct census *c, unsigned updates, int64_t gap_ms)
{
    for (unsigned i = 0; i < updates; i++) {
        census_add(c, (unsigned)network_draw(&h->network, h->topology.nodes_count));
        if (!census_run_ns(c, gap_ms * MS_NS))
            return workload_lawful(h);
    }
    return true;
}

static bool have_come(const struct census *c)
{
    unsigned i = c->count;
    while (i && c->elements[i - 1].everywhere_ns != NEVER_NS)
        i--;
    return !i;
}

/* Wait until all have arrived, and one more second for notices. */
static bool wait(struct herd *h, struct census *c)
{
    for (unsigned ms = 0; ms < QUIET_MS && !have_come(c); ms += 100)
        if (!census_run_ns(c, 100 * MS_NS))
            return workload_lawful(h);
    return census_run_ns(c, SECOND_NS) || workload_lawful(h);
}

static bool update(
    const struct workload_options *o, struct herd *h, struct census *c, struct cost *out)
{
    unsigned updates = o->updates ? o->updates : UPDATES;
    if (o->warm_s && !say(h, c, WARM_UPDATES, o->warm_s * INT64_C(1000) / WARM_UPDATES))
        return false;
    if (!wait(h, c))
        return false;
    struct workload_sent before = workload_sent(h);
    struct workload_times times = {0};
    if (!say(h, c, updates, GAP_MS) || !wait(h, c))
        return false;
    struct workload_sent sent = workload_since(h, before);
    *out = (struct cost){(double)sent.stamps / updates, (double)sent.notices / updates,
        (double)sent.lines / updates, (double)sent.sends / updates, 0, 0};
    bool well = all_came(c, &times);
    out->median_ms = workload_quantile_ms(&times, 0.5);
    out->worst_ms = workload_quantile_ms(&times, 1);
    workload_times_free(&times);
    return well;
}

static bool row(const struct workload_options *o, enum shape shape, unsigned nodes)
{
    struct herd h;
    struct census c;
    int64_t delay_ms = o->delay_ms ? o->delay_ms : 1;
    struct workload_plan plan = {.shape = shape,
        .nodes = nodes,
        .seed = o->first,
        .delay_ns = delay_ms * MS_NS,
        .jitter_ns = delay_ms * MS_NS / 2,
        .elements = WARM_UPDATES + UPDATES};
    struct cost cost = {0};
    bool well = workload_begin(&plan, &h, &c) && update(o, &h, &c, &cost);
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
            wanted = false; /* only if there is no larger one */
        if (wanted && (!o->nodes || o->nodes == nodes))
            well &= row(o, shape, nodes);
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
