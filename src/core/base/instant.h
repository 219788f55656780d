/* instant.h — one reading of the clocks.
 *
 * The core has no clock: each event carries the instant at which the driver saw it. The event loop
 * reads both clocks once per turn; the simulator invents them. */
#ifndef CORE_BASE_INSTANT_H
#define CORE_BASE_INSTANT_H

#include <stdint.h>

#define MS_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define NEVER_NS INT64_MAX /* in place of a deadline: there is none */

struct instant {
    int64_t mono_ns; /* monotonic; for time-outs and rates */
    int64_t real_ns; /* since 1970-01-01 UTC, >= 0; for stamps and logs only */
};

static inline int64_t earlier_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
