/* listen.c — see listen.h. TCP_NODELAY is set on the listening socket, and connections inherit
 * it: all replies of a turn are sent at once, so Nagle's algorithm would only add delay.
 *
 * So is TCP_NOTSENT_LOWAT, for clients: without it the kernel takes up to 4 MiB for each client
 * that does not read, out of sight of limits.output. What is on its way does not count, so a fast
 * client far away is as fast as ever. SO_SNDBUF would have ended the kernel's own sizing of
 * that. */
#include "io/listen.h"
#include "core/base/invariant.h"
#include "io/reason.h"
#include "io/sockaddr.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

_Static_assert((int)CONN_CLOSES_MAX >= 2 * (int)LISTEN_ACCEPTS_MAX, "closes keep up with accepts");

static const char *const port_words[NODE_PORTS] = {"client", "peer", "http"};

/* -- opening ----------------------------------------------------------------------------------- */

static void tell_why_not(FILE *tell, const struct address *at, enum node_port port, int error)
{
    char where[ADDRESS_TEXT_BYTES_MAX + 1];
    address_text(at, where);
    fprintf(tell, "cannot listen on %s: ", where);
    if (error == EADDRINUSE)
        fprintf(tell, "the port is in use, perhaps by a node that still runs; to find nodes: "
                      "grep -l stampede /proc/[0-9]*/comm\n");
    else if (error == EADDRNOTAVAIL)
        fprintf(tell,
            "this machine does not have that address; correct `%s` of this node in topology.conf, "
            "or start the node on the machine that has it\n",
            port_words[port]);
    else if (error == EACCES)
        fprintf(tell,
            "only root may use a port this low; choose one from 1024 up, or as root allow this one "
            "with: sysctl net.ipv4.ip_unprivileged_port_start=%u\n",
            at->port);
    else
        fprintf(tell, "%s\n", reason_of(error));
}

/* A descriptor, or -errno. */
static int try_to_listen(const struct address *at, enum node_port port)
{
    union sockaddr_any address;
    socklen_t bytes = sockaddr_from(at, &address);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int on = 1, unsent = LISTEN_UNSENT_BYTES;
    /* Lets a restarted node bind while connections of the former process are in TIME_WAIT. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (port != NODE_PEER_PORT)
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (bind(fd, &address.any, bytes) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* Retries for a while, because the kernel tears down a ring in the background and closes its
 * listening sockets only then: a node that is restarted right after it ended, above all by kill -9,
 * finds its own port in use for a moment. */
static int bind_and_listen(const struct address *at, enum node_port port)
{
    int fd = try_to_listen(at, port);
    for (int waited_ms = 0; fd == -EADDRINUSE && waited_ms < LISTEN_TAKEN_MS; waited_ms += 10) {
        poll(NULL, 0, 10);
        fd = try_to_listen(at, port);
    }
    return fd;
}

static void log_listening(struct log *log, enum node_port port, int fd, struct instant now)
{
    union sockaddr_any bound;
    socklen_t bytes = sizeof bound;
    if (getsockname(fd, &bound.any, &bytes) < 0)
        return;
    char where[ADDRESS_TEXT_BYTES_MAX + 1];
    struct address at = sockaddr_address(&bound);
    address_text(&at, where);
    log_begin(log, LOG_INFO, "listening", now);
    log_text(log, "port", span_of(port_words[port]));
    log_text(log, "address", span_of(where));
    log_end(log);
}

void listeners_open_none(struct listeners *l, struct conns *conns, struct log *log)
{
    *l = (struct listeners){.conns = conns,
        .log = log,
        .stopped = true,
        .failed = {.event = "accept_fails"},
        .turned_away = {.event = "connections_turned_away"}};
    for (unsigned p = 0; p < NODE_PORTS; p++)
        l->ports[p].fd = -1;
}

bool listeners_open(struct listeners *l, struct conns *conns, struct log *log,
    const struct address at[NODE_PORTS], struct instant now)
{
    listeners_open_none(l, conns, log);
    l->stopped = false;
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        if (at[p].port == 0 && p == NODE_HTTP_PORT)
            continue;
        int fd = bind_and_listen(&at[p], p);
        if (fd < 0) {
            fputs("stampede: ", stderr);
            tell_why_not(stderr, &at[p], p, -fd);
            listeners_stop(l);
            return false;
        }
        l->ports[p].fd = fd;
        log_listening(log, p, fd, now);
    }
    return true;
}

/* -- moving ------------------------------------------------------------------------------------ */

void listen_move_end(struct listen_move *m)
{
    for (unsigned p = 0; p < NODE_PORTS; p++)
        if (m->moves[p] && m->fds[p] >= 0)
            close(m->fds[p]);
    *m = (struct listen_move){0};
}

bool listen_move_begin(struct listen_move *m, const struct address before[NODE_PORTS],
    const struct address at[NODE_PORTS], FILE *tell)
{
    *m = (struct listen_move){0};
    bool well = true;
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        m->moves[p] = !address_equal(&before[p], &at[p]);
        m->fds[p] = -1;
        if (!m->moves[p] || at[p].port == 0)
            continue;
        int fd = try_to_listen(&at[p], p);
        if (fd < 0)
            tell_why_not(tell, &at[p], p, -fd);
        well &= fd >= 0;
        m->fds[p] = fd;
    }
    if (!well)
        listen_move_end(m);
    return well;
}

static void close_port(struct listener *port)
{
    if (port->fd < 0)
        return;
    shutdown(port->fd, SHUT_RDWR); /* the accepts that are with the kernel answer */
    close(port->fd);
    port->fd = -1;
}

void listeners_move(struct listeners *l, struct listen_move *m, struct instant now)
{
    ASSERT(!l->stopped);
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        struct listener *port = &l->ports[p];
        if (!m->moves[p])
            continue;
        close_port(port);
        *port = (struct listener){
            .fd = m->fds[p], .generation = (port->generation + 1) & RING_SLOT_MAX};
        if (port->fd >= 0)
            log_listening(l->log, p, port->fd, now);
    }
    *m = (struct listen_move){0};
}

void listeners_stop(struct listeners *l)
{
    l->stopped = true;
    for (unsigned p = 0; p < NODE_PORTS; p++)
        close_port(&l->ports[p]);
}

/* -- accepting --------------------------------------------------------------------------------- */

static void note(struct listen_trouble *t, int error)
{
    t->count++;
    t->error = error;
}

static void tell(struct listeners *l, struct listen_trouble *t, struct instant now)
{
    if (!t->count || (now.mono_ns < t->quiet_until_ns && !l->stopped))
        return;
    log_begin(l->log, LOG_WARN, t->event, now);
    log_number(l->log, "count", (int64_t)t->count);
    log_text(l->log, "why", span_of(reason_of(t->error)));
    log_number(l->log, "connections", l->conns->slots.used);
    log_end(l->log);
    t->count = 0;
    t->quiet_until_ns = now.mono_ns + LISTEN_QUIET_MS * MS_NS;
}

static void take_in(struct listeners *l, int fd, enum node_port port, struct instant now)
{
    union sockaddr_any other;
    socklen_t bytes = sizeof other;
    bool gone = getpeername(fd, &other.any, &bytes) < 0; /* it was reset meanwhile */
    struct address from = gone ? (struct address){0} : sockaddr_address(&other);
    if (!gone && conn_accepted(l->conns, fd, port, &from, now))
        return;
    close(fd);
    if (!gone)
        note(&l->turned_away, ENOBUFS);
}

void listener_completed(struct listeners *l, const struct ring_event *e, struct instant now)
{
    ASSERT(e->tag.slot < NODE_PORTS);
    struct listener *port = &l->ports[e->tag.slot];
    if (e->tag.generation != port->generation) { /* of the address before */
        if (e->result >= 0 && !l->stopped)
            take_in(l, e->result, e->tag.slot, now);
        else if (e->result >= 0)
            close(e->result);
        return;
    }
    ASSERT(port->armed && port->armed <= LISTEN_ACCEPTS_MAX && !e->more);
    port->armed--;
    if (port->state == LISTEN_PAUSED && e->result < 0)
        return; /* it was in flight when the port paused */
    port->failing = e->result < 0;
    if (l->stopped) {
        if (e->result >= 0)
            close(e->result);
    } else if (e->result >= 0) {
        take_in(l, e->result, e->tag.slot, now);
    } else {
        port->rest_until_ns = now.mono_ns + LISTEN_REST_MS * MS_NS;
        note(&l->failed, -e->result);
    }
}

/* shutdown(2) makes of a listening socket one that is only bound, and resets its backlog. That is
 * empty when all accepts are in flight: one that completes is armed again in the same turn, and
 * would complete at once. */
static void pause_port(struct listener *port, struct instant now)
{
    if (port->armed < LISTEN_ACCEPTS_MAX && now.mono_ns < port->pause_ns)
        return;
    shutdown(port->fd, SHUT_RDWR);
    port->state = LISTEN_PAUSED;
}

/* Somebody else may have taken the address meanwhile: then it is tried again and again. */
static void resume_port(struct listeners *l, struct listener *port, struct instant now)
{
    if (port->failing && now.mono_ns < port->rest_until_ns)
        return;
    port->failing = port->state == LISTEN_PAUSED && listen(port->fd, LISTEN_BACKLOG) < 0;
    if (!port->failing) {
        port->state = LISTEN_ON;
        return;
    }
    port->rest_until_ns = now.mono_ns + LISTEN_REST_MS * MS_NS;
    note(&l->failed, errno);
}

bool listeners_turn(struct listeners *l, enum node_port which, bool on, struct instant now)
{
    struct listener *port = &l->ports[which];
    if (l->stopped || port->fd < 0)
        return !on;
    if (on && port->state != LISTEN_ON)
        resume_port(l, port, now);
    if (!on && port->state == LISTEN_ON) {
        port->state = LISTEN_PAUSING;
        port->pause_ns = now.mono_ns + LISTEN_PAUSE_MS * MS_NS;
    }
    if (!on && port->state == LISTEN_PAUSING)
        pause_port(port, now);
    if (!on && port->state == LISTEN_PAUSED)
        port->failing = false;
    return !on && port->state == LISTEN_PAUSED;
}

/* The one accept after a failure takes what waits already, which wakes none that was in flight. */
static unsigned to_arm(const struct listeners *l, const struct listener *port, struct instant now)
{
    unsigned most = LISTEN_ACCEPTS_MAX - port->armed;
    if (!port->failing)
        return most;
    return most && (now.mono_ns >= port->rest_until_ns || l->conns->freed);
}

void listeners_settle(struct listeners *l, struct instant now)
{
    for (unsigned p = 0; p < NODE_PORTS && !l->stopped; p++) {
        struct listener *port = &l->ports[p];
        if (port->fd < 0 || port->state == LISTEN_PAUSED)
            continue;
        for (unsigned n = to_arm(l, port, now); n; n--, port->armed++)
            ring_accept(l->conns->ring, port->fd,
                (struct ring_tag){.op = RING_ACCEPT, .slot = p, .generation = port->generation});
        ASSERT(port->armed <= LISTEN_ACCEPTS_MAX);
    }
    l->conns->freed = false;
    tell(l, &l->failed, now);
    tell(l, &l->turned_away, now);
}

int64_t listeners_deadline(const struct listeners *l)
{
    int64_t next_ns = NEVER_NS;
    for (unsigned p = 0; p < NODE_PORTS && !l->stopped; p++)
        if (l->ports[p].failing && l->ports[p].armed < LISTEN_ACCEPTS_MAX)
            next_ns = earlier_ns(next_ns, l->ports[p].rest_until_ns);
    for (unsigned p = 0; p < NODE_PORTS && !l->stopped; p++)
        if (l->ports[p].state == LISTEN_PAUSING)
            next_ns = 0; /* to see whether all accepts are still in flight then */
    if (l->failed.count)
        next_ns = earlier_ns(next_ns, l->failed.quiet_until_ns);
    if (l->turned_away.count)
        next_ns = earlier_ns(next_ns, l->turned_away.quiet_until_ns);
    return next_ns;
}
