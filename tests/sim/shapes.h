/* shapes.h — the topologies of simulated herds.
 *
 * Any number of nodes from 3 to TOPOLOGY_NODES_MAX that the shape allows: a node of a mesh and the
 * middle of a star have at most TOPOLOGY_NEIGHBOURS_MAX neighbours. They are built like a file's
 * topology, from a draft. Called by herd. */
#ifndef TESTS_SIM_SHAPES_H
#define TESTS_SIM_SHAPES_H

#include "core/topology/topology.h"

/* Lower case, because they are words of the stories (story.h). */
enum shape { shipped, in_line, ring, tree, star, grid, mesh, regular, SHAPES };

/* "shipped", "line" and so on; NULL: there is no such shape. */
const char *shape_word(unsigned shape);

/* The shape with that word; false: there is none. */
MUST_USE bool shape_find(const char *word, enum shape *out);

/* The most nodes that a shape can have. */
unsigned shape_nodes_max(enum shape shape);

struct shape_plan {
    enum shape shape;
    unsigned nodes; /* always 5 for shipped */
    unsigned children; /* of each node of a tree; 0: 2 */
    uint64_t seed; /* regular: selects one of the random 4-regular graphs */
};

/* Nodes have the shipped file's names, or n00, n01 and so on. Limits are the defaults. */
void shape_build(struct topology *out, const struct shape_plan *plan);

#endif
