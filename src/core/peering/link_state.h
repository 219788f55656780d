/* link_state.h — how far the two ends of a link have come in each other's feeds, and the
 * questions that what comes in and what goes out both ask.
 *
 * Each end numbers its own changes. It reads them out of its feed with a cursor, sends them, and
 * says with MARK up to which number the other end is now complete; the other end confirms with ACK.
 * PROTOCOL.md, "Peer port". A link_state begins when its link becomes LINKED to a peer, never for
 * an observer.
 *
 * This is the ground floor of the room: it knows the node, the peer and the marks of a link, and
 * nothing of leases and notices. Called by lease, notices, peering and out; peering_partial by node
 * as well. */
#ifndef CORE_PEERING_LINK_STATE_H
#define CORE_PEERING_LINK_STATE_H

#include "core/base/buf.h"
#include "core/base/invariant.h"
#include "core/peering/peer.h"
#include "core/protocol/hello.h"

enum { MARK_LINE_BYTES_MAX = 5 + 20 + 1 }; /* "MARK ", the longest number, LF */

/* Holds always: no mark is beyond the store's last change. Written by link_state.c alone, but for
 * what is due: out.c clears ack_due, and sets mark_at_ns. */
struct link_state {
    const struct peering_node *node;
    struct peer *peer;
    bool positioned; /* the peer's cursor stands where this link reads on, or */
    bool goes_back; /* is on its way there, nothing being said of the feed until then, to: */
    uint64_t reads_on; /* own change behind which the feed is read */
    bool ack_due;
    bool incomplete; /* the peer has stamps that were refused here: its MARKs do not count */
    bool listed_sent; /* a full send has made up for what was passed over by lists (lists.h) */
    unsigned listed_differ; /* digests that differed until then, where that shows nothing else */
    bool peer_stops; /* it said STOPPING, and up to which of its changes it has to tell: */
    uint64_t peer_stop_change;
    uint64_t mark_said; /* the own change up to which the peer was last told to be complete */
    uint64_t mark_said_most; /* the highest of these: a GRAFT or a resend sets mark_said back */
    uint64_t mark_heard; /* the last MARK that came in by this link */
    uint64_t mark_taken; /* the last one that counts: what ACK echoes */
    int64_t again_ns; /* incomplete: when, by this node's clock, it is worth asking again */
    int64_t ack_at_ns; /* when an ACK that is due goes without waiting for other lines */
    int64_t mark_at_ns; /* when a MARK goes without a stamp before it; NEVER_NS: none to say */
};

/* The link has just become LINKED. */
void link_state_begin(struct link_state *l, const struct peering_node *node, struct peer *peer);

/* The peer is another process than the one that was last linked: forget what that one held. */
void link_state_meet_boot(struct link_state *l, uint64_t boot, struct instant now);

/* The link was a rival until now, and has heard so much: it goes on with the peer in place of the
 * stand-in, which has counted what came. */
void link_state_take_over(struct link_state *l, const struct link_state *heard);

/* Put the peer's cursor where its HELLO says that it has come to, or send it on the way there. To
 * be called by the first pull and not before: two links to one peer share its cursor, and the loser
 * of the two is ended before it is pulled from, so it never moves the cursor. */
void link_state_position(struct link_state *l, const struct hello *theirs);

/* Whether the cursor has come to where the link reads on; if not, it goes PEERING_BACK_STEPS items
 * further. A peer chooses how far back that is, and each item costs a cache miss. To be called once
 * a turn, before anything of the feed is read. */
MUST_USE bool link_state_arrives(struct link_state *l);

/* The peer's MARK: this node has everything up to the peer's change `change`, and an ACK is due;
 * unless the link is incomplete. */
void link_state_mark_heard(struct link_state *l, uint64_t change, struct instant now);

/* The peer's EAGER: as MARK, but it may be below the last one. It sends again from there on. */
void link_state_eager_heard(struct link_state *l, uint64_t change, struct instant now);

/* A stamp was refused that must not count as had: the link is incomplete. PROTOCOL.md, "Refused
 * stamps".
 *
 * again_ns  when, by this node's clock, it would not be refused any more; NEVER_NS: never */
void link_state_refused(struct link_state *l, int64_t again_ns);

/* A PING has shown that both ends hold the same stamps, so nothing that was refused is missing. */
void link_state_complete(struct link_state *l, struct instant now);

/* Whether the peer, which has said STOPPING, has told all up to there. */
bool link_state_told(const struct link_state *l);

/* The peer stops, and has to tell its changes up to `change`: from now on ACKs go at once. false:
 * it said a higher number before. */
MUST_USE bool link_state_peer_stops(struct link_state *l, uint64_t change, struct instant now);

/* The peer confirms own changes up to `change`. false: that was never marked. */
MUST_USE bool link_state_ack_heard(struct link_state *l, uint64_t change, struct instant now);

/* MARK of all that the cursor has passed was written. */
void link_state_mark_said(struct link_state *l, uint64_t change);

/* Read on behind own change `change`, if the cursor is past it: a GRAFT. false: that is far back,
 * and this has to be called again, in the next turn, before anything is said on the link. */
MUST_USE bool link_state_go_back(struct link_state *l, uint64_t change);

/* Send everything once more, whatever the peer is known to have, and no more so before a pause is
 * over (resend_not_before_ns). All of the feed was sent. */
void link_state_resend(struct link_state *l, struct instant now);

/* Whether the peer has confirmed all that this node has. */
bool link_state_caught_up(const struct link_state *l);

/* Whether a full send to the peer, which is linked, is under way: it has not confirmed all that
 * this node held when the send began. */
bool peering_sends_all(const struct peer *peer);

/* Whether the peer may lack this item of the feed. If only its list says no, that is noted. */
bool link_state_wants(const struct link_state *l, const struct feed_item *item);

/* This end's HELLO. peer: NULL for an observer. */
struct hello link_state_hello(const struct peering_node *node, const struct peer *peer,
    const unsigned char nonce[NONCE_BYTES]);

/* A PING has shown that both ends have held the same stamps. */
void link_state_level(struct link_state *l, struct instant now);

/* A PING has shown it while nothing was under way: what this node refused of the peer before,
 * or evicted, the peer does not hold either. */
void link_state_agreed(struct link_state *l, struct instant now);

/* Whether this node has refused stamps of a peer, or evicted some, and has not agreed with it, or
 * with all, since; nor a former process, if that had: its digest then need not be the herd's.
 * PROTOCOL.md, "PING and PONG". */
bool peering_partial(const struct peering_node *node);

/* Whether the line that began at `start` is whole. If not, it is taken back. */
MUST_USE static inline bool link_line_fits(struct buf *out, size_t start)
{
    ASSERT(start <= out->len);
    if (!out->overflow)
        return true;
    out->len = start;
    out->overflow = false;
    return false;
}

/* Write `WORD number` and LF whole, or nothing and false. */
MUST_USE bool link_put_number(struct buf *out, struct span word, uint64_t number);

#endif
