/* slept.c — a core whose clock counts the time in which its loop did not run. */
#include "core/base/awake.h"

int64_t __real_awake_turn(struct awake *a, int64_t mono_ns, int64_t due_ns);
int64_t __wrap_awake_turn(struct awake *a, int64_t mono_ns, int64_t due_ns);

int64_t __wrap_awake_turn(struct awake *a, int64_t mono_ns, int64_t due_ns)
{
    (void)due_ns;
    a->now_ns = mono_ns;
    return 0;
}
