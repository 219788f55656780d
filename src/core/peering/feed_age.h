/* feed_age.h — how far the feed had got at which time, over about the last second.
 *
 * The store knows the order of its changes, not their times. A link whose notices run some time
 * behind the feed's end asks here how far it may go. One per node with spare links. Called by
 * spare_links and notices. */
#ifndef CORE_PEERING_FEED_AGE_H
#define CORE_PEERING_FEED_AGE_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    FEED_AGE_STEP_MS = 10, /* between two samples */
    FEED_AGE_SAMPLES = 128, /* so that FEED_AGE_MS back is always known */
    FEED_AGE_MS = FEED_AGE_STEP_MS * (FEED_AGE_SAMPLES - 8),
};

/* Zeroed at the start. */
struct feed_age {
    struct {
        int64_t ns; /* monotonic, ascending */
        uint64_t change; /* the feed's last one at that time, ascending */
    } samples[FEED_AGE_SAMPLES]; /* a ring */
    uint64_t count; /* that were ever taken */
};

/* The feed's last change is `change` now. A sample is taken if it has grown, at most one a step. */
void feed_age_note(struct feed_age *h, uint64_t change, int64_t now_ns);

/* A change number that the feed had reached at `ns`; 0 when nothing is known of that time. */
uint64_t feed_age_at(const struct feed_age *h, int64_t ns);

/* When the feed was first known to be past `change`, which it is by now.
 * *known false: there is no sample of that yet; there will be one if feed_age_note is called at the
 * time that is returned. */
int64_t feed_age_past(const struct feed_age *h, uint64_t change, bool *known);

#endif
