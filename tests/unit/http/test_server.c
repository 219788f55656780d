/* test_server.c — requests that come in, split at every offset, and the heads of answers.
 *
 * Each request is parsed whole, byte by byte, and in two parts split at every offset. Each part
 * lies in a block of exactly its size. The result must always be the same. */
#include "core/http/server.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct outcome {
    unsigned refused; /* with which status; 0: it is not */
    bool ends; /* no other request may follow */
    const char *path;
    const char *method, *host; /* NULL: "GET", "a" */
    const char *query, *authorization; /* NULL: none */
};

static void feed(struct http_incoming *r, struct span bytes, size_t *left)
{
    struct span block = boxed(bytes), in = block;
    enum http_state state = http_incoming_take(r, &in);
    cr_assert_eq(state, r->state);
    cr_assert(in.len == 0 || state != HTTP_MORE);
    *left += in.len;
    unbox(block);
}

static void same(struct span got, const char *want, const char *what, const char *input)
{
    cr_assert(span_equal(got, span_of(want ? want : "")), "%.60s: %s is \"%.*s\"", input, what,
        (int)got.len, got.at);
}

static void check(const char *input, struct http_incoming *r, size_t left,
    const struct outcome *want, size_t over)
{
    if (want->refused) {
        cr_assert_eq(r->state, HTTP_FAILED, "%.60s: not refused", input);
        cr_assert_eq(r->status, want->refused, "%.60s: %u, %s", input, r->status, r->error);
    } else {
        cr_assert_eq(r->state, HTTP_DONE, "%.60s: state %d, %s", input, r->state,
            r->error ? r->error : "no error");
        cr_assert_eq(left, over, "%.60s: %zu bytes are left", input, left);
        cr_assert_eq(r->keep, !want->ends, "%.60s", input);
        same(r->method, want->method ? want->method : "GET", "method", input);
        same(r->path, want->path, "path", input);
        same(r->query, want->query, "query", input);
        same(r->host, want->host ? want->host : "a", "host", input);
        same(r->authorization, want->authorization, "authorization", input);
    }
    http_incoming_next(r);
}

/* `over`: how many bytes at the end do not belong to the request. */
static void judge(const char *input, size_t over, struct outcome want)
{
    struct span all = span_of(input);
    for (size_t split = 0; split <= all.len; split++) {
        struct http_incoming r = {0};
        size_t left = 0;
        feed(&r, (struct span){all.at, split}, &left);
        feed(&r, span_from(all, split), &left);
        check(input, &r, left, &want, over);
    }
    struct http_incoming r = {0};
    size_t left = 0;
    for (size_t i = 0; i < all.len; i++)
        feed(&r, (struct span){all.at + i, 1}, &left);
    check(input, &r, left, &want, over);
}

#define GOOD(...) ((struct outcome){__VA_ARGS__})
#define REFUSED(code) ((struct outcome){.refused = (code)})

Test(server, requests_that_are_understood)
{
    judge("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 0, GOOD(.path = "/metrics"));
    judge("\r\n\r\nGET / HTTP/1.1\r\nhOsT:a\t \r\n\r\nGET", 3, GOOD(.path = "/"));
    judge("HEAD /a?b=c?d HTTP/1.9\r\nHost: [::1]:12200\r\nX: \xc3\xa4\r\n\r\n", 0,
        GOOD(.method = "HEAD", .path = "/a", .query = "b=c?d", .host = "[::1]:12200"));
    judge("GET / HTTP/1.0\r\n\r\n", 0, GOOD(.path = "/", .host = "", .ends = true));
    judge("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close ,\r\n\r\n", 0,
        GOOD(.path = "/", .ends = true));
    judge("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\n\r\n", 0,
        GOOD(.path = "/", .authorization = "Bearer abc"));
    judge("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\r\n\r\nxGET", 3,
        GOOD(.method = "POST", .path = "/x"));
    judge("GET http://b:80/x HTTP/1.1\r\nHost: a\r\n\r\n", 0, GOOD(.host = "b:80", .path = "/x"));
    judge("GET HTTP://b?q HTTP/1.1\r\nHost: a\r\n\r\n", 0, GOOD(.host = "b", .path = "/"));
}

Test(server, first_lines_that_are_refused)
{
    static const struct {
        const char *line;
        unsigned status;
    } cases[] = {
        {"IAMAT kiwi +34.0-118.0 1\r\n", 400},
        {"GET /\r\n", 400},
        {"GET / HTTP/1.1 \r\n", 400},
        {"GET  / HTTP/1.1\r\n", 400},
        {" GET / HTTP/1.1\r\n", 400},
        {"G(T / HTTP/1.1\r\n", 400},
        {"GET / http/1.1\r\n", 400},
        {"GET / HTTP/11\r\n", 400},
        {"GET / HTTP/2.0\r\n", 505},
        {"GET * HTTP/1.1\r\n", 400},
        {"GET metrics HTTP/1.1\r\n", 400},
        {"GET /#a HTTP/1.1\r\n", 400},
        {"GET /\x80 HTTP/1.1\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\n", 400},
        {"GET / HTTP/1.1\rX", 400},
        {"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 400},
        {"\x16\x03\x01\x02", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        judge(cases[i].line, 0, REFUSED(cases[i].status));
}

Test(server, headers_that_are_refused)
{
    static const struct {
        const char *headers;
        unsigned status;
    } cases[] = {
        {"\r\n", 400}, /* no Host */
        {"Host: a\r\nHost: a\r\n", 400},
        {"Host: a\r\n b\r\n", 400},
        {"Host : a\r\n", 400},
        {": a\r\n", 400},
        {"Host\r\n", 400},
        {"Host: a\n", 400},
        {"Host: a\r\r\n", 400},
        {"Host: a\x7f\r\n", 400},
        {"Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400},
        {"Host: a\r\nContent-Length: 1, 1\r\n", 400},
        {"Host: a\r\nContent-Length: -1\r\n", 400},
        {"Host: a\r\nContent-Length:\r\n", 400},
        {"Host: a\r\nContent-Length: 65537\r\n", 413},
        {"Host: a\r\nContent-Length: 99999999999999999999999999\r\n", 413},
        {"Host: a\r\nTransfer-Encoding: chunked\r\n", 501},
        {"Host: a\r\nExpect: 100-continue\r\n", 417},
        {"Authorization: a\r\nAuthorization: b\r\n", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char input[256];
        snprintf(input, sizeof input, "GET / HTTP/1.1\r\n%s", cases[i].headers);
        judge(input, 0, REFUSED(cases[i].status));
    }
}

/* A request of `before`, `count` times `byte`, and `after`; whole only, since it is long. */
static unsigned status_of(const char *before, size_t count, char byte, const char *after)
{
    size_t bytes = strlen(before) + count + strlen(after);
    char *input = malloc(bytes);
    cr_assert_not_null(input);
    memcpy(input, before, strlen(before));
    memset(input + strlen(before), byte, count);
    memcpy(input + strlen(before) + count, after, strlen(after));
    struct http_incoming r = {0};
    size_t left = 0;
    feed(&r, (struct span){input, bytes}, &left);
    unsigned status = r.state == HTTP_DONE ? 200 : r.state == HTTP_FAILED ? r.status : 0;
    http_incoming_next(&r);
    free(input);
    return status;
}

Test(server, bounds)
{
    const char *rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
    cr_expect_eq(status_of("GET /", HTTP_INCOMING_TARGET_BYTES_MAX - 1, 'a', rest), 200);
    cr_expect_eq(status_of("GET /", HTTP_INCOMING_TARGET_BYTES_MAX, 'a', rest), 414);
    cr_expect_eq(status_of("GET /", HTTP_INCOMING_HEAD_BYTES_MAX, 'a', rest), 414);
    const char *head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    size_t others = strlen("GET / HTTP/1.1Host: aX: ");
    cr_expect_eq(status_of(head, HTTP_INCOMING_HEAD_BYTES_MAX - others, 'a', "\r\n\r\n"), 200);
    cr_expect_eq(status_of(head, HTTP_INCOMING_HEAD_BYTES_MAX - others + 1, 'a', "\r\n\r\n"), 431);
    const char *body = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n";
    cr_expect_eq(status_of(body, HTTP_INCOMING_BODY_BYTES_MAX - 1, 'a', ""), 0);
    cr_expect_eq(status_of(body, HTTP_INCOMING_BODY_BYTES_MAX, 'a', ""), 200);
    char many[1024] = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (unsigned i = 1; i < HTTP_INCOMING_HEADERS_MAX; i++)
        strcat(many, "X: y\r\n");
    cr_expect_eq(status_of(many, 0, 'a', "\r\n"), 200);
    cr_expect_eq(status_of(many, 0, 'a', "X: y\r\n\r\n"), 431);
}

Test(server, an_answer_has_a_date_and_forbids_guesses)
{
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct http_outgoing a = {.status = 200, .type = "text/plain", .length = 3, .keep = true};
    http_outgoing_put(&out, &a, INT64_C(784111777) * SECOND_NS + 5);
    same(buf_span(&out),
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Server: stampede/" STAMPEDE_VERSION
        "\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n\r\n",
        "head", "200");
    out = buf_over(memory, sizeof memory);
    a = (struct http_outgoing){.status = 405, .type = "text/plain", .allow = "GET, HEAD"};
    http_outgoing_put(&out, &a, -1);
    same(buf_span(&out),
        "HTTP/1.1 405 Method Not Allowed\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Server: stampede/" STAMPEDE_VERSION
        "\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n",
        "head", "405");
}

/* What is written is read again as the same second, also at the ends of years. */
Test(server, dates_are_read_as_they_were_written)
{
    for (int64_t day = 0; day < 366 * 140; day += 11) {
        int64_t seconds = day * 86400 + day * 7919 % 86400, again;
        char memory[512];
        struct buf out = buf_over(memory, sizeof memory);
        struct http_outgoing a = {.status = 503, .type = "a"};
        http_outgoing_put(&out, &a, seconds * SECOND_NS);
        struct http_response r;
        http_response_init(&r);
        char text[600];
        snprintf(text, sizeof text, "HTTP/1.1 503 x\r\nRetry-After: %.29s\r\n\r\n",
            strstr(memory, "Date: ") + 6);
        struct span in = span_of(text);
        cr_assert_neq(http_response_take(&r, &in), HTTP_FAILED);
        again = http_response_retry_ns(
            &r, (struct instant){.mono_ns = 0, .real_ns = (seconds - 100) * SECOND_NS});
        cr_assert_eq(again, seconds < 100 ? again : 100 * SECOND_NS, "day %ld: %.29s", (long)day,
            strstr(memory, "Date: ") + 6);
        http_response_deinit(&r);
    }
}
