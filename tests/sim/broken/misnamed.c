/* misnamed.c — a core whose TWIN names a process that never was. */
#include "core/peering/twin.h"

bool __real_twin_put(struct buf *out, const struct twin *stays);
bool __wrap_twin_put(struct buf *out, const struct twin *stays);

bool __wrap_twin_put(struct buf *out, const struct twin *stays)
{
    struct twin other = *stays;
    other.boot ^= 1;
    return __real_twin_put(out, &other);
}
