/* How many messages an update costs a herd, by topology, and how stamps find another way when a
 * node of the tree fails. */
#include "unit/peering/herd.h"

static void ring(struct herd *h)
{
    for (unsigned i = 0; i < h->count; i++)
        herd_edge(h, i, (i + 1) % h->count);
}

static void line(struct herd *h)
{
    for (unsigned i = 1; i < h->count; i++)
        herd_edge(h, i - 1, i);
}

static void tree(struct herd *h)
{
    for (unsigned i = 1; i < h->count; i++)
        herd_edge(h, i, (i - 1) / 2);
}

static void grid(struct herd *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (i % 5 < 4)
            herd_edge(h, i, i + 1);
        if (i + 5 < h->count)
            herd_edge(h, i, i + 5);
    }
}

static void mesh(struct herd *h)
{
    for (unsigned a = 0; a < h->count; a++)
        for (unsigned b = 0; b < a; b++)
            herd_edge(h, a, b);
}

static void shipped(struct herd *h)
{
    static const unsigned edges[][2] = {{0, 1}, {0, 2}, {0, 4}, {1, 4}, {2, 3}, {2, 4}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        herd_edge(h, edges[i][0], edges[i][1]);
}

/* Two rings, the second in a random order: at most four neighbours each. */
static void regular(struct herd *h)
{
    unsigned order[HERD_NODES_MAX];
    ring(h);
    for (unsigned i = 0; i < h->count; i++) {
        unsigned at = (unsigned)random_below(&h->random, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (unsigned i = 0; i < h->count; i++)
        herd_edge(h, order[i], order[(i + 1) % h->count]);
}

struct shape {
    const char *name;
    void (*edges)(struct herd *);
    unsigned nodes;
};

static const struct shape shapes[] = {
    {"shipped", shipped, 5},
    {"line", line, 10},
    {"ring", ring, 10},
    {"tree", tree, 15},
    {"grid", grid, 25},
    {"regular", regular, 25},
    {"regular", regular, 100},
    {"mesh", mesh, 5},
    {"mesh", mesh, 12},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct herd *open_shape(const struct shape *s, int64_t least_us, int64_t most_us)
{
    struct herd *h = herd_create(s->nodes, 7);
    s->edges(h);
    herd_open(h, least_us, most_us);
    for (int ms = 0; ms < 3000; ms++)
        herd_step(h);
    return h;
}

static unsigned seconds_said;

/* `count` updates, `gap_ms` apart, at random nodes. Returns how many ms the slowest took to
 * be known to all nodes that run. */
static unsigned say(struct herd *h, unsigned count, unsigned gap_ms)
{
    unsigned slowest = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = (unsigned)random_below(&h->random, h->count), ms = 0;
        while (h->nodes[at].stopped)
            at = (at + 1) % h->count;
        herd_put(h, at, i % 50, ++seconds_said);
        for (bool known = false; ms < gap_ms || !known; ms++) {
            cr_assert_lt(ms, 20000, "never known to all");
            herd_step(h);
            known = known || herd_all_know(h, i % 50, seconds_said);
            if (!known && slowest < ms + 2)
                slowest = ms + 2;
        }
    }
    return slowest;
}

/* Each update costs N-1 stamps, whichever node takes it in; notices go by the other links. */
static void cost_of(const struct shape *s)
{
    enum { UPDATES = 60 };
    struct herd *h = open_shape(s, 100, 3000);
    struct herd_cost before = herd_cost(h);
    unsigned slowest = say(h, UPDATES, 20);
    for (int ms = 0; ms < 1000; ms++)
        herd_step(h);
    struct herd_cost after = herd_cost(h);
    cr_log_info("%s %u: %.2f stamps and %.2f notices an update, N-1 is %u; known to all in %u ms",
        s->name, s->nodes, (double)(after.stamps - before.stamps) / UPDATES,
        (double)(after.notices - before.notices) / UPDATES, s->nodes - 1, slowest);
    cr_expect_eq(after.stamps - before.stamps, UPDATES * (s->nodes - 1), "%s", s->name);
    cr_expect_eq(after.grafts, 0, "%s", s->name);
    herd_destroy(h);
}

Test(flooding, costs_what_a_tree_costs)
{
    for (size_t i = 0; i < SHAPES; i++)
        cost_of(&shapes[i]);
}

/* Whether the others still reach each other without it. */
static bool can_be_spared(const struct herd *h, unsigned node)
{
    unsigned reached[HERD_NODES_MAX] = {node == 0}, count = 1;
    bool seen[HERD_NODES_MAX] = {false};
    seen[node] = seen[reached[0]] = true;
    for (unsigned next = 0; next < count; next++)
        for (unsigned k = 0; k < h->topology_nodes[reached[next]].neighbours_count; k++) {
            unsigned other = h->neighbours[reached[next]][k];
            if (!seen[other])
                reached[count++] = other;
            seen[other] = true;
        }
    return count == h->count - 1;
}

/* The one with the most links of the tree. */
static unsigned greatest_loss(const struct herd *h)
{
    unsigned worst = 0, most = 0;
    for (unsigned i = 0; i < h->count; i++) {
        unsigned links = 0;
        for (unsigned k = 0; k < h->topology_nodes[i].neighbours_count; k++)
            links += h->nodes[i].peers[k].in_tree;
        if (links > most && can_be_spared(h, i)) {
            worst = i;
            most = links;
        }
    }
    return worst;
}

/* A node stops without a word, and its links stay open: updates of the others still arrive. */
static void way_round(const struct shape *s)
{
    struct herd *h = open_shape(s, 100, 3000);
    (void)say(h, 20, 20);
    h->nodes[greatest_loss(h)].stopped = true;
    unsigned slowest = say(h, 60, 200); /* 12 s: its links are found dead after 10 */
    struct herd_cost before = herd_cost(h);
    unsigned later = say(h, 60, 100);
    struct herd_cost after = herd_cost(h);
    cr_log_info("%s %u: a silent node; %u ms at most, later %u ms, %.2f stamps an update", s->name,
        s->nodes, slowest, later, (double)(after.stamps - before.stamps) / 60);
    cr_expect_lt(slowest, 2000, "%s", s->name);
    cr_expect_lt(later, 2000, "%s", s->name);
    herd_destroy(h);
}

Test(flooding, finds_another_way_round_a_silent_node)
{
    for (size_t i = 0; i < SHAPES; i++)
        way_round(&shapes[i]);
}

/* 100 ms a link: notices overtake stamps that have many links to go, until the links that are asked
 * for nothing run further behind. */
Test(flooding, slow_links_learn_to_wait)
{
    static const struct shape slow[] = {{"regular", regular, 25}, {"grid", grid, 25}};
    for (size_t i = 0; i < 2; i++) {
        struct herd *h = open_shape(&slow[i], 100000, 100000);
        (void)say(h, 60, 1000);
        struct herd_cost before = herd_cost(h);
        unsigned slowest = say(h, 100, 500);
        struct herd_cost after = herd_cost(h);
        double stamps = (double)(after.stamps - before.stamps) / 100;
        cr_log_info("%s: %.2f stamps an update, at most %u ms, %llu grafts before, %llu after",
            slow[i].name, stamps, slowest, (unsigned long long)before.grafts,
            (unsigned long long)after.grafts);
        cr_expect_leq(stamps, 1.3 * 24);
        cr_expect_lt(slowest, 1000);
        herd_destroy(h);
    }
}
