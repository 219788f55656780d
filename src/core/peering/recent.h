/* recent.h — which stamps were had lately, by their hashes.
 *
 * A bounded memory in lines, each of one cache line and for the last RECENT_WAYS hashes that belong
 * there: to note one, or to ask for one, touches nothing else. Who asks for a hash that was
 * forgotten is told that it was not had, which costs a message; the other mistake takes two stamps
 * whose hashes agree in all of 44 bits, one of them lost on its way, and digests find it. Called by
 * peering. */
#ifndef CORE_PEERING_RECENT_H
#define CORE_PEERING_RECENT_H

#include "core/base/span.h"
#include <stdint.h>

enum {
    RECENT_MIN = 1 << 13, /* 128 KiB */
    RECENT_MAX = 1 << 18, /* 4 MiB; 0.6 s at 400,000 stamps a second */
    RECENT_WAYS = 16,
};

struct recent_line {
    _Alignas(64) uint32_t tags[RECENT_WAYS]; /* the newest first; 0: none */
};

struct recent {
    void *memory; /* where the lines are, and a little more */
    struct recent_line *lines; /* one for each four hashes that are to be remembered */
    uint64_t mask; /* of lines */
};

/* For the last `count` hashes, within the bounds above: each line has four times the room that it
 * takes on average, so that of well-mixed hashes about one in a million is forgotten sooner. false:
 * no memory. */
MUST_USE bool recent_init(struct recent *r, uint64_t count);
void recent_deinit(struct recent *r);

/* For groups: first all recent_prefetch, then all recent_note. No effect else. */
void recent_prefetch(const struct recent *r, uint64_t hash);

/* Remember `hash` as the newest. true: it was not there. */
bool recent_note(struct recent *r, uint64_t hash);

MUST_USE bool recent_has(const struct recent *r, uint64_t hash);

#endif
