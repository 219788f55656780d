/* endpoint.h — where one host is now, and which of its addresses to dial next.
 *
 * Two small policies without I/O. The first keeps what the resolver said of one host: a name's
 * addresses are used for their TTL, asked for anew while they are still good, and kept when asking
 * fails; TLS proves who answers there, so that an old address can do no harm. The second races
 * addresses against each other to make one connection (RFC 8305, "Happy Eyeballs", with at most
 * two in the race), and remembers who won. Called by places_exchange.
 *
 *   addresses   last resolve   their age       endpoint_begin   is resolved
 *   none        none yet       -               WAIT             at once
 *   none        failed         below 5 s       FAILED           -
 *   none        failed         above           WAIT             at once
 *   known       well           below 80 %      BEGUN            at 80 %, if it was used until then
 *   known       well           80 % to TTL     BEGUN            at once
 *   known       well           above           WAIT             at once
 *   known       failed         any             BEGUN            when 5 s are over
 *
 * While it is being resolved the row is the one of before. A host that nobody begins to connect to
 * is not resolved. */
#ifndef CORE_HTTP_ENDPOINT_H
#define CORE_HTTP_ENDPOINT_H

#include "core/base/address.h"
#include "core/base/instant.h"

enum {
    ENDPOINT_ADDRESSES_MAX = 8, /* the others are not tried */
    ENDPOINT_TTL_MIN_S = 30,
    ENDPOINT_TTL_MAX_S = 300,
    ENDPOINT_REFRESH_PERCENT = 80, /* of the TTL */
    ENDPOINT_FAILED_MS = 5000, /* for which a failed resolve is not tried again */
    ENDPOINT_NEXT_MS = 250, /* a dial's lead before the next one joins: RFC 8305, section 5 */
    ENDPOINT_CONNECT_MS = 3000, /* for one address to answer */
    ENDPOINT_RACERS = 2, /* dials of one attempt at a time */
    ENDPOINT_WHY_BYTES_MAX = 159,
};

struct endpoint {
    uint16_t port;
    unsigned count; /* 0: none is known */
    struct address each[ENDPOINT_ADDRESSES_MAX]; /* in the order in which they are tried */
    struct address winner; /* the last to connect, dialled first; port 0: none */
    struct address spoilt; /* dialled last; port 0: none */
    bool v4_first; /* IPv4 before IPv6: it won, or the other was spoilt */
    bool resolving;
    bool failed; /* the last resolve did */
    bool used; /* somebody wanted to connect since it was last resolved */
    int64_t resolve_at_ns; /* monotonic; not before that */
    int64_t expires_ns; /* monotonic */
    char why[ENDPOINT_WHY_BYTES_MAX + 1]; /* of the last failure; ends with NUL */
};

void endpoint_init(struct endpoint *e, uint16_t port);

/* -- where it is ------------------------------------------------------------------------------- */

/* true: its host is to be resolved now, and is being resolved from here on until one of the two
 * below is told. */
MUST_USE bool endpoint_to_resolve(struct endpoint *e, struct instant now);

/* Copied are ENDPOINT_ADDRESSES_MAX of them at most, of both families alternately; ports are not
 * looked at. count: at least 1. ttl_s: is brought into the bounds above. */
void endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now);

/* When endpoint_to_resolve will be true though nothing happens; NEVER_NS: it will not. */
int64_t endpoint_deadline(const struct endpoint *e);

/* -- which address ----------------------------------------------------------------------------- */

/* One connection in the making. */
struct endpoint_attempt {
    struct address each[ENDPOINT_ADDRESSES_MAX]; /* those of when it began */
    unsigned count;
    unsigned next; /* place in `each` of the next one to dial */
    int64_t next_at_ns; /* monotonic; when it joins the race; 0: at once */
    struct {
        bool dialling;
        unsigned place; /* in `each` */
    } racers[ENDPOINT_RACERS];
};

enum endpoint_verdict {
    ENDPOINT_BEGUN, /* endpoint_attempt_next says what to dial */
    ENDPOINT_WAIT, /* it is being resolved, or will be at once: try again after that */
    ENDPOINT_FAILED, /* no address is known; endpoint.why says why */
};

/* Begin to connect. An attempt needs no end: it can be left at any time, once its dials under way
 * are cancelled. */
MUST_USE enum endpoint_verdict endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now);

/* true: dial `to`, until `until_ns` (monotonic), as racer number `racer`. */
MUST_USE bool endpoint_attempt_next(struct endpoint_attempt *a, struct instant now, unsigned *racer,
    struct address *to, int64_t *until_ns);

/* That dial came to nothing; the next one joins at once. true: it was the last: the attempt is
 * over, nobody won. */
MUST_USE bool endpoint_attempt_failed(struct endpoint_attempt *a, unsigned racer);

/* That dial made a connection: the others that are under way are to be cancelled (`dialling` of
 * those is still set), and this address is dialled first from now on. */
void endpoint_attempt_won(struct endpoint *e, struct endpoint_attempt *a, unsigned racer);

/* When endpoint_attempt_next will be true though nothing happens; NEVER_NS: it will not. */
int64_t endpoint_attempt_deadline(const struct endpoint_attempt *a);

/* The connection to this address proved useless (its TLS handshake failed or hung): others are
 * dialled before it from now on, those of the other family first of all. */
void endpoint_spoilt(struct endpoint *e, const struct address *address);

#endif
