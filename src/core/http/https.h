/* https.h — one connection to an HTTPS server: TLS, then one request at a time. No I/O.
 *
 * From the moment a dial has succeeded to the end of the connection; dialling is the caller's.
 *
 *   state    event                              next     then
 *   SHAKES   handshake, well                    READY
 *   SHAKES   anything wrong, an end, 5 s        OVER     https_why says what
 *   READY    https_ask                          ASKS
 *   READY    an end, any byte, 60 s             OVER     https_why is ""
 *   ASKS     an answer, reusable                READY    https_answered is true until the next ask
 *   ASKS     an answer, not reusable            OVER     the same; https_why is ""
 *   ASKS     anything wrong, an end, 5 s until  OVER     https_why says what; https_is_stale:
 *            the first byte, 10 s in all                 asking once more on another is right
 *
 * OVER is the last: the connection is to be closed when https_output is drained. A READY connection
 * is read from, so that its end is noticed before it is used again. RFC 9112; the bounds are those
 * that the design lists. Called by places_exchange. */
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

/* The caller's; it reads the first part and leaves the second alone. */
struct https {
    enum https_state state;
    bool answered; /* `response` is a whole answer, until the next https_ask */
    bool resumed; /* from READY on: the handshake took up an earlier session */
    unsigned asked; /* requests so far */
    struct http_response response;
    int64_t open_ns; /* monotonic: when the connection stood, */
    int64_t shaken_ns; /* the handshake was over, */
    int64_t asked_ns; /* the last request was said, */
    int64_t begun_ns; /* its answer's first byte came, */
    int64_t ended_ns; /* and its last */

    struct tls *tls; /* NULL: not begun, or ended */
    bool died; /* the other end made it OVER */
    char why[HTTPS_WHY_BYTES_MAX + 1];
};

/* A connection stands: begin the handshake.
 *
 * config, host, session, entropy  as for tls_https; session must outlive the connection
 * false: no memory; nothing has begun. Else https_end it. */
MUST_USE bool https_begin(struct https *h, const struct tls_config *config, const char *host,
    struct tls_session *session, const unsigned char *entropy, struct instant now);
void https_end(struct https *h);

/* Bytes came in; *in is moved forward. It stops early when output is to be sent: take that, then go
 * on. What is left when it is OVER is void. */
void https_take(struct https *h, struct span *in, struct instant now);

/* The other end has sent FIN: OVER, whatever it was. */
void https_ended(struct https *h, struct instant now);

/* The connection is gone; `why` for the operator, "" when it was closed as wanted. */
void https_lost(struct https *h, const char *why, struct instant now);

/* Deadlines that have passed. */
void https_turn(struct https *h, struct instant now);
int64_t https_deadline(const struct https *h); /* NEVER_NS when OVER */

/* Say a request, which http_request_put wrote; READY only.
 *
 * false: output is to be sent first; nothing is said. */
MUST_USE bool https_ask(struct https *h, struct span request, struct instant now);

/* Give it up politely: OVER; a close_notify may be in the output. */
void https_close(struct https *h);

/* Bytes for the network, empty: none; in place until acknowledged, as a whole or in part. */
struct span https_output(struct https *h);
void https_sent(struct https *h, size_t n, struct instant now);

/* When OVER: why, a sentence without a full stop; "" when nobody did anything wrong. */
static inline const char *https_why(const struct https *h)
{
    return h->why;
}

/* When OVER while it ASKed: the connection had answered before, and this request got not one byte.
 * The server has closed it without having heard the request: RFC 9112, 9.3.1. */
bool https_is_stale(const struct https *h);

#endif
