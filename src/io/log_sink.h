/* log_sink.h — where the lines of core/log go: standard error, or log_file.
 *
 * One write is with the ring at a time, of everything that is pending then, so a busy log costs one
 * write a turn, and a terminal that was stopped or a disk that is full never holds up the node:
 * lines pile up in the log's bounded memory, then are dropped and counted there. A failed write is
 * tried again after LOG_SINK_REST_MS; standard error hears of the first one, and what failed, and
 * for how long, is logged when it works again. Called by loop. */
#ifndef IO_LOG_SINK_H
#define IO_LOG_SINK_H

#include "core/base/log.h"
#include "io/ring.h"

enum { LOG_SINK_REST_MS = 500 };

struct log_sink {
    struct ring *ring;
    struct log *log;
    const char *path; /* "": standard error */
    int fd;
    bool terminal; /* fd is one */
    bool writing;
    int error; /* of the writes since failing_since_ns; 0: they work */
    int64_t failing_since_ns;
    int64_t rest_until_ns;
};

/* path  outlives the sink
 * false: the file cannot be opened; a sentence went to standard error. */
MUST_USE bool log_sink_open(
    struct log_sink *s, struct ring *ring, struct log *log, const char *path);

/* After the ring was closed. */
void log_sink_close(struct log_sink *s);

/* Open the file anew, after it was renamed by whoever rotates it; only with a path. When that fails
 * the old one stays in use, and the log says so. */
void log_sink_reopen(struct log_sink *s, struct instant now);

void log_sink_completed(struct log_sink *s, const struct ring_event *e, struct instant now);

/* The end of a turn: write what is pending. */
void log_sink_settle(struct log_sink *s, struct instant now);
int64_t log_sink_deadline(const struct log_sink *s);

/* Nothing is pending, or nothing can be done about it for now. */
bool log_sink_idle(const struct log_sink *s);

#endif
