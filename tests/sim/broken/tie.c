/* tie.c — a core that orders stamps by time alone: nodes that meet two stamps of one time
 * keep whichever came first. */
#include "core/protocol/stamp.h"

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b);

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b)
{
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}
