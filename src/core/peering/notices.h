/* notices.h — the sender's side of a spare link: hashes of stamps in place of the stamps.
 *
 * A lazy link reads the feed with the same cursor as an eager one, only later, and writes a hash
 * (a notice) for each stamp that it passes. Nothing is kept for that: what was overwritten in the
 * meantime is never noticed. The states are in notices.c, the receiver's side is in lease.h. Called
 * by peering (PRUNE and GRAFT) and out (EAGER, SEEN, and whether a stamp goes as such). */
#ifndef CORE_PEERING_NOTICES_H
#define CORE_PEERING_NOTICES_H

#include "core/peering/link_state.h"

/* Written by notices.c alone. Zeroed at the start: eager. */
struct notices {
    int64_t behind_ns; /* notices run so far behind the feed's end; 0: the link is eager */
    uint64_t stamps_until; /* own change: items up to it go as stamps though the link is lazy */
    bool eager_due; /* the answer to a GRAFT */
    bool leased; /* EAGER was said, and no PRUNE has come since */
    uint64_t eager_change; /* what that EAGER says */
};

/* The first pull has positioned the cursor: what the feed holds now goes as stamps. */
void notices_begin(struct notices *n, const struct link_state *link);

/* `PRUNE <ms>` came in. Returns NULL, or what is wrong with it. */
MUST_USE const char *notices_on_prune(
    struct notices *n, const struct peering_node *node, uint64_t behind_ms);

/* `GRAFT <change>` came in. Returns NULL, or what is wrong with it. */
MUST_USE const char *notices_on_graft(struct notices *n, struct link_state *link, uint64_t change);

/* Write EAGER, if it is due. false: no room. */
MUST_USE bool notices_put_eager(struct notices *n, struct buf *out);

/* Whether this item of the feed goes as a stamp. */
MUST_USE bool notices_as_stamp(
    const struct notices *n, const struct link_state *link, const struct feed_item *item);

/* Write the notices whose time has come, as many as there is room for beside a MARK; at most
 * `stamps_max` items of the feed are looked at. Stops before an item that goes as a stamp.
 * true: nothing is left that could go now. */
MUST_USE bool notices_put(const struct notices *n, const struct link_state *link, struct buf *out,
    unsigned stamps_max, struct instant now);

/* When notices_put must next be called though nothing happens; NEVER_NS: never. */
int64_t notices_deadline(const struct notices *n, const struct link_state *link);

#endif
