/* protocol.h — how to talk to one kind of server: what to send, and which replies are right.
 *
 * There is one load generator for all servers. The engine handles bytes, times and order; a
 * protocol writes a position in the server's language and checks the reply against the command. */
#ifndef PERF_LOAD_PROTOCOL_H
#define PERF_LOAD_PROTOCOL_H

#include "core/base/span.h"
#include "load/traffic.h"

enum {
    VALUE_BYTES = 90, /* of other stores' value: the length of an AT line */
    REPLY_BYTES_MAX = 1 << 20,
};

enum kind {
    KIND_UPDATE, /* a client reports its position */
    KIND_QUERY, /* somebody asks about a client */
    KIND_GREETING, /* sent once, at the beginning of a connection */
};

enum verdict {
    REPLY_RIGHT,
    REPLY_OVERTAKEN, /* right, but it has a newer update of the same client */
    REPLY_WRONG,
    REPLY_PART, /* more bytes must arrive before it can be checked */
    REPLY_ASIDE, /* no answer to a command; NATS asks whether we live */
};

struct protocol {
    const char *name;
    struct span greeting; /* empty: no greeting */
    struct span aside_answer; /* goes in front of the connection's next command after REPLY_ASIDE */
    size_t command_bytes_max;

    /* Write the next command. Returns its length, at most command_bytes_max. */
    size_t (*write)(struct traffic *t, enum kind kind, char *out);

    /* Check the reply to `asked` at the beginning of `in`.
     * used  its length, unless the result is REPLY_PART */
    enum verdict (*check)(struct span in, struct span asked, enum kind kind, size_t *used);
};

/* What WHATSAT asks for; decimal text, set before the load starts. */
extern const char *herd_radius_km, *herd_results;

/* NULL: there is no protocol of that name. */
const struct protocol *protocol_find(const char *name);

extern const struct protocol herd_protocol;
extern const struct protocol near_protocol, redis_geosearch_protocol;
extern const struct protocol redis_set_protocol, redis_geoadd_protocol;
extern const struct protocol memcached_protocol, nats_protocol, echo_protocol, http_protocol;

/* For protocols: append bytes to a command. */
static inline char *put(char *out, const char *bytes, size_t count)
{
    memcpy(out, bytes, count);
    return out + count;
}

#define PUT(out, literal) put(out, "" literal, sizeof(literal) - 1)

/* Append a position as Redis's commands take it: longitude, CRLF, the head of the latitude, and the
 * latitude; the longitude's own head is before it. */
static inline char *put_redis_position(char *out, struct traffic *t)
{
    char position[TRAFFIC_POSITION_BYTES];
    traffic_put_position(t, position);
    out = put(out, position + 10, 11);
    out = PUT(out, "\r\n$9\r\n");
    return put(out, position + 1, 9);
}

/* For protocols whose reply is always `expected`. */
static inline enum verdict same(struct span in, struct span expected, size_t *used)
{
    *used = expected.len;
    if (in.len < expected.len)
        return memcmp(in.at, expected.at, in.len) == 0 ? REPLY_PART : REPLY_WRONG;
    return memcmp(in.at, expected.at, expected.len) == 0 ? REPLY_RIGHT : REPLY_WRONG;
}

#endif
