/* clock_gauge.h — how far a peer's clock is ahead of ours, from its PINGs.
 *
 * A PING says what the peer's clock showed when it was written. Read on arrival, it is late by the
 * time it was under way and by whatever delayed either end, so every reading errs to the same side.
 * Therefore the largest of the last few readings is the best one, and half of the quickest round
 * trip is added to it for the way that even that one had. A single stall is not taken for a slow
 * clock; a clock that is set back is noticed GAUGE_READINGS PINGs later. One per peer; fed by
 * peering, judged by node. */
#ifndef CORE_PEERING_CLOCK_GAUGE_H
#define CORE_PEERING_CLOCK_GAUGE_H

#include "core/base/instant.h"
#include "core/base/span.h"

enum {
    GAUGE_READINGS = 4,
    GAUGE_READINGS_MIN = 2, /* before a clock is judged */
    GAUGE_OFF_MS = 500, /* more is a warning */
    GAUGE_WELL_MS = 400, /* less ends it; lower, so that a difference that hovers is told once */
};

struct gauge_readings {
    int64_t ns[GAUGE_READINGS];
    unsigned count; /* ever taken */
};

/* Zeroed at the start. */
struct clock_gauge {
    struct gauge_readings ahead;
    struct gauge_readings round_trips;
    bool off; /* as last judged */
};

/* A PING came in: their clock said `theirs_ns` when ours now says `ours_ns`; both >= 0. */
void clock_gauge_read(struct clock_gauge *g, int64_t theirs_ns, int64_t ours_ns);

/* A PONG came in, `ns` after its PING had left. */
void clock_gauge_trip(struct clock_gauge *g, int64_t ns);

/* The peer is another process now, maybe on another machine; `off` stays until it is judged. */
void clock_gauge_forget(struct clock_gauge *g);

/* How far their clock is ahead (below 0: behind). false: nothing is known yet. */
MUST_USE bool clock_gauge_ahead(const struct clock_gauge *g, int64_t *ns);

/* The quickest of the last round trips; 0: none yet. */
int64_t clock_gauge_round_trip(const struct clock_gauge *g);

/* Judge by the present readings. true: `off` has changed. */
bool clock_gauge_judge(struct clock_gauge *g);

#endif
