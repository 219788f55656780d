/* protocol_others.c — the same updates for Redis, memcached, NATS and an echo server.
 *
 * Each gets what its users would send. The key is the client's id (NATS: all on one subject, its
 * cheapest case); the value has as many bytes as the AT line that a herd keeps. Sources: Redis's
 * RESP2 and commands (redis.io/docs), memcached's doc/protocol.txt, NATS's client protocol
 * (docs.nats.io/reference). NATS acknowledges a PUB only in its verbose mode, with +OK, which is
 * used here so that accepted updates can be counted. */
#include "load/protocol.h"

enum {
    PAD_BYTES = VALUE_BYTES - TRAFFIC_ID_BYTES - TRAFFIC_POSITION_BYTES - TRAFFIC_TIME_BYTES - 2
};

static bool begins(struct span in, struct span with)
{
    return in.len >= with.len && memcmp(in.at, with.at, with.len) == 0;
}

/* Write "AT ..........................<id> <position> <time>", VALUE_BYTES, for the client whose id
 * is at `id`. Returns its end. */
static char *put_value(char *out, struct traffic *t, const char *id)
{
    memcpy(out, "AT .......................................", PAD_BYTES);
    out = put(out + PAD_BYTES, id, TRAFFIC_ID_BYTES);
    out = traffic_put_position(t, PUT(out, " "));
    return traffic_put_time(t, PUT(out, " "));
}

/* A value that was read back, between the bytes that the protocol puts before and after it, must be
 * that of the client that was asked for. */
static enum verdict framed(
    struct span in, struct span before, struct span after, const char *id, size_t *used)
{
    *used = before.len + VALUE_BYTES + after.len;
    if (in.len < *used)
        return REPLY_PART;
    bool right = begins(in, before) && begins(span_from(in, *used - after.len), after) &&
                 memcmp(in.at + before.len + PAD_BYTES, id, TRAFFIC_ID_BYTES) == 0;
    return right ? REPLY_RIGHT : REPLY_WRONG;
}

/* -- Redis ------------------------------------------------------------------------------------- */

#define GET_HEAD "*2\r\n$3\r\nGET\r\n$20\r\n"

static size_t redis_write(struct traffic *t, enum kind kind, char *out)
{
    if (kind == KIND_QUERY)
        return (size_t)(PUT(traffic_put_id(t, PUT(out, GET_HEAD)), "\r\n") - out);
    char *id = PUT(out, "*3\r\n$3\r\nSET\r\n$20\r\n");
    char *at = PUT(traffic_put_id(t, id), "\r\n$90\r\n");
    return (size_t)(PUT(put_value(at, t, id), "\r\n") - out);
}

static enum verdict redis_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    if (kind == KIND_QUERY)
        return framed(in, SPAN("$90\r\n"), SPAN("\r\n"), asked.at + sizeof GET_HEAD - 1, used);
    return same(in, SPAN("+OK\r\n"), used);
}

const struct protocol redis_set_protocol = {
    .name = "redis-set",
    .command_bytes_max = 160,
    .write = redis_write,
    .check = redis_check,
};

static size_t geoadd_write(struct traffic *t, enum kind kind, char *out)
{
    (void)kind;
    char *at = PUT(out, "*5\r\n$6\r\nGEOADD\r\n$6\r\nstamps\r\n$11\r\n");
    at = put_redis_position(at, t);
    at = traffic_put_id(t, PUT(at, "\r\n$20\r\n"));
    return (size_t)(PUT(at, "\r\n") - out);
}

/* The reply is how many members were new: 0 or 1. */
static enum verdict geoadd_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    (void)asked, (void)kind;
    return same(in, in.len > 1 && in.at[1] == '1' ? SPAN(":1\r\n") : SPAN(":0\r\n"), used);
}

const struct protocol redis_geoadd_protocol = {
    .name = "redis-geoadd",
    .command_bytes_max = 160,
    .write = geoadd_write,
    .check = geoadd_check,
};

/* -- memcached --------------------------------------------------------------------------------- */

static size_t memcached_write(struct traffic *t, enum kind kind, char *out)
{
    if (kind == KIND_QUERY)
        return (size_t)(PUT(traffic_put_id(t, PUT(out, "get ")), "\r\n") - out);
    char *id = PUT(out, "set ");
    char *at = PUT(traffic_put_id(t, id), " 0 0 90\r\n");
    return (size_t)(PUT(put_value(at, t, id), "\r\n") - out);
}

static enum verdict memcached_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    if (kind != KIND_QUERY)
        return same(in, SPAN("STORED\r\n"), used);
    char before[] = "VALUE iiiiiiiiiiiiiiiiiiii 0 90\r\n";
    memcpy(before + 6, asked.at + 4, TRAFFIC_ID_BYTES);
    return framed(
        in, (struct span){before, sizeof before - 1}, SPAN("\r\nEND\r\n"), asked.at + 4, used);
}

const struct protocol memcached_protocol = {
    .name = "memcached",
    .command_bytes_max = 160,
    .write = memcached_write,
    .check = memcached_check,
};

/* -- NATS -------------------------------------------------------------------------------------- */

static size_t nats_write(struct traffic *t, enum kind kind, char *out)
{
    (void)kind;
    char id[TRAFFIC_ID_BYTES];
    traffic_put_id(t, id);
    return (size_t)(PUT(put_value(PUT(out, "PUB stamps 90\r\n"), t, id), "\r\n") - out);
}

/* Besides +OK it sends INFO and PING. A PING must be answered with PONG; a PONG too many does no
 * harm. */
static enum verdict nats_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    (void)asked, (void)kind;
    if (begins(in, SPAN("+OK\r\n"))) {
        *used = 5;
        return REPLY_RIGHT;
    }
    const char *end = memmem(in.at, in.len, "\r\n", 2);
    if (!end)
        return REPLY_PART;
    *used = (size_t)(end - in.at) + 2;
    return begins(in, SPAN("PING")) || begins(in, SPAN("INFO ")) ? REPLY_ASIDE : REPLY_WRONG;
}

const struct protocol nats_protocol = {
    .name = "nats",
    .greeting =
        {"CONNECT {\"verbose\":true,\"pedantic\":false,\"lang\":\"c\",\"version\":\"1\"}\r\n", 68},
    .aside_answer = {"PONG\r\n", 6},
    .command_bytes_max = 160,
    .write = nats_write,
    .check = nats_check,
};

/* -- echo -------------------------------------------------------------------------------------- */

static enum verdict echo_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    (void)kind;
    return same(in, asked, used);
}

static size_t echo_write(struct traffic *t, enum kind kind, char *out)
{
    (void)kind;
    return herd_protocol.write(t, KIND_UPDATE, out);
}

const struct protocol echo_protocol = {
    .name = "echo",
    .command_bytes_max = 96,
    .write = echo_write,
    .check = echo_check,
};

const struct protocol *protocol_find(const char *name)
{
    static const struct protocol *const all[] = {&herd_protocol, &redis_set_protocol,
        &redis_geoadd_protocol, &memcached_protocol, &nats_protocol, &echo_protocol,
        &http_protocol, &near_protocol, &redis_geosearch_protocol};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}
