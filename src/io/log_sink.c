/* log_sink.c — see log_sink.h. Files are written with O_APPEND, so that several nodes can share
 * one file or one redirected standard error without overwriting each other's lines. */
#include "io/log_sink.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A FIFO that nobody reads would hold up the node until somebody does; it fails with ENXIO. Only
 * opening must not block: a write that is not taken at once waits on the ring. */
static int open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_APPEND);
    return fd;
}

/* A shell's `2> file` opens it without O_APPEND: each process would write at its own position. */
static void append_only(int fd)
{
    struct stat about;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        fcntl(fd, F_SETFL, flags | O_APPEND);
}

bool log_sink_open(struct log_sink *s, struct ring *ring, struct log *log, const char *path)
{
    *s = (struct log_sink){.ring = ring, .log = log, .path = path, .fd = STDERR_FILENO};
    if (*path)
        s->fd = open_file(path);
    else
        append_only(s->fd);
    if (s->fd < 0)
        fprintf(stderr,
            "stampede: cannot write the log to %s: %s; correct log_file in topology.conf\n", path,
            reason_of(errno));
    s->terminal = isatty(s->fd);
    return s->fd >= 0;
}

void log_sink_close(struct log_sink *s)
{
    if (s->fd > STDERR_FILENO)
        close(s->fd);
}

int log_sink_try(const char *path)
{
    return open_file(path);
}

void log_sink_move(struct log_sink *s, int fd, const char *path)
{
    ASSERT((fd == STDERR_FILENO) == !*path);
    log_sink_close(s); /* a write in flight keeps the old file open until it completes */
    if (!*path)
        append_only(fd);
    s->path = path;
    s->fd = fd;
    s->terminal = isatty(fd);
    s->rest_until_ns = 0;
}

void log_sink_reopen(struct log_sink *s, struct instant now)
{
    int fd = open_file(s->path);
    log_begin(
        s->log, fd < 0 ? LOG_WARN : LOG_INFO, fd < 0 ? "log_reopen_failed" : "log_reopened", now);
    if (fd < 0)
        log_text(s->log, "why", span_of(reason_of(errno)));
    log_end(s->log);
    if (fd < 0)
        return;
    close(s->fd); /* a write in flight keeps the old file open until it completes */
    s->fd = fd;
    s->terminal = isatty(fd);
    s->rest_until_ns = 0;
}

/* Standard error may be a pipe that nobody reads: write to it only if that does not block. */
static void tell_failure(const struct log_sink *s)
{
    struct pollfd there = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (*s->path && poll(&there, 1, 0) == 1 && there.revents & POLLOUT)
        dprintf(STDERR_FILENO, "stampede: cannot write to log_file %s: %s; will keep trying\n",
            s->path, reason_of(s->error));
}

void log_sink_completed(struct log_sink *s, const struct ring_event *e, struct instant now)
{
    ASSERT(s->writing);
    ASSERT(e->result <= 0 || (size_t)e->result <= s->log->pending.len);
    s->writing = false;
    if (e->result > 0)
        log_taken(s->log, (size_t)e->result);
    if (e->result < 0) {
        bool news = !s->error;
        s->error = -e->result;
        if (news) {
            s->failing_since_ns = now.mono_ns;
            tell_failure(s);
        }
        s->rest_until_ns = now.mono_ns + LOG_SINK_REST_MS * MS_NS;
    } else if (s->error) {
        log_begin(s->log, LOG_WARN, "log_works_again", now);
        log_text(s->log, "failed_with", span_of(reason_of(s->error)));
        log_number(s->log, "failed_s", (now.mono_ns - s->failing_since_ns) / SECOND_NS);
        log_end(s->log);
        s->error = 0;
    }
}

static bool can_write(const struct log_sink *s)
{
    return s->log->pending.len && !s->writing;
}

void log_sink_settle(struct log_sink *s, struct instant now)
{
    if (!can_write(s) || now.mono_ns < s->rest_until_ns)
        return;
    struct ring_tag tag = {.op = RING_WRITE};
    ring_write(s->ring, s->fd, tag, buf_span(&s->log->pending), s->terminal);
    s->writing = true;
}

int64_t log_sink_deadline(const struct log_sink *s)
{
    return can_write(s) ? s->rest_until_ns : NEVER_NS;
}

bool log_sink_idle(const struct log_sink *s)
{
    return !s->writing && (!s->log->pending.len || s->error);
}
