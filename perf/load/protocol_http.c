/* protocol_http.c — the herd's commands as HTTP requests, for the LAMP peer: POST /iamat.php with
 * a form, GET /whatsat.php with a query. The response's body is what a node would have replied and
 * is checked as such. Connections persist (HTTP/1.1). Bodies have a Content-Length or are
 * chunked. */
#include "load/protocol.h"
#include <stdlib.h>

#define HEAD                                          \
    "POST /iamat.php HTTP/1.1\r\nHost: localhost\r\n" \
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 82\r\n\r\nid="
#define ASK_HEAD "GET /whatsat.php?id="

enum { PLUS_BYTES = 3, LINE_BYTES = 96, BODY_BYTES_MAX = 1 << 16 };

/* A plus sign must be escaped in a form, and every position starts with one. */
_Static_assert(sizeof "id=" - 1 + TRAFFIC_ID_BYTES + sizeof "&position=" - 1 + PLUS_BYTES - 1 +
                       TRAFFIC_POSITION_BYTES + sizeof "&time=" - 1 + TRAFFIC_TIME_BYTES ==
                   82,
    "Content-Length");

static size_t http_write(struct traffic *t, enum kind kind, char *out)
{
    if (kind == KIND_QUERY) {
        char *at = PUT(traffic_put_id(t, PUT(out, ASK_HEAD)), "&radius=");
        at = PUT(put(at, herd_radius_km, strlen(herd_radius_km)), "&count=");
        at = put(at, herd_results, strlen(herd_results));
        return (size_t)(PUT(at, " HTTP/1.1\r\nHost: localhost\r\n\r\n") - out);
    }
    char position[TRAFFIC_POSITION_BYTES];
    traffic_put_position(t, position);
    char *at = PUT(traffic_put_id(t, PUT(out, HEAD)), "&position=%2B");
    at = put(at, position + 1, sizeof position - 1);
    return (size_t)(traffic_put_time(t, PUT(at, "&time=")) - out);
}

/* The command as it would have been sent to a node. */
static struct span as_line(struct span asked, enum kind kind, char *line)
{
    char *at = line;
    if (kind == KIND_QUERY) {
        at = put(PUT(at, "WHATSAT "), asked.at + sizeof ASK_HEAD - 1, TRAFFIC_ID_BYTES);
        at = PUT(at, " 0 0\n");
    } else {
        const char *id = asked.at + sizeof HEAD - 1;
        const char *position = id + TRAFFIC_ID_BYTES + sizeof "&position=%2B" - 1;
        const char *time = asked.at + asked.len - TRAFFIC_TIME_BYTES;
        at = put(PUT(at, "IAMAT "), id, TRAFFIC_ID_BYTES);
        at = put(PUT(at, " +"), position, TRAFFIC_POSITION_BYTES - 1);
        at = put(PUT(at, " "), time, TRAFFIC_TIME_BYTES);
        at = PUT(at, "\n");
    }
    return (struct span){line, (size_t)(at - line)};
}

/* A header field's value; the head ends at `end`. NULL: there is no such field. */
static const char *field(struct span head, const char *name)
{
    const char *at = memmem(head.at, head.len, name, strlen(name));
    return at ? at + strlen(name) : NULL;
}

/* Decode chunks (RFC 9112, 7.1) into `body`. Returns the length of the encoded form; 0:
 * incomplete. */
static size_t unchunk(struct span in, char *body, size_t *body_bytes)
{
    struct span rest = in;
    *body_bytes = 0;
    for (;;) {
        const char *end = memmem(rest.at, rest.len, "\r\n", 2);
        size_t bytes = end ? strtoul(rest.at, NULL, 16) : 0;
        size_t whole = end ? (size_t)(end - rest.at) + 2 + bytes + 2 : 0;
        if (!end || rest.len < whole || *body_bytes + bytes > BODY_BYTES_MAX)
            return 0;
        memcpy(body + *body_bytes, end + 2, bytes);
        *body_bytes += bytes;
        rest = span_from(rest, whole);
        if (bytes == 0)
            return in.len - rest.len;
    }
}

static enum verdict http_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    static char gathered[BODY_BYTES_MAX];
    char line[LINE_BYTES];
    const char *end = memmem(in.at, in.len, "\r\n\r\n", 4);
    if (!end)
        return in.len < REPLY_BYTES_MAX ? REPLY_PART : REPLY_WRONG;
    struct span head = {in.at, (size_t)(end - in.at) + 4}, body = span_from(in, head.len);
    const char *length = field(head, "\r\nContent-Length: ");
    *used = head.len;
    if (head.len < 12 || memcmp(head.at, "HTTP/1.1 200", 12) != 0)
        return REPLY_WRONG;
    if (length) {
        size_t bytes = strtoul(length, NULL, 10);
        if (body.len < bytes)
            return REPLY_PART;
        body.len = bytes;
        *used += bytes;
    } else if (field(head, "\r\nTransfer-Encoding: chunked")) {
        size_t bytes, whole = unchunk(body, gathered, &bytes);
        if (!whole)
            return REPLY_PART;
        *used += whole;
        body = (struct span){gathered, bytes};
    } else {
        return REPLY_WRONG;
    }
    size_t replied = 0;
    enum verdict v = herd_protocol.check(body, as_line(asked, kind, line), kind, &replied);
    return v == REPLY_PART || replied != body.len ? REPLY_WRONG : v;
}

const struct protocol http_protocol = {
    .name = "http",
    .command_bytes_max = 288,
    .write = http_write,
    .check = http_check,
};
