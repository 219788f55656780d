/* invariant.c — the program's answer to a broken invariant. In a file of its own, so that test
 * drivers, which bring theirs, do not pull it in. */
#include "core/base/invariant.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void invariant_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "stampede: %s:%d: broken invariant: %s; ending, so as not to spread it\n", file,
        line, what);
    abort();
}
