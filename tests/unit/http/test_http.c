/* test_http.c — requests as they are written, and answers split in every possible way.
 *
 * Each answer is parsed whole, byte by byte, and in two parts split at every offset (long ones: at
 * many offsets). Each part lies in a block of exactly its size. The result must always be the same.
 */
#include "core/http/http.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>
#include <stdio.h>

enum end { OPEN, CLEAN, CUT };

struct outcome {
    enum http_state state;
    unsigned status;
    bool reusable;
    const char *body; /* of a DONE answer */
    const char *error; /* of a FAILED one */
};

#define DONE(status, reusable, body)            \
    {                                           \
        HTTP_DONE, status, reusable, body, NULL \
    }
#define FAILED(error)                      \
    {                                      \
        HTTP_FAILED, 0, false, NULL, error \
    }
#define MORE                            \
    {                                   \
        HTTP_MORE, 0, false, NULL, NULL \
    }

/* Feed one block. What is left of it is fed once more, as happens on a connection on which the next
 * request is not sent at once. */
static void feed(struct http_response *r, struct span bytes)
{
    struct span block = boxed(bytes), in = block;
    enum http_state state = http_response_take(r, &in);
    cr_assert_eq(state, r->state);
    cr_assert(in.len == 0 || state != HTTP_MORE);
    unbox(block);
}

static void check(const char *input, const char *how, size_t at, const struct http_response *r,
    const struct outcome *want)
{
    cr_assert_eq(r->state, want->state, "%.60s, %s %zu: state %d, %s", input, how, at, r->state,
        r->error ? r->error : "no error");
    cr_assert(r->begun);
    if (want->state == HTTP_FAILED) {
        cr_assert_str_eq(r->error, want->error, "%.60s, %s %zu: %s", input, how, at, r->error);
        cr_assert_not(r->reusable);
        cr_assert_null(r->body);
    }
    if (want->state != HTTP_DONE)
        return;
    cr_assert_eq(r->status, want->status, "%.60s, %s %zu", input, how, at);
    cr_assert_eq(r->reusable, want->reusable, "%.60s, %s %zu", input, how, at);
    struct span body = http_response_body(r);
    cr_assert(span_equal(body, span_of(want->body)), "%.60s, %s %zu: body of %zu bytes", input, how,
        at, body.len);
}

static void feed_in_two(struct span input, size_t split, enum end end, const struct outcome *want)
{
    struct http_response r;
    http_response_init(&r);
    feed(&r, (struct span){input.at, split});
    feed(&r, span_from(input, split));
    if (end != OPEN)
        cr_assert_eq(http_response_end(&r, end == CLEAN), r.state);
    check(input.at, "split at", split, &r, want);
    http_response_deinit(&r);
}

static void feed_bytes(struct span input, enum end end, const struct outcome *want)
{
    struct http_response r;
    http_response_init(&r);
    for (size_t i = 0; i < input.len; i++)
        feed(&r, (struct span){input.at + i, 1});
    if (end != OPEN)
        cr_assert_eq(http_response_end(&r, end == CLEAN), r.state);
    check(input.at, "bytes", input.len, &r, want);
    http_response_deinit(&r);
}

static void feed_in_every_way(struct span input, enum end end, struct outcome want)
{
    size_t step = input.len < 1024 ? 1 : input.len / 16 - 1;
    for (size_t split = 0; split <= input.len; split += step)
        feed_in_two(input, split, end, &want);
    for (size_t back = 0; back < 8 && back < input.len; back++)
        feed_in_two(input, input.len - back, end, &want);
    feed_bytes(input, end, &want);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

#define BODY_CUT "the connection ended in the middle of the answer's body"
#define NO_NUMBER "the answer's Content-Length is no number"
#define LARGE "the answer's body is larger than 1 MiB"
#define CHUNK_END "the answer has a chunk that does not end with CR LF"
#define LINE_END "the answer has a line that does not end with CR LF"
#define CONTROL "the answer has a control byte outside its body"
#define NO_SIZE "the answer has a chunk without a size"
#define NO_HEX "the answer has a chunk size that is no hexadecimal number"
#define NOT_CHUNKED "the answer's Transfer-Encoding is not just chunked"
#define NO_HTTP "the answer does not begin like HTTP/1.1"
#define HEAD_CUT "the connection ended in the middle of the answer's head"
#define BLANK_FIRST "the answer has a blank in front of its first header"
#define FOLDED_LENGTH "the answer has a folded Content-Length or Transfer-Encoding"
#define NO_NAME "the answer has a header with an invalid name"
#define NO_COLON "the answer has a header without a colon"
#define COMPRESSED "the answer is compressed, though it was asked not to be"
#define BOTH "the answer has both Content-Length and Transfer-Encoding"
#define NO_STATUS "the answer's status is not between 100 and 599"

struct answer {
    struct span input;
    enum end end;
    struct outcome want;
};

static const struct answer answers[] = {
    /* a length */
    {SPAN(OK "Content-Length: 2\r\n\r\n{}"), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "content-LENGTH:002 \t\r\n\r\n{}"), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Content-Length: 0\r\n\r\n"), OPEN, DONE(200, true, "")},
    {SPAN(OK "Content-Length: 4\r\n\r\n\r\n\r\n"), OPEN, DONE(200, true, "\r\n\r\n")},
    {SPAN(OK "Content-Length: 3\r\n\r\n{}"), OPEN, MORE},
    {SPAN(OK "Content-Length: 2\r\n\r\n{}"), CUT, DONE(200, true, "{}")},
    {SPAN(OK "Content-Length: 3\r\n\r\n{}"), CLEAN, FAILED(BODY_CUT)},
    {SPAN(OK "Content-Length: 3\r\n\r\n{}"), CUT, FAILED(BODY_CUT)},
    {SPAN(OK "Content-Length: 2\r\n\r\n{}H"), OPEN, DONE(200, false, "{}")},
    {SPAN(OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        FAILED("the answer has two Content-Length headers")},
    {SPAN(OK "Content-Length: 2, 2\r\n\r\n{}"), OPEN, FAILED(NO_NUMBER)},
    {SPAN(OK "Content-Length: +2\r\n\r\n{}"), OPEN, FAILED(NO_NUMBER)},
    {SPAN(OK "Content-Length: -2\r\n\r\n{}"), OPEN, FAILED(NO_NUMBER)},
    {SPAN(OK "Content-Length: 0x2\r\n\r\n{}"), OPEN, FAILED(NO_NUMBER)},
    {SPAN(OK "Content-Length:\r\n\r\n{}"), OPEN, FAILED(NO_NUMBER)},
    {SPAN(OK "Content-Length: 1048577\r\n\r\n"), OPEN, FAILED(LARGE)},
    {SPAN(OK "Content-Length: 99999999999999999999\r\n\r\n"), OPEN, FAILED(LARGE)},

    /* neither length nor chunks */
    {SPAN(OK "\r\n{}"), OPEN, MORE},
    {SPAN(OK "\r\n{}"), CLEAN, DONE(200, false, "{}")},
    {SPAN(OK "\r\n"), CLEAN, DONE(200, false, "")},
    {SPAN(OK "\r\n{}"), CUT, FAILED(BODY_CUT)},
    {SPAN("HTTP/1.0 200 OK\r\n\r\n{}"), CLEAN, DONE(200, false, "{}")},

    /* chunks */
    {SPAN(CHUNKED "2\r\n{}\r\n0\r\n\r\n"), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "transfer-encoding:CHUNKED\r\n\r\n1\r\n{\r\n00000001\r\n}\r\n000\r\n\r\n"), OPEN,
        DONE(200, true, "{}")},
    {SPAN(CHUNKED "A\r\n0123456789\r\nb;n=v\r\n01234567890\r\n0;x\r\n\r\n"), OPEN,
        DONE(200, true, "012345678901234567890")},
    {SPAN(CHUNKED "00000000000000000002\r\n{}\r\n000000000000000000000\r\n\r\n"), OPEN,
        DONE(200, true, "{}")},
    {SPAN(CHUNKED "2  \r\n{}\r\n1\t\r\n \r\n0 \r\n\r\n"), OPEN, DONE(200, true, "{} ")},
    {SPAN(CHUNKED "2 ; a\t= \"b c\" ;d \r\n{}\r\n0\t;\r\n\r\n"), OPEN, DONE(200, true, "{}")},
    {SPAN(CHUNKED "2\r\n\r\n\r\n0\r\n\r\n"), OPEN, DONE(200, true, "\r\n")},
    {SPAN(CHUNKED "0\r\nDigest: x\r\nContent-Length: 9\r\n\r\n"), OPEN, DONE(200, true, "")},
    {SPAN(CHUNKED "0\r\n\r\nH"), OPEN, DONE(200, false, "")},
    {SPAN(CHUNKED "2\r\n{}\r\n0\r\n"), OPEN, MORE},
    {SPAN(CHUNKED "2\r\n{}\r\n0\r\n"), CLEAN, FAILED(BODY_CUT)},
    {SPAN(CHUNKED "2\r\n{}"), CUT, FAILED(BODY_CUT)},
    {SPAN(CHUNKED "2\r\n{}}\r\n0\r\n\r\n"), OPEN, FAILED(CHUNK_END)},
    {SPAN(CHUNKED "2\r\n{}\n0\r\n\r\n"), OPEN, FAILED(CHUNK_END)},
    {SPAN(CHUNKED "2\r\n{}\r\r0\r\n\r\n"), OPEN, FAILED(CHUNK_END)},
    {SPAN(CHUNKED "2\n{}\r\n0\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(CHUNKED "2\r2\n{}\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(CHUNKED "2;a\nb\r\n{}\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(CHUNKED "2;\0\r\n{}\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(CHUNKED "\r\n"), OPEN, FAILED(NO_SIZE)},
    {SPAN(CHUNKED ";x\r\n"), OPEN, FAILED(NO_SIZE)},
    {SPAN(CHUNKED " 2\r\n{}\r\n"), OPEN, FAILED(NO_SIZE)},
    {SPAN(CHUNKED "-2\r\n{}\r\n"), OPEN, FAILED(NO_SIZE)},
    {SPAN(CHUNKED "2 3\r\n{}\r\n"), OPEN, FAILED(NO_HEX)},
    {SPAN(CHUNKED "2 x\r\n{}\r\n"), OPEN, FAILED(NO_HEX)},
    {SPAN(CHUNKED "2 \n{}\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(CHUNKED "2\v\r\n{}\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(CHUNKED "2 \f\r\n{}\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(CHUNKED "0x2\r\n{}\r\n"), OPEN, FAILED(NO_HEX)},
    {SPAN(CHUNKED "0x\r\n\r\n"), OPEN, FAILED(NO_HEX)},
    {SPAN(CHUNKED "ffffffff\r\n"), OPEN, FAILED(LARGE)},
    {SPAN(CHUNKED "10000000000000002\r\n{}\r\n"), OPEN, FAILED(LARGE)},
    {SPAN(CHUNKED "0000000000100001\r\n{}\r\n"), OPEN, FAILED(LARGE)},
    {SPAN(CHUNKED "1\r\n{\r\n100000\r\n"), OPEN, FAILED(LARGE)},
    {SPAN(CHUNKED "0\r\nA: b\r\n c\r\n\td\r\nE: f\r\n\r\n"), OPEN, DONE(200, true, "")},
    {SPAN(CHUNKED "0\r\n folded\r\n\r\n"), OPEN, FAILED(BLANK_FIRST)},
    {SPAN(CHUNKED "0\r\n \r\n"), OPEN, MORE},
    {SPAN(CHUNKED "0\r\nA: b\r\n "), CLEAN, FAILED(BODY_CUT)},
    {SPAN(CHUNKED "0\r\nno colon\r\n A: b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(CHUNKED "0\r\nno colon\r\n\r\n"), OPEN, FAILED(NO_COLON)},

/* Transfer-Encoding is a list; its empty members do not count */
#define IN_CHUNKS "\r\n2\r\n{}\r\n0\r\n\r\n"
    {SPAN(OK "Transfer-Encoding: chunked,\r\n" IN_CHUNKS), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Transfer-Encoding: ,\t, Chunked ,,\r\n" IN_CHUNKS), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: \r\n" IN_CHUNKS), OPEN,
        DONE(200, true, "{}")},
    {SPAN(OK
         "Transfer-Encoding:\r\nTransfer-Encoding: ,\r\ntransfer-encoding: chunked\r\n" IN_CHUNKS),
        OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked, chunked\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked, identity\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked;q=1\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: \"chunked\"\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked chunked\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: \vchunked\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(OK "Transfer-Encoding: ,\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n{}"), OPEN, FAILED(BOTH)},
    {SPAN("HTTP/1.1 204 No Content\r\nTransfer-Encoding:\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding:\r\n chunked\r\n\r\n"), OPEN, FAILED(FOLDED_LENGTH)},
    {SPAN(OK "Transfer-Encoding: chunked\r\n \r\n\r\n"), OPEN, FAILED(FOLDED_LENGTH)},
    {SPAN(OK "Content-Length:\r\n\t2\r\n\r\n{}"), OPEN, FAILED(FOLDED_LENGTH)},
    {SPAN(OK "Content-Length: 2\r\n 2\r\n\r\n{}"), OPEN, FAILED(FOLDED_LENGTH)},
    {SPAN(OK "Transfer-Encoding: identity\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding:\r\n\r\n"), OPEN, FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), OPEN,
        FAILED(NOT_CHUNKED)},
    {SPAN(OK "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n"), OPEN, FAILED(BOTH)},
    {SPAN(OK "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"), OPEN, FAILED(BOTH)},
    {SPAN("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), OPEN,
        FAILED("the answer has Transfer-Encoding, which HTTP/1.0 does not know")},

    /* whether the connection can be used again */
    {SPAN(OK "Connection: close\r\nContent-Length: 2\r\n\r\n{}"), OPEN, DONE(200, false, "{}")},
    {SPAN(OK "Connection: Upgrade ,\tCLOSE\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, false, "{}")},
    {SPAN(OK "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, false, "{}")},
    {SPAN(OK "Connection: closed, keep-alive\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, false, "{}")},
    {SPAN("HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}"), OPEN, DONE(200, false, "{}")},

    /* the status line */
    {SPAN("HTTP/1.1 204 No Content\r\n\r\n"), OPEN, DONE(204, true, "")},
    {SPAN("HTTP/1.1 204\r\nContent-Length: 7\r\n\r\n"), OPEN, DONE(204, true, "")},
    {SPAN("HTTP/1.1 304 \r\n\r\n"), OPEN, DONE(304, true, "")},
    {SPAN("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), OPEN,
        DONE(302, true, "")},
    {SPAN("HTTP/1.1 599 \xfftext\r\nContent-Length: 0\r\n\r\n"), OPEN, DONE(599, true, "")},
    {SPAN("HTTP/1.1 600 x\r\n\r\n"), OPEN, FAILED(NO_STATUS)},
    {SPAN("HTTP/1.1 099 x\r\n\r\n"), OPEN, FAILED(NO_STATUS)},
    {SPAN("HTTP/2 200\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.10 200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("http/1.1 200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.x 200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1  200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1\t200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 20 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 20\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 2000 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 200\tOK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN(" HTTP/1.1 200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("\r\nHTTP/1.1 200 OK\r\n\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("220 mail.example ESMTP\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 200 OK\n\n{}"), OPEN, FAILED(LINE_END)},
    {SPAN("HTTP/1.1 200 O\rK\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN("HTTP/1.1 200 O\0K\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN("\x15\x03\x03\0\2\2F"), OPEN, FAILED(CONTROL)},
    {SPAN("HTTP/1.1 200 OK"), CLEAN, FAILED(HEAD_CUT)},
    {SPAN(OK "A: b\r\n"), CUT, FAILED(HEAD_CUT)},

    /* interim answers: their headers do not count for the final one */
    {SPAN("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN("HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\nConnection: "
          "close\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}"),
        OPEN, DONE(200, true, "{}")},
    {SPAN("HTTP/1.1 100 \r\n\r\n"), CLEAN, FAILED(HEAD_CUT)},
    {SPAN("HTTP/1.1 100 \r\n\r\n{}\r\n"), OPEN, FAILED(NO_HTTP)},
    {SPAN("HTTP/1.1 101 Switching Protocols\r\n\r\n"), OPEN,
        FAILED("the answer switches to another protocol")},

    /* headers */
    {SPAN(OK "A:\r\nB: \r\n!#$%&'*+-.^_`|~0aZ:\t\xff\tv \r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN(OK "\tA: b\r\n\r\n"), OPEN, FAILED(BLANK_FIRST)},
    {SPAN(OK " \r\nContent-Length: 2\r\n\r\n{}"), OPEN, FAILED(BLANK_FIRST)},
    {SPAN("HTTP/1.1 200\r\n OK\r\n\r\n"), OPEN, FAILED(BLANK_FIRST)},
    {SPAN("HTTP/1.1 100 \r\nA: b\r\n\r\n " OK "\r\n"), OPEN, FAILED(NO_HTTP)},

    /* a folded header is one header */
    {SPAN(OK "A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}"), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "A:\r\n \tContent-Length: 3\r\n\t\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN("HTTP/1.1 103 \r\nContent-Length:\r\n 9\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN(OK "Connection: keep-alive,\r\n close\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, false, "{}")},
    {SPAN(OK "Content-Length: 0\r\nA: b\r\n \r\n\r\n"), OPEN, DONE(200, true, "")},
    {SPAN(OK "Content-Encoding: identity,\r\n gzip\r\n\r\n"), OPEN, FAILED(COMPRESSED)},
    {SPAN(OK "A\r\n : b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK "Content\r\n -Length: 2\r\n\r\n{}"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK "A b\r\n c\r\n\r\n"), OPEN, FAILED(NO_COLON)},
    {SPAN(OK "A: b\n c\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(OK "A: b\r\n c\0d\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(OK "A: b\r\n"), CLEAN, FAILED(HEAD_CUT)},
    {SPAN(OK "A: b\r\n "), CUT, FAILED(HEAD_CUT)},
    {SPAN(OK "A : b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK "A\t: b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK ": b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK "\xc3\xa4: b\r\n\r\n"), OPEN, FAILED(NO_NAME)},
    {SPAN(OK "A b\r\n\r\n"), OPEN, FAILED(NO_COLON)},
    {SPAN(OK "A: b\nContent-Length: 2\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(OK "A: b\rC: d\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(OK "A: b\r\r\n\r\n"), OPEN, FAILED(LINE_END)},
    {SPAN(OK "A: b\0c\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(OK "A: b\x7f\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(OK "A: b\x1b[2J\r\n\r\n"), OPEN, FAILED(CONTROL)},
    {SPAN(OK "Content-Encoding: Identity\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        DONE(200, true, "{}")},
    {SPAN(OK "Content-Encoding:\r\nContent-Length: 2\r\n\r\n{}"), OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Content-Encoding: ,identity,\t, Identity\r\nContent-Encoding: \r\n"
             "Content-Length: 2\r\n\r\n{}"),
        OPEN, DONE(200, true, "{}")},
    {SPAN(OK "Content-Encoding: , gzip\r\nContent-Length: 2\r\n\r\n{}"), OPEN, FAILED(COMPRESSED)},
    {SPAN(OK "Content-Encoding: identity gzip\r\n\r\n"), OPEN, FAILED(COMPRESSED)},
    {SPAN(OK "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), OPEN, FAILED(COMPRESSED)},
    {SPAN(OK "Content-Encoding: identity, br\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
        FAILED(COMPRESSED)},
};

Test(http, answers_are_the_same_however_they_are_cut)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        feed_in_every_way(answers[i].input, answers[i].end, answers[i].want);
}

/* Memory for an answer of any size that the parser accepts. */
static char made_bytes[5 << 20];
static struct buf made;

static void begin(const char *text)
{
    made = buf_over(made_bytes, sizeof made_bytes);
    buf_text(&made, text);
}

static void fill(char byte, size_t count)
{
    while (count-- > 0)
        buf_byte(&made, byte);
}

static void ends_as(enum end end, struct outcome want)
{
    cr_assert_not(made.overflow);
    feed_in_every_way(buf_span(&made), end, want);
}

#define EMPTY ((struct outcome)DONE(200, true, ""))

static void failed(const char *error)
{
    ends_as(OPEN, (struct outcome)FAILED(error));
}

Test(http, lines_headers_and_heads_have_bounds)
{
    for (int over = 0; over <= 1; over++) {
        begin(OK "Content-Length: 0\r\nA: ");
        fill('b', HTTP_LINE_BYTES_MAX - 3 + (size_t)over);
        buf_text(&made, "\r\n\r\n");
        over ? failed("the answer has a header of more than 8 KiB") : ends_as(OPEN, EMPTY);

        begin(OK);
        for (int i = 0; i < HTTP_HEADERS_MAX - 1 + over; i++)
            buf_text(&made, "A: b\r\n");
        buf_text(&made, "Content-Length: 0\r\n\r\n");
        over ? failed("the answer has more than 100 headers") : ends_as(OPEN, EMPTY);

        begin(OK);
        for (int i = 0; i < HTTP_HEADERS_MAX + over; i++)
            buf_text(&made, "A:\r\n b\r\n");
        over ? failed("the answer has more than 100 headers") /* at once, whatever may follow */
             : ends_as(OPEN, (struct outcome)MORE);

        begin(OK "Content-Length: 0\r\nA:");
        for (int i = 2; i < HTTP_LINE_BYTES_MAX + over; i++)
            buf_text(&made, i % 8 ? "\r\n\t" : " ");
        buf_text(&made, "\r\n\r\n");
        over ? failed("the answer has a header of more than 8 KiB") : ends_as(OPEN, EMPTY);

        begin(OK "Content-Length: 0\r\n");
        for (int i = 0; i < 7; i++) {
            buf_text(&made, "A: ");
            fill('b', 4096);
            buf_text(&made, "\r\n");
        }
        buf_text(&made, "A: ");
        fill('b', HTTP_HEAD_BYTES_MAX - made.len - 4 + (size_t)over);
        buf_text(&made, "\r\n\r\n");
        cr_assert_eq(made.len, (size_t)HTTP_HEAD_BYTES_MAX + (size_t)over);
        over ? failed("the answer's headers are larger than 32 KiB") : ends_as(OPEN, EMPTY);

        begin("");
        for (int i = 0; i < HTTP_INTERIM_MAX + over; i++)
            buf_text(&made, "HTTP/1.1 102 Processing\r\n\r\n");
        buf_text(&made, OK "Content-Length: 0\r\n\r\n");
        over ? failed("too many interim answers") : ends_as(OPEN, EMPTY);
    }
}

Test(http, extensions_and_trailers_have_bounds)
{
    for (int over = 0; over <= 1; over++) {
        begin(CHUNKED "1;");
        fill('x', HTTP_EXTENSION_BYTES_MAX - 1);
        buf_text(&made, "\r\n{\r\n0;");
        fill('x', HTTP_EXTENSION_BYTES_MAX - 1 + (size_t)over);
        buf_text(&made, "\r\n\r\n");
        over ? failed("the answer has a chunk extension of more than 256 bytes")
             : ends_as(OPEN, (struct outcome)DONE(200, true, "{"));

        begin(CHUNKED "0");
        fill(' ', HTTP_EXTENSION_BYTES_MAX + (size_t)over);
        buf_text(&made, "\r\n\r\n");
        over ? failed("the answer has a chunk extension of more than 256 bytes")
             : ends_as(OPEN, EMPTY);

        begin(CHUNKED);
        fill('0', HTTP_CHUNK_DIGITS_MAX - 1 + (size_t)over);
        buf_text(&made, "1\r\n{\r\n0\r\n\r\n");
        over ? failed("the answer has a chunk size of more than 256 digits")
             : ends_as(OPEN, (struct outcome)DONE(200, true, "{"));

        begin(CHUNKED "0\r\n");
        for (int i = 0; i < HTTP_TRAILER_BYTES_MAX / 256; i++) {
            buf_text(&made, "A: ");
            fill('b', i > 0 ? 251 : (size_t)(249 + over));
            buf_text(&made, "\r\n");
        }
        buf_text(&made, "\r\n");
        over ? failed("the answer's trailers are larger than 8 KiB") : ends_as(OPEN, EMPTY);
    }
}

/* A body of HTTP_BODY_BYTES_MAX bytes and `over` more. */
static const char *body_of(size_t over)
{
    static char body[HTTP_BODY_BYTES_MAX + 2];
    memset(body, 'b', HTTP_BODY_BYTES_MAX + over);
    body[HTTP_BODY_BYTES_MAX + over] = 0;
    return body;
}

/* Parse it whole and split once; byte by byte would take too long. */
static void large(enum end end, struct outcome want)
{
    cr_assert_not(made.overflow);
    feed_in_two(buf_span(&made), 0, end, &want);
    feed_in_two(buf_span(&made), 700000, end, &want);
}

Test(http, bodies_have_a_bound)
{
    struct outcome too_large = FAILED(LARGE);
    for (size_t over = 0; over <= 1; over++) {
        const char *body = body_of(over);
        begin(OK "\r\n");
        buf_text(&made, body);
        large(CLEAN, over ? too_large : (struct outcome)DONE(200, false, body));

        begin(CHUNKED);
        for (size_t left = strlen(body); left > 0;) {
            size_t size = left < 0xfff ? left : 0xfff;
            buf_hex(&made, size, 3);
            buf_text(&made, "\r\n");
            buf_put(&made, body, size);
            buf_text(&made, "\r\n");
            left -= size;
        }
        buf_text(&made, "0\r\n\r\n");
        large(OPEN, over ? too_large : (struct outcome)DONE(200, true, body));
    }
    begin(OK "Content-Length: 1048576\r\n\r\n");
    buf_text(&made, body_of(0));
    large(OPEN, (struct outcome)DONE(200, true, body_of(0)));
}

Test(http, memory_grows_with_what_comes_and_not_with_what_is_announced)
{
    struct http_response r;
    http_response_init(&r);
    feed(&r, SPAN(OK "Content-Length: 1048576\r\n\r\nb"));
    cr_assert_eq(r.state, HTTP_MORE);
    cr_assert_leq(r.body_room, 4096);
    http_response_deinit(&r);
    cr_assert_null(r.body);
}

Test(http, an_end_before_the_first_byte_is_told_apart)
{
    struct http_response r;
    http_response_init(&r);
    cr_assert_not(r.begun);
    cr_assert_eq(http_response_end(&r, true), HTTP_FAILED);
    cr_assert_not(r.begun);
    cr_assert_str_eq(r.error, "the connection ended before the answer");
    http_response_deinit(&r);
}

Test(http, what_follows_an_answer_stays_where_it_is)
{
    struct http_response r;
    http_response_init(&r);
    struct span in = SPAN(OK "Content-Length: 2\r\n\r\n{}HTTP/1.1 500");
    cr_assert_eq(http_response_take(&r, &in), HTTP_DONE);
    cr_assert(span_equal(in, SPAN("HTTP/1.1 500")));
    cr_assert_not(r.reusable);
    http_response_deinit(&r);
}

static void head(struct http_response *r, const char *header)
{
    begin(OK);
    buf_text(&made, header);
    buf_text(&made, "\r\nContent-Length: 0\r\n\r\n");
    http_response_init(r);
    feed(r, buf_span(&made));
    cr_assert_eq(r->state, HTTP_DONE);
}

Test(http, the_type_is_without_parameters_and_in_lower_case)
{
    static const char *const types[][2] = {
        {"Content-Type: application/json; charset=UTF-8", "application/json"},
        {"Content-Type: Text/HTML", "text/html"},
        {"Content-Type:  text/html ;x", "text/html"},
        {"A: b", ""},
        {"Content-Type:", ""},
        {"Content-Type: text", ""},
        {"Content-Type: text/<script>", ""},
        {"Content-Type: a/"
         "56789012345678901234567890123456789012345678901234567890123456",
            ""},
        {"Content-Type: a/"
         "5678901234567890123456789012345678901234567890123456789012345",
            "a/"
            "5678901234567890123456789012345678901234567890123456789012345"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct http_response r;
        head(&r, types[i][0]);
        cr_expect_str_eq(r.type, types[i][1], "%s: %s", types[i][0], r.type);
    }
}

/* The seconds come from `date -u -d '...' +%s`. */
Test(http, retry_after_is_a_time_from_now)
{
    const struct instant now = {1, 784111777 * SECOND_NS + 1}; /* 1994-11-06 08:49:37 and 1 ns */
    static const struct {
        const char *header;
        int64_t seconds;
        bool date; /* a date: the nanosecond of `now` is subtracted */
    } cases[] = {
        {"A: b", -1, false},
        {"Retry-After: 0", 0, false},
        {"Retry-After: 120", 120, false},
        {"Retry-After: 86400", 86400, false},
        {"Retry-After: 86401", 86400, false},
        {"Retry-After: 99999999999999999999999", 86400, false},
        {"Retry-After:\r\n 120", 120, false},
        {"Retry-After: Sun, 06 Nov 1994\r\n\t08:49:39 GMT", 2, true},
        {"Retry-After: 12\r\n 0", -1, false},
        {"Retry-After: -1", -1, false},
        {"Retry-After: 1.5", -1, false},
        {"Retry-After: soon", -1, false},
        {"Retry-After:", -1, false},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0, false},
        {"Retry-After: Sun, 06 Nov 1994 08:49:39 GMT", 2, true},
        {"Retry-After: Sunday, 06-Nov-94 08:50:37 GMT", 60, true},
        {"Retry-After: Sun Nov  6 09:49:37 1994", 3600, true},
        {"Retry-After: Sun Nov 06 09:49:37 1994", 3600, true},
        {"Retry-After: Mon, 07 Nov 1994 08:49:37 GMT", 86400, true},
        {"Retry-After: Mon, 07 Nov 1994 08:49:38 GMT", 86400, false},
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", 86400, false},
        {"Retry-After: Mon, 01 Jan 0001 00:00:00 GMT", 0, false},
        {"Retry-After: Thursday, 06-Nov-44 08:49:37 GMT", 86400, false}, /* 2044 */
        {"Retry-After: Monday, 06-Nov-45 08:49:37 GMT", 0, false}, /* 1945 */
        {"Retry-After: Sun, 06 Nov 1994 08:49:37", -1, false},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 CET", -1, false},
        {"Retry-After: Sun, 6 Nov 1994 08:49:37 GMT", -1, false},
        {"Retry-After: Sun, 31 Nov 1994 08:49:37 GMT", -1, false},
        {"Retry-After: Tue, 29 Feb 1994 08:49:37 GMT", -1, false},
        {"Retry-After: Sun, 00 Nov 1994 08:49:37 GMT", -1, false},
        {"Retry-After: Sun, 06 Nov 1994 24:49:37 GMT", -1, false},
        {"Retry-After: Sun, 06 Nov 1994 08:60:37 GMT", -1, false},
        {"Retry-After: Sun, 06 Nov 1994 08:49:60 GMT", 23, true}, /* a leap second */
        {"Retry-After: Sun, 06 Nov 1994 08:49:61 GMT", -1, false},
        {"Retry-After: Sun, 06 Nov 0000 08:49:37 GMT", -1, false},
        {"Retry-After: , 06 Nov 1994 08:49:39 GMT", -1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response r;
        head(&r, cases[i].header);
        int64_t wait_ns = http_response_retry_ns(&r, now);
        int64_t want_ns = cases[i].seconds < 0 ? -1 : cases[i].seconds * SECOND_NS - cases[i].date;
        cr_expect_eq(wait_ns, want_ns, "%s: %lld", cases[i].header, (long long)wait_ns);
    }
}

Test(http, dates_around_leap_days_and_centuries)
{
    static const struct {
        int64_t now_s;
        const char *date; /* one second later */
    } cases[] = {
        {-1 + 951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {-1 + 951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {-1 + 946684800, "Saturday, 01-Jan-00 00:00:00 GMT"}, /* in 1999 */
        {-1 + 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {-1 + 1, "Thu, 01 Jan 1970 00:00:01 GMT"},
        {-1 + 1735689600, "Wed Jan  1 00:00:00 2025"},
        {-1 + 1798761600, "Friday, 01-Jan-27 00:00:00 GMT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[80];
        struct http_response r;
        snprintf(header, sizeof header, "Retry-After: %s", cases[i].date);
        head(&r, header);
        const struct instant now = {0, cases[i].now_s * SECOND_NS};
        int64_t wait_ns = http_response_retry_ns(&r, now);
        cr_expect_eq(wait_ns, SECOND_NS, "%s: %lld", cases[i].date, (long long)wait_ns);
    }
}

static struct http_request plain(void)
{
    return (struct http_request){
        .method = HTTP_GET, .target = SPAN("/a?b=c"), .host = SPAN("example.org"), .port = 443};
}

static void writes(const struct http_request *q, const char *want)
{
    char room[1024];
    struct buf out = buf_over(room, sizeof room);
    cr_assert(http_request_put(&out, q), "%s", want);
    cr_assert(span_equal(buf_span(&out), span_of(want)), "%.*s", (int)out.len, out.at);
    for (size_t cap = 0; cap < out.len; cap++) {
        struct buf small = buf_over(room, cap);
        cr_assert(http_request_put(&small, q) && small.overflow);
    }
}

#define ALWAYS "User-Agent: stampede/" STAMPEDE_VERSION "\r\nAccept-Encoding: identity\r\n"

Test(http, requests_are_written)
{
    struct http_request q = plain();
    writes(&q, "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\n" ALWAYS "\r\n");
    q.port = 8443;
    writes(&q, "GET /a?b=c HTTP/1.1\r\nHost: example.org:8443\r\n" ALWAYS "\r\n");
    q.host = SPAN("::1");
    writes(&q, "GET /a?b=c HTTP/1.1\r\nHost: [::1]:8443\r\n" ALWAYS "\r\n");
    q.port = 443;
    writes(&q, "GET /a?b=c HTTP/1.1\r\nHost: [::1]\r\n" ALWAYS "\r\n");

    const struct http_header headers[] = {{SPAN("X-Key"), SPAN("k 1~")}, {SPAN("A"), SPAN("")}};
    q = plain();
    q.method = HTTP_POST;
    q.headers = headers;
    q.headers_count = 2;
    q.body = SPAN("{\r\n}");
    writes(&q, "POST /a?b=c HTTP/1.1\r\nHost: example.org\r\n" ALWAYS
               "X-Key: k 1~\r\nA: \r\nContent-Length: 4\r\n\r\n{\r\n}");
    q.headers_count = 0;
    q.body = SPAN("");
    writes(&q, "POST /a?b=c HTTP/1.1\r\nHost: example.org\r\n" ALWAYS "Content-Length: 0\r\n\r\n");
}

static void refuses(const struct http_request *q, const char *why)
{
    char room[1024];
    struct buf out = buf_over(room, sizeof room);
    cr_expect_not(http_request_put(&out, q), "%s", why);
    cr_expect(out.len == 0 && !out.overflow, "%s", why);
}

Test(http, no_field_can_end_its_line)
{
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = {'/', (char)byte, 'b'};
        char why[32];
        snprintf(why, sizeof why, "byte %d", byte);
        bool printable = byte > ' ' && byte < 0x7f;
        struct http_request q = plain();
        q.target = (struct span){text, sizeof text};
        if (!printable)
            refuses(&q, why);
        q = plain();
        q.host = (struct span){text + 1, 2};
        if (!printable || strchr("/@?#[]%\\\"<>", byte))
            refuses(&q, why);
        struct http_header header = {SPAN("X-Key"), {text, sizeof text}};
        q = plain();
        q.headers = &header;
        q.headers_count = 1;
        if (!printable && byte != ' ')
            refuses(&q, why);
        header = (struct http_header){{text + 1, 2}, SPAN("v")};
        if (!printable || byte == ':')
            refuses(&q, why);
    }
    struct http_request q = plain();
    q.host = SPAN("");
    refuses(&q, "no host");
    q = plain();
    q.target = SPAN("");
    refuses(&q, "no target");
    q.target = SPAN("a");
    refuses(&q, "a target without a slash");
    const struct http_header nameless[] = {{SPAN("X-Key"), SPAN("v")}, {SPAN(""), SPAN("v")}};
    q = plain();
    q.headers = &nameless[1];
    q.headers_count = 1;
    refuses(&q, "a header without a name");
    q.headers = nameless;
    q.headers_count = 2;
    refuses(&q, "a second header without a name");
}
