/* protocol_live.c — what is near a position: NEAR of a node, and GEOSEARCH of Redis.
 *
 * Both are asked for the same: the nearest 20 within 10 km of a position that updates are drawn
 * from, nearest first, with their distances; a node's answer has the whole stamp as well. Updates
 * are those of `herd` and of `redis-geoadd`. */
#include "load/protocol.h"
#include <stdlib.h>

static size_t near_write(struct traffic *t, enum kind kind, char *out)
{
    if (kind != KIND_QUERY)
        return herd_protocol.write(t, kind, out);
    char *at = traffic_put_position(t, PUT(out, "NEAR "));
    return (size_t)(PUT(at, " 10 20\n") - out);
}

/* `found` lines follow the first. Each begins with a distance, none below the one before. */
static enum verdict near_check(struct span in, struct span asked, enum kind kind, size_t *used)
{
    if (kind != KIND_QUERY)
        return herd_protocol.check(in, asked, kind, used);
    if (in.len < 7)
        return REPLY_PART;
    if (memcmp(in.at, "NEAR ", 5) != 0)
        return REPLY_WRONG;
    const char *at = memchr(in.at, '\n', in.len), *end = in.at + in.len;
    unsigned long found = strtoul(in.at + 5, NULL, 10);
    if (found > 20)
        return REPLY_WRONG;
    double before = 0;
    for (; at && found; found--) {
        const char *line = at + 1;
        at = memchr(line, '\n', (size_t)(end - line));
        char *behind = NULL;
        double km = at ? strtod(line, &behind) : 0;
        if (at && (memcmp(behind, " AT ", 4) != 0 || km < before || km > 10))
            return REPLY_WRONG;
        before = km;
    }
    if (!at)
        return REPLY_PART;
    *used = (size_t)(at + 1 - in.at);
    return REPLY_RIGHT;
}

const struct protocol near_protocol = {
    .name = "near",
    .command_bytes_max = 96,
    .write = near_write,
    .check = near_check,
};

static size_t geosearch_write(struct traffic *t, enum kind kind, char *out)
{
    if (kind != KIND_QUERY)
        return redis_geoadd_protocol.write(t, kind, out);
    char *at = PUT(out, "*12\r\n$9\r\nGEOSEARCH\r\n$6\r\nstamps\r\n$10\r\nFROMLONLAT\r\n$11\r\n");
    at = put_redis_position(at, t);
    at = PUT(at, "\r\n$8\r\nBYRADIUS\r\n$2\r\n10\r\n$2\r\nkm\r\n$3\r\nASC\r\n"
                 "$5\r\nCOUNT\r\n$2\r\n20\r\n$8\r\nWITHDIST\r\n");
    return (size_t)(at - out);
}

/* An array of pairs, each "*2", the member and the distance as bulk strings. */
static enum verdict geosearch_check(
    struct span in, struct span asked, enum kind kind, size_t *used)
{
    if (kind != KIND_QUERY)
        return redis_geoadd_protocol.check(in, asked, kind, used);
    if (in.len && in.at[0] != '*')
        return REPLY_WRONG;
    const char *at = memchr(in.at, '\n', in.len), *end = in.at + in.len;
    if (!at)
        return REPLY_PART;
    unsigned long lines = strtoul(in.at + 1, NULL, 10) * 5; /* *2, $20, member, $n, distance */
    if (lines > 100)
        return REPLY_WRONG;
    for (; at && lines; lines--)
        at = memchr(at + 1, '\n', (size_t)(end - at - 1));
    if (!at)
        return REPLY_PART;
    *used = (size_t)(at + 1 - in.at);
    return REPLY_RIGHT;
}

const struct protocol redis_geosearch_protocol = {
    .name = "redis-geosearch",
    .command_bytes_max = 256,
    .write = geosearch_write,
    .check = geosearch_check,
};
