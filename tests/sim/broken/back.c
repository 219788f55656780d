/* back.c — a core that keeps the later of two stamps with equal times, so its stamp can go back
 * in the total order. */
#include "core/protocol/stamp.h"

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b);

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b)
{
    (void)a;
    (void)b;
    return 1;
}
