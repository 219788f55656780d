/* header.c — the headers that say where an answer ends and whether another may follow, RFC 9112,
 * 6 and 9; all others are ignored. Lists are read as RFC 9110, 5.6.1 demands: their members may be
 * spread over several headers, and empty members do not count.
 *
 * Answers get mixed up when two parsers see different ends. So Content-Length may come once only
 * and is one number, Transfer-Encoding has exactly one member that is not empty, and neither may be
 * folded: some proxies read only the first line of a folded header. */
#include "core/base/ascii.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/http/private.h"
#include <stdlib.h>

void http_response_fail(struct http_response *r, const char *error)
{
    ASSERT(r->state == HTTP_MORE);
    free(r->body);
    r->body = NULL;
    r->body_len = r->body_room = 0;
    r->state = HTTP_FAILED;
    r->error = error;
}

static void take_content_length(struct http_response *r, struct span value)
{
    if (r->length_known) {
        http_response_fail(r, "the answer has two Content-Length headers");
        return;
    }
    r->length_known = true;
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is_digit(value.at[i]))
            value.len = 0;
    if (value.len == 0)
        http_response_fail(r, "the answer's Content-Length is no number");
    else if (!decimal_take_digits(&value, HTTP_BODY_BYTES_MAX, &r->left))
        http_response_fail(r, "the answer's body is larger than 1 MiB");
}

struct span http_trimmed(struct span s)
{
    while (s.len && http_is_blank(s.at[0]))
        s = span_from(s, 1);
    while (s.len && http_is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

/* Take what stands before the first `byte` off *rest, together with that byte. */
static struct span part_take(struct span *rest, char byte)
{
    const char *end = rest->len ? memchr(rest->at, byte, rest->len) : NULL;
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
    *rest = span_from(*rest, end ? part.len + 1 : part.len);
    return http_trimmed(part);
}

bool http_member_take(struct span *list, struct span *member)
{
    member->len = 0;
    while (list->len && member->len == 0)
        *member = part_take(list, ',');
    return member->len > 0;
}

/* An empty Transfer-Encoding, too, takes the place of Content-Length; see head_end. */
static void take_transfer_encoding(struct http_response *r, struct span value)
{
    struct span coding;
    r->coded = true;
    while (r->state == HTTP_MORE && http_member_take(&value, &coding)) {
        if (r->chunked || !http_is_word(coding, "chunked"))
            http_response_fail(r, "the answer's Transfer-Encoding is not just chunked");
        r->chunked = true;
    }
}

static void take_content_encoding(struct http_response *r, struct span value)
{
    struct span coding;
    while (r->state == HTTP_MORE && http_member_take(&value, &coding))
        if (!http_is_word(coding, "identity"))
            http_response_fail(r, "the answer is compressed, though it was asked not to be");
}

static void take_connection(struct http_response *r, struct span value)
{
    struct span option;
    while (http_member_take(&value, &option))
        if (http_is_word(option, "close"))
            r->closes = true;
}

static void take_content_type(struct http_response *r, struct span value)
{
    struct span subtype = part_take(&value, ';');
    size_t len = subtype.len;
    const char *at = subtype.at;
    struct span type = part_take(&subtype, '/');
    if (len > HTTP_TYPE_BYTES_MAX || !http_is_token(type) || !http_is_token(subtype))
        return;
    for (size_t i = 0; i < len; i++)
        r->type[i] = ascii_lower(at[i]);
    r->type[len] = 0;
}

static void take_retry_after(struct http_response *r, struct span value)
{
    if (value.len > HTTP_DATE_BYTES_MAX)
        return;
    memcpy(r->retry_after, value.at, value.len);
    r->retry_after[value.len] = 0;
}

static const struct {
    const char *name;
    void (*take)(struct http_response *r, struct span value);
    bool ends; /* it says where the answer ends */
} headers[] = {
    {"content-length", take_content_length, true},
    {"transfer-encoding", take_transfer_encoding, true},
    {"content-encoding", take_content_encoding, false},
    {"connection", take_connection, false},
    {"content-type", take_content_type, false},
    {"retry-after", take_retry_after, false},
};

void http_header_take(struct http_response *r, struct span name, struct span value)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (!http_is_word(name, headers[i].name))
            continue;
        if (headers[i].ends && r->folded)
            http_response_fail(r, "the answer has a folded Content-Length or Transfer-Encoding");
        else
            headers[i].take(r, http_trimmed(value));
    }
}
