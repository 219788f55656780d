/* fuzz_server.c — requests to the HTTP port, split in different ways.
 *
 * The first bytes of the data say where the stream is split; the rest is the stream, which may have
 * several requests. Their results must be the same whether the stream is parsed whole, split or
 * byte by byte; what is judged about each must be one of the answers that there are.
 *
 * Covers: src/core/http/incoming.c, src/core/http/outgoing.c, src/core/web/web.c */
#include "core/base/invariant.h"
#include "core/web/web.h"
#include "unit/secrets.h"
#include <stdlib.h>

enum { HEAD_BYTES = 2 };

static struct topology_node node = {.name = "Goloman"};
static struct topology topology = {
    .nodes = &node, .nodes_count = 1, .http = {.hosts = {"a.example"}, .hosts_count = 1}};
static struct secrets tokens;

/* All requests of a stream, and what became of them. */
struct reading {
    struct http_incoming request;
    uint64_t outcome; /* of all requests so far */
    bool over; /* one was refused, or the last */
};

static void note(struct reading *r, uint64_t value)
{
    r->outcome = (r->outcome ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    r->outcome ^= r->outcome >> 29;
}

static void note_span(struct reading *r, struct span s)
{
    note(r, s.len);
    for (size_t i = 0; i < s.len; i++)
        note(r, (unsigned char)s.at[i]);
}

static void answer(struct reading *r)
{
    struct web_rules rules = {.topology = &topology, .tokens = &tokens};
    struct http_incoming *q = &r->request;
    struct web_verdict v = web_judge(&rules, q);
    char memory[512];
    struct buf out = buf_over(memory, sizeof memory);
    struct http_outgoing a = {.status = v.status,
        .type = "text/plain",
        .allow = v.allow,
        .asks_token = v.asks_token,
        .keep = q->keep};
    http_outgoing_put(&out, &a, 0);
    ASSERT(!out.overflow && (v.page == WEB_REFUSED) == (v.status != 200));
    ASSERT(v.page != WEB_REFUSED || *v.words);
    if (q->state == HTTP_DONE) {
        ASSERT(q->path.len && q->path.at[0] == '/');
        ASSERT(q->path.len + q->query.len <= HTTP_INCOMING_TARGET_BYTES_MAX);
        note_span(r, q->method);
        note_span(r, q->path);
        note_span(r, q->query);
        note_span(r, q->host);
        note_span(r, q->authorization);
    }
    note(r, v.status);
    r->over = !q->keep;
    http_incoming_next(q);
}

/* In a block of its own size, so that AddressSanitizer sees a read past its end. */
static void feed(struct reading *r, struct span bytes)
{
    char *block = malloc(bytes.len ? bytes.len : 1);
    ASSERT(block);
    if (bytes.len)
        memcpy(block, bytes.at, bytes.len);
    struct span in = {block, bytes.len};
    while (in.len && !r->over)
        if (http_incoming_take(&r->request, &in) != HTTP_MORE)
            answer(r);
    free(block);
}

static uint64_t end(struct reading *r)
{
    note(r, r->request.begun);
    http_incoming_next(&r->request);
    return r->outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES)
        return 0;
    if (!tokens.count)
        tokens = secrets_of("0123456789abcdef");
    struct span stream = {(const char *)data + HEAD_BYTES, size - HEAD_BYTES};
    size_t cut = ((size_t)data[0] << 8 | data[1]) % (stream.len + 1);
    struct reading whole = {0}, split = {0}, bytes = {0};
    feed(&whole, stream);
    feed(&split, (struct span){stream.at, cut});
    feed(&split, span_from(stream, cut));
    for (size_t i = 0; i < stream.len; i++)
        feed(&bytes, (struct span){stream.at + i, 1});
    uint64_t outcome = end(&whole);
    ASSERT(outcome == end(&split));
    ASSERT(outcome == end(&bytes));
    return 0;
}
