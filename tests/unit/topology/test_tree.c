/* The spanning tree: the same for all, N-1 edges, shallow, and no hub where there need be none. */
#include "core/topology/tree.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 70, LINKS_MAX = 64 };

static struct topology_node nodes[NODES_MAX];
static uint16_t neighbours[NODES_MAX][LINKS_MAX];
static struct topology t;

static void begin(unsigned count, const char *const *names)
{
    t = (struct topology){.nodes = nodes, .nodes_count = count};
    for (unsigned i = 0; i < count; i++) {
        nodes[i] = (struct topology_node){.neighbours = neighbours[i]};
        if (names)
            strcpy(nodes[i].name, names[i]);
        else
            sprintf(nodes[i].name, "n%02u", i);
    }
}

static void edge(unsigned a, unsigned b)
{
    neighbours[a][nodes[a].neighbours_count++] = (uint16_t)b;
    neighbours[b][nodes[b].neighbours_count++] = (uint16_t)a;
}

static void edge_once(unsigned a, unsigned b)
{
    for (unsigned i = 0; i < nodes[a].neighbours_count; i++)
        if (neighbours[a][i] == b)
            return;
    edge(a, b);
}

static void edge_by_name(const char *a, const char *b)
{
    unsigned at[2] = {0};
    const char *names[] = {a, b};
    for (int i = 0; i < 2; i++)
        while (strcmp(nodes[at[i]].name, names[i]) != 0)
            at[i]++;
    edge(at[0], at[1]);
}

/* `Goloman-Hands ` and so on, as all nodes see them, in the order of the names. */
static const char *edges(void)
{
    static char text[4096];
    char found[NODES_MAX * 2][32];
    unsigned count = 0;
    bool seen[NODES_MAX][NODES_MAX] = {{false}};
    for (unsigned i = 0; i < t.nodes_count; i++) {
        uint16_t hops[LINKS_MAX];
        cr_assert(tree_hops(&t, i, hops));
        for (unsigned k = 0; k < nodes[i].neighbours_count; k++)
            seen[i][neighbours[i][k]] = hops[k] == 1;
    }
    for (unsigned a = 0; a < t.nodes_count; a++)
        for (unsigned b = 0; b < t.nodes_count; b++) {
            cr_assert_eq(seen[a][b], seen[b][a], "both ends agree");
            if (seen[a][b] && strcmp(nodes[a].name, nodes[b].name) < 0)
                sprintf(found[count++], "%.14s-%.14s ", nodes[a].name, nodes[b].name);
        }
    qsort(found, count, sizeof *found, (int (*)(const void *, const void *))strcmp);
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        strcat(text, found[i]);
    return text;
}

static unsigned count_edges(unsigned *most_at_a_node)
{
    unsigned sum = 0;
    *most_at_a_node = 0;
    for (unsigned i = 0; i < t.nodes_count; i++) {
        uint16_t hops[LINKS_MAX];
        unsigned here = 0;
        cr_assert(tree_hops(&t, i, hops));
        for (unsigned k = 0; k < nodes[i].neighbours_count; k++)
            here += hops[k] == 1;
        sum += here;
        if (*most_at_a_node < here)
            *most_at_a_node = here;
    }
    return sum / 2;
}

Test(tree, of_the_shipped_herd_whatever_the_order_of_its_sections)
{
    static const char *const orders[][5] = {{"Goloman", "Hands", "Holiday", "Welsh", "Wilkes"},
        {"Wilkes", "Welsh", "Holiday", "Hands", "Goloman"},
        {"Holiday", "Goloman", "Wilkes", "Hands", "Welsh"}};
    for (int i = 0; i < 3; i++) {
        begin(5, orders[i]);
        edge_by_name("Goloman", "Hands");
        edge_by_name("Goloman", "Holiday");
        edge_by_name("Goloman", "Wilkes");
        edge_by_name("Hands", "Wilkes");
        edge_by_name("Holiday", "Welsh");
        edge_by_name("Holiday", "Wilkes");
        cr_expect_str_eq(edges(), "Goloman-Hands Goloman-Holiday Goloman-Wilkes Holiday-Welsh ");
    }
}

/* Nodes meet their neighbours in any order, and must all find one tree. */
Test(tree, of_any_graph_is_the_same_whatever_the_order_of_its_sections)
{
    enum { NODES = 12, LINKS = 24, ORDERS = 6 };
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct random r = {seed};
        unsigned ends[LINKS][2];
        char first[4096];
        for (unsigned i = 0; i < LINKS; i++) {
            ends[i][0] = i < NODES ? i : random_below(&r, NODES); /* a ring, and chords */
            ends[i][1] = i < NODES ? (i + 1) % NODES : random_below(&r, NODES);
        }
        for (unsigned k = 0; k < ORDERS; k++) {
            unsigned at[NODES];
            begin(NODES, NULL);
            for (unsigned i = 0; i < NODES; i++) {
                unsigned other = random_below(&r, i + 1);
                at[i] = at[other];
                at[other] = i;
            }
            for (unsigned i = 0; i < NODES; i++)
                sprintf(nodes[at[i]].name, "n%02u", i);
            for (unsigned i = 0; i < LINKS; i++) {
                unsigned link = (i * 7 + k) % LINKS; /* neighbours, too, in another order */
                if (ends[link][0] != ends[link][1])
                    edge_once(at[ends[link][0]], at[ends[link][1]]);
            }
            if (k == 0)
                strcpy(first, edges());
            cr_expect_str_eq(edges(), first, "seed %u", (unsigned)seed);
        }
    }
}

Test(tree, of_a_ring_leaves_out_the_link_farthest_from_the_first)
{
    begin(6, NULL);
    for (unsigned i = 0; i < 6; i++)
        edge(i, (i + 1) % 6);
    cr_expect_str_eq(edges(), "n00-n01 n00-n05 n01-n02 n02-n03 n04-n05 ");
}

Test(tree, of_a_line_begins_in_its_middle_and_has_all_of_it)
{
    begin(4, NULL);
    for (unsigned i = 1; i < 4; i++)
        edge(i - 1, i);
    cr_expect_str_eq(edges(), "n00-n01 n01-n02 n02-n03 ");
}

Test(tree, of_a_mesh_has_no_hub)
{
    for (unsigned count = 2; count <= 64; count += 31) {
        begin(count, NULL);
        for (unsigned a = 0; a < count; a++)
            for (unsigned b = 0; b < a; b++)
                edge(a, b);
        unsigned most;
        cr_expect_eq(count_edges(&most), count - 1);
        cr_expect_leq(most, TREE_CHILDREN + 1);
    }
}

Test(tree, of_a_star_has_one)
{
    begin(64, NULL);
    for (unsigned i = 1; i < 64; i++)
        edge(0, i);
    unsigned most;
    cr_expect_eq(count_edges(&most), 63);
    cr_expect_eq(most, 63);
}

Test(tree, tells_how_far_neighbours_are_by_it)
{
    uint16_t hops[LINKS_MAX];
    begin(7, NULL);
    for (unsigned i = 0; i < 7; i++)
        edge(i, (i + 1) % 7);
    for (unsigned i = 0, far = 0; i < 7; i++) {
        cr_assert(tree_hops(&t, i, hops));
        for (unsigned k = 0; k < 2; k++) {
            far += hops[k] == 6; /* once round, seen from both ends of the spare link */
            cr_expect(hops[k] == 1 || hops[k] == 6, "%u", hops[k]);
        }
        cr_expect(i < 6 || far == 2);
    }
}

Test(tree, of_one_node_is_empty)
{
    uint16_t none;
    begin(1, NULL);
    cr_expect(tree_hops(&t, 0, &none));
}
