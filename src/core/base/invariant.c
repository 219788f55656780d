/* invariant.c — see invariant.h. The core can end the process but not say why, as it does no I/O:
 * that is left to the hook. */
#include "core/base/invariant.h"
#include <stddef.h>

void (*invariant_hook)(const char *what, const char *file, int line);

_Noreturn void invariant_broken(const char *what, const char *file, int line)
{
    if (invariant_hook)
        invariant_hook(what, file, line);
    __builtin_trap();
}
