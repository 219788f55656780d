/* nearest.h — "did you mean": which of the known words a mistyped one is close to.
 *
 * Close means few edits (a byte inserted, left out, changed, or two neighbours swapped; case does
 * not count), at most one for every three bytes: a wrong suggestion is worse than none. Offer the
 * candidates one by one; the closest stays, of equal ones the first. */
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

/* candidate: ended by NUL; must outlive `n`. Words above 63 bytes are close to nothing. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
