/* resolve.h — from a host's name to its addresses, by c-ares on the ring.
 *
 * One host at a time: that is all that places needs. c-ares decides what to send and when; its
 * sockets are polled by the ring, its time-outs are part of resolve_deadline, so nothing ever
 * blocks but the reading of /etc/hosts and /etc/resolv.conf, which happens for each question anew:
 * what an administrator changes there counts from the next one. Between two questions there is no
 * channel, no socket and no memory. Holds always: a socket that c-ares closed has its poll
 * cancelled, and its place is given away only when that has answered. Called by loop. */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include "core/http/endpoint.h"
#include "io/ring.h"

struct ares_channeldata;

enum {
    RESOLVE_MS = 3000, /* for an answer, whatever the name servers do */
    RESOLVE_FIRST_MS = 1000, /* of them, until all is asked anew with what has not come by then */
    RESOLVE_HOST_BYTES_MAX = 253, /* RFC 1035, as text */
    RESOLVE_ADDRESSES_MAX = 2 * ENDPOINT_ADDRESSES_MAX, /* half of them of each family at most */
    RESOLVE_SOCKETS_MAX = 32,
    RESOLVE_WHY_BYTES_MAX = 159,
};

struct resolve_answer {
    struct address addresses[RESOLVE_ADDRESSES_MAX]; /* as they came; port 0 */
    unsigned count; /* 0: it failed, and `why` says so */
    uint32_t ttl_s; /* the least of them; 0 out of /etc/hosts, UINT32_MAX for a numeric host */
    char why[RESOLVE_WHY_BYTES_MAX + 1]; /* a sentence without the host's name; ends with NUL */
};

/* One socket of c-ares. */
struct resolve_socket {
    int fd; /* -1: c-ares has closed it, or this place is free */
    uint8_t wanted; /* POLLIN, POLLOUT: what c-ares waits for */
    uint8_t polled; /* what is with the ring; 0: nothing, and without fd the place is free */
    bool cancelling; /* ... and has been asked to stop */
    uint8_t sequence; /* of the poll; grows with each one */
};

struct resolve {
    struct ring *ring;
    const char *servers;
    struct ares_channeldata *channel; /* NULL: no name server is asked */
    struct resolve_socket sockets[RESOLVE_SOCKETS_MAX];
    unsigned polls; /* with the ring */
    bool asked; /* and the answer was not told yet */
    int status; /* of the question, as c-ares has it; negative: it is under way */
    int64_t wake_ns; /* monotonic; the next time-out of c-ares */
    int64_t cut_ns; /* monotonic; when this query is cut short */
    int64_t until_ns; /* monotonic; the end of the last one */
    struct resolve_answer answer;
    char host[RESOLVE_HOST_BYTES_MAX + 1];
};

/* servers  "127.0.0.1:5353,[::1]:53" in the place of /etc/resolv.conf's name servers, for tests;
 *          NULL: none. Outlives it. */
void resolve_open(struct resolve *r, struct ring *ring, const char *servers);

/* After the ring was closed. */
void resolve_close(struct resolve *r);

/* Begin to look for `host`: a name, an IPv4 or an IPv6 address without brackets. What was asked
 * before is forgotten. Its answer comes by resolve_answer, in every case and within RESOLVE_MS. */
void resolve_ask(struct resolve *r, struct span host, struct instant now);

/* The answer to a RING_RESOLVE. */
void resolve_completed(struct resolve *r, const struct ring_event *e);

/* Once a turn, after the completions: runs the time-outs that are due. true: `out` is the answer,
 * which is told once. */
MUST_USE bool resolve_answer(struct resolve *r, struct resolve_answer *out, struct instant now);

/* The end of a turn: poll what c-ares wants polled. */
void resolve_settle(struct resolve *r, struct instant now);

/* When the next turn must be though nothing happened; NEVER_NS: never. */
int64_t resolve_deadline(const struct resolve *r);

#endif
