/* neighbours.h — when to dial which neighbour, and which of two links to one peer stays.
 *
 * Both ends of an edge dial. The first dial comes at once; later ones back off with jitter, 0.1 s
 * doubling to 5 s with each own dial that led to nothing lasting, and only a link that was up for a
 * while sets the pause back. A peer that is linked is not dialled. PROTOCOL.md, "Peer port". Called
 * by node.
 *
 *   links to one peer, both LINKED               stays
 *   to two boots of the peer                     the one that came up last: the other leads nowhere
 *   dialled by different ends                    the one dialled by the node whose name sorts first
 *   dialled by the same end                      the one that came up last: the other was lost
 *
 * Both ends see the same pair and judge alike. An end that has not seen both yet may lose the one
 * it has by the other end's BYE ("duplicate") while the survivor is still in its handshake. That is
 * not reported as a loss and does not hurry a dial, but a dial is planned in case the survivor
 * fails. Two ends that each know another link as the only one (one broke, and its other end has not
 * noticed) agree when the broken one is given up, after 10 s of silence at the latest.
 *
 *   a neighbour       event                              next
 *   waits             its dial is due                    dialling
 *   dialling          neighbour_dial_failed              waits, longer; or stays linked
 *   any               neighbour_linked                   linked; a dial under way goes on
 *   linked            neighbour_lost                     waits; or goes on dialling */
#ifndef CORE_PEERING_NEIGHBOURS_H
#define CORE_PEERING_NEIGHBOURS_H

#include "core/peering/peering.h"

enum {
    NEIGHBOUR_DIAL_FIRST_MS = 100,
    NEIGHBOUR_DIAL_LAST_MS = 5000,
    NEIGHBOUR_DIAL_EDGE_MS = 1000, /* at most, while the other end's topology lacks the edge */
    NEIGHBOUR_STEADY_MS = 5000, /* a link up for so long was a good one: back-off starts again */
    NEIGHBOUR_ERROR_BYTES_MAX = PEERING_REASON_BYTES_MAX,
};

enum { NEIGHBOUR_NO_LINK = -1 };

/* One neighbour's links. A link is known here by a number of the caller's, >= 0. */
struct neighbour {
    struct peer *peer;
    int linked;           /* the link that is LINKED and stays, or NEIGHBOUR_NO_LINK */
    bool linked_by_us;    /* this node dialled it */
    uint64_t linked_boot; /* of the peer */
    int64_t linked_ns;    /* monotonic; since when it is linked, by whichever link */
    bool up;              /* as reported to the operator; see above on duplicates */
    bool by_tls;          /* the next dial goes by TLS, where a link may be plain, too */
    bool tls_failed;      /* a handshake by TLS has failed, since the last of another kind */
    bool dialling;        /* a dial of ours is under way, up to LINKED or its failure */
    int64_t dial_at_ns;   /* monotonic; NEVER_NS while linked or dialling */
    int64_t pause_ms;
    int64_t down_since_ns; /* monotonic; the start, or when it went down */
    unsigned tries;        /* dials since then */
    char last_error[NEIGHBOUR_ERROR_BYTES_MAX + 1];
    int64_t error_ns; /* monotonic; when that was, unless it is "" */
};

struct neighbours {
    struct span self; /* this node's name */
    struct neighbour *each;
    unsigned count;
    uint64_t jitter; /* state of a small generator, seeded from entropy */
};

/* All of them are due for a dial. `each` is the caller's memory, with each->peer set. */
void neighbours_begin(struct neighbours *n, struct instant now);

/* Likewise one that has become a neighbour. */
void neighbour_begin(struct neighbour *who, struct instant now);

/* It is no neighbour any more, as who->peer->gone says: it is not dialled. A dial under way must
 * not be reported any more. */
void neighbour_goes(struct neighbour *who);

/* It is to be dialled at once, unless it is linked: its address is another one, or it is a
 * neighbour again. Of a dial under way likewise. */
void neighbour_dials_anew(struct neighbour *who, struct instant now);

/* A neighbour that is due for a dial, which is then under way; NULL: none. */
struct neighbour *neighbours_to_dial(struct neighbours *n, struct instant now);

/* The next dial that is due; NEVER_NS: none. */
int64_t neighbours_deadline(const struct neighbours *n);

/* The dial under way came to nothing: no connection, or one that ended before it was LINKED.
 * error  what to tell the operator
 * met    a connection was made. Where a link may be either, the next dial goes by TLS if this one
 *        did not; after the second by TLS in a row it goes plain
 * true: the neighbour was up until now, and is down. */
bool neighbour_dial_failed(
    struct neighbours *n, struct neighbour *who, bool met, const char *error, struct instant now);

/* Likewise, but only because both ends take TLS: it is dialled again at once, by TLS. */
void neighbour_dials_tls(struct neighbour *who, struct instant now);

/* A link that has become LINKED goes by TLS, or not: so does the next dial. */
static inline void neighbour_goes_by_tls(struct neighbour *who, bool tls)
{
    who->by_tls = tls;
    who->tls_failed = false;
}

/* A link has become LINKED; to be called at once, before the link is pulled from.
 *
 * boot   the peer's, from its HELLO
 * Returns the link that has to go (peering_end with PEERING_DUPLICATE): `link` itself, the one that
 * stood before, or NEIGHBOUR_NO_LINK when there is no other. */
MUST_USE int neighbour_linked(struct neighbours *n, struct neighbour *who, int link,
    bool dialled_by_us, uint64_t boot, struct instant now);

/* A link that was LINKED has ended. Nothing when it is not the one that stays.
 * error  why; what the peer's BYE said, when it said one
 * true: the neighbour was up until now, and is down. */
bool neighbour_lost(struct neighbours *n, struct neighbour *who, int link, const char *error,
    struct instant now);

#endif
