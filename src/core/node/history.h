/* history.h — when the store came to a change number.
 *
 * A record has no room for the time at which it was stored, so the node keeps pairs of (change,
 * time) apart: a few rings of buckets, each ring four times coarser than the one before and
 * reaching four times further back. Memory is fixed and noting costs the same at any rate; the
 * price is precision, which falls with age. The time of a change is known to within
 *
 *     HISTORY_FINEST_NS   while fewer than HISTORY_BUCKETS turns with changes have followed
 *     1/32 of its age     later, for 3.7 hours of changes at least
 *
 * Times are monotonic and mean the turn in which the change was made. Called by status.c. */
#ifndef CORE_NODE_HISTORY_H
#define CORE_NODE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTORY_BUCKETS = 128,
    HISTORY_RINGS = 11,
    HISTORY_FINEST_NS = 100000,
    HISTORY_COARSER = 4, /* times: a ring's buckets, compared with those of the ring before */
};

/* The changes of [at_ns, at_ns + the ring's width); `change` is the last of them, set when the next
 * bucket is begun. */
struct history_bucket {
    uint64_t change;
    int64_t at_ns;
};

struct history_ring {
    struct history_bucket buckets[HISTORY_BUCKETS];
    uint64_t count; /* buckets ever begun; the last has the index (count - 1) % HISTORY_BUCKETS */
    uint64_t before; /* changes up to this one are no longer in it */
};

/* Zeroed at the start, where the store's change is 0. */
struct history {
    struct history_ring rings[HISTORY_RINGS];
    uint64_t change; /* the last one noted */
    int64_t due_ns; /* when a ring next has a bucket to begin */
};

/* The store is at `change` now. Neither number ever decreases. */
void history_note(struct history *h, uint64_t change, int64_t mono_ns);

/* When `change` was made; 1 <= change <= the last one noted.
 *
 * true: at *at_ns, or less than *within_ns later
 * false: too long ago; before *at_ns */
bool history_find(const struct history *h, uint64_t change, int64_t *at_ns, int64_t *within_ns);

#endif
