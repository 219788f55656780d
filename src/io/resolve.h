/* resolve.h — looks up the addresses of a host name, with c-ares on the ring.
 *
 * One host at a time; for several at a time there are several of these (lookups.h). c-ares decides
 * what to send and when. The ring polls its sockets, and resolve_deadline includes its time-outs,
 * so nothing blocks except reading /etc/hosts and /etc/resolv.conf. They are read for each query,
 * so that changes take effect with the next one. Between two queries no channel, socket or memory
 * is held. Holds always: when c-ares closes a socket, its poll is cancelled, and its slot is reused
 * only after that poll completed. Called by lookups. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "core/http/endpoint.h"
#include "io/ring.h"

struct ares_channeldata;

enum {
    RESOLVE_MS = 3000, /* from resolve_ask to the answer, at most */
    RESOLVE_FIRST_MS = 1000, /* of these for the first query; resolve.c says why */
    RESOLVE_HOST_BYTES_MAX = 253, /* RFC 1035, as text */
    RESOLVE_ADDRESSES_MAX = 2 * ENDPOINT_ADDRESSES_MAX, /* ENDPOINT_ADDRESSES_MAX per family */
    RESOLVE_SOCKETS_MAX = 32,
    RESOLVE_WHY_BYTES_MAX = 159,
};

struct resolve_answer {
    struct address addresses[RESOLVE_ADDRESSES_MAX]; /* in the order received; port 0 */
    unsigned count; /* 0: it failed; `why` is the reason */
    uint32_t ttl_s; /* the smallest; 0 from /etc/hosts, UINT32_MAX for a numeric host */
    char why[RESOLVE_WHY_BYTES_MAX + 1]; /* does not name the host; ends with NUL */
};

/* One socket of c-ares. */
struct resolve_socket {
    int fd; /* -1: c-ares has closed it, or this slot is free */
    uint8_t wanted; /* POLLIN, POLLOUT: what c-ares waits for */
    uint8_t polled; /* the events of the poll in flight; 0: none, and with fd -1 the slot is free */
    bool cancelling; /* ... and its cancellation was requested */
    uint8_t sequence; /* of the poll; each new one increments it */
};

struct resolve {
    struct ring *ring;
    unsigned number; /* among those on its ring, from 0 */
    const char *servers;
    struct ares_channeldata *channel; /* NULL: no query is under way */
    struct resolve_socket sockets[RESOLVE_SOCKETS_MAX];
    unsigned polls; /* in flight */
    bool asked; /* resolve_ask was called, and its answer was not returned yet */
    int status; /* of the query, a status of c-ares; negative: under way */
    int64_t wake_ns; /* monotonic; the next time-out of c-ares */
    int64_t cut_ns; /* monotonic; when the present query ends */
    int64_t until_ns; /* monotonic; when the last query ends */
    unsigned domains; /* of the search list; 0: not known, or an absolute name */
    unsigned dropped; /* of these, from the first on, the present query is without */
    struct resolve_answer answer;
    char host[RESOLVE_HOST_BYTES_MAX + 1];
};

/* number   of this one, among those on the ring; its completions have slots from number *
 *          RESOLVE_SOCKETS_MAX on
 * servers  name servers to use instead of those of /etc/resolv.conf, as "127.0.0.1:5353,[::1]:53",
 *          for tests; outlives the resolver. NULL: those of /etc/resolv.conf */
void resolve_open(struct resolve *r, struct ring *ring, unsigned number, const char *servers);

/* After the ring was closed. */
void resolve_close(struct resolve *r);

/* Look up `host`: a name, an IPv4 address, or an IPv6 address without brackets. A name is looked up
 * in the domains of the search list, as glibc does, unless it ends with a dot. A query under way is
 * abandoned. resolve_answer returns the result within RESOLVE_MS, in every case. */
void resolve_ask(struct resolve *r, struct span host, struct instant now);

/* Handle the completion of one of its RING_RESOLVE requests. */
void resolve_completed(struct resolve *r, const struct ring_event *e);

/* Once a turn, after the completions: runs the time-outs that are due. true: `out` is the answer;
 * it is returned once. */
MUST_USE bool resolve_answer(struct resolve *r, struct resolve_answer *out, struct instant now);

/* At the end of a turn: poll the sockets that c-ares waits for. */
void resolve_settle(struct resolve *r, struct instant now);

/* Whether it has requests on the ring, or an answer to give. */
bool resolve_is_busy(const struct resolve *r);

/* The latest time of the next turn even if nothing completes; NEVER_NS: none needed. */
int64_t resolve_deadline(const struct resolve *r);

#endif
