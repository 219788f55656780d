/* outlet.c — see outlet.h. O_NONBLOCK is a property of the open file, which the shell and other
 * programs share with us: set on the descriptor that we were given, it would make their writes
 * fail. So pipes and terminals are opened once more through /proc, and sockets are asked not to
 * wait with each write. Where neither is possible, poll(2) is asked first; a pipe that it calls
 * writable takes PIPE_BUF bytes without blocking. */
#include "cli/outlet.h"
#include "core/base/invariant.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(int fd)
{
    struct stat is;
    return fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
}

/* -1 and an errno, or how many bytes were taken. */
static ssize_t write_some(const struct outlet *o, const char *bytes, size_t len)
{
    struct pollfd ready = {.fd = o->fd, .events = POLLOUT};
    if (!o->may_block)
        return write(o->fd, bytes, len);
    ssize_t sent = send(o->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK)
        return sent;
    if (poll(&ready, 1, 0) == 1)
        return write(o->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
    errno = EAGAIN;
    return -1;
}

void outlet_push(struct outlet *o)
{
    size_t done = 0;
    o->failed = false;
    while (done < o->len && !o->failed) {
        ssize_t n = write_some(o, o->kept + done, o->len - done);
        if (n < 0 && errno == EAGAIN)
            break;
        o->failed = n < 0 && errno != EINTR;
        done += n > 0 ? (size_t)n : 0;
    }
    if (o->failed)
        done = o->len;
    ASSERT(done <= o->len);
    o->len -= done;
    memmove(o->kept, o->kept + done, o->len);
}

/* The stream's: all is taken, or the stream has failed. */
static ssize_t take(void *self, const char *bytes, size_t len)
{
    struct outlet *o = self;
    if (o->len + len > o->room) {
        size_t room = 2 * (o->len + len);
        char *more = realloc(o->kept, room);
        if (!more)
            return 0;
        o->kept = more;
        o->room = room;
    }
    memcpy(o->kept + o->len, bytes, len);
    o->len += len;
    outlet_push(o);
    return o->failed ? 0 : (ssize_t)len;
}

FILE *outlet_open(struct outlet *o, int fd)
{
    char path[32];
    *o = (struct outlet){.fd = -1};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!is_file(fd))
        o->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (o->fd < 0) {
        o->fd = fd;
        o->may_block = !is_file(fd);
    }
    FILE *stream = fopencookie(o, "w", (cookie_io_functions_t){.write = take});
    if (stream)
        setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    return stream;
}

struct pollfd outlet_poll(const struct outlet *o)
{
    return (struct pollfd){.fd = outlet_waits(o) ? o->fd : -1, .events = POLLOUT};
}

void outlet_finish(struct outlet *o)
{
    struct pollfd ready = outlet_poll(o);
    while (outlet_waits(o) && poll(&ready, 1, OUTLET_LAST_MS) == 1)
        outlet_push(o);
    free(o->kept);
    o->kept = NULL;
    o->len = o->room = 0;
}
