/* endpoint.h — the addresses of one host, and which of them to dial next.
 *
 * Two small policies without I/O. The first keeps what the resolver returned: addresses are used
 * for their TTL, resolved again before it ends, and kept if that fails; TLS proves who answers
 * there, so an old address can do no harm. The second races addresses against each other to make
 * one connection (RFC 8305, "Happy Eyeballs", with at most two dials at a time), and remembers
 * which one won. Called by places (exchange).
 *
 *   addresses   last resolve   their age       endpoint_begin   is resolved
 *   none        none yet       -               WAIT             at once
 *   none        failed         below 5 s       FAILED           -
 *   none        failed         above           WAIT             at once
 *   known       succeeded      below 80 %      BEGUN            at 80 %, if used by then
 *   known       succeeded      80 % to TTL     BEGUN            at once
 *   known       succeeded      above           WAIT             at once
 *   known       failed         any             BEGUN            5 s after the failure
 *
 * While the host is being resolved, the row from before holds. A host to which nobody wants to
 * connect is not resolved. Holds always: at most ENDPOINT_ADDRESSES_MAX addresses are kept, each
 * with the endpoint's port. */
#ifndef CORE_HTTP_ENDPOINT_H
#define CORE_HTTP_ENDPOINT_H

#include "core/base/address.h"
#include "core/base/instant.h"

enum {
    ENDPOINT_ADDRESSES_MAX = 8, /* any more are not tried */
    ENDPOINT_TTL_MIN_S = 30,
    ENDPOINT_TTL_MAX_S = 300,
    ENDPOINT_REFRESH_PERCENT = 80, /* of the TTL, after which it is resolved again */
    ENDPOINT_FAILED_MS = 5000, /* how long to wait after a failed resolve */
    ENDPOINT_NEXT_MS = 250, /* a dial's lead before the next one begins: RFC 8305, section 5 */
    ENDPOINT_CONNECT_MS = 3000, /* how long an address has to answer */
    ENDPOINT_RACERS = 2, /* dials of one attempt at the same time */
    ENDPOINT_WHY_BYTES_MAX = 159,
};

struct endpoint {
    uint16_t port;
    unsigned count; /* 0: none is known */
    struct address each[ENDPOINT_ADDRESSES_MAX]; /* in the order in which they are tried */
    struct address winner; /* the last one that connected, dialled first; port 0: none */
    struct address spoilt; /* see endpoint_spoilt; dialled last; port 0: none */
    bool v4_first; /* IPv4 before IPv6: it won, or IPv6 was spoilt */
    bool resolving;
    bool failed; /* the last resolve has failed */
    bool used; /* somebody wanted to connect since it was last resolved */
    int64_t resolve_at_ns; /* monotonic; it is not resolved again before */
    int64_t expires_ns; /* monotonic; the addresses' TTL ends */
    char why[ENDPOINT_WHY_BYTES_MAX + 1]; /* why the last resolve failed; ends with NUL */
};

void endpoint_init(struct endpoint *e, uint16_t port);

/* -- resolving --------------------------------------------------------------------------------- */

/* true: the caller must resolve the host now, and then call one of the two functions below. */
MUST_USE bool endpoint_to_resolve(struct endpoint *e, struct instant now);

/* The host was resolved. At most ENDPOINT_ADDRESSES_MAX addresses are copied, of both families
 * alternately; their ports are ignored. count: at least 1. ttl_s is limited by the bounds above. */
void endpoint_resolved(struct endpoint *e, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void endpoint_resolve_failed(struct endpoint *e, const char *why, struct instant now);

/* The time at which endpoint_to_resolve becomes true by itself; NEVER_NS: it does not. */
int64_t endpoint_deadline(const struct endpoint *e);

/* -- dialling ---------------------------------------------------------------------------------- */

/* An attempt to make one connection. */
struct endpoint_attempt {
    struct address each[ENDPOINT_ADDRESSES_MAX]; /* the addresses when it began */
    unsigned count;
    unsigned next; /* index in `each` of the next one to dial */
    int64_t next_at_ns; /* monotonic; when that dial begins; 0: at once */
    struct {
        bool dialling;
        unsigned index; /* in `each` */
    } racers[ENDPOINT_RACERS];
};

enum endpoint_verdict {
    ENDPOINT_BEGUN, /* endpoint_attempt_next says what to dial */
    ENDPOINT_WAIT, /* it is being resolved, or is about to be: try again after that */
    ENDPOINT_FAILED, /* no address is known; endpoint.why says why */
};

/* Begin an attempt. It may be dropped at any time, once the caller has cancelled its dials. */
MUST_USE enum endpoint_verdict endpoint_begin(
    struct endpoint *e, struct endpoint_attempt *a, struct instant now);

/* true: dial `to`, as racer number `racer`, and give up at `until_ns` (monotonic). */
MUST_USE bool endpoint_attempt_next(struct endpoint_attempt *a, struct instant now, unsigned *racer,
    struct address *to, int64_t *until_ns);

/* This racer's dial has failed; the next one begins at once. true: there is no next one and no
 * other dial: the attempt has failed. */
MUST_USE bool endpoint_attempt_failed(struct endpoint_attempt *a, unsigned racer);

/* This racer's dial has made a connection. The caller cancels the other dials (`dialling` is still
 * set for them). The address is dialled first from now on. */
void endpoint_attempt_won(struct endpoint *e, struct endpoint_attempt *a, unsigned racer);

/* The time at which endpoint_attempt_next becomes true by itself; NEVER_NS: it does not. */
int64_t endpoint_attempt_deadline(const struct endpoint_attempt *a);

/* The connection to this address was of no use (its TLS handshake failed or hung): from now on all
 * others are dialled before it, beginning with the other family. */
void endpoint_spoilt(struct endpoint *e, const struct address *address);

#endif
