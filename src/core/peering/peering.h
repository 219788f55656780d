/* peering.h — one link: its handshake, what comes in by it, what goes out.
 *
 * A state machine over bytes, without sockets: the driver puts in what was received and fills its
 * output from peering_pull, which writes what is due (HELLO, AUTH, ACK, PONG), then as many stamps
 * of the feed as there is room for, then MARK and PING. Nothing is queued: what is due is state,
 * and the queue is the store. PROTOCOL.md, "Peer port".
 *
 *   state     event                      next      does
 *   HELLO     HELLO, well, no secret     LINKED    cursor behind `have`, or before the head
 *   HELLO     HELLO, well, secret        AUTH      AUTH due
 *   HELLO     HELLO, not well            OVER      BYE and why; so `auth` without a secret
 *   AUTH      AUTH, right                LINKED    as above
 *   AUTH      anything else              OVER      BYE
 *   LINKED    AT                         LINKED    store_put
 *   LINKED    AT, no memory for it       OVER      BYE
 *   LINKED    MARK n                     LINKED    have = n; ACK due, with other lines or 20 ms on
 *   LINKED    ACK n                      LINKED    the peer is complete up to n
 *   LINKED    PING                       LINKED    PONG due; digests compared
 *   LINKED    PRUNE, GRAFT, SEEN, EAGER  LINKED    lease.h, notices.h
 *   any       BYE                        OVER      remembers why
 *   any       a line that is none        OVER      BYE and why
 *   HELLO, AUTH   2 s                    OVER      BYE
 *   LINKED    10 s without a byte        OVER
 *   LINKED    3 s without a stamp        LINKED    PING due; or 30 s without a PING
 *
 * The end that dials says HELLO first; the other answers once it knows whom it speaks to. LINKED
 * follows from what was heard: whatever of the own HELLO and AUTH is still due goes out before any
 * other line. An observer (hello.h) goes the same way up to LINKED; then it may ask, and PING, for
 * PEERING_DEAD_MS in all. */
#ifndef CORE_PEERING_PEERING_H
#define CORE_PEERING_PEERING_H

#include "core/protocol/hello.h"
#include "core/protocol/line.h"
#include "core/peering/lease.h"
#include "core/peering/notices.h"
#include "core/peering/spare_links.h"

struct tls_names;

/* Reasons of links that end: the loser of two to one peer (neighbours.h), and where a stamp found
 * no memory. */
#define PEERING_DUPLICATE "duplicate of another link"
#define PEERING_NO_MEMORY "no memory for a stamp"

enum peering_state { PEERING_HELLO, PEERING_AUTH, PEERING_LINKED, PEERING_OVER };

enum peering_event {
    PEERING_NOTHING, /* go on */
    PEERING_UP, /* has just become LINKED; peer or observer is set */
    PEERING_ASKED, /* an observer asks: `asked` says what. Answer it, then close */
    PEERING_DIVERGED, /* digests stay unequal: a full resend has begun; an alarm */
    PEERING_ENDED, /* has just become OVER: let peering_pull write the BYE, send it, close */
};

struct peering {
    const struct peering_node *node;
    struct peer *peer; /* whom to: from the start when dialled, from HELLO on when accepted */
    bool observer; /* the other end only asks; peer is NULL */
    enum hello_role role;
    enum peering_state state;
    struct line_reader lines;
    unsigned char nonce[NONCE_BYTES];
    const struct tls_names *certified; /* whom its certificate is for; NULL: no TLS */
    struct hello theirs; /* from HELLO on; its views are of node and peer */
    struct span asked; /* on PEERING_ASKED, valid during the event: "STATUS", "TRACE <client-id>" */
    bool hello_sent, auth_sent, bye_due, bye_heard;
    bool ping_due, pong_due;
    struct link_state link; /* these three from LINKED on, to a peer */
    struct lease lease; /* of what comes in */
    struct notices notices; /* of what goes out */
    int64_t pong_ns; /* what PONG has to echo */
    int64_t ping_real_ns, ping_mono_ns; /* the last PING said; left, at first opened_ns */
    int64_t opened_ns; /* monotonic, as all of these */
    int64_t heard_ns, said_ns; /* the last byte; the last stamp, MARK or PING */
    char reason[PEERING_REASON_BYTES_MAX + 1]; /* why it is OVER: printable; ends with NUL */
};

/* Begin a link on a connection that has just been made. With TLS, set `certified` afterwards: who
 * says HELLO must be one of these names, observers excepted.
 *
 * peer   whom we dialled; NULL when accepted
 * nonce  fresh from entropy
 * room   PEERING_LINE_BYTES_MAX + 1 bytes for split lines; the caller's, until the link is over */
void peering_begin(struct peering *p, const struct peering_node *node, struct peer *peer,
    const unsigned char nonce[NONCE_BYTES], char *room, struct instant now);

/* Take in received bytes; *in is moved forward. Returns at the first event, with what follows it
 * still in *in: call again until it returns PEERING_NOTHING, which has used up all. */
MUST_USE enum peering_event peering_take(struct peering *p, struct span *in, struct instant now);

/* Write what is due into `out`, as far as whole lines fit; at most `stamps_max` stamps are looked
 * at. A window that is to make progress always has room for PEERING_LINE_BYTES_MAX bytes.
 * true: there is more to write (room or stamps_max ran out). */
bool peering_pull(struct peering *p, struct buf *out, unsigned stamps_max, struct instant now);

/* Let time pass: silence, PING. Call at or after the deadline; then pull. */
MUST_USE enum peering_event peering_tick(struct peering *p, struct instant now);

/* When peering_tick must next be called; NEVER_NS when OVER. */
int64_t peering_deadline(const struct peering *p);

/* When peering_pull must next be called though nothing happens and its last call left nothing over:
 * notices wait for their time. NEVER_NS: never. */
int64_t peering_pull_ns(const struct peering *p);

/* End it from this side: state OVER, BYE <reason> due. Nothing when it is OVER already. */
void peering_end(struct peering *p, const char *reason);

/* Whether what the peer said to have (in HELLO) is of this node's boot, so that the feed is read on
 * from there and not from its head. From PEERING_UP on; not for observers. */
bool peering_resumes(const struct peering *p);

/* Own changes that the peer has not yet confirmed; 0 while there is no peer. */
uint64_t peering_lag(const struct peering *p);

#endif
