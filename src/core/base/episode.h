/* episode.h — events that come in rows, told twice: when a row begins, and when it is over.
 *
 * A limit that is reached is reached again and again. Its events are counted anyway; an episode
 * watches that counter. It begins with the first event and is over when there was none for
 * EPISODE_QUIET_MS, so a kind of event costs two lines of the log a minute at most, and none is
 * left without a word. Nothing is done where events happen, and nothing is due while none do.
 *
 *   state   seen                         next    result
 *   quiet   the counter has grown        on      EPISODE_BEGINS
 *   on      the counter has grown        on      EPISODE_NOTHING, and it lasts longer
 *   on      EPISODE_QUIET_MS without     quiet   EPISODE_OVER */
#ifndef CORE_BASE_EPISODE_H
#define CORE_BASE_EPISODE_H

#include "core/base/instant.h"
#include <stdbool.h>
#include <stdint.h>

enum { EPISODE_QUIET_MS = 60000 };

enum episode_change { EPISODE_NOTHING, EPISODE_BEGINS, EPISODE_OVER };

/* All zeros at the start. */
struct episode {
    bool on;
    uint64_t seen; /* the counter, when it was last looked at */
    uint64_t before; /* the counter before the episode that is on, or was the last */
    int64_t began_ns, last_ns; /* monotonic: its first and its last event, to a turn */
};

/* Look at the counter, which never falls. Call it each turn. */
enum episode_change episode_look(struct episode *e, uint64_t counter, struct instant now);

/* End the episode early, because nobody will look again. false: none is on. */
bool episode_end(struct episode *e);

/* Of the episode that is on or that has just ended: its events, and how long it took from its first
 * to its last. */
uint64_t episode_events(const struct episode *e);
int64_t episode_lasted_ms(const struct episode *e);

/* When it will be over if nothing more happens; NEVER_NS: none is on. */
int64_t episode_deadline(const struct episode *e);

#endif
