/* exchange.h — questions to a places service over HTTPS, and its answers. No I/O.
 *
 * A places_provider that has a conversation of its own, over at most two connections. Identical
 * questions in flight are asked once and answered to all. What may wait is bounded, in number and
 * in time; what fails is told at once; a service that keeps failing is left alone (breaker.h).
 * Google's terms forbid keeping answers, so nothing is kept.
 *
 * The node, whose connections these are, tells what happened to them and does what is wanted:
 *
 *     exchange_resolved / _dialled / _take / _ended / _lost ...    any number
 *     exchange_turn(now)
 *     exchange_resolve, exchange_dial_cancel, exchange_dial        what to look up and to dial
 *     for each channel: exchange_output / exchange_sent, exchange_over
 *     provider.answer ...
 *
 * One connection is made at a time, its handshake included, so at most one full handshake computes
 * at a time; sessions are taken up again, so that a warm exchange makes none. The second connection
 * is made when questions wait for the first. Called by node; by the program's `places`. */
#ifndef CORE_PLACES_EXCHANGE_H
#define CORE_PLACES_EXCHANGE_H

#include "core/http/endpoint.h"
#include "core/base/log.h"
#include "core/places/google.h"
#include "core/tls/tls.h"

enum {
    EXCHANGE_CONNECTIONS = 2, /* at most, those that are about to be closed left out */
    EXCHANGE_CHANNELS = 2 * EXCHANGE_CONNECTIONS,
    EXCHANGE_QUEUE_MAX = 64, /* distinct questions that wait; past that OVER_QUERY_LIMIT */
    EXCHANGE_TRIES_MAX = 3, /* of one question that is answered with 429 or 5xx */
    EXCHANGE_RETRY_MS = 250, /* the first pause is up to this long, each later one up to twice */
    EXCHANGE_ALONE_MS = 5000, /* for which no second connection is tried where one failed */
    EXCHANGE_HELD_MAX_MS = 60000, /* for which Retry-After keeps it from asking at all */
    /* "<host>: <message>" */
    EXCHANGE_WHY_BYTES_MAX = PLACES_GOOGLE_HOST_BYTES_MAX + 2 + PLACES_GOOGLE_MESSAGE_BYTES_MAX,
};

struct exchange;

struct exchange_config {
    struct places_google google; /* what it views outlives the exchange */
    const struct tls_config *tls; /* outlives it; what is in it may change */
    uint64_t seed; /* for jitter */
    struct log *log; /* outlives it */
};

/* Where the time of an answered question went; what did not happen took 0. */
struct exchange_times {
    int64_t wait_ns; /* for a connection that others used, or for a retry */
    int64_t resolve_ns, connect_ns, tls_ns; /* of the connection, if it was made for this one */
    int64_t first_byte_ns, body_ns;
    bool resumed; /* the handshake */
    unsigned tries;
    unsigned http_status; /* 0: there was no answer */
};

/* What it has done since the start, for `stampede status`. */
struct exchange_report {
    uint64_t asked; /* requests sent */
    uint64_t joined; /* questions that were identical with one in flight */
    uint64_t failed; /* questions without an answer of the service, refused ones included */
    uint64_t refused; /* of these, at once: too many wait, or the service is left alone */
    uint64_t retried;
    uint64_t handshakes_full, handshakes_resumed;
    unsigned connections; /* now */
    unsigned waiting; /* distinct questions, now */
    bool down; /* the breaker is open */
    const char *why; /* the last failure; "": none yet */
};

/* NULL: no memory. The provider's destroy is the exchange's end; its deadline covers all that the
 * exchange waits for. */
MUST_USE struct exchange *places_exchange(
    const struct exchange_config *config, struct places_provider *out);

/* -- what happened ----------------------------------------------------------------------------- */

/* exchange_resolve's host was looked up, or could not be; as endpoint.h wants them. */
void exchange_resolved(struct exchange *x, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void exchange_resolve_failed(struct exchange *x, const char *why, struct instant now);

/* A dial has made a connection. entropy: TLS_ENTROPY_BYTES, fresh.
 * The channel that it is from now on, below EXCHANGE_CHANNELS; -1: no memory, close it. */
MUST_USE int exchange_dialled(
    struct exchange *x, unsigned racer, const unsigned char *entropy, struct instant now);
void exchange_dial_failed(struct exchange *x, unsigned racer, const char *why, struct instant now);

/* Bytes came in on a channel; *in is moved forward. It stops early when output is to be sent. */
void exchange_take(struct exchange *x, unsigned channel, struct span *in, struct instant now);

/* FIN on a channel. */
void exchange_ended(struct exchange *x, unsigned channel, struct instant now);

/* A channel's connection is gone; `why` for the operator. The channel is free again. */
void exchange_lost(struct exchange *x, unsigned channel, const char *why, struct instant now);

/* The node is about to stop: who waits is told so, as is whoever asks from here on; nothing is
 * looked up or dialled any more, and all channels are over. */
void exchange_stop(struct exchange *x, struct instant now);

/* -- what it wants ----------------------------------------------------------------------------- */

/* Deadlines, and whatever can go on. */
void exchange_turn(struct exchange *x, struct instant now);

/* true: exchange_host is to be looked up. */
MUST_USE bool exchange_resolve(struct exchange *x, struct instant now);
struct span exchange_host(const struct exchange *x);

/* The next dial under way that is not wanted any more; before exchange_dial. */
MUST_USE bool exchange_dial_cancel(struct exchange *x, unsigned *racer);

/* The next address to dial, as racer below ENDPOINT_RACERS, until a monotonic time. */
MUST_USE bool exchange_dial(
    struct exchange *x, struct instant now, unsigned *racer, struct address *to, int64_t *until_ns);

/* Bytes for the network; empty: none. In place until acknowledged. */
struct span exchange_output(struct exchange *x, unsigned channel);
void exchange_sent(struct exchange *x, unsigned channel, size_t n, struct instant now);

/* The channel is to be closed when its output is out; nothing is read from it any more. */
bool exchange_over(const struct exchange *x, unsigned channel);

/* -- what it knows ----------------------------------------------------------------------------- */

struct exchange_report exchange_report(const struct exchange *x);

/* Of the question that was answered last. */
const struct exchange_times *exchange_times(const struct exchange *x);

#endif
