/* shapes.h — the topologies that herds of the simulator have.
 *
 * Any number of nodes from 3 to TOPOLOGY_NODES_MAX, as far as the shape goes: a node of a mesh or
 * the middle of a star has TOPOLOGY_NEIGHBOURS_MAX neighbours at most. Made by the same rules as a
 * file's topology: as a draft. Called by herd. */
#ifndef TESTS_SIM_SHAPES_H
#define TESTS_SIM_SHAPES_H

#include "core/topology/topology.h"

/* In lower case, for they are words of the stories (story.h). */
enum shape { shipped, in_line, ring, tree, star, grid, mesh, regular, SHAPES };

/* "shipped", "line" and so on; NULL past the last. */
const char *shape_word(unsigned shape);

/* The shape of that word; false: there is none. */
MUST_USE bool shape_find(const char *word, enum shape *out);

/* The most nodes that a shape can have. */
unsigned shape_nodes_max(enum shape shape);

struct shape_plan {
    enum shape shape;
    unsigned nodes; /* shipped: always 5 */
    unsigned children; /* of each node of a tree; 0: 2 */
    uint64_t seed; /* regular: which of the random 4-regular graphs */
};

/* Nodes are named by the shipped file, or n00, n01 and so on. Limits are the defaults. */
void shape_build(struct topology *out, const struct shape_plan *plan);

#endif
