/* http.h — the part of HTTP/1.1 that this program speaks: writes requests, parses answers. No
 * I/O.
 *
 * A request is written to a bounded buffer at once. An answer is parsed as its bytes come, in
 * pieces of any size, and the result does not depend on how it was split. The parser is strict
 * about what decides where an answer ends, because a proxy and this program must not disagree on
 * that. Refused are: a bare LF or CR, a blank in front of the first header or of a colon, more than
 * one Content-Length, Content-Length with Transfer-Encoding, either of them folded, and a
 * Transfer-Encoding that is not just chunked or is empty. In all else it understands what RFC 9110
 * and 9112 ask of a recipient, and what load balancers send: folded headers, lists with empty
 * members or in several headers, zeros in front of a chunk's size and blanks behind it. There is no
 * pipelining, no redirect, no compression. Called by places (google writes requests, exchange
 * parses answers). */
#ifndef CORE_HTTP_HTTP_H
#define CORE_HTTP_HTTP_H

#include "core/base/buf.h"
#include "core/base/instant.h"

enum {
    HTTP_LINE_BYTES_MAX = 8192, /* the status line or one header, folds included, without CRLF */
    HTTP_HEAD_BYTES_MAX = 32768, /* status line and headers, with CRLFs and interim answers */
    HTTP_HEADERS_MAX = 100, /* headers of an answer, trailers included */
    HTTP_INTERIM_MAX = 8, /* answers with status 1xx before the final one */
    HTTP_CHUNK_DIGITS_MAX = 256, /* hexadecimal digits of a chunk's size, most of them zeros */
    HTTP_EXTENSION_BYTES_MAX = 256, /* behind a chunk's size: blanks, and from ';' on */
    HTTP_TRAILER_BYTES_MAX = 8192, /* the lines behind the last chunk, with CRLFs */
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
    struct span target; /* in origin form: begins with '/'; percent-encoded by the caller */
    struct span host; /* a DNS name or an IP address, IPv6 without brackets */
    uint16_t port; /* written in Host unless it is 443 */
    const struct http_header *headers; /* in addition to those that are always written */
    unsigned headers_count;
    struct span body; /* of a POST */
};

/* Write the whole request, with its body: Host, User-Agent, Accept-Encoding: identity, `headers`,
 * and Content-Length for a POST. The connection stays open, which is HTTP/1.1's default.
 *
 * false: the request is not valid, and nothing is written: the target or a header's value holds a
 * byte that is not printable ASCII (spaces are allowed in a value), a header's name is no token, or
 * the host is no name or address. A request that does not fit sets out->overflow. */
MUST_USE bool http_request_put(struct buf *out, const struct http_request *request);

enum http_state {
    HTTP_MORE, /* not complete yet */
    HTTP_DONE, /* complete; bytes behind it do not belong to it */
    HTTP_FAILED, /* `error` says why; nothing more will be parsed */
};

/* An answer that is being parsed. Owned by the caller, who may read the first group of fields; the
 * second is private.
 *
 *   part       event                               next
 *   STATUS     a line, 1xx but 101, at most eight  HEADERS, then STATUS again
 *   STATUS     a line, 200 to 599                  HEADERS
 *   HEADERS    an empty line                       done (204, 304, or length 0); else LENGTH, SIZE
 *                                                  (chunked) or UNTIL_END (neither of these)
 *   LENGTH     so many bytes                       done
 *   UNTIL_END  the stream's end, if it is clean    done
 *   SIZE       a chunk's size                      CHUNK, or TRAILERS when it is 0
 *   CHUNK      so many bytes and a CRLF            SIZE
 *   TRAILERS   an empty line                       done
 *   any        anything else                       failed */
struct http_response {
    enum http_state state;
    bool begun; /* a byte has come; if the stream ends now, the connection was not stale */
    bool reusable; /* when DONE: another request may follow; see http_response_take */
    unsigned status; /* 200 to 599 once the status line has come; 0 before */
    char type[HTTP_TYPE_BYTES_MAX + 1]; /* Content-Type without parameters, in lower case; "" when
                                           there is none, or it is too long or not valid */
    const char *error; /* a constant sentence without full stop, with nothing of the answer in it */

    char retry_after[HTTP_DATE_BYTES_MAX + 1]; /* as received; "": none */
    enum {
        HTTP_STATUS,
        HTTP_HEADERS,
        HTTP_LENGTH,
        HTTP_UNTIL_END,
        HTTP_SIZE,
        HTTP_SIZE_END, /* blanks have come behind the digits */
        HTTP_EXTENSION,
        HTTP_CHUNK,
        HTTP_CHUNK_END,
        HTTP_TRAILERS,
    } part;
    bool one_one; /* the version is 1.1 */
    bool closes; /* Connection: close */
    bool coded; /* there is a Transfer-Encoding */
    bool chunked; /* one of its members is chunked */
    bool length_known;
    bool held; /* `line` is a header; a fold may follow */
    bool folded; /* `line` is a header that was folded */
    bool cr; /* the last byte was a CR, so LF must follow */
    unsigned interim; /* how many interim answers have come */
    unsigned headers; /* how many headers have come */
    uint32_t head_bytes;
    uint32_t trailer_bytes;
    uint32_t extension_bytes;
    unsigned digits; /* of the chunk's size so far */
    uint64_t left; /* bytes of the body or chunk that are still missing */
    char *body; /* from malloc */
    size_t body_len;
    size_t body_room;
    size_t line_len;
    char line[HTTP_LINE_BYTES_MAX];
};

/* Prepare for the first byte. deinit frees the body; the answer is then as after init. */
void http_response_init(struct http_response *r);
void http_response_deinit(struct http_response *r);

/* Parse bytes; *in is advanced over those that belong to the answer, never beyond its end. Returns
 * r->state.
 *
 * `reusable` is set for an HTTP/1.1 answer without `Connection: close` whose body is chunked or has
 * a length, and is complete with nothing behind it: bytes left in *in when it is DONE, in this call
 * or a later one, clear it. The body's memory grows with the bytes that have come, never with a
 * length that is only announced. FAILED if there is no memory. */
MUST_USE enum http_state http_response_take(struct http_response *r, struct span *in);

/* The stream has ended. `clean`: its end was proved by TLS (close_notify), so nothing was cut off.
 * Then a body without a length is DONE; any other answer that is not complete is FAILED. Returns
 * r->state. */
MUST_USE enum http_state http_response_end(struct http_response *r, bool clean);

/* The body so far: a view that is valid until the next take or deinit. */
static inline struct span http_response_body(const struct http_response *r)
{
    return (struct span){r->body ? r->body : "", r->body_len};
}

/* How long the server asks not to be called, by Retry-After: 0 to HTTP_RETRY_SECONDS_MAX seconds
 * from now, in ns. -1: there is no valid Retry-After (seconds, or a date in any of the three forms
 * of RFC 9110, 5.6.7). */
int64_t http_response_retry_ns(const struct http_response *r, struct instant now);

#endif
