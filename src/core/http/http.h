/* http.h — HTTP/1.1 as this program speaks it: one request out, one answer in. No I/O.
 *
 * A request is written into a bounded buffer in one go. An answer is taken in as the bytes come,
 * in pieces of any size, and is the same however they are cut. Nothing is guessed at: what RFC 9112
 * does not allow, or allows and does not settle (a bare LF, two lengths), is an error, because a
 * proxy and this program must not disagree on where an answer ends. No pipelining, no redirects,
 * no compression. Called by places_google (request) and places_exchange (answer). */
#ifndef CORE_HTTP_HTTP_H
#define CORE_HTTP_HTTP_H

#include "core/base/buf.h"
#include "core/base/instant.h"

enum {
    HTTP_LINE_BYTES_MAX = 8192, /* of the status line or a header, without its CRLF */
    HTTP_HEAD_BYTES_MAX = 32768, /* of all of them together, CRLFs and interim answers included */
    HTTP_HEADERS_MAX = 100, /* lines with a colon, trailers included */
    HTTP_INTERIM_MAX = 8, /* answers of status 1xx before the real one */
    HTTP_CHUNK_DIGITS_MAX = 8,
    HTTP_EXTENSION_BYTES_MAX = 256, /* behind one chunk's size, its ';' included */
    HTTP_TRAILER_BYTES_MAX = 8192, /* lines behind the last chunk, CRLFs included */
    HTTP_BODY_BYTES_MAX = 1 << 20,
    HTTP_TYPE_BYTES_MAX = 63,
    HTTP_DATE_BYTES_MAX = 40,
    HTTP_RETRY_SECONDS_MAX = 86400, /* a longer Retry-After counts as this */
};

struct http_header {
    struct span name;
    struct span value;
};

enum http_method { HTTP_GET, HTTP_POST };

struct http_request {
    enum http_method method;
    struct span target; /* origin form: begins with '/'; already percent-encoded */
    struct span host; /* a DNS name or an IP address, IPv6 without its brackets */
    uint16_t port; /* written in Host unless it is 443 */
    const struct http_header *headers; /* beyond those that are always written */
    unsigned headers_count;
    struct span body; /* of a POST */
};

/* Write the whole request, body included: Host, User-Agent, Accept-Encoding: identity, for a POST
 * Content-Length, then `headers`. The connection is kept open, as is HTTP/1.1's default.
 *
 * false: the target or a header's value holds a byte that is not printable ASCII (a header's value
 * may hold spaces), a header's name is no token, or the host is none; nothing is written then. A
 * request that does not fit sets out->overflow. */
MUST_USE bool http_request_put(struct buf *out, const struct http_request *request);

enum http_state {
    HTTP_MORE, /* not whole yet */
    HTTP_DONE, /* whole; what comes behind it does not belong to it */
    HTTP_FAILED, /* `error` says why; it stays so */
};

/* One answer. Owned by the caller, who reads the first part and leaves the second alone.
 *
 *   part       event                               next
 *   STATUS     a line, 1xx but 101, the ninth not  HEADERS, then STATUS again
 *   STATUS     a line, 200 to 599                  HEADERS
 *   HEADERS    an empty line                       done (204, 304, or a length of 0); LENGTH; SIZE
 *                                                  (chunked); UNTIL_END (neither)
 *   LENGTH     as many bytes                       done
 *   UNTIL_END  an end of the stream that is clean  done
 *   SIZE       a chunk's size                      CHUNK, or TRAILERS when it is 0
 *   CHUNK      as many bytes and a CRLF            SIZE
 *   TRAILERS   an empty line                       done
 *   any        anything else                       failed */
struct http_response {
    enum http_state state;
    bool begun; /* a byte has come: an end from now on is no stale connection */
    bool reusable; /* when DONE: the connection may carry another request; see take */
    unsigned status; /* 200 to 599 as soon as the status line is in, else 0 */
    char type[HTTP_TYPE_BYTES_MAX + 1]; /* Content-Type without parameters, in lower case; "" when
                                           there is none, or it is too long or is no type */
    const char *error; /* a sentence without full stop, static; holds nothing of the answer */

    char retry_after[HTTP_DATE_BYTES_MAX + 1]; /* as it came; "" for none */
    enum {
        HTTP_STATUS,
        HTTP_HEADERS,
        HTTP_LENGTH,
        HTTP_UNTIL_END,
        HTTP_SIZE,
        HTTP_EXTENSION,
        HTTP_CHUNK,
        HTTP_CHUNK_END,
        HTTP_TRAILERS,
    } part;
    bool one_one; /* the version is 1.1 */
    bool closes; /* Connection: close */
    bool chunked;
    bool length_known;
    bool cr; /* the last byte of what is read line by line was a CR */
    unsigned interim;
    unsigned headers;
    uint32_t head_bytes;
    uint32_t trailer_bytes;
    uint32_t extension_bytes;
    unsigned digits; /* of the chunk's size so far */
    uint64_t left; /* bytes of the body or chunk that are still to come */
    char *body; /* malloc'ed */
    size_t body_len;
    size_t body_room;
    size_t line_len;
    char line[HTTP_LINE_BYTES_MAX];
};

/* Ready for the first byte. deinit gives the body back; both may follow each other. */
void http_response_init(struct http_response *r);
void http_response_deinit(struct http_response *r);

/* Take in bytes; *in is moved forward over what belongs to the answer, never beyond its end.
 * Returns r->state.
 *
 * `reusable` holds for HTTP/1.1 without `Connection: close`, whose body had a length or was chunked
 * and came whole, with nothing behind it: bytes left in *in when it is DONE, in this call or a
 * later one, make it false. Grows the body with what has come, never by what is announced; no
 * memory: FAILED. */
MUST_USE enum http_state http_response_take(struct http_response *r, struct span *in);

/* The stream has ended; `clean` when its end was proved (TLS close_notify), so that it was not cut.
 * A body without a length is then DONE; whatever else was not is FAILED. Returns r->state. */
MUST_USE enum http_state http_response_end(struct http_response *r, bool clean);

/* The body so far, a view until the next take or deinit. */
static inline struct span http_response_body(const struct http_response *r)
{
    return (struct span){r->body ? r->body : "", r->body_len};
}

/* How long the server asks to be left alone from now on, by Retry-After: 0 to
 * HTTP_RETRY_SECONDS_MAX seconds, in ns; -1 when it does not say so in a way that is understood
 * (seconds, or a date in any of the three forms of RFC 9110, 5.6.7). */
int64_t http_response_retry_ns(const struct http_response *r, struct instant now);

#endif
