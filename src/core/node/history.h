/* history.h — when the store came to a change number: what "how long ago" is answered from.
 *
 * A record has no room for the time at which it came in, so the node keeps pairs of (change, time)
 * apart: a few rings of buckets, each ring four times coarser than the one before and reaching four
 * times further back. Memory is fixed and noting costs the same at any rate; what is given up is
 * precision with age. A change is known to
 *
 *     HISTORY_FINEST_NS   while there were fewer than HISTORY_BUCKETS turns with changes since
 *     1/32 of its age     later, for 3.7 hours of changes at least
 *
 * Times are monotonic and mean the turn in which the change was made. Called by node. */
#ifndef CORE_NODE_HISTORY_H
#define CORE_NODE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTORY_BUCKETS = 128,
    HISTORY_RINGS = 11,
    HISTORY_FINEST_NS = 100000,
    HISTORY_COARSER = 4, /* one ring than the one before */
};

/* The changes of [at_ns, at_ns + the ring's width); `change` is the last of them, set when the next
 * bucket is begun. */
struct history_bucket {
    uint64_t change;
    int64_t at_ns;
};

struct history_ring {
    struct history_bucket buckets[HISTORY_BUCKETS];
    uint64_t count; /* buckets ever begun; the last is at (count - 1) % HISTORY_BUCKETS */
    uint64_t before; /* changes up to this one are no longer in it */
};

/* Zeroed at the start, where the store's change is 0. */
struct history {
    struct history_ring rings[HISTORY_RINGS];
    uint64_t change; /* the last one noted */
    int64_t due_ns; /* when the first ring has a bucket to begin */
};

/* The store stands at `change` now. Neither number ever goes back. */
void history_note(struct history *h, uint64_t change, int64_t mono_ns);

/* When `change` was made; 1 <= change <= the last one noted.
 *
 * true: at *at_ns, or up to *within_ns later
 * false: it is too long ago; before *at_ns */
bool history_find(const struct history *h, uint64_t change, int64_t *at_ns, int64_t *within_ns);

#endif
