/* awake.c — see awake.h. Holds always: the clock never goes back, and is never ahead of the
 * system's. */
#include "core/base/awake.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"

void awake_begin(struct awake *a, int64_t mono_ns)
{
    *a = (struct awake){.now_ns = mono_ns};
}

int64_t awake_turn(struct awake *a, int64_t mono_ns, int64_t due_ns)
{
    const int64_t late_ns = AWAKE_LATE_MS * MS_NS;
    int64_t before_ns = a->now_ns, now_ns = mono_ns - a->slept_ns, slept_ns = 0;
    if (due_ns < before_ns)
        due_ns = before_ns; /* at once */
    bool late = due_ns != NEVER_NS && now_ns - due_ns > late_ns;
    if (late && a->late)
        slept_ns = now_ns - due_ns - late_ns;
    else if (late)
        slept_ns = now_ns - (due_ns > before_ns ? due_ns - 1 : due_ns);
    a->late = late && !a->late;
    a->slept_ns += slept_ns;
    a->now_ns = now_ns - slept_ns;
    ASSERT(slept_ns >= 0 && a->now_ns >= before_ns);
    ASSERT(!a->late || a->now_ns <= due_ns);
    return slept_ns;
}
