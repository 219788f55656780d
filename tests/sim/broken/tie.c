/* tie.c — a core that orders stamps by time alone: of two stamps with equal times, each node
 * keeps the one that it received first. */
#include "core/protocol/stamp.h"

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b);

int __wrap_stamp_compare(const struct stamp *a, const struct stamp *b)
{
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}
