/* shapes.c — see shapes.h.
 *
 * A random 4-regular graph consists of two rings through all nodes, the second in random order,
 * drawn again until the rings share no edge. Such graphs are contiguous to uniformly random ones:
 * what holds for almost all of one kind holds for almost all of the other (Kim and Wormald, "Random
 * matchings which induce Hamilton cycles, and Hamiltonian decompositions of random regular graphs",
 * 2001). They are connected by construction. With fewer than five nodes some edges coincide. */
#include "sim/shapes.h"
#include "core/topology/draft.h"
#include "unit/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 16, DRAWS_MAX = 1000 };

static const char *const words[] = {
    "shipped", "line", "ring", "tree", "star", "grid", "mesh", "regular"};

const char *shape_word(unsigned shape)
{
    return shape < SHAPES ? words[shape] : NULL;
}

bool shape_find(const char *word, enum shape *out)
{
    for (unsigned i = 0; i < SHAPES; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum shape)i;
            return true;
        }
    return false;
}

unsigned shape_nodes_max(enum shape shape)
{
    if (shape == shipped)
        return 5;
    return shape == mesh || shape == star ? TOPOLOGY_NEIGHBOURS_MAX + 1 : TOPOLOGY_NODES_MAX;
}

struct draft {
    struct topology_draft *d;
    const struct shape_plan *plan;
    unsigned nodes;
    uint16_t second[TOPOLOGY_NODES_MAX]; /* regular: successors in the second ring */
};

/* -- edges ------------------------------------------------------------------------------------- */

static void name_node(const struct draft *draft, unsigned node, char name[NAME_ROOM])
{
    static const char *const names[] = {"Goloman", "Hands", "Holiday", "Welsh", "Wilkes"};
    if (draft->plan->shape == shipped)
        snprintf(name, NAME_ROOM, "%s", names[node % 5]);
    else
        snprintf(name, NAME_ROOM, "n%02u", node);
}

static void add_value(const struct draft *draft, const char *section, const char *key, char *value)
{
    topology_draft_value(draft->d, 1, section, span_of(key), span_of(value));
}

static void add_edge(const struct draft *draft, unsigned to)
{
    char name[NAME_ROOM];
    name_node(draft, to, name);
    add_value(draft, "node", "talks_to", name);
}

static void draw_ring(uint16_t *follows, unsigned nodes, struct random *dice)
{
    uint16_t order[TOPOLOGY_NODES_MAX];
    for (unsigned i = 0; i < nodes; i++) {
        unsigned at = random_below(dice, i + 1);
        order[i] = order[at];
        order[at] = (uint16_t)i;
    }
    for (unsigned i = 0; i < nodes; i++)
        follows[order[i]] = order[(i + 1) % nodes];
}

static bool is_apart_from_first_ring(const uint16_t *follows, unsigned nodes)
{
    for (unsigned i = 0; i < nodes; i++)
        if (follows[i] == (i + 1) % nodes || i == (follows[i] + 1u) % nodes)
            return false;
    return true;
}

static void draw_second_ring(struct draft *draft)
{
    struct random dice = {draft->plan->seed};
    unsigned draws = 0;
    do
        draw_ring(draft->second, draft->nodes, &dice);
    while (!is_apart_from_first_ring(draft->second, draft->nodes) && ++draws < DRAWS_MAX);
}

static void add_shipped_edges(const struct draft *draft, unsigned node)
{
    static const struct {
        unsigned from, to;
    } edges[] = {{0, 1}, {0, 2}, {0, 4}, {1, 4}, {2, 3}, {2, 4}};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        if (edges[i].from == node)
            add_edge(draft, edges[i].to);
}

static void add_grid_edges(const struct draft *draft, unsigned node)
{
    unsigned width = 1;
    while (width * width < draft->nodes)
        width++;
    if ((node + 1) % width && node + 1 < draft->nodes)
        add_edge(draft, node + 1);
    if (node + width < draft->nodes)
        add_edge(draft, node + width);
}

static void add_edges(const struct draft *draft, unsigned node)
{
    unsigned n = draft->nodes, children = draft->plan->children ? draft->plan->children : 2;
    switch (draft->plan->shape) {
    case shipped:
        add_shipped_edges(draft, node);
        return;
    case in_line:
        if (node + 1 < n)
            add_edge(draft, node + 1);
        return;
    case regular:
        add_edge(draft, draft->second[node]);
        /* fall through */
    case ring:
        add_edge(draft, (node + 1) % n);
        return;
    case tree:
        if (node)
            add_edge(draft, (node - 1) / children);
        return;
    case star:
        if (node)
            add_edge(draft, 0);
        return;
    case grid:
        add_grid_edges(draft, node);
        return;
    case mesh:
        for (unsigned i = node + 1; i < n; i++)
            add_edge(draft, i);
        return;
    case SHAPES:
        abort();
    }
}

/* -- nodes ------------------------------------------------------------------------------------- */

static void draft_node(const struct draft *draft, unsigned node)
{
    char name[NAME_ROOM], client[32], peer[32];
    name_node(draft, node, name);
    snprintf(client, sizeof client, "127.0.0.1:%u", 12000 + node);
    snprintf(peer, sizeof peer, "127.0.0.1:%u", 14000 + node);
    topology_draft_node(draft->d, 1, span_of(name));
    add_value(draft, "node", "client", client);
    add_value(draft, "node", "peer", peer);
    add_edges(draft, node);
}

void shape_build(struct topology *out, const struct shape_plan *plan)
{
    struct draft draft = {.d = topology_draft_create(),
        .plan = plan,
        .nodes = plan->shape == shipped ? 5 : plan->nodes};
    struct topology_faults faults;
    char herd[] = "demo";
    if (plan->shape == regular)
        draw_second_ring(&draft);
    add_value(&draft, "", "herd", herd);
    for (unsigned i = 0; i < draft.nodes; i++)
        draft_node(&draft, i);
    if (!topology_finish(draft.d, out, &faults)) {
        fprintf(stderr, "no herd of %u nodes: %s\n", draft.nodes, faults.each[0].text);
        abort();
    }
    topology_faults_destroy(&faults);
    topology_draft_destroy(draft.d);
}
