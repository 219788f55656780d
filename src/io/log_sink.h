/* log_sink.h — writes the lines of core/base/log to standard error or to log_file.
 *
 * At most one write is in flight, of everything that was pending when it was submitted. A busy log
 * thus costs one write a turn, and a stopped terminal or a full disk never blocks the node: lines
 * collect in the log's bounded memory, and when that is full they are dropped and counted. A failed
 * write is repeated after LOG_SINK_REST_MS. The first failure is reported on standard error; its
 * cause and duration are logged once writing works again. Called by loop. */
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
    bool terminal; /* fd is a terminal */
    bool writing; /* a write is in flight */
    int error; /* of the writes since failing_since_ns; 0: the last one worked */
    int64_t failing_since_ns;
    int64_t rest_until_ns;
};

/* path  outlives the sink
 * false: the file cannot be opened; the reason was written to standard error. */
MUST_USE bool log_sink_open(
    struct log_sink *s, struct ring *ring, struct log *log, const char *path);

/* After the ring was closed, or while no write begins. */
void log_sink_close(struct log_sink *s);

/* Open the file again, after log rotation renamed it; only with a path. If that fails, the old file
 * stays in use and the failure is logged. */
void log_sink_reopen(struct log_sink *s, struct instant now);

/* Open another file, without using it yet. A descriptor, or -1: errno says why. */
MUST_USE int log_sink_try(const char *path);
/* Write to it from now on; `path` is that of log_sink_open, and standard error's descriptor has "".
 * What was not written yet goes there, too. */
void log_sink_move(struct log_sink *s, int fd, const char *path);

void log_sink_completed(struct log_sink *s, const struct ring_event *e, struct instant now);

/* At the end of a turn: write what is pending. */
void log_sink_settle(struct log_sink *s, struct instant now);
int64_t log_sink_deadline(const struct log_sink *s);

/* Nothing is in flight, and nothing is pending that could be written now. */
bool log_sink_idle(const struct log_sink *s);

#endif
