/* invariant.c — for tests: a broken invariant ends the test with a word why. */
#include "core/base/invariant.h"
#include <stdio.h>
#include <stdlib.h>

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
    abort();
}

__attribute__((constructor)) static void set_hook(void)
{
    invariant_hook = on_broken;
}
