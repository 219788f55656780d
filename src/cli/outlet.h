/* outlet.h — a stream to standard output or standard error that never waits for its reader.
 *
 * For `stampede up`, which must heed signals and its nodes although nobody reads what it prints: a
 * full pipe, a terminal stopped by Ctrl-S. What is not taken is kept until it is. Whoever prints
 * without end stops while outlet_waits: up then reads nothing from its nodes, whose logs drop and
 * count what does not fit. Called by up. */
#ifndef CLI_OUTLET_H
#define CLI_OUTLET_H

#include "core/base/span.h"
#include <poll.h>
#include <stdio.h>

enum { OUTLET_LAST_MS = 500 };

struct outlet {
    int fd; /* written to */
    bool may_block; /* fd is not non-blocking: only as much is written as fits surely */
    bool failed; /* the last write: what was kept was dropped */
    char *kept; /* from malloc */
    size_t len, room;
};

/* A stream in place of the descriptor's, which is flushed at each line. The outlet stays where it
 * is as long as the stream is used. NULL: no memory. */
FILE *outlet_open(struct outlet *o, int fd);

static inline bool outlet_waits(const struct outlet *o)
{
    return o->len > 0;
}

/* What to poll for; without a descriptor while nothing waits. Once it is ready: outlet_push. */
struct pollfd outlet_poll(const struct outlet *o);
void outlet_push(struct outlet *o);

/* Before the program ends: give the reader OUTLET_LAST_MS from its last byte for what is kept. */
void outlet_finish(struct outlet *o);

#endif
