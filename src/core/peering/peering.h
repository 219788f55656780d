/* peering.h — one link: its handshake, what comes in by it, what goes out.
 *
 * A state machine over bytes, without sockets. Its driver, the node, feeds it what was received
 * (peering_take) and lets it write what is due (peering_pull): HELLO and AUTH, then answers, then
 * as many stamps of the feed as there is room for, then MARK and PING. No line is queued: what is
 * due is state, and the store is the queue of stamps. PROTOCOL.md, "Peer port".
 *
 *   state     event                      next      does
 *   HELLO     HELLO, right, no secret    LINKED    the first pull positions the cursor
 *   HELLO     HELLO, right, secret       AUTH      AUTH due
 *   HELLO     HELLO, wrong               OVER      BYE and why; also `auth` without a secret
 *   AUTH      AUTH, right                LINKED    as above
 *   AUTH      anything else              OVER      BYE
 *   LINKED    AT                         LINKED    store_put
 *   LINKED    AT, no memory for it       OVER      BYE
 *   LINKED    AT that is refused         LINKED    further MARKs may not count: refused.h
 *   LINKED    MARK n                     LINKED    have = n; ACK due, within 20 ms
 *   LINKED    ACK n                      LINKED    the peer is complete up to n
 *   LINKED    PING                       LINKED    PONG due; digests compared
 *   LINKED    PING, to ask again         OVER      BYE: what was refused would be taken now
 *   LINKED    STOPPING n                 LINKED    ACKs go at once from now on
 *   LINKED    TWIN, TOPOLOGY             LINKED    twin.h, topologies.h
 *   LINKED    AUTH again                 LINKED    proof.c; also its 10 s
 *   LINKED    SEEN, EAGER, PRUNE, GRAFT  LINKED    lease.c, notices.c
 *   any       BYE                        OVER      keeps the reason
 *   any       any other line             OVER      BYE and why
 *   HELLO, AUTH   2 s                    OVER      BYE
 *   LINKED    10 s without a byte        OVER      BYE
 *   LINKED    3 s without a stamp sent   LINKED    PING due; also 30 s without a PING sent
 *
 * The end that dials says HELLO first; the other answers once it knows whom it speaks to. The state
 * follows from what was heard; what is still due of the own HELLO and AUTH goes out before any
 * other line. An observer (hello.h) goes the same way up to LINKED; then it may ask, and PING, for
 * PEERING_DEAD_MS in all.
 *
 * If the peer is linked already, with another boot, the link is a rival: what comes in by it is
 * taken, and nothing of the feed goes out by it, until it is admitted. PROTOCOL.md, "Twins".
 *
 * What comes in is peering.c, what goes out (peering_pull and below) is out.c; neither calls the
 * other. Called by node. */
#ifndef CORE_PEERING_PEERING_H
#define CORE_PEERING_PEERING_H

#include "core/peering/certified.h"
#include "core/peering/edge.h"
#include "core/peering/lease.h"
#include "core/peering/level.h"
#include "core/peering/notices.h"
#include "core/peering/proof.h"
#include "core/peering/rival.h"
#include "core/peering/spare_links.h"
#include "core/peering/stopping.h"
#include "core/protocol/line.h"

/* Reasons of BYE that others know: of two links to one peer, the loser's (neighbours.h); that of a
 * link which brought a stamp for which there was no memory; that of a link whose MARKs do not
 * count, when its stamps would be taken by now (refused.h); and that of a plain one between two
 * ends that take TLS. */
#define PEERING_DUPLICATE "duplicate of another link"
#define PEERING_NO_MEMORY "no memory for a stamp"
#define PEERING_ASKS_AGAIN "asks again for what it refused"
#define PEERING_BY_TLS "this link goes over TLS"

enum peering_state { PEERING_HELLO, PEERING_AUTH, PEERING_LINKED, PEERING_OVER };

enum peering_event {
    PEERING_NOTHING, /* go on */
    PEERING_UP, /* has just become LINKED; peer or observer is set */
    PEERING_RIVAL, /* the same, but the peer is up with another boot: admit it, stand by, or end */
    PEERING_TWIN, /* the peer knows an earlier process of this node's name: `twin` says which */
    PEERING_TOPOLOGY, /* it has said TOPOLOGY: peering_take_tree, and look again who differs */
    PEERING_ASKED, /* an observer asks: `asked` says what. Answer it, then close */
    PEERING_DIVERGED, /* digests stay unequal: a full send has begun; an alarm */
    PEERING_ENDED, /* has just become OVER: let peering_pull write the BYE, send it, close */
};

struct peering {
    const struct peering_node *node;
    struct peer *peer; /* known from the start when dialled, from HELLO on when accepted */
    bool observer, transfers; /* the other end only asks, peer is NULL; it dumps or loads */
    enum hello_role role;
    enum peering_state state;
    struct line_reader lines;
    unsigned char nonce[NONCE_BYTES];
    const struct tls_names *certified; /* the names in its certificate; NULL: no TLS */
    struct hello theirs; /* from HELLO on; its views are of node and peer */
    struct proof proof;
    struct span asked; /* on PEERING_ASKED, valid during the event: PROTOCOL.md, "Observers" */
    bool hello_sent, bye_due;
    bool auth_sent; /* no AUTH is due, as far as this link is proved by secret: */
    bool by_secret; /* from HELLO on */
    bool ping_due, pong_due, pong_waits; /* the last: peering_hold_answer */
    bool ping_answered; /* the PONG to the last PING has come; up to then the peer had announced: */
    uint64_t announced_change;
    bool probed; /* PING goes though the feed is not sent yet: is the peer there? */
    bool rival; /* `peer` is a stand-in for the one that is linked */
    bool twin_due;
    struct twin twin_stays; /* what TWIN has to say */
    struct twin twin; /* on PEERING_TWIN: what it said */
    unsigned topology_round; /* of topologies.h, in which HELLO or TOPOLOGY was last said */
    bool stop_said; /* STOPPING was said, last with: */
    uint64_t stop_said_change;
    struct link_state link; /* these four from LINKED on, and not for an observer */
    struct level level;
    struct lease lease; /* of what comes in */
    struct notices notices; /* of what goes out */
    int64_t pong_ns; /* what PONG has to echo */
    int64_t ping_real_ns, ping_mono_ns; /* when the last PING was written; at first -1, opened_ns */
    int64_t opened_ns; /* monotonic, as these: */
    int64_t heard_ns, said_ns; /* the last byte heard; the last stamp, notice, MARK or PING said */
    char reason[PEERING_REASON_BYTES_MAX + 1]; /* why it is OVER: printable; ends with NUL */
};

/* Begin a link on a connection that has just been made. With TLS, set `certified` afterwards: the
 * name in the other end's HELLO must then be one of these, except an observer's.
 *
 * peer   the neighbour that was dialled; NULL when accepted
 * nonce  fresh from entropy
 * room   PEERING_LINE_BYTES_MAX + 1 bytes for split lines; the caller's, until the link is over */
void peering_begin(struct peering *p, const struct peering_node *node, struct peer *peer,
    const unsigned char nonce[NONCE_BYTES], char *room, struct instant now);

/* Take in received bytes; *in is moved forward. Returns at the first event, with what follows it
 * still in *in: call again until it returns PEERING_NOTHING, which has used up all. */
MUST_USE enum peering_event peering_take(struct peering *p, struct span *in, struct instant now);

/* Let time pass: silence, PING. Call at or after the deadline; then pull. */
MUST_USE enum peering_event peering_tick(struct peering *p, struct instant now);

/* When peering_tick must next be called; NEVER_NS when OVER. */
int64_t peering_deadline(const struct peering *p);

/* End it from this side: state OVER, BYE <reason> due. Nothing when it is OVER already. */
void peering_end(struct peering *p, const char *reason);

/* The node's secrets have changed from `before` to what they are in node->secrets. */
void peering_secrets_changed(struct peering *p, const struct secrets *before, struct instant now);

/* Somebody asks whether this node and the peer are level: say PING soon, and look for equal digests
 * at marks, too. PROTOCOL.md, "Observers". Nothing if it is not LINKED to a peer, or the node
 * stops. */
void peering_watch(struct peering *p, struct instant now);

/* -- out.c ------------------------------------------------------------------------------------- */

/* Write what is due into `out`, as far as whole lines fit; at most `stamps_max` items of the feed
 * are looked at. A window that is to make progress always has room for PEERING_LINE_BYTES_MAX
 * bytes. true: there is more to write (room or stamps_max ran out). */
bool peering_pull(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now);

/* When peering_pull must next be called although nothing happens and its last call left nothing
 * over: an ACK, a MARK or notices wait for their time, or a lease ends. NEVER_NS: never. */
int64_t peering_pull_ns(const struct peering *p);

/* Whether the first pull goes on in the feed behind what the peer has, rather than sending
 * everything. From PEERING_UP on; not for observers. */
bool peering_resumes(const struct peering *p);

#endif
