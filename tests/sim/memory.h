/* memory.h — the memory of simulated nodes: how much each holds, and who is to get none.
 *
 * The linker leads the allocations of a program that links with `sim` through here (--wrap). A host
 * says whose they are while it calls its node; all others are the simulator's own and always come.
 * What is counted is exact, so a node that is gone must have given everything back, in every build;
 * and while a node starves, allocations of its own fail by dice of their own.
 *
 * Larger blocks (a store's segments, tables of hashes) go round through a list here: a herd that
 * comes and goes takes the same ones again, and AddressSanitizer need not map and unmap them. */
#ifndef TESTS_SIM_MEMORY_H
#define TESTS_SIM_MEMORY_H

#include "unit/random.h"
#include <stdbool.h>
#include <stddef.h>

enum { MEMORY_LARGE_BYTES = 1 << 18 };

/* Zeroed at the start. */
struct account {
    size_t held_bytes; /* in blocks below MEMORY_LARGE_BYTES */
    size_t blocks; /* of all sizes */
    unsigned fails_in; /* one allocation in so many fails; 0: none */
    size_t fails_from_bytes; /* smaller ones come */
    uint64_t failed; /* so far */
    struct random dice;
};

/* Whose allocations follow; NULL: the simulator's own. Returns whose they were. */
struct account *memory_of(struct account *whose);

/* For whoever answers in a node's place: counted as the node's, and never fails. */
void *memory_sure(size_t bytes);

#endif
