/* broken_back.c — a core where of two stamps of one time the one that comes last is kept: what is held
 * goes back. */
#include "core/stamp.h"

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b);

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b)
{
    (void)a;
    (void)b;
    return 1;
}
