/* instant.h — one reading of the clocks.
 *
 * The core has no clock: every event carries the instant at which its driver saw it. The ring reads
 * both clocks once a turn, the simulator makes them up. */
#ifndef CORE_BASE_INSTANT_H
#define CORE_BASE_INSTANT_H

#include <stdint.h>

#define MS_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define NEVER_NS INT64_MAX /* a deadline that there is not */

struct instant {
    int64_t mono_ns; /* never goes back; for time-outs and rates */
    int64_t real_ns; /* since 1970-01-01 UTC, >= 0; for stamps and logs only */
};

static inline int64_t earlier_ns(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
