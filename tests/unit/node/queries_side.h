/* queries_side.h — for tests of live queries at one node: side.h, with a client that writes and
 * some that watch. */
#ifndef TESTS_UNIT_NODE_QUERIES_SIDE_H
#define TESTS_UNIT_NODE_QUERIES_SIDE_H

#define SIDE_CONNECTIONS 640
#include "unit/node/side.h"
#include <stdarg.h>

enum { WRITER = 0, CLIENT = 1, OTHER, THIRD };

/* What follows the name of the origin, of a stamp that says 1, 2, ... */
#define AT1(id, position) "AT Goloman +1699999999.000000000 " id " " position " 1\n"
#define AT2(id, position) "AT Goloman +1699999998.000000000 " id " " position " 2\n"
#define AT3(id, position) "AT Goloman +1699999997.000000000 " id " " position " 3\n"
#define AT4(id, position) "AT Goloman +1699999996.000000000 " id " " position " 4\n"

static inline void queries_side_begin(void)
{
    side_begin();
    topology.limits.stamps = 20000;
    topology.limits.near = 100;
    topology.limits.watches = 1000;
    topology.limits.watches_total = 100000;
    topology.limits.watch_all = 8;
    topology.limits.fence = 10000;
}

static inline void starts(void)
{
    side_start();
    joins(WRITER);
    joins(CLIENT);
}

/* Bytes come in, and the turn does not end yet: they have to stay as they are. */
static inline void says(uint32_t conn, const char *text)
{
    node_received(node, conn, span_of(text), now);
}

__attribute__((format(printf, 1, 2))) static inline void writes(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sends(WRITER, text);
    forgets(WRITER);
}

/* So many stamps, more of which than one turn reads for the index: who asks then has to wait. */
static inline void holds(unsigned stamps)
{
    char lines[100 * 64];
    for (unsigned i = 0; i < stamps;) {
        size_t len = 0;
        for (unsigned end = i + 100; i < end; i++)
            len += (size_t)snprintf(lines + len, sizeof lines - len,
                "IAMAT n%05u -50.%03u+100 1\n", i, i % 1000);
        sends(WRITER, lines);
    }
    forgets(WRITER);
}

/* The stamp of `id` changes so often; its time is above `*at`, which grows. */
static inline void changes(const char *id, unsigned times, unsigned *at)
{
    for (unsigned i = 0; i < times; i++)
        writes("IAMAT %s +1+1 %u\n", id, ++*at);
}

static inline unsigned lines_of(uint32_t conn)
{
    unsigned count = 0;
    for (const char *at = heard[conn]; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static inline bool ends_with(uint32_t conn, const char *end)
{
    size_t len = strlen(end);
    return heard_len[conn] >= len && strcmp(heard[conn] + heard_len[conn] - len, end) == 0;
}

static inline void hears_refusal(uint32_t conn, const char *line)
{
    char expected[1024];
    sends(conn, line);
    snprintf(expected, sizeof expected, "? %s", line);
    hears(conn, expected);
}

/* What it has not read is sent, and nothing else happens. Returns the bytes. */
static inline size_t reads(uint32_t conn)
{
    size_t before = heard_len[conn];
    deaf[conn] = false;
    wants[conn] = node_wants(node, conn);
    send_out(conn);
    return heard_len[conn] - before;
}

#endif
