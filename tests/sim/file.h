/* file.h — topology.conf of one herd in several versions, as while its nodes reload one by one.
 *
 * The herd's topology has all nodes that there may ever be, in the order of their hosts. A version
 * names some of them, mostly retires the others, and has edges of its own. */
#ifndef TESTS_SIM_FILE_H
#define TESTS_SIM_FILE_H

#include "core/topology/topology.h"

enum { FILE_NODES_MAX = 16 };

struct file_plan {
    unsigned nodes; /* of the herd */
    bool lacks[FILE_NODES_MAX]; /* the file does not name this one */
    bool retires_none; /* else it retires those */
    bool edges[FILE_NODES_MAX][FILE_NODES_MAX]; /* symmetric; those of nodes that it lacks do not
                                                 * count */
};

/* As the herd's topology has them. It has FILE_NODES_MAX nodes at most. */
void file_plan_begin(struct file_plan *p, const struct topology *herd);

/* Whether both are named, with an edge between them. */
bool file_has_edge(const struct file_plan *p, unsigned a, unsigned b);

/* Whether each named node reaches every other, and there are two or more. */
bool file_is_whole(const struct file_plan *p);

/* A topology with these nodes and edges, and all else as `like`, which has the herd's nodes in
 * their order. file_free it. */
struct topology *file_make(const struct file_plan *p, const struct topology *like);
void file_free(struct topology *t); /* NULL is allowed */

#endif
