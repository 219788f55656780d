/* fuzz_http.c — what a server sends, split in different ways.
 *
 * The first bytes of the data say where the stream is split and how it ends; the rest is the
 * stream. The answer must be the same whether it is parsed whole, split or byte by byte. A complete
 * answer must be complete again without the bytes that follow it. All answers keep their bounds.
 *
 * Covers: src/core/http/date.c, src/core/http/header.c, src/core/http/response.c */
#include "core/http/http.h"
#include "core/base/invariant.h"
#include <stdlib.h>

enum { HEAD_BYTES = 3 };

enum end { END_OPEN, END_CLEAN, END_CUT, END_KINDS };

static struct http_response *begin(void)
{
    struct http_response *r = malloc(sizeof *r);
    ASSERT(r);
    http_response_init(r);
    return r;
}

/* Parse bytes in a block of exactly their size. Returns how many were taken. */
static size_t feed(struct http_response *r, struct span bytes)
{
    char *block = malloc(bytes.len);
    ASSERT(block || bytes.len == 0);
    if (bytes.len)
        memcpy(block, bytes.at, bytes.len);
    struct span in = {block, bytes.len};
    enum http_state state = http_response_take(r, &in);
    ASSERT(state == r->state && (in.len == 0 || state != HTTP_MORE));
    free(block);
    return bytes.len - in.len;
}

static void end_with(struct http_response *r, enum end end)
{
    if (end != END_OPEN)
        ASSERT(http_response_end(r, end == END_CLEAN) == r->state);
}

static void check_bounds(const struct http_response *r)
{
    struct span body = http_response_body(r);
    ASSERT(body.len <= HTTP_BODY_BYTES_MAX && (r->state != HTTP_FAILED || body.len == 0));
    ASSERT((r->state == HTTP_FAILED) == (r->error != NULL));
    ASSERT(r->state != HTTP_DONE || (r->status >= 200 && r->status <= 599));
    ASSERT(!r->reusable || r->state == HTTP_DONE);
    ASSERT(strlen(r->type) <= HTTP_TYPE_BYTES_MAX);
    const struct instant now = {0, INT64_C(1800000000) * SECOND_NS};
    int64_t retry_ns = http_response_retry_ns(r, now);
    ASSERT(retry_ns >= -1 && retry_ns <= HTTP_RETRY_SECONDS_MAX * SECOND_NS);
}

static void check_same(const struct http_response *a, const struct http_response *b)
{
    ASSERT(a->state == b->state && a->status == b->status && a->begun == b->begun);
    ASSERT(a->reusable == b->reusable && a->error == b->error);
    ASSERT(strcmp(a->type, b->type) == 0 && strcmp(a->retry_after, b->retry_after) == 0);
    ASSERT(span_equal(http_response_body(a), http_response_body(b)));
}

static void end_life(struct http_response *r)
{
    http_response_deinit(r);
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    struct span stream = {(const char *)data + HEAD_BYTES, size - HEAD_BYTES};
    size_t cut = ((size_t)data[0] << 8 | data[1]) % (stream.len + 1);
    enum end end = data[2] % END_KINDS;

    struct http_response *whole = begin();
    size_t taken = feed(whole, stream);
    bool done = whole->state == HTTP_DONE;
    end_with(whole, end);
    check_bounds(whole);

    struct http_response *other = begin();
    feed(other, (struct span){stream.at, cut});
    feed(other, span_from(stream, cut));
    end_with(other, end);
    check_same(whole, other);
    end_life(other);

    other = begin();
    for (size_t i = 0; i < stream.len; i++)
        feed(other, (struct span){stream.at + i, 1});
    end_with(other, end);
    check_same(whole, other);
    end_life(other);

    if (done) {
        other = begin();
        ASSERT(feed(other, (struct span){stream.at, taken}) == taken);
        ASSERT(other->state == HTTP_DONE);
        ASSERT(whole->reusable == (other->reusable && taken == stream.len));
        end_life(other);
    }
    end_life(whole);
    return 0;
}
