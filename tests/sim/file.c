/* file.c — see file.h. */
#include "sim/file.h"
#include "core/base/invariant.h"
#include <stdlib.h>
#include <string.h>

void file_plan_begin(struct file_plan *p, const struct topology *herd)
{
    *p = (struct file_plan){.nodes = herd->nodes_count};
    ASSERT(herd->nodes_count <= FILE_NODES_MAX);
    for (unsigned a = 0; a < herd->nodes_count; a++)
        for (unsigned i = 0; i < herd->nodes[a].neighbours_count; i++)
            p->edges[a][herd->nodes[a].neighbours[i]] = true;
}

bool file_has_edge(const struct file_plan *p, unsigned a, unsigned b)
{
    return !p->lacks[a] && !p->lacks[b] && p->edges[a][b];
}

bool file_is_whole(const struct file_plan *p)
{
    bool reached[FILE_NODES_MAX] = {false};
    unsigned named = 0, count = 0;
    for (unsigned a = 0; a < p->nodes; a++) {
        named += !p->lacks[a];
        if (!p->lacks[a] && !count)
            reached[a] = ++count;
    }
    for (unsigned round = 0; round < p->nodes; round++)
        for (unsigned a = 0; a < p->nodes; a++)
            for (unsigned b = 0; b < p->nodes; b++)
                if (reached[a] && !reached[b] && file_has_edge(p, a, b)) {
                    reached[b] = true;
                    count++;
                }
    return named >= 2 && count == named;
}

struct topology *file_make(const struct file_plan *p, const struct topology *like)
{
    struct topology *t = malloc(sizeof *t);
    uint16_t number[FILE_NODES_MAX];
    ASSERT(t && like->nodes_count == p->nodes && file_is_whole(p));
    *t = *like;
    t->nodes = calloc(p->nodes, sizeof *t->nodes);
    t->neighbours = calloc(p->nodes * p->nodes, sizeof *t->neighbours);
    t->retired = calloc(p->nodes, sizeof *t->retired);
    ASSERT(t->nodes && t->neighbours && t->retired);
    t->nodes_count = t->retired_count = t->edges_count = 0;
    for (unsigned a = 0; a < p->nodes; a++) {
        if (p->lacks[a] && p->retires_none)
            continue;
        if (p->lacks[a]) {
            memcpy(
                t->retired[t->retired_count++].name, like->nodes[a].name, sizeof t->retired->name);
            continue;
        }
        number[a] = (uint16_t)t->nodes_count;
        t->nodes[t->nodes_count++] = like->nodes[a];
    }
    unsigned ends = 0;
    for (unsigned a = 0; a < p->nodes; a++) {
        if (p->lacks[a])
            continue;
        struct topology_node *node = &t->nodes[number[a]];
        node->neighbours = t->neighbours + ends;
        node->neighbours_count = 0;
        for (unsigned b = 0; b < p->nodes; b++)
            if (file_has_edge(p, a, b))
                node->neighbours[node->neighbours_count++] = number[b];
        ends += node->neighbours_count;
    }
    t->edges_count = ends / 2;
    return t;
}

void file_free(struct topology *t)
{
    if (t)
        topology_destroy(t);
    free(t);
}
