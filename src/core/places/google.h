/* google.h — a question in Google's words, and Google's answer in the herd's.
 *
 * Two interfaces: Places API (New), which a key of today can use, and the legacy Nearby Search, for
 * projects that have it. No connections here: a question becomes the bytes of one HTTP request, and
 * what came back becomes the legacy JSON that PROTOCOL.md promises, whatever it is: an error of
 * Google's, a page of HTML, garbage. The key is in the request and nowhere else: no text that
 * comes back carries it on. https://developers.google.com/maps/documentation/places/web-service
 * ("Nearby Search (New)", "Nearby Search (Legacy)"). Called by places_exchange. */
#ifndef CORE_PLACES_GOOGLE_H
#define CORE_PLACES_GOOGLE_H

#include "core/places/places.h"

enum {
    PLACES_GOOGLE_KEY_BYTES_MAX = 256,
    PLACES_GOOGLE_LANGUAGE_BYTES_MAX = 35, /* as RFC 5646, 4.4.1 suggests */
    PLACES_GOOGLE_HOST_BYTES_MAX = 253,
    PLACES_GOOGLE_REQUEST_BYTES_MAX = 2048, /* of any request, head and body */
    PLACES_GOOGLE_MESSAGE_BYTES_MAX = 511,
};

enum places_google_api { PLACES_GOOGLE_NEW, PLACES_GOOGLE_LEGACY };

/* Whom to ask and as whom. The spans are borrowed. */
struct places_google {
    enum places_google_api api;
    uint16_t port;
    struct span host; /* a DNS name or an IP address, IPv6 without its brackets */
    struct span language; /* of the answer, a BCP 47 tag; empty: the service chooses */
    struct span key; /* secret */
};

/* The host to ask when none is configured; its port is 443. */
struct span places_google_host(enum places_google_api api);

/* What keeps `g` from being used, as a sentence without full stop for who configures it, static and
 * without the key; NULL: nothing. The key is 1 to KEY_BYTES_MAX bytes of printable ASCII without
 * spaces, so that no byte of it can end a header. */
MUST_USE const char *places_google_fault(const struct places_google *g);

/* Whether the answer is known without asking: for a count of 0 it is ZERO_RESULTS, as places_render
 * makes it of nothing. Google takes 1 to 20. */
static inline bool places_google_is_moot(const struct places_question *q)
{
    return q->count == 0;
}

/* The whole request for a question that is not moot; PLACES_GOOGLE_REQUEST_BYTES_MAX bytes are
 * room enough. false: places_google_fault has something to say; nothing is written then. What does
 * not fit sets out->overflow. The bytes hold the key. */
MUST_USE bool places_google_request(
    const struct places_google *g, const struct places_question *q, struct buf *out);

/* What came back, borrowed; struct http_response has all three. */
struct places_google_reply {
    unsigned status; /* of HTTP, 200 to 599 */
    struct span type; /* Content-Type, for the message only; empty: not known */
    struct span body;
};

/* What to tell those who asked. */
struct places_google_answer {
    char *json; /* malloc'ed, ended by NUL, as places_render makes it; the caller's to free */
    size_t json_bytes; /* at most PLACES_ANSWER_BYTES_MAX */
    enum places_status status; /* as in json */
    char message[PLACES_GOOGLE_MESSAGE_BYTES_MAX + 1]; /* the error_message in json, "" for none:
                                  UTF-8, without the key, for the log */
};

/* Translate. At most q->count results, in Google's order; a result of which id, name or place is
 * missing is left out. Texts are made valid UTF-8, and whatever in them spells the key, also
 * percent-encoded, becomes an ellipsis.
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
 * false: no memory; `out` is then of no use. */
MUST_USE bool places_google_answer(const struct places_google *g, const struct places_question *q,
    const struct places_google_reply *reply, struct places_google_answer *out);

#endif
