/* port.c — see port.h. Holds always: start + len <= PORT_BYTES. */
#include "cli/port.h"
#include "cli/stream.h"
#include "core/base/invariant.h"
#include "files/clock.h"
#include "io/reason.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALIVE_AFTER_S = 30, ALIVE_EACH_S = 10, ALIVE_TIMES = 3 };

static void end_because(struct port *p, const char *why)
{
    if (!p->over)
        snprintf(p->why, sizeof p->why, "%s", why);
    p->over = true;
}

/* Without these, too, it works. */
static void ask_for_signs_of_life(int fd)
{
    int on = 1, after = ALIVE_AFTER_S, each = ALIVE_EACH_S, times = ALIVE_TIMES;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &each, sizeof each);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
}

void port_begin(struct port *p, const struct topology_node *node, struct span out)
{
    struct host_port to = reach_client(node);
    p->connected = p->over = p->half_closes = false;
    p->out = out;
    p->start = p->len = 0;
    *p->why = '\0';
    p->fd = reach_begin(&to, p->why);
    p->over = p->fd < 0;
    p->since_ns = clock_mono_ns();
    if (p->fd >= 0)
        ask_for_signs_of_life(p->fd);
}

void port_end(struct port *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* -- lines ------------------------------------------------------------------------------------- */

bool port_line(struct port *p, struct span *line)
{
    char *at = p->in + p->start, *end = p->len ? memchr(at, '\n', p->len) : NULL;
    size_t bytes = end ? (size_t)(end - at) : p->len;
    if (bytes > PRINTER_LINE_BYTES_MAX)
        end_because(p, "says a line without an end");
    *line = (struct span){at, bytes};
    return end && bytes <= PRINTER_LINE_BYTES_MAX;
}

void port_pass(struct port *p)
{
    struct span line;
    bool any = port_line(p, &line);
    ASSERT(any && line.len < p->len);
    p->start += line.len + 1;
    p->len -= line.len + 1;
}

/* -- bytes ------------------------------------------------------------------------------------- */

static void send_out(struct port *p)
{
    ssize_t sent = send(p->fd, p->out.at, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
        p->out = span_from(p->out, (size_t)sent);
    else if (errno != EAGAIN && errno != EINTR)
        p->out.len = 0; /* what it said before that can still be read */
    if (!p->out.len && p->half_closes)
        shutdown(p->fd, SHUT_WR);
}

static void receive(struct port *p)
{
    memmove(p->in, p->in + p->start, p->len);
    p->start = 0;
    ssize_t got = recv(p->fd, p->in + p->len, PORT_BYTES - p->len, MSG_DONTWAIT);
    if (got > 0) {
        p->len += (size_t)got;
        p->since_ns = clock_mono_ns();
    } else if (got == 0) {
        end_because(p, "closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
        end_because(p, reason_of(errno));
    }
}

static void step(struct port *p, short events)
{
    if (events && !p->connected) {
        int error = reach_result(p->fd);
        p->connected = !error;
        p->since_ns = clock_mono_ns();
        if (error)
            end_because(p, reason_of(error));
        return;
    }
    if ((events & POLLOUT) && p->out.len)
        send_out(p);
    if ((events & ~POLLOUT) && p->len < PORT_BYTES)
        receive(p);
}

/* As poll(2), but a signal that came just before is not missed: its handler sets
 * stream_interrupted, which is looked at while signals are blocked. */
static int wait_for(struct pollfd *polls, nfds_t count, int wait_ms)
{
    sigset_t blocked, before;
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * MS_NS};
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    int ready = stream_interrupted ? 0 : ppoll(polls, count, wait_ms < 0 ? NULL : &wait, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ready;
}

void port_wait(struct port *p, struct printer *out, int wait_ms)
{
    bool alive = p->fd >= 0 && !p->over;
    short wanted = (short)((p->connected && !out->len ? POLLIN : 0) |
                           (!p->connected || p->out.len ? POLLOUT : 0));
    int dial_ms = PORT_DIAL_MS - (int)((clock_mono_ns() - p->since_ns) / MS_NS);
    bool dials = alive && !p->connected;
    if (dials && (wait_ms < 0 || wait_ms > dial_ms))
        wait_ms = dial_ms > 0 ? dial_ms : 0;
    struct pollfd polls[] = {{.fd = alive && wanted ? p->fd : -1, .events = wanted},
        printer_poll(out)};
    int ready = wait_for(polls, 2, wait_ms);
    if (ready > 0) {
        printer_step(out, polls[1].revents);
        step(p, polls[0].revents);
    }
    if (dials && !p->connected && dial_ms <= 0)
        end_because(p, reason_of(ETIMEDOUT));
}
