/* printer.c — see printer.h. Holds always: start + len <= PRINTER_BYTES. */
#include "cli/printer.h"
#include "core/base/invariant.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>

void printer_begin(struct printer *p)
{
    p->to_terminal = isatty(STDOUT_FILENO);
    p->closed = false;
    p->error = 0;
    p->start = p->len = 0;
}

bool printer_has_room(const struct printer *p)
{
    return p->len + PRINTER_LINE_BYTES_MAX + 1 <= PRINTER_BYTES;
}

void printer_line(struct printer *p, struct span line)
{
    ASSERT(printer_has_room(p) && line.len <= PRINTER_LINE_BYTES_MAX);
    if (p->start + p->len + line.len + 1 > PRINTER_BYTES) {
        memmove(p->bytes, p->bytes + p->start, p->len);
        p->start = 0;
    }
    char *to = p->bytes + p->start + p->len;
    memcpy(to, line.at, line.len);
    to[line.len] = '\n';
    p->len += line.len + 1;
}

struct pollfd printer_poll(const struct printer *p)
{
    return (struct pollfd){
        .fd = p->closed ? -1 : STDOUT_FILENO, .events = p->len ? POLLOUT : 0};
}

/* A pipe that poll(2) reports as writable takes PIPE_BUF bytes without blocking, but perhaps no
 * more. */
void printer_step(struct printer *p, short events)
{
    if (!(events & POLLOUT) || !p->len) {
        p->closed |= (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        return;
    }
    ssize_t done =
        write(STDOUT_FILENO, p->bytes + p->start, p->len < PIPE_BUF ? p->len : PIPE_BUF);
    if (done >= 0) {
        p->len -= (size_t)done;
        p->start = p->len ? p->start + (size_t)done : 0;
    } else if (errno != EAGAIN && errno != EINTR) {
        p->closed = true;
        p->error = errno == EPIPE ? 0 : errno;
    }
}
