/* directory.h — the name server of a simulated herd, and where its nodes are.
 *
 * Each node has an address, which may change while it is down. Those that have a name in their
 * topology.conf are found by it; the others stay where they are. Called by herd, host (caller) and
 * the campaign. */
#ifndef TESTS_SIM_DIRECTORY_H
#define TESTS_SIM_DIRECTORY_H

#include "core/topology/topology.h"
#include "unit/random.h"

enum { DIRECTORY_LOOKUP_MS = 40 }; /* of an answer, at most */

struct directory {
    struct random dice;
    unsigned nodes;
    struct address *at; /* by node */
    bool *lost; /* its name leads nowhere at present */
    unsigned fails_in; /* one lookup in so many fails; 0: none */
};

void directory_init(struct directory *n, const struct topology *topology, uint64_t seed);
void directory_deinit(struct directory *n);

/* From now on topology.conf has a name for this node. */
void directory_give(struct directory *n, struct topology *topology, unsigned node);
bool directory_has(const struct topology *topology, unsigned node);

/* It has another address from now on, and nobody has the one before. */
void directory_move(struct directory *n, unsigned node);

/* The node that a name is of. */
unsigned directory_of(const struct topology *topology, struct span host);
/* Where it leads now; false: the lookup fails. */
bool directory_find(struct directory *n, unsigned node, struct address *out);
/* The node that is there; -1: nobody is any more. */
int directory_who(const struct directory *n, const struct address *at);

#endif
