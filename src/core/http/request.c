/* request.c — writes a request, RFC 9112, 3. All its parts are checked before the first byte is
 * written: with a CR or LF in it, a part could add headers of its own. */
#include "core/base/ascii.h"
#include "core/base/invariant.h"
#include "core/http/private.h"

bool http_is_printable(struct span s, char least)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < least || s.at[i] > '~')
            return false;
    return true;
}

/* Not empty, and only letters, digits and bytes of `others`. */
static bool is_made_of(struct span s, const char *others)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_letter(s.at[i]) && !ascii_is_digit(s.at[i]) &&
            (s.at[i] == 0 || !strchr(others, s.at[i])))
            return false;
    return s.len > 0;
}

bool http_is_token(struct span s)
{
    return is_made_of(s, "!#$%&'*+-.^_`|~");
}

bool http_is_word(struct span s, const char *word)
{
    if (s.len != strlen(word))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (ascii_lower(s.at[i]) != word[i])
            return false;
    return true;
}

/* Only the bytes of names and addresses; what the host means is left to the resolver. */
static bool is_host(struct span s)
{
    return is_made_of(s, "-._:");
}

static bool is_writable(const struct http_request *q)
{
    bool well = q->target.len > 0 && q->target.at[0] == '/' && http_is_printable(q->target, '!') &&
                is_host(q->host);
    for (unsigned i = 0; i < q->headers_count; i++)
        well = well && http_is_token(q->headers[i].name) &&
               http_is_printable(q->headers[i].value, ' ');
    return well;
}

static void put_header(struct buf *out, struct span name, struct span value)
{
    buf_span_put(out, name);
    buf_text(out, ": ");
    buf_span_put(out, value);
    buf_text(out, "\r\n");
}

static void put_host(struct buf *out, struct span host, uint16_t port)
{
    bool brackets = memchr(host.at, ':', host.len);
    buf_text(out, brackets ? "Host: [" : "Host: ");
    buf_span_put(out, host);
    buf_text(out, brackets ? "]" : "");
    if (port != 443) {
        buf_byte(out, ':');
        buf_u64(out, port);
    }
    buf_text(out, "\r\n");
}

bool http_request_put(struct buf *out, const struct http_request *q)
{
    ASSERT(q->method == HTTP_POST || q->body.len == 0);
    if (!is_writable(q))
        return false;
    buf_text(out, q->method == HTTP_POST ? "POST " : "GET ");
    buf_span_put(out, q->target);
    buf_text(out, " HTTP/1.1\r\n");
    put_host(out, q->host, q->port);
    buf_text(out, "User-Agent: stampede/" STAMPEDE_VERSION "\r\nAccept-Encoding: identity\r\n");
    for (unsigned i = 0; i < q->headers_count; i++)
        put_header(out, q->headers[i].name, q->headers[i].value);
    if (q->method == HTTP_POST) {
        buf_text(out, "Content-Length: ");
        buf_u64(out, q->body.len);
        buf_text(out, "\r\n");
    }
    buf_text(out, "\r\n");
    if (q->method == HTTP_POST)
        buf_span_put(out, q->body);
    return true;
}
