/* https.h — one connection to an HTTPS server: TLS, then one request at a time. No I/O.
 *
 * It begins when a dial has succeeded, and lasts until the connection ends; the caller dials.
 *
 *   state    event                              next     then
 *   SHAKES   the handshake is complete          READY
 *   SHAKES   an error, the end, 5 s             OVER     https_why says what happened
 *   READY    https_ask                          ASKS
 *   READY    the end, any byte, 60 s            OVER     https_why is ""
 *   ASKS     an answer, reusable                READY    `answered` is true until the next request
 *   ASKS     an answer, not reusable            OVER     the same; https_why is ""
 *   ASKS     an error, the end, 5 s without a   OVER     https_why says what happened; if
 *            byte, 10 s in all                           https_is_stale, ask again elsewhere
 *
 * OVER is final: the caller closes the connection when https_output is empty. A READY connection is
 * read from, so that its end is noticed before it is used again. Holds always: what is answered was
 * asked; only a connection that is OVER has a why. RFC 9112. Called by places (exchange). */
#ifndef CORE_HTTP_HTTPS_H
#define CORE_HTTP_HTTPS_H

#include "core/http/http.h"
#include "core/tls/tls.h"

enum {
    HTTPS_SHAKE_MS = 5000,
    HTTPS_FIRST_BYTE_MS = 5000,
    HTTPS_ANSWER_MS = 10000,
    HTTPS_IDLE_MS = 60000,
    HTTPS_WHY_BYTES_MAX = TLS_REASON_BYTES_MAX,
};

enum https_state { HTTPS_SHAKES, HTTPS_READY, HTTPS_ASKS, HTTPS_OVER };

/* Owned by the caller, who may read the first group of fields; the second is private. */
struct https {
    enum https_state state;
    bool answered; /* `response` is a complete answer, until the next https_ask */
    bool resumed; /* from READY on: the handshake has resumed an earlier session */
    unsigned asked; /* how many requests were sent */
    struct http_response response;
    int64_t open_ns; /* monotonic: when the connection was made, */
    int64_t shaken_ns; /* the handshake was complete, */
    int64_t asked_ns; /* the last request was written, */
    int64_t begun_ns; /* its answer's first byte came, */
    int64_t ended_ns; /* and its last */

    struct tls *tls; /* NULL: not begun, or ended */
    bool died; /* it is OVER because of the other end */
    char why[HTTPS_WHY_BYTES_MAX + 1];
};

/* The connection was made: begin the handshake.
 *
 * config, host, session, entropy  as for tls_https; session outlives the connection
 *
 * false: out of memory; nothing has begun. Otherwise the caller calls https_end in the end. */
MUST_USE bool https_begin(struct https *h, const struct tls_config *config, const char *host,
    struct tls_session *session, const unsigned char *entropy, struct instant now);
void https_end(struct https *h);

/* Bytes were received; *in is advanced over those that are taken. It stops early when output must
 * be sent first: send that, then call it again. Bytes left when it is OVER are ignored. */
void https_take(struct https *h, struct span *in, struct instant now);

/* The other end has sent FIN: it becomes OVER in any state. */
void https_ended(struct https *h, struct instant now);

/* The connection is lost; `why` is for the operator, "" when it was closed on purpose. */
void https_lost(struct https *h, const char *why, struct instant now);

/* Apply deadlines that have passed. */
void https_turn(struct https *h, struct instant now);
int64_t https_deadline(const struct https *h); /* NEVER_NS when OVER */

/* Send a request that http_request_put wrote. Only when READY.
 *
 * false: output must be sent first; the request was not taken. */
MUST_USE bool https_ask(struct https *h, struct span request, struct instant now);

/* End the connection in an orderly way: OVER, with TLS's close_notify in the output if possible. */
void https_close(struct https *h);

/* Bytes for the network; empty: none. They stay until https_sent acknowledges all or some. */
struct span https_output(struct https *h);
void https_sent(struct https *h, size_t n, struct instant now);

/* When OVER: why, as a sentence without full stop; "" when it ended as it should. */
static inline const char *https_why(const struct https *h)
{
    return h->why;
}

/* When it became OVER in ASKS: the connection had answered before, and not one byte has come for
 * this request. Most likely the server closed it before the request arrived, so the request may be
 * sent again on another connection: RFC 9112, 9.3.1. */
bool https_is_stale(const struct https *h);

#endif
