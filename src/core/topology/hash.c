/* hash.c — see topology_hash in topology.h. PROTOCOL.md, "Topologies that differ". */
#include "core/base/invariant.h"
#include "core/topology/topology.h"
#include <stdlib.h>
#include <string.h>

/* FNV-1a: nobody gains by a collision who could not write the file. */
static uint64_t add(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static int by_name(const void *a, const void *b)
{
    const struct topology_node *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* A node and its edges to nodes with larger names. */
static uint64_t add_node(uint64_t hash, const struct topology *t, const struct topology_node *node)
{
    const struct topology_node *others[TOPOLOGY_NEIGHBOURS_MAX];
    unsigned count = 0;
    hash = add(hash, node->name);
    for (unsigned i = 0; i < node->neighbours_count; i++) {
        const struct topology_node *other = &t->nodes[node->neighbours[i]];
        if (strcmp(node->name, other->name) < 0)
            others[count++] = other;
    }
    qsort(others, count, sizeof *others, by_name);
    for (unsigned i = 0; i < count; i++)
        hash = add(add(hash, " "), others[i]->name);
    return add(hash, "\n");
}

uint64_t topology_hash(const struct topology *t)
{
    const struct topology_node *sorted[TOPOLOGY_NODES_MAX];
    uint64_t hash = add(UINT64_C(0xcbf29ce484222325), t->herd);
    ASSERT(t->nodes_count && t->nodes_count <= TOPOLOGY_NODES_MAX);
    for (unsigned i = 0; i < t->nodes_count; i++)
        sorted[i] = &t->nodes[i];
    qsort(sorted, t->nodes_count, sizeof *sorted, by_name);
    hash = add(hash, "\n");
    for (unsigned i = 0; i < t->nodes_count; i++)
        hash = add_node(hash, t, sorted[i]);
    return hash ? hash : 1;
}
