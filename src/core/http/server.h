/* server.h — the server's side of HTTP/1.1: takes requests apart, writes answers' heads. No I/O.
 *
 * A request is parsed as its bytes come, in pieces of any size, and the result does not depend on
 * how it was split. The parser is strict about what decides where a request ends, because a proxy
 * in front of a node and the node must not disagree on that (RFC 9112, 11.2). Refused are: a bare
 * LF or CR, a folded header, a blank in front of a colon, two Host or two Content-Length headers,
 * and any Transfer-Encoding: no client of this server has a body to send. The body of a request
 * that has a Content-Length is skipped. After a request that was refused nothing more is parsed,
 * and the connection has to be closed. Called by web and node. */
#ifndef CORE_HTTP_SERVER_H
#define CORE_HTTP_SERVER_H

#include "core/base/buf.h"
#include "core/http/http.h"

enum {
    HTTP_INCOMING_HEAD_BYTES_MAX = 8192, /* request line and headers, with their line ends */
    HTTP_INCOMING_TARGET_BYTES_MAX = 2048,
    HTTP_INCOMING_HEADERS_MAX = 64,
    HTTP_INCOMING_BODY_BYTES_MAX = 65536, /* that is skipped */
    HTTP_INCOMING_BLANK_BYTES_MAX = 16, /* of empty lines in front of a request */
};

/* A request that is being parsed. Owned by the caller, who may read the first group of fields; the
 * second is private. Zeroed at the start.
 *
 *   part    event                       next
 *   LINE    an empty line               LINE, sixteen bytes of them at most
 *   LINE    METHOD SP target SP version HEADERS
 *   HEADERS a header                    HEADERS
 *   HEADERS an empty line               BODY, or done when its length is 0
 *   BODY    so many bytes               done
 *   any     anything else               failed */
struct http_incoming {
    enum http_state state;
    bool begun; /* a byte of the request has come */
    bool one_one; /* the version is 1.1 or a later 1.x; from the request line on */
    bool keep; /* when DONE: another request may follow */
    unsigned status; /* FAILED: with which status to refuse it: 400, 413, 414, 417, 431, 501, 505 */
    const char *error; /* FAILED: a constant sentence without full stop, with nothing of it in it */
    struct span method; /* when DONE, as these: views that are valid until http_incoming_next */
    struct span path; /* begins with '/'; as it came: nothing is decoded */
    struct span query; /* behind '?'; empty: none */
    struct span host; /* with its port; empty: none, which HTTP/1.0 allows */
    struct span authorization; /* the value of the header; empty: none */

    enum { HTTP_INCOMING_LINE, HTTP_INCOMING_HEADERS, HTTP_INCOMING_BODY } part;
    bool cr; /* the last byte was a CR, so LF must follow */
    bool closes; /* Connection: close */
    bool host_known, length_known, named; /* named: the target itself names the host */
    unsigned headers;
    unsigned blank_bytes;
    uint64_t left; /* bytes of the body that are still missing */
    char *head; /* HTTP_INCOMING_HEAD_BYTES_MAX bytes from malloc; NULL: no byte has come */
    size_t head_len;
    size_t line_at; /* where the line begins that is not complete */
};

/* Parse bytes; *in is advanced over those that belong to the request. Returns r->state. FAILED with
 * status 503 if there is no memory. */
MUST_USE enum http_state http_incoming_take(struct http_incoming *r, struct span *in);

/* Forget the request, and be ready for the next: it is as zeroed. Also at the end of its life. */
void http_incoming_next(struct http_incoming *r);

/* The head of an answer. */
struct http_outgoing {
    unsigned status; /* one that http_reason knows */
    const char *type; /* of the body, as in Content-Type */
    uint64_t length; /* of the body, which follows the head; also when it is left out, for HEAD */
    const char *allow; /* the methods of the target, for a 405; NULL: not said */
    bool asks_token; /* a 401: say that a Bearer token is wanted */
    bool keep; /* the connection stays open */
};

/* The phrase of a status: 200, 400, 401, 404, 405, 413, 414, 417, 421, 431, 500, 501, 503, 505. */
const char *http_reason(unsigned status);

/* Write a head: status line, Date, Server, Content-Type, Content-Length, and what forbids to store
 * the answer or to guess its type. real_ns: now, of which Date is made. */
void http_outgoing_put(struct buf *out, const struct http_outgoing *a, int64_t real_ns);

#endif
