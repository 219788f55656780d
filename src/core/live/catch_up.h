/* catch_up.h — a reader that could take nothing can take news again.
 *
 * Called by live. */
#ifndef CORE_LIVE_CATCH_UP_H
#define CORE_LIVE_CATCH_UP_H

#include "core/live/spots.h"
#include "core/live/watches.h"

enum {
    CATCH_UP_STEPS_MAX = 512, /* ids looked at in one call */
    CATCH_UP_SHARE = 32, /* of these, for one watch before the next has its turn */
    CATCH_UP_WAITS_MAX = 8, /* ids in a row that wait for the index, before the next */
};

/* Tell `reader` until it refuses, it is LEVEL, or the steps are used up.
 *
 * spots, passed   the index, and the change up to which it has read the feed; NULL, if no circle
 *                 is watched
 *
 * Returns whether the reader is LEVEL. */
bool catch_up(
    struct watches *ws, const struct spots *spots, uint64_t passed, struct live_reader *reader);

#endif
