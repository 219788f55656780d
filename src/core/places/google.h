/* google.h — translates questions to requests for Google's Places API, and its answers back.
 *
 * There are two interfaces: Places API (New), which a new key can use, and the legacy Nearby
 * Search, for projects that already have it. This file has no connections: it turns a question into
 * the bytes of an HTTP request, and whatever comes back (results, an error of Google's, a page of
 * HTML, garbage) into the legacy JSON that PROTOCOL.md promises. The key stands in the request only
 * and is removed from all text that comes back.
 * https://developers.google.com/maps/documentation/places/web-service ("Nearby Search (New)",
 * "Nearby Search (Legacy)"). Called by the exchange. */
#ifndef CORE_PLACES_GOOGLE_H
#define CORE_PLACES_GOOGLE_H

#include "core/places/places.h"

enum {
    PLACES_GOOGLE_KEY_BYTES_MAX = 256,
    PLACES_GOOGLE_LANGUAGE_BYTES_MAX = 35, /* as RFC 5646, 4.4.1 suggests */
    PLACES_GOOGLE_HOST_BYTES_MAX = 253,
    PLACES_GOOGLE_REQUEST_BYTES_MAX = 2048, /* of a request, with its body */
    PLACES_GOOGLE_MESSAGE_BYTES_MAX = 511,
};

enum places_google_api { PLACES_GOOGLE_NEW, PLACES_GOOGLE_LEGACY };

/* Which service to ask, and with which key. The spans are borrowed. */
struct places_google {
    enum places_google_api api;
    uint16_t port;
    struct span host; /* a DNS name or an IP address, IPv6 without brackets */
    struct span language; /* of the answer, a BCP 47 tag; empty: the service chooses */
    struct span key; /* secret */
};

/* The host to ask if none is configured; its port is 443. */
struct span places_google_host(enum places_google_api api);

/* NULL: `g` can be used. Otherwise a constant sentence without full stop that tells the operator
 * why not; it does not hold the key. A key is 1 to KEY_BYTES_MAX bytes of printable ASCII without
 * spaces, so that it cannot end a header. */
MUST_USE const char *places_google_fault(const struct places_google *g);

/* Whether the answer is known without asking: for a count of 0 it is ZERO_RESULTS, and Google
 * accepts only 1 to 20. */
static inline bool places_google_is_moot(const struct places_question *q)
{
    return q->count == 0;
}

/* Write the whole request for a question that is not moot, PLACES_GOOGLE_REQUEST_BYTES_MAX bytes at
 * most; it holds the key. If it does not fit, out->overflow is set. false: places_google_fault says
 * why; nothing is written. */
MUST_USE bool places_google_request(
    const struct places_google *g, const struct places_question *q, struct buf *out);

/* What came back, borrowed: three fields of struct http_response. */
struct places_google_reply {
    unsigned status; /* of HTTP, 200 to 599 */
    struct span type; /* Content-Type, for the message only; empty: not known */
    struct span body;
};

/* The answer for those who asked. */
struct places_google_answer {
    char *json; /* from malloc, ends with NUL, as places_render makes it; the caller frees it */
    size_t json_bytes; /* at most PLACES_ANSWER_BYTES_MAX */
    enum places_status status; /* as in json */
    char message[PLACES_GOOGLE_MESSAGE_BYTES_MAX + 1]; /* the error_message in json, "" for none:
                                  UTF-8, without the key, for the log */
};

/* Translate what came back. The answer has at most q->count results, in Google's order; a result
 * without id, name or position is left out. Its texts are valid UTF-8, and an ellipsis replaces
 * whatever spells the key in them, percent-encoded or not.
 *
 *   what came                                       status
 *   results                                         OK
 *   none                                            ZERO_RESULTS
 *   429, RESOURCE_EXHAUSTED, OVER_QUERY_LIMIT       OVER_QUERY_LIMIT
 *   401, 403, UNAUTHENTICATED, PERMISSION_DENIED,
 *   REQUEST_DENIED, a key that is not valid         REQUEST_DENIED
 *   400, INVALID_ARGUMENT, INVALID_REQUEST          INVALID_REQUEST
 *   anything else: 3xx, 5xx, not JSON, too deep     UNKNOWN_ERROR
 *
 * false: out of memory; `out` is then undefined. */
MUST_USE bool places_google_answer(const struct places_google *g, const struct places_question *q,
    const struct places_google_reply *reply, struct places_google_answer *out);

#endif
