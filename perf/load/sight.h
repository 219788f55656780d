/* sight.h — how to see that an update has arrived at a node other than the one that was told.
 *
 * Herds and Redis are asked for a client until the answer has the expected time. A herd is asked by
 * a WHATSAT for no places, which was measured to cost a node no more than an IAMAT; so it is as
 * cheap for it as a GET is for Redis. NATS keeps nothing that could be asked for, so a subscriber
 * receives the updates, which spares NATS the questions and the wait for the next answer. In all of
 * them an update contains "<id> <position> <time>". */
#ifndef PERF_LOAD_SIGHT_H
#define PERF_LOAD_SIGHT_H

#include "load/protocol.h"

struct sighting {
    char id[TRAFFIC_ID_BYTES];
    char time[TRAFFIC_TIME_BYTES];
};

struct sight {
    const char *protocol; /* of struct protocol */
    struct span greeting; /* said once to a node that is looked at; empty: nothing */
    bool told; /* sightings arrive by themselves; otherwise each is asked for */

    /* Write a question for a client. Returns its length, below 64. */
    size_t (*ask)(const char *id, char *out);

    /* Read what the bytes at the beginning of `in` show.
     * used  their length, unless the result is REPLY_PART
     * REPLY_RIGHT: `out` is set. REPLY_ASIDE: no sighting. REPLY_PART, REPLY_WRONG: as in
     * protocol.h. */
    enum verdict (*read)(struct span in, struct sighting *out, size_t *used);
};

/* NULL: none for this protocol. */
const struct sight *sight_find(const char *protocol);

#endif
