/* breaker.h — when a service that keeps failing is left alone, and when it is tried again.
 *
 *   state    event                     next
 *   CLOSED   a failure, the fifth      OPEN      the next probe is 5 s from then
 *            in a row
 *   OPEN     5 s are over              PROBING   one question is let through
 *   PROBING  it fails, or is given up  OPEN      5 s again
 *   any      a success                 CLOSED
 *
 * CLOSED lets everything through, OPEN nothing. A question that cannot be asked is answered at once
 * rather than made to wait for a service that is down, and a service that comes back is not met by
 * all of them together. No clock of its own. Called by places_exchange. */
#ifndef CORE_HTTP_BREAKER_H
#define CORE_HTTP_BREAKER_H

#include "core/base/instant.h"
#include "core/base/span.h"

enum {
    BREAKER_FAILURES = 5, /* in a row */
    BREAKER_PROBE_MS = 5000,
};

/* Begins as {0}: closed. */
struct breaker {
    unsigned failures; /* in a row */
    bool probing; /* the one question of an open breaker is under way */
    int64_t probe_ns; /* monotonic; when open: the next one may go then */
};

static inline bool breaker_is_open(const struct breaker *b)
{
    return b->failures >= BREAKER_FAILURES;
}

/* Whether one more question may be asked. When the breaker is open, true is said once a probe, to
 * the question that then has to end in breaker_succeeded, breaker_failed or breaker_gave_up. */
MUST_USE bool breaker_admits(struct breaker *b, struct instant now);

/* As breaker_admits would answer, but nobody is let through. */
bool breaker_would_admit(const struct breaker *b, struct instant now);

/* true: it was open and is closed by this. */
bool breaker_succeeded(struct breaker *b);

/* true: it was closed and is open by this. */
bool breaker_failed(struct breaker *b, struct instant now);

/* The probe ended without a result: its askers are gone. Nothing when none is under way. */
void breaker_gave_up(struct breaker *b, struct instant now);

#endif
