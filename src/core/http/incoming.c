/* incoming.c — see server.h: parses a request, RFC 9112. Its head is kept in one block, of which
 * the results are views; each line is judged when it ends, and each byte when it comes, so the same
 * bytes lead to the same result however they are split.
 *
 * Holds always: head_len <= HTTP_INCOMING_HEAD_BYTES_MAX; a FAILED request has a status and an
 * error. */
#include "core/base/ascii.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/http/private.h"
#include "core/http/server.h"
#include <stdlib.h>

static void fail(struct http_incoming *r, unsigned status, const char *error)
{
    ASSERT(r->state == HTTP_MORE && status >= 400);
    r->state = HTTP_FAILED;
    r->status = status;
    r->error = error;
}

/* -- the request line -------------------------------------------------------------------------- */

/* What stands before the first `byte`, which is taken off with it. false: there is none. */
static bool cut(struct span *rest, char byte, struct span *part)
{
    const char *end = rest->len ? memchr(rest->at, byte, rest->len) : NULL;
    if (!end)
        return false;
    *part = (struct span){rest->at, (size_t)(end - rest->at)};
    *rest = span_from(*rest, part->len + 1);
    return true;
}

/* `http://host/path`, as for a proxy, must be understood, too; its host counts, not the header. */
static void take_absolute(struct http_incoming *r, struct span *target)
{
    static const char scheme[] = "http://";
    size_t bytes = sizeof scheme - 1;
    if (target->len <= bytes || !http_is_word((struct span){target->at, bytes}, scheme))
        return;
    struct span rest = span_from(*target, bytes);
    size_t host = 0;
    while (host < rest.len && rest.at[host] != '/' && rest.at[host] != '?')
        host++;
    r->host = (struct span){rest.at, host};
    r->named = true;
    rest = span_from(rest, host);
    *target = rest.len && rest.at[0] == '/' ? rest : (struct span){"/", 1};
}

static void take_target(struct http_incoming *r, struct span target)
{
    take_absolute(r, &target);
    if (target.len > HTTP_INCOMING_TARGET_BYTES_MAX)
        fail(r, 414, "the target is longer than 2 KiB");
    else if (target.len == 0 || target.at[0] != '/' || memchr(target.at, '#', target.len))
        fail(r, 400, "the target is no path");
    else if (!cut(&target, '?', &r->path))
        r->path = target;
    else
        r->query = target;
}

static void take_version(struct http_incoming *r, struct span version)
{
    if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || !ascii_is_digit(version.at[5]) ||
        version.at[6] != '.' || !ascii_is_digit(version.at[7]))
        fail(r, 400, "the first line is no request of HTTP");
    else if (version.at[5] != '1')
        fail(r, 505, "this server speaks HTTP/1.1");
    else
        r->one_one = version.at[7] != '0';
}

static void request_line(struct http_incoming *r, struct span line)
{
    struct span rest = line, target;
    if (!cut(&rest, ' ', &r->method) || !http_is_token(r->method) || !cut(&rest, ' ', &target) ||
        !http_is_printable(target, '!'))
        fail(r, 400, "the first line is no request of HTTP");
    else
        take_version(r, rest);
    if (r->state == HTTP_MORE)
        take_target(r, target);
    r->part = HTTP_INCOMING_HEADERS;
}

/* -- headers ----------------------------------------------------------------------------------- */

static void take_host(struct http_incoming *r, struct span value)
{
    if (r->host_known)
        fail(r, 400, "there are two Host headers");
    else if (!r->named)
        r->host = value;
    r->host_known = true;
}

static void take_length(struct http_incoming *r, struct span value)
{
    bool digits = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        digits = digits && ascii_is_digit(value.at[i]);
    if (r->length_known)
        fail(r, 400, "there are two Content-Length headers");
    else if (!digits)
        fail(r, 400, "Content-Length is no number");
    else if (!decimal_take_digits(&value, HTTP_INCOMING_BODY_BYTES_MAX, &r->left))
        fail(r, 413, "the body is larger than 64 KiB");
    r->length_known = true;
}

static void take_coding(struct http_incoming *r, struct span value)
{
    (void)value;
    fail(r, 501, "this server takes no Transfer-Encoding");
}

static void take_expect(struct http_incoming *r, struct span value)
{
    (void)value;
    fail(r, 417, "this server wants no body");
}

static void take_connection(struct http_incoming *r, struct span value)
{
    struct span option;
    while (http_member_take(&value, &option))
        r->closes |= http_is_word(option, "close");
}

static void take_authorization(struct http_incoming *r, struct span value)
{
    if (r->authorization.len)
        fail(r, 400, "there are two Authorization headers");
    r->authorization = value;
}

static const struct {
    const char *name;
    void (*take)(struct http_incoming *r, struct span value);
} known[] = {
    {"host", take_host},
    {"content-length", take_length},
    {"transfer-encoding", take_coding},
    {"expect", take_expect},
    {"connection", take_connection},
    {"authorization", take_authorization},
};

static void header_line(struct http_incoming *r, struct span line)
{
    struct span name, value = line;
    if (http_is_blank(line.at[0]))
        fail(r, 400, "there is a folded header");
    else if (!cut(&value, ':', &name))
        fail(r, 400, "there is a header without a colon");
    else if (!http_is_token(name))
        fail(r, 400, "there is a header with an invalid name");
    else if (++r->headers > HTTP_INCOMING_HEADERS_MAX)
        fail(r, 431, "there are more than 64 headers");
    value = http_trimmed(value);
    for (size_t i = 0; r->state == HTTP_MORE && i < sizeof known / sizeof *known; i++)
        if (http_is_word(name, known[i].name))
            known[i].take(r, value);
}

static void finish(struct http_incoming *r)
{
    ASSERT(r->state == HTTP_MORE && r->left == 0 && r->path.len > 0);
    r->state = HTTP_DONE;
    r->keep = r->one_one && !r->closes;
}

static void head_end(struct http_incoming *r)
{
    r->part = HTTP_INCOMING_BODY;
    if (r->one_one && !r->host_known)
        fail(r, 400, "there is no Host header");
    else if (r->left == 0)
        finish(r);
}

static void line_end(struct http_incoming *r)
{
    struct span line = {r->head + r->line_at, r->head_len - r->line_at};
    if (r->part == HTTP_INCOMING_HEADERS && line.len == 0)
        head_end(r);
    else if (r->part == HTTP_INCOMING_HEADERS)
        header_line(r, line);
    else if (line.len > 0)
        request_line(r, line);
    else if ((r->blank_bytes += 2) > HTTP_INCOMING_BLANK_BYTES_MAX)
        fail(r, 400, "the first line is no request of HTTP");
    r->line_at = r->head_len;
}

static void head_byte(struct http_incoming *r, char byte)
{
    if (r->cr != (byte == '\n')) {
        fail(r, 400, "there is a line that does not end with CR LF");
    } else if (r->cr) {
        r->cr = false;
        line_end(r);
    } else if (byte == '\r') {
        r->cr = true;
    } else if (((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f) {
        fail(r, 400, "there is a control byte in the head");
    } else if (r->head_len < HTTP_INCOMING_HEAD_BYTES_MAX) {
        r->head[r->head_len++] = byte;
    } else if (r->part == HTTP_INCOMING_LINE) {
        fail(r, 414, "the request line is longer than 8 KiB");
    } else {
        fail(r, 431, "the headers are larger than 8 KiB");
    }
}

enum http_state http_incoming_take(struct http_incoming *r, struct span *in)
{
    if (in->len && r->state == HTTP_MORE && !r->head) {
        r->head = malloc(HTTP_INCOMING_HEAD_BYTES_MAX);
        r->begun = true;
        if (!r->head)
            fail(r, 503, "out of memory");
    }
    while (in->len && r->state == HTTP_MORE) {
        if (r->part == HTTP_INCOMING_BODY) {
            size_t n = r->left < in->len ? r->left : in->len;
            r->left -= n;
            *in = span_from(*in, n);
            if (r->left == 0)
                finish(r);
        } else {
            char byte = in->at[0];
            *in = span_from(*in, 1);
            head_byte(r, byte);
        }
    }
    ASSERT(r->head_len <= HTTP_INCOMING_HEAD_BYTES_MAX && r->line_at <= r->head_len);
    ASSERT((r->state == HTTP_FAILED) == (r->error != NULL) && (!r->error || r->status >= 400));
    return r->state;
}

void http_incoming_next(struct http_incoming *r)
{
    free(r->head);
    *r = (struct http_incoming){0};
}
