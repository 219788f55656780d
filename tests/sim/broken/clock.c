/* clock.c — a core that does not notice clocks that jump: it keeps the first measurements for
 * ever. */
#include "core/peering/clock_gauge.h"

void __real_clock_gauge_read(struct clock_gauge *g, int64_t theirs_ns, int64_t ours_ns);
void __wrap_clock_gauge_read(struct clock_gauge *g, int64_t theirs_ns, int64_t ours_ns);

void __wrap_clock_gauge_read(struct clock_gauge *g, int64_t theirs_ns, int64_t ours_ns)
{
    if (g->ahead.count < GAUGE_READINGS_MIN)
        __real_clock_gauge_read(g, theirs_ns, ours_ns);
}
