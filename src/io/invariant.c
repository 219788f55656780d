/* invariant.c — what the program does when an invariant is broken. In a file of its own, because
 * test drivers define their own invariant_broken and must not link this one. */
#include "core/base/invariant.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void invariant_broken(const char *what, const char *file, int line)
{
    fprintf(stderr,
        "stampede: %s:%d: broken invariant: %s; aborting, so that no wrong state spreads\n", file,
        line, what);
    abort();
}
