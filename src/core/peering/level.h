/* level.h — whether both ends of a link have held the same at a mark that both knew.
 *
 * In a herd under load something is always under way, so digests of one moment seldom agree. But
 * when a peer says PING, it holds what this node held at the last MARK that it confirmed, changed
 * by what it has told since. So a link that is watched books its digest with each MARK, and sums up
 * what the peer's stamps have changed in it. PROTOCOL.md, "PING and PONG". Called by peering and
 * out. */
#ifndef CORE_PEERING_LEVEL_H
#define CORE_PEERING_LEVEL_H

#include "core/peering/peer.h"
#include <stdbool.h>

enum {
    LEVEL_WATCH_MS = 2000, /* marks are booked so long after somebody has asked */
    LEVEL_PING_MS = 100, /* between two PINGs of a link that is watched */
    LEVEL_MARKS = 64, /* that are kept: as many as may be said before the first is confirmed */
};

struct level_mark {
    uint64_t change; /* own; 0: none is booked here */
    uint64_t digest; /* own, when it was marked, less what the peer's stamps had changed in it */
};

/* Written by level.c alone. Zeroed at the start. */
struct level {
    int64_t watched_until_ns; /* monotonic; 0: it never was, and nothing is summed up */
    uint64_t from_peer; /* what the peer's stamps have changed in the own digest since then */
    unsigned next; /* the mark that is overwritten next */
    struct level_mark marks[LEVEL_MARKS];
};

/* Book marks for LEVEL_WATCH_MS. */
void level_watch(struct level *l, struct instant now);

/* Stamps of the peer were put, and the own digest was `before`. */
void level_put(struct level *l, const struct store *store, uint64_t before);

/* MARK `change` was said, behind which the feed has nothing. */
void level_mark(struct level *l, const struct store *store, uint64_t change);

/* The peer has said PING with its count and digest, which peer->stamps and peer->digest need not
 * hold. Whether both ends have held the same, which nothing contradicts if not.
 *
 * behind  the PING says so: it is about more than the peer has told, or less */
MUST_USE bool level_agrees(const struct level *l, const struct store *store,
    const struct peer *peer, uint64_t stamps, uint64_t digest, bool behind);

#endif
