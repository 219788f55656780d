/* breaker.h — a circuit breaker: when to stop asking a service that keeps failing, and when to
 * try it again.
 *
 *   state    event                     next
 *   CLOSED   the fifth failure in a    OPEN      the next probe may go 5 s later
 *            row
 *   OPEN     5 s have passed           PROBING   one question is admitted: the probe
 *   PROBING  it fails, or is given up  OPEN      5 s again
 *   any      a success                 CLOSED
 *
 * CLOSED admits all questions, OPEN none. A question that is not admitted can be answered with a
 * failure at once, instead of waiting for a service that is down; and a service that recovers gets
 * one question first, not all. Called by places (exchange). */
#ifndef CORE_HTTP_BREAKER_H
#define CORE_HTTP_BREAKER_H

#include "core/base/instant.h"
#include "core/base/span.h"

enum {
    BREAKER_FAILURES = 5, /* in a row */
    BREAKER_PROBE_MS = 5000,
};

/* {0} is a closed breaker. */
struct breaker {
    unsigned failures; /* in a row */
    bool probing; /* the probe of an open breaker is on its way */
    int64_t probe_ns; /* monotonic; the next probe of an open breaker may go from then on */
};

static inline bool breaker_is_open(const struct breaker *b)
{
    return b->failures >= BREAKER_FAILURES;
}

/* Whether one more question may be asked. If the breaker is open, true makes this question the
 * probe: breaker_succeeded, breaker_failed or breaker_gave_up must follow for it. */
MUST_USE bool breaker_admits(struct breaker *b, struct instant now);

/* What breaker_admits would return; no question becomes the probe. */
bool breaker_would_admit(const struct breaker *b, struct instant now);

/* A question was answered. true: this has closed the breaker. */
bool breaker_succeeded(struct breaker *b);

/* A question has failed. true: this has opened the breaker. */
bool breaker_failed(struct breaker *b, struct instant now);

/* The probe has ended without a result, because nobody waits for it any more. Without a probe it
 * does nothing. */
void breaker_gave_up(struct breaker *b, struct instant now);

#endif
