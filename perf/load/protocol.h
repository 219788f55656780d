/* protocol.h — what a kind of server is told, and what it must answer.
 *
 * One client for all: the engine knows bytes, times and order, a protocol knows how a position is
 * written for this server and when its answer is right. An answer is compared with what was
 * asked. */
#ifndef PERF_LOAD_PROTOCOL_H
#define PERF_LOAD_PROTOCOL_H

#include "core/base/span.h"
#include "load/traffic.h"

enum {
    VALUE_BYTES = 90, /* what other stores keep of a client: as much as an AT line */
    REPLY_BYTES_MAX = 1 << 20,
};

enum kind {
    KIND_UPDATE, /* a client tells where it is */
    KIND_QUERY, /* somebody asks about a client */
    KIND_GREETING, /* said once, first thing on a connection */
};

enum verdict {
    REPLY_RIGHT,
    REPLY_OVERTAKEN, /* right, and a newer update of the same client was there before */
    REPLY_WRONG,
    REPLY_PART, /* more bytes must come before it can be judged */
    REPLY_ASIDE, /* no answer to a command; NATS asks whether we live */
};

struct protocol {
    const char *name;
    struct span greeting; /* empty: none */
    struct span aside_answer; /* goes in front of the connection's next command after REPLY_ASIDE */
    size_t command_bytes_max;

    /* Write the next command; how long it is, at most command_bytes_max. */
    size_t (*write)(struct traffic *t, enum kind kind, char *out);

    /* Judge the reply at the beginning of `in`, which answers `asked`.
     * used  its length, unless it is REPLY_PART */
    enum verdict (*check)(struct span in, struct span asked, enum kind kind, size_t *used);
};

/* What WHATSAT asks for; decimal text, set before the load begins. */
extern const char *herd_radius_km, *herd_results;

/* NULL: there is none of that name. */
const struct protocol *protocol_find(const char *name);

extern const struct protocol herd_protocol;
extern const struct protocol redis_set_protocol, redis_geoadd_protocol;
extern const struct protocol memcached_protocol, nats_protocol, echo_protocol, http_protocol;

/* For protocols: append bytes to a command that is being written. */
static inline char *put(char *out, const char *bytes, size_t count)
{
    memcpy(out, bytes, count);
    return out + count;
}

#define PUT(out, literal) put(out, "" literal, sizeof(literal) - 1)

/* For protocols: where the answer is always `expected`. */
static inline enum verdict same(struct span in, struct span expected, size_t *used)
{
    *used = expected.len;
    if (in.len < expected.len)
        return memcmp(in.at, expected.at, in.len) == 0 ? REPLY_PART : REPLY_WRONG;
    return memcmp(in.at, expected.at, expected.len) == 0 ? REPLY_RIGHT : REPLY_WRONG;
}

#endif
