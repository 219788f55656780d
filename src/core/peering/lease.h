/* lease.h — the receiver's side of a spare link: whether it wants stamps or hashes of them.
 *
 * A lease is a time in which a spare link is eager: this node has asked its peer for stamps, and
 * asks it to stop when the time is over. A link of the tree is eager for good. The states are in
 * lease.c. Called by arrivals (stamps that came in), peering (SEEN and EAGER) and out (GRAFT and
 * PRUNE). */
#ifndef CORE_PEERING_LEASE_H
#define CORE_PEERING_LEASE_H

#include "core/peering/link_state.h"

enum lease_state {
    LEASE_EAGER, /* the peer sends stamps */
    LEASE_LAZY, /* the peer sends hashes */
    LEASE_ASKED, /* this node wants stamps again, and the peer has not answered */
};

/* Written by lease.c alone. */
struct lease {
    enum lease_state state;
    bool spare; /* a lease ends; else the link is eager for good */
    bool graft_due;
    bool tree_repeats; /* in the last PEERING_LEASE_STAMPS stamps the tree brought the same */
    uint64_t graft_change; /* what the GRAFT says: send from behind this change on */
    uint64_t tree_losses; /* the node's, when this link became lazy, which was at: */
    int64_t lazy_since_ns;
    int64_t end_ns; /* of the lease; NEVER_NS: none, the link is eager for good */
    int64_t length_ms; /* of the lease, or of the next one */
    int64_t behind_ms; /* how far the peer's notices are to run behind, the tree's way aside */
    int64_t told_ms; /* how far behind the last PRUNE said */
    uint64_t got; /* stamps that came in this lease, and of these: */
    uint64_t first; /* those that no other link had brought */
    uint64_t first_judged; /* `first`, and the node's tree_repeats, when it was last judged */
    uint64_t repeats_judged;
};

/* The link has become LINKED.
 *
 * spare  it is not in the tree, and both ends understand PRUNE
 * mix    any number that differs between the spare links of a node */
void lease_begin(struct lease *l, bool spare, uint64_t mix, struct instant now);

/* The link is spare, or is in the tree, from now on. */
void lease_take_tree(
    struct lease *l, const struct link_state *link, bool spare, struct instant now);

/* Ask for all behind what is had, though the link is eager: some of it was refused. Not while it is
 * ASKED already. */
void lease_ask_again(struct lease *l, const struct link_state *link);

/* Whether lease_put has nothing to do now: so it mostly is, and on links of the tree always. */
static inline bool lease_rests(const struct lease *l, struct instant now)
{
    return l->state == LEASE_EAGER && !l->tree_repeats && now.mono_ns < l->end_ns;
}

/* A stamp came in by this link, known by its stamp_hash. Only where the node has spare links. */
void lease_note(struct lease *l, const struct link_state *link, uint64_t hash);

/* `SEEN <change> <hash>...` came in; 3 to 2 + PEERING_SEEN_MAX words. Returns NULL, or what is
 * wrong with it. */
MUST_USE const char *lease_on_seen(struct lease *l, const struct link_state *link,
    const struct span *words, unsigned count, struct instant now);

/* `EAGER <change>` came in: the answer to a GRAFT. Returns NULL, or what is wrong with it. */
MUST_USE const char *lease_on_eager(
    struct lease *l, struct link_state *link, uint64_t change, struct instant now);

/* Write GRAFT or PRUNE, whichever is due. false: no room. */
MUST_USE bool lease_put(
    struct lease *l, const struct link_state *link, struct buf *out, struct instant now);

/* When lease_put must next be called though nothing happens; NEVER_NS: never. */
static inline int64_t lease_deadline(const struct lease *l)
{
    return l->state == LEASE_EAGER ? l->end_ns : NEVER_NS;
}

#endif
