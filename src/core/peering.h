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
 *   HELLO     HELLO, not well            OVER      BYE and why; so is `auth` where there is no secret
 *   AUTH      AUTH, right                LINKED    as above
 *   AUTH      anything else              OVER      BYE
 *   LINKED    AT                         LINKED    store_put
 *   LINKED    MARK n                     LINKED    have = n, ACK due
 *   LINKED    ACK n                      LINKED    the peer is complete up to n
 *   LINKED    PING                       LINKED    PONG due; digests compared
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
#ifndef CORE_PEERING_H
#define CORE_PEERING_H

#include "core/clock_gauge.h"
#include "core/hello.h"
#include "core/line.h"
#include "core/route.h"
#include "core/store.h"

struct tls_names;

enum {
    PEERING_HANDSHAKE_MS = 2000,
    PEERING_PING_MS = 3000,
    PEERING_PING_BUSY_MS = 30000, /* between two PINGs of a link that is never silent: digests */
    PEERING_DEAD_MS = 10000,
    PEERING_LISTS_MS = 10000,        /* how long lists do not count after a peer restarted */
    PEERING_RESEND_FIRST_MS = 10000, /* between two resends for unequal digests; doubles */
    PEERING_RESEND_LAST_MS = 3600000,
    PEERING_PEERS_MAX = ROUTE_PEERS_MAX, /* neighbours of one node */
    PEERING_REASON_BYTES_MAX = 200,
    PEERING_LINE_BYTES_MAX = 16384, /* an AT of the longest client line and the longest list */
    PEERING_GROUP = 16,             /* stamps that are prefetched together */
};

/* The reason that the loser of two links to one peer is ended with (neighbours.h). */
#define PEERING_DUPLICATE "duplicate of another link"

/* A neighbour: what outlives a link to it. Zeroed but for name, number and cursor at the start. */
struct peer {
    struct span name;
    unsigned number;        /* its place among the neighbours; route.h */
    unsigned cursor;        /* its reader of the feed */
    uint64_t boot;          /* of the peer, when it was last linked; 0: never yet */
    uint64_t have_change;   /* the highest MARK had from that boot */
    uint64_t acked;         /* the highest own change that that boot has confirmed */
    uint64_t full_until;    /* own change: stamps up to it go out whatever their list and source */
    uint64_t lists_after;   /* own change: lists count for stamps after it only */
    int64_t lists_from_ns;  /* monotonic; before it lists do not count at all */
    uint64_t stamps;        /* from its last PING, as these: */
    uint64_t digest;
    bool partial;           /* it has refused or evicted stamps: its digest says nothing */
    struct clock_gauge clock;
    unsigned unequal;       /* digests that differed in a row while both ends were caught up */
    int64_t resend_not_before_ns; /* monotonic */
    int64_t resend_pause_ms;      /* the last one; 0: none since digests agreed */
    uint64_t divergences;         /* alarms since the start */
    uint64_t sent_stamps;         /* AT lines sent to it */
    uint64_t got_stamps;          /* AT lines had from it, and of these: */
    uint64_t new_stamps;          /* stored */
    uint64_t lost_stamps;         /* newer than what is held, but there was no room */
    uint64_t future_stamps;       /* refused: from further ahead than future_ns */
};

/* What all links of one node share. Outlives them. */
struct peering_node {
    struct span herd;
    struct span name;
    struct span secret; /* empty: none */
    uint64_t boot;
    uint64_t future_ns; /* limits.future: what stamp_is_of_future refuses */
    struct peer *peers;
    unsigned peers_count;
    struct store *store;
    struct route_table *routes;
};

enum peering_state { PEERING_HELLO, PEERING_AUTH, PEERING_LINKED, PEERING_OVER };

enum peering_event {
    PEERING_NOTHING,  /* go on */
    PEERING_UP,       /* has just become LINKED; peer or observer is set */
    PEERING_ASKED,    /* an observer asks: `asked` says what. Answer it, then close */
    PEERING_DIVERGED, /* digests stay unequal: a full resend has begun; an alarm */
    PEERING_ENDED,    /* has just become OVER: let peering_pull write the BYE, send it, close */
};

struct peering {
    const struct peering_node *node;
    struct peer *peer; /* whom to: from the start when dialled, from HELLO on when accepted */
    bool observer;     /* the other end only asks; peer is NULL */
    enum hello_role role;
    enum peering_state state;
    struct line_reader lines;
    unsigned char nonce[NONCE_BYTES];
    const struct tls_names *certified; /* whom its certificate is for; NULL: no TLS */
    struct hello theirs; /* from HELLO on; its views are of node and peer */
    struct span asked;   /* on PEERING_ASKED, valid during the event: "STATUS", "TRACE <client-id>" */
    bool hello_sent, auth_sent, bye_due, bye_heard;
    bool ack_due, ping_due, pong_due;
    bool placed;          /* the cursor stands where this link reads on */
    uint64_t marked;      /* the last own change number sent as MARK, or what the peer had */
    uint64_t mark_heard;  /* the last MARK that came in by this link: what ACK echoes */
    int64_t pong_ns;      /* what PONG has to echo */
    int64_t ping_real_ns; /* what the last PING said, and */
    int64_t ping_mono_ns; /* when it left; at first opened_ns */
    int64_t opened_ns;    /* monotonic, as all of these */
    int64_t heard_ns;     /* the last byte */
    int64_t said_ns;      /* the last stamp, MARK or PING */
    char reason[PEERING_REASON_BYTES_MAX + 1]; /* why it is OVER: printable; ends with NUL */
};

/* Begin a link on a connection that has just been made. With TLS, set `certified` afterwards: who says
 * HELLO must be one of these names, observers excepted.
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

/* End it from this side: state OVER, BYE <reason> due. Nothing when it is OVER already. */
void peering_end(struct peering *p, const char *reason);

/* Whether this node has lost, refused or evicted stamps: its digest then need not be the herd's. */
bool peering_partial(const struct peering_node *node);

/* Whether what the peer said to have (in HELLO) is of this node's boot, so that the feed is read on
 * from there and not from its head. From PEERING_UP on; not for observers. */
bool peering_resumes(const struct peering *p);

/* Own changes that the peer has not yet confirmed; 0 while there is no peer. */
uint64_t peering_lag(const struct peering *p);

#endif
