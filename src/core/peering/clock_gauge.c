/* clock_gauge.c — see clock_gauge.h.
 *
 * What comes in is the other side's word. Holds always: readings are within a bound that no real
 * clock reaches, so sums of them never overflow. */
#include "core/peering/clock_gauge.h"
#include "core/base/invariant.h"

static const int64_t reading_max_ns = INT64_MAX / 4;

static void take(struct gauge_readings *r, int64_t ns)
{
    if (ns > reading_max_ns)
        ns = reading_max_ns;
    if (ns < -reading_max_ns)
        ns = -reading_max_ns;
    r->ns[r->count++ % GAUGE_READINGS] = ns;
}

static unsigned held(const struct gauge_readings *r)
{
    return r->count < GAUGE_READINGS ? r->count : GAUGE_READINGS;
}

void clock_gauge_read(struct clock_gauge *g, int64_t theirs_ns, int64_t ours_ns)
{
    take(&g->ahead, theirs_ns - ours_ns);
}

void clock_gauge_trip(struct clock_gauge *g, int64_t ns)
{
    take(&g->round_trips, ns);
}

void clock_gauge_forget(struct clock_gauge *g)
{
    *g = (struct clock_gauge){.off = g->off};
}

int64_t clock_gauge_round_trip(const struct clock_gauge *g)
{
    const struct gauge_readings *r = &g->round_trips;
    int64_t quickest_ns = r->count ? r->ns[0] : 0;
    for (unsigned i = 1; i < held(r); i++)
        quickest_ns = earlier_ns(quickest_ns, r->ns[i]);
    ASSERT(quickest_ns >= -reading_max_ns && quickest_ns <= reading_max_ns);
    return quickest_ns;
}

bool clock_gauge_ahead(const struct clock_gauge *g, int64_t *ns)
{
    const struct gauge_readings *r = &g->ahead;
    if (!r->count)
        return false;
    int64_t most_ns = r->ns[0];
    for (unsigned i = 1; i < held(r); i++)
        most_ns = r->ns[i] > most_ns ? r->ns[i] : most_ns;
    ASSERT(most_ns >= -reading_max_ns && most_ns <= reading_max_ns);
    *ns = most_ns + clock_gauge_round_trip(g) / 2;
    return true;
}

bool clock_gauge_judge(struct clock_gauge *g)
{
    int64_t ahead_ns;
    if (g->ahead.count < GAUGE_READINGS_MIN || !clock_gauge_ahead(g, &ahead_ns))
        return false;
    int64_t apart_ns = ahead_ns < 0 ? -ahead_ns : ahead_ns;
    bool was_off = g->off;
    g->off = apart_ns > (was_off ? GAUGE_WELL_MS : GAUGE_OFF_MS) * MS_NS;
    return g->off != was_off;
}
