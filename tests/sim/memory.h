/* memory.h — the memory of simulated nodes: counts what each holds, and makes allocations fail.
 *
 * The linker replaces malloc and the others in programs that link with `sim` (--wrap). A host says
 * whose the allocations are while it calls its node; all others are the simulator's own and never
 * fail. The counts are exact, so a test sees in every build whether a node that ended has freed
 * everything. While a node starves, its allocations fail at random.
 *
 * Large blocks (a store's segments, hash tables) are cached here: herds are created and destroyed
 * all the time and take the same blocks again, and AddressSanitizer need not map and unmap them. */
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
    unsigned fails_in; /* one in so many allocations fails; 0: none */
    size_t fails_from_bytes; /* smaller ones never fail */
    uint64_t failed; /* so far */
    struct random dice;
};

/* Set whose the following allocations are; NULL: the simulator's own. Returns whose they were. */
struct account *memory_of(struct account *whose);

/* For a provider that answers in the node's place: counted as the node's, never fails. */
void *memory_sure(size_t bytes);

#endif
