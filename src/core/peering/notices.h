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
    enum {
        GRAFT_NONE,
        GRAFT_WAITS, /* for graft_from_ns */
        GRAFT_GOES_BACK, /* nothing is said until the cursor is there */
        GRAFT_EAGER_DUE,
    } graft;
    bool pruned; /* PRUNE came behind the GRAFT that waits */
    bool hurried; /* one was answered early, because a node stops */
    bool leased; /* EAGER was said, and no PRUNE has come since */
    uint64_t graft_change; /* from where on the peer asks for stamps; what EAGER says */
    int64_t graft_from_ns; /* no GRAFT is answered before */
};

/* The first pull has positioned the cursor: what the feed holds now goes as stamps. */
void notices_begin(struct notices *n, const struct link_state *link);

/* `PRUNE <ms>` came in. Returns NULL, or what is wrong with it. */
MUST_USE const char *notices_on_prune(
    struct notices *n, const struct peering_node *node, uint64_t behind_ms);

/* `GRAFT <change>` came in. Returns NULL, or what is wrong with it. */
MUST_USE const char *notices_on_graft(
    struct notices *n, const struct link_state *link, uint64_t change);

/* Answer the GRAFT whose time has come: go back, and write EAGER. false: that is not over, or there
 * is no room; nothing else may be said before. */
MUST_USE bool notices_answer(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now);
/* The same for the many turns in which there is no GRAFT. */
static inline bool notices_put_eager(
    struct notices *n, struct link_state *link, struct buf *out, struct instant now)
{
    return n->graft == GRAFT_NONE || notices_answer(n, link, out, now);
}

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
