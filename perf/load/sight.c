/* sight.c — see sight.h. */
#include "load/sight.h"

enum { TAIL_BYTES = TRAFFIC_ID_BYTES + 1 + TRAFFIC_POSITION_BYTES + 1 + TRAFFIC_TIME_BYTES };

/* Check that the line or value `text` ends with id, position and time. */
static enum verdict tail(struct span text, struct sighting *out)
{
    if (text.len < TAIL_BYTES)
        return REPLY_WRONG;
    const char *at = text.at + text.len - TAIL_BYTES;
    memcpy(out->id, at, sizeof out->id);
    memcpy(out->time, at + TAIL_BYTES - TRAFFIC_TIME_BYTES, sizeof out->time);
    return at[TRAFFIC_ID_BYTES] == ' ' ? REPLY_RIGHT : REPLY_WRONG;
}

/* No update has arrived yet: report one that is older than all. */
static enum verdict nothing(struct sighting *out)
{
    memset(out, '0', sizeof *out);
    return REPLY_RIGHT;
}

/* The first line of `in`, without its LF; false: it is incomplete. */
static bool line(struct span in, struct span *out)
{
    const char *end = memchr(in.at, '\n', in.len);
    *out = (struct span){in.at, end ? (size_t)(end - in.at) : 0};
    return end;
}

/* A line that announces a value of VALUE_BYTES, then the value and CR LF. */
static enum verdict announced(struct span in, size_t head, struct sighting *out, size_t *used)
{
    *used = head + 1 + VALUE_BYTES + 2;
    if (in.len < *used)
        return REPLY_PART;
    return tail((struct span){in.at + head + 1, VALUE_BYTES}, out);
}

/* -- herds ------------------------------------------------------------------------------------- */

static size_t herd_ask(const char *id, char *out)
{
    char *at = put(PUT(out, "WHATSAT "), id, TRAFFIC_ID_BYTES);
    return (size_t)(PUT(at, " 0 0\n") - out);
}

/* An AT line and JSON that ends with two LFs, or `?` and the question. */
static enum verdict herd_read(struct span in, struct sighting *out, size_t *used)
{
    struct span text;
    if (!line(in, &text))
        return REPLY_PART;
    *used = text.len + 1;
    if (in.at[0] == '?')
        return nothing(out);
    const char *end = memmem(in.at, in.len, "\n\n", 2);
    if (!end)
        return REPLY_PART;
    *used = (size_t)(end - in.at) + 2;
    return memcmp(in.at, "AT ", 3) == 0 ? tail(text, out) : REPLY_WRONG;
}

/* -- Redis ------------------------------------------------------------------------------------- */

static size_t redis_ask(const char *id, char *out)
{
    char *at = put(PUT(out, "*2\r\n$3\r\nGET\r\n$20\r\n"), id, TRAFFIC_ID_BYTES);
    return (size_t)(PUT(at, "\r\n") - out);
}

static enum verdict redis_read(struct span in, struct sighting *out, size_t *used)
{
    struct span text;
    if (!line(in, &text))
        return REPLY_PART;
    *used = text.len + 1;
    if (span_equal(text, SPAN("$-1\r")))
        return nothing(out);
    return span_equal(text, SPAN("$90\r")) ? announced(in, text.len, out, used) : REPLY_WRONG;
}

/* -- NATS -------------------------------------------------------------------------------------- */

static enum verdict nats_read(struct span in, struct sighting *out, size_t *used)
{
    struct span text;
    if (!line(in, &text))
        return REPLY_PART;
    *used = text.len + 1;
    if (text.len > 4 && memcmp(in.at, "MSG ", 4) == 0)
        return announced(in, text.len, out, used);
    return in.at[0] == '-' ? REPLY_WRONG : REPLY_ASIDE;
}

const struct sight *sight_find(const char *protocol)
{
    static const struct sight all[] = {
        {.protocol = "herd", .ask = herd_ask, .read = herd_read},
        {.protocol = "redis-set", .ask = redis_ask, .read = redis_read},
        {.protocol = "nats",
            .greeting = {"CONNECT {\"verbose\":false}\r\nSUB stamps 1\r\nPING\r\n", 47},
            .told = true,
            .read = nats_read},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].protocol, protocol) == 0)
            return &all[i];
    return NULL;
}
