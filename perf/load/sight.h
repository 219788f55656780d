/* sight.h — how to see, at another node than the one that was told, that an update has got there.
 *
 * Herds and Redis are asked for a client until the answer has the time that is waited for: a herd
 * by a WHATSAT that wants no places, which was measured to cost a node no more than an IAMAT, so as
 * little as a GET costs Redis. NATS keeps nothing that could be asked for: there, a subscriber is
 * told, which spares it the asking and the wait for the next answer. In all of them what is seen
 * has "<id> <position> <time>". */
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
    bool told; /* sightings come by themselves; otherwise each is asked for */

    /* Ask for a client; how many bytes, below 64. */
    size_t (*ask)(const char *id, char *out);

    /* What the bytes at the beginning of `in` show.
     * used  their length, unless it is REPLY_PART
     * REPLY_RIGHT: `out` is set; REPLY_ASIDE: no sighting; REPLY_PART, REPLY_WRONG as in
     * protocol.h */
    enum verdict (*read)(struct span in, struct sighting *out, size_t *used);
};

/* NULL: there is none for this protocol. */
const struct sight *sight_find(const char *protocol);

#endif
