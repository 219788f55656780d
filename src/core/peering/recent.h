/* recent.h — hashes of recently seen stamps.
 *
 * A bounded memory made of lines. Each is one cache line and keeps the last RECENT_WAYS hashes that
 * belong to it: to note a hash, or to ask for one, touches nothing else. A hash that was forgotten
 * counts as never seen, which costs a message. The opposite mistake takes two stamps whose hashes
 * agree in all of 44 bits, one of them lost on its way; the digests find it. One per node with
 * spare links. Called by spare_links, lease and arrivals. */
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
    void *memory; /* the lines, and a little more to align them */
    struct recent_line *lines; /* one for every four hashes that are to be remembered */
    uint64_t mask; /* of lines */
};

/* For the last `count` hashes, within the bounds above. Each line has four times the room that it
 * needs on average, so about one in a million well-mixed hashes is forgotten sooner.
 * false: no memory. */
MUST_USE bool recent_init(struct recent *r, uint64_t count);
void recent_deinit(struct recent *r);

/* For groups: first all recent_prefetch, then all recent_note. Has no other effect. */
void recent_prefetch(const struct recent *r, uint64_t hash);

/* Remember `hash` as the newest. true: it was not there. */
bool recent_note(struct recent *r, uint64_t hash);

MUST_USE bool recent_has(const struct recent *r, uint64_t hash);

#endif
