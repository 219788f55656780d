/* outgoing.c — see server.h: writes the head of an answer, RFC 9110. */
#include "core/base/invariant.h"
#include "core/http/private.h"
#include "core/http/server.h"

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } reasons[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    size_t i = 0, count = sizeof reasons / sizeof *reasons;
    while (i < count && reasons[i].status != status)
        i++;
    ASSERT(i < count);
    return reasons[i].phrase;
}

static void put_header(struct buf *out, const char *name, const char *value)
{
    buf_text(out, name);
    buf_text(out, ": ");
    buf_text(out, value);
    buf_text(out, "\r\n");
}

void http_outgoing_put(struct buf *out, const struct http_outgoing *a, int64_t real_ns)
{
    buf_text(out, "HTTP/1.1 ");
    buf_u64(out, a->status);
    buf_byte(out, ' ');
    buf_text(out, http_reason(a->status));
    buf_text(out, "\r\nDate: ");
    http_date_put(out, real_ns < 0 ? 0 : real_ns / SECOND_NS);
    buf_text(out, "\r\n");
    put_header(out, "Server", "stampede/" STAMPEDE_VERSION);
    put_header(out, "Content-Type", a->type);
    buf_text(out, "Content-Length: ");
    buf_u64(out, a->length);
    buf_text(out, "\r\n");
    put_header(out, "Cache-Control", "no-store");
    put_header(out, "X-Content-Type-Options", "nosniff");
    if (a->allow)
        put_header(out, "Allow", a->allow);
    if (a->asks_token)
        put_header(out, "WWW-Authenticate", "Bearer");
    if (!a->keep)
        put_header(out, "Connection", "close");
    buf_text(out, "\r\n");
}
