/* nearest.h — "did you mean": which of the known words a mistyped one is close to.
 *
 * Close means at most one edit for every three bytes of the longer word; an edit inserts, removes
 * or changes a byte, or swaps two neighbours, and case does not count. A wrong suggestion would be
 * worse than none. Offer all candidates; `best` is the closest of them, or the first of equally
 * close ones. Called by topology and the program's options. */
#ifndef CORE_BASE_NEAREST_H
#define CORE_BASE_NEAREST_H

#include "core/base/span.h"

struct nearest {
    struct span wanted;
    const char *best; /* NULL: none is close */
    unsigned distance;
};

static inline struct nearest nearest_to(struct span wanted)
{
    return (struct nearest){.wanted = wanted};
}

/* candidate: ends with NUL, and outlives `n`. Words of more than 63 bytes are never close. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
