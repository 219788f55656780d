/* back.c — a core that keeps of two stamps of one time the one that comes last: what is
 * held goes back. */
#include "core/protocol/stamp.h"

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b);

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b)
{
    (void)a;
    (void)b;
    return 1;
}
