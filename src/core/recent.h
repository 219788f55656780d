/* recent.h — which stamps were had lately, by their hashes.
 *
 * A bounded memory, in two tables: one fills up, then it becomes the older one, and what that held
 * is forgotten. Who asks for a hash that was forgotten is told that it was not had, which costs a
 * message; the other mistake takes two stamps of one 64-bit hash. Called by peering. */
#ifndef CORE_RECENT_H
#define CORE_RECENT_H

#include "core/span.h"
#include <stdint.h>

enum {
    RECENT_MIN = 1 << 12, /* 128 KiB */
    RECENT_MAX = 1 << 17, /* 4 MiB; 0.4 s at 300,000 stamps a second */
};

struct recent {
    uint64_t *newer, *older; /* twice as many places as hashes; 0: empty */
    uint64_t mask; /* of places */
    uint64_t count; /* in the newer one */
};

/* For the last `count` hashes at least, within the bounds above. false: no memory. */
MUST_USE bool recent_init(struct recent *r, uint64_t count);
void recent_deinit(struct recent *r);

/* Remember `hash`. true: it was not there. */
bool recent_note(struct recent *r, uint64_t hash);

MUST_USE bool recent_has(const struct recent *r, uint64_t hash);

#endif
