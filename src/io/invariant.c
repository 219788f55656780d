/* invariant.c — see invariant.h. */
#include "io/invariant.h"
#include <stdio.h>
#include <stdlib.h>

void invariant_report(const char *what, const char *file, int line)
{
    fprintf(stderr,
        "stampede: %s:%d: broken invariant: %s; aborting, so that no wrong state spreads\n", file,
        line, what);
    abort();
}
