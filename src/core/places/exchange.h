/* exchange.h — asks a places service over HTTPS. No I/O.
 *
 * It is a places_provider with at most two connections to the service. Identical questions that are
 * open at the same time are sent once and answered to all. How many questions wait and for how long
 * is bounded; failures are answered at once; a service that keeps failing is not asked for a while
 * (breaker.h). Answers are not cached, because Google's terms forbid it.
 *
 * The node owns the connections. It reports what happens to them and does what the exchange wants:
 *
 *     exchange_resolved / _dialled / _take / _ended / _lost ...    any number
 *     exchange_turn(now)
 *     exchange_resolve, exchange_dial_cancel, exchange_dial        what to look up and to dial
 *     for each channel: exchange_output / exchange_sent, exchange_over
 *     provider.answer ...
 *
 * Only one connection is being made at any time, handshake included, because a full handshake takes
 * much CPU time; TLS sessions are resumed, so later connections need no full handshake. The second
 * connection is made when questions wait for the first. Called by node and by the program's
 * `places`. */
#ifndef CORE_PLACES_EXCHANGE_H
#define CORE_PLACES_EXCHANGE_H

#include "core/http/endpoint.h"
#include "core/base/log.h"
#include "core/places/google.h"
#include "core/tls/tls.h"

enum {
    EXCHANGE_CONNECTIONS = 2, /* at most; those about to be closed do not count */
    EXCHANGE_CHANNELS = 2 * EXCHANGE_CONNECTIONS,
    EXCHANGE_QUEUE_MAX = 64, /* distinct questions that wait; any more get OVER_QUERY_LIMIT */
    EXCHANGE_TRIES_MAX = 3, /* how often a question is sent that is answered with 429 or 5xx */
    EXCHANGE_RETRY_MS = 250, /* longest first pause before it is sent again; the bound doubles */
    EXCHANGE_ALONE_MS = 5000, /* after a failed connection: how long no second one is made */
    EXCHANGE_HELD_MAX_MS = 60000, /* the longest that Retry-After can stop all questions */
    /* "<host>: <message>" */
    EXCHANGE_WHY_BYTES_MAX = PLACES_GOOGLE_HOST_BYTES_MAX + 2 + PLACES_GOOGLE_MESSAGE_BYTES_MAX,
};

struct exchange;

struct exchange_config {
    struct places_google google; /* its spans outlive the exchange */
    const struct tls_config *tls; /* outlives the exchange; its content may change */
    uint32_t budget; /* requests in any period of: */
    uint32_t budget_s; /* budget.h; 0 and 0: without end */
    uint64_t seed; /* for jitter */
    struct log *log; /* outlives the exchange */
};

/* How long the parts of an answered question took; 0: a part was not needed. */
struct exchange_times {
    int64_t wait_ns; /* for a connection that was busy, or for a retry */
    int64_t resolve_ns, connect_ns, tls_ns; /* of the connection, if this question was its first */
    int64_t first_byte_ns, body_ns;
    bool resumed; /* the TLS session */
    unsigned tries;
    unsigned http_status; /* 0: there was no answer */
};

/* What it has done since the start, for `stampede status`. */
struct exchange_report {
    uint64_t asked; /* requests sent */
    uint64_t joined; /* questions that were identical with an open one */
    uint64_t failed; /* questions that the service did not answer, refused ones included */
    uint64_t refused; /* those of them that were not sent: too many wait, or the breaker is open */
    uint64_t over_budget; /* those of them that the budget had no request left for */
    uint64_t retried;
    uint64_t handshakes_full, handshakes_resumed;
    uint32_t budget, left; /* requests; 0 and 0: without end */
    unsigned connections; /* now */
    unsigned waiting; /* distinct questions, now */
    bool down; /* the breaker is open */
    const char *why; /* the last failure; "": none yet */
};

/* NULL: out of memory. The provider's destroy destroys the exchange; its deadline covers everything
 * that the exchange waits for. After a question, or anything below that has happened, it is past
 * until the next exchange_turn. */
MUST_USE struct exchange *places_exchange(
    const struct exchange_config *config, struct places_provider *out);

/* -- what happened ----------------------------------------------------------------------------- */

/* The host of exchange_resolve was resolved, or could not be; arguments as in endpoint.h. */
void exchange_resolved(struct exchange *x, const struct address *addresses, unsigned count,
    uint32_t ttl_s, struct instant now);
void exchange_resolve_failed(struct exchange *x, const char *why, struct instant now);

/* A dial has made a connection. entropy: TLS_ENTROPY_BYTES fresh bytes. Returns the connection's
 * channel from now on, below EXCHANGE_CHANNELS; -1: out of memory, close it. */
MUST_USE int exchange_dialled(
    struct exchange *x, unsigned racer, const unsigned char *entropy, struct instant now);
void exchange_dial_failed(struct exchange *x, unsigned racer, const char *why, struct instant now);

/* Bytes were received on a channel; *in is advanced over those that are taken. It stops early when
 * output must be sent first. */
void exchange_take(struct exchange *x, unsigned channel, struct span *in, struct instant now);

/* The service has sent FIN on a channel. */
void exchange_ended(struct exchange *x, unsigned channel, struct instant now);

/* A channel's connection is lost; `why` is for the operator. The channel is free again. */
void exchange_lost(struct exchange *x, unsigned channel, const char *why, struct instant now);

/* The node is about to stop: all questions, later ones too, are answered with a failure that says
 * so. Nothing is resolved or dialled any more, and all channels are over. */
void exchange_stop(struct exchange *x, struct instant now);

/* Ask with this key and in this language from now on, and by this budget, of which what was asked
 * lately is spent already. Interface, host and port are as before.
 *
 * key_changes  the key is another one: what is being asked is asked again, since answers are
 *              searched for the key only that is held now */
void exchange_take_config(
    struct exchange *x, const struct exchange_config *config, bool key_changes, struct instant now);

/* -- what it wants ----------------------------------------------------------------------------- */

/* Apply deadlines, and begin whatever can begin. */
void exchange_turn(struct exchange *x, struct instant now);

/* true: exchange_host must be resolved now. */
MUST_USE bool exchange_resolve(struct exchange *x, struct instant now);
struct span exchange_host(const struct exchange *x);

/* true: the dial of `racer` must be cancelled. Call it until false, and before exchange_dial. */
MUST_USE bool exchange_dial_cancel(struct exchange *x, unsigned *racer);

/* true: dial `to` as `racer`, below ENDPOINT_RACERS, and give up at `until_ns` (monotonic). */
MUST_USE bool exchange_dial(
    struct exchange *x, struct instant now, unsigned *racer, struct address *to, int64_t *until_ns);

/* Bytes for the network; empty: none. They stay until exchange_sent acknowledges them. */
struct span exchange_output(struct exchange *x, unsigned channel);
void exchange_sent(struct exchange *x, unsigned channel, size_t n, struct instant now);

/* true: close the channel when its output is sent; nothing is read from it any more. */
bool exchange_over(const struct exchange *x, unsigned channel);

/* -- what it knows ----------------------------------------------------------------------------- */

struct exchange_report exchange_report(const struct exchange *x);

/* Those of the question that was answered last. */
const struct exchange_times *exchange_times(const struct exchange *x);

#endif
