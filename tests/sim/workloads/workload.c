/* workload.c — see workload.h. */
#include "sim/workloads/workload.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
    LINKED_MS = 15000, /* enough for links that take a second to come up, too */
    REST_MS = 3000, /* then, for spare links to turn lazy */
    STAMPS_ROOM = 4096, /* limits.stamps: more than any workload adds */
};

/* -- herds ------------------------------------------------------------------------------------- */

static void set_network(struct herd *h, const struct workload_plan *plan)
{
    unsigned nodes = h->topology.nodes_count;
    for (unsigned a = 0; a < nodes; a++)
        for (unsigned b = a + 1; b < nodes; b++) {
            struct path *path = network_path(&h->network, a, b);
            path->delay_ns = plan->delay_ns;
            path->jitter_ns = plan->jitter_ns;
        }
    h->network.split_in = 0;
}

bool workload_begin(const struct workload_plan *plan, struct herd *h, struct census *c)
{
    struct herd_plan herd = {.shape = plan->shape,
        .nodes = plan->nodes,
        .children = plan->children,
        .seed = plan->seed,
        .clients = plan->shape == shipped ? 5 : plan->nodes,
        .stamps = STAMPS_ROOM};
    char why[JUDGE_VERDICT_BYTES_MAX] = "";
    if (plan->elements > STAMPS_ROOM)
        abort();
    herd_create(h, &herd);
    h->judge.forgetful = false; /* no stamp has to be evicted */
    set_network(h, plan);
    herd_start(h);
    census_begin(c, h, plan->elements);
    for (unsigned ms = 0; ms < LINKED_MS && !herd_linked(h, why); ms += 500)
        if (!census_run_ns(c, 500 * MS_NS))
            break;
    if (!workload_lawful(h) || !herd_linked(h, why))
        return workload_violated("a herd does not link: %s", why);
    return census_run_ns(c, REST_MS * MS_NS) || workload_lawful(h);
}

void workload_end(struct herd *h, struct census *c)
{
    census_end(c);
    herd_destroy(h);
}

bool workload_violated(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("violated: ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    return false;
}

bool workload_lawful(const struct herd *h)
{
    return !h->judge.violated || workload_violated("%s", h->judge.verdict);
}

/* -- what was sent ----------------------------------------------------------------------------- */

static void add_tally(struct workload_sent *s, const struct tally *t)
{
    s->stamps += t->ats;
    s->notices += t->hashes;
    s->lines +=
        t->hellos + t->marks + t->acks + t->pings + t->pongs + t->byes + t->seens + t->turns;
    s->sends += t->sends;
}

struct workload_sent workload_sent(const struct herd *h)
{
    struct workload_sent sum = {0};
    for (unsigned a = 0; a < h->topology.nodes_count; a++) {
        const struct topology_node *node = &h->topology.nodes[a];
        for (unsigned i = 0; i < node->neighbours_count; i++)
            add_tally(&sum, &h->hosts[a].said[node->neighbours[i]]);
    }
    return sum;
}

struct workload_sent workload_since(const struct herd *h, struct workload_sent before)
{
    struct workload_sent s = workload_sent(h);
    s.stamps -= before.stamps;
    s.notices -= before.notices;
    s.lines -= before.lines;
    s.sends -= before.sends;
    return s;
}

/* -- times ------------------------------------------------------------------------------------- */

void workload_time(struct workload_times *t, int64_t ns)
{
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 256;
        t->each_ns = realloc(t->each_ns, t->room * sizeof *t->each_ns);
        if (!t->each_ns)
            abort();
    }
    t->each_ns[t->count++] = ns;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void workload_times_sort(struct workload_times *t)
{
    if (t->count)
        qsort(t->each_ns, t->count, sizeof *t->each_ns, compare);
}

void workload_times_free(struct workload_times *t)
{
    free(t->each_ns);
    *t = (struct workload_times){0};
}

double workload_quantile_ms(const struct workload_times *t, double part)
{
    if (!t->count)
        return 0;
    size_t at = (size_t)(part * (double)t->count);
    return (double)t->each_ns[at < t->count ? at : t->count - 1] / MS_NS;
}
