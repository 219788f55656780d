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
#include <stdlib.h>
#include <unistd.h>

_Static_assert((int)CONN_CLOSES_MAX >= 2 * (int)LISTEN_ACCEPTS_MAX, "closes keep up with accepts");

static const char *const port_words[NODE_PORTS] = {"client", "peer", "http"};

/* -- opening ----------------------------------------------------------------------------------- */

/* What to write where the machine does not have the address by which others reach the node. */
static void tell_listen_key(FILE *tell, enum node_port port, uint16_t number)
{
    if (port == NODE_HTTP_PORT)
        fprintf(tell, "write one that it has, like 0.0.0.0:%u", number);
    else
        fprintf(tell,
            "if others reach it there all the same, say where to listen, like: "
            "%s_listen = \"0.0.0.0:%u\"",
            port_words[port], number);
}

static void tell_why_not(FILE *tell, const struct address *at, enum node_port port, int error)
{
    char where[ADDRESS_TEXT_BYTES_MAX + 1];
    address_text(at, where);
    fprintf(tell, "cannot listen on %s: ", where);
    if (error == EADDRINUSE)
        fprintf(tell, "the port is in use, perhaps by a node that still runs; to find nodes: "
                      "grep -l stampede /proc/[0-9]*/comm\n");
    else if (error == EADDRNOTAVAIL) {
        fprintf(tell,
            "this machine does not have that address; correct `%s` of this node in topology.conf, "
            "or start the node on the machine that has it; ",
            port_words[port]);
        tell_listen_key(tell, port, at->port);
        fputc('\n', tell);
    } else if (error == EACCES)
        fprintf(tell,
            "only root may use a port this low; choose one from 1024 up, or as root allow this one "
            "with: sysctl net.ipv4.ip_unprivileged_port_start=%u\n",
            at->port);
    else
        fprintf(tell, "%s\n", reason_of(error));
}

/* None of the addresses of a name is this machine's. */
static void tell_elsewhere(FILE *tell, const struct listen_at *at, enum node_port port)
{
    char text[ADDRESS_TEXT_BYTES_MAX + 1], name[HOST_PORT_TEXT_BYTES_MAX + 1];
    host_port_text(&at->of, name);
    fprintf(tell, "cannot listen on %s: it leads to ", name);
    for (unsigned i = 0; i < at->count; i++) {
        address_text(&at->each[i], text);
        fprintf(tell, "%s%s", i ? ", " : "", text);
    }
    fprintf(tell, ", which this machine does not have; ");
    tell_listen_key(tell, port, at->of.address.port);
    fputc('\n', tell);
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

static bool is_elsewhere(int fd)
{
    return fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT;
}

static bool listens_at(const struct listeners *l, enum node_port port, const struct address *at)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->each[i].fd >= 0 && l->each[i].port == port && address_equal(&l->each[i].at, at))
            return true;
    return false;
}

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Bind each address of a port, unless `has` says that it is bound already; descriptors, or -1 for
 * those. Addresses of a name that this machine lacks are removed from `at`. false: `tell` says
 * why. */
static bool bind_port(struct listen_at *at, enum node_port port, const struct listeners *has,
    int fds[LISTEN_ADDRESSES_MAX], FILE *tell)
{
    struct listen_at wanted = *at;
    at->count = 0;
    for (unsigned i = 0; i < wanted.count; i++) {
        const struct address *to = &wanted.each[i];
        int fd = has && listens_at(has, port, to) ? -1
                 : has                            ? try_to_listen(to, port)
                                                  : bind_and_listen(to, port);
        if (is_elsewhere(fd) && host_port_is_name(&at->of))
            continue;
        if (fd < -1) {
            tell_why_not(tell, to, port, -fd);
            close_all(fds, at->count);
            return false;
        }
        fds[at->count] = fd;
        at->each[at->count++] = *to;
    }
    if (!at->count && wanted.count)
        tell_elsewhere(tell, &wanted, port);
    return at->count || !wanted.count;
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
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        l->each[i].fd = -1;
}

/* Its shares are set by share_accepts. */
static void add(
    struct listeners *l, enum node_port port, int fd, const struct address *at, struct instant now)
{
    unsigned i = 0;
    while (l->each[i].fd >= 0)
        i++;
    ASSERT(i < LISTENERS_MAX && fd >= 0);
    uint32_t generation = (l->each[i].generation + 1) & RING_SLOT_MAX;
    l->each[i] = (struct listener){.fd = fd, .port = port, .at = *at, .generation = generation};
    if (i == l->count)
        l->count++;
    log_listening(l->log, port, fd, now);
}

static void share_accepts(struct listeners *l, enum node_port port)
{
    unsigned sockets = 0;
    for (unsigned i = 0; i < l->count; i++)
        sockets += l->each[i].fd >= 0 && l->each[i].port == port;
    ASSERT(sockets <= LISTEN_ADDRESSES_MAX);
    for (unsigned i = 0; i < l->count; i++)
        if (l->each[i].fd >= 0 && l->each[i].port == port)
            l->each[i].accepts_max = LISTEN_ACCEPTS_MAX / sockets;
}

bool listeners_open(struct listeners *l, struct conns *conns, struct log *log,
    const struct listen_at at[NODE_PORTS], struct instant now)
{
    listeners_open_none(l, conns, log);
    l->stopped = false;
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        struct listen_at here = at[p];
        int fds[LISTEN_ADDRESSES_MAX];
        char *words = NULL;
        size_t bytes;
        FILE *tell = open_memstream(&words, &bytes);
        bool well = tell && bind_port(&here, p, NULL, fds, tell);
        if (tell)
            fclose(tell);
        if (!well)
            fprintf(stderr, "stampede: %s", words ? words : "out of memory\n");
        free(words);
        for (unsigned i = 0; well && i < here.count; i++)
            add(l, p, fds[i], &here.each[i], now);
        share_accepts(l, p);
        if (!well) {
            listeners_stop(l);
            return false;
        }
    }
    return true;
}

/* -- moving ------------------------------------------------------------------------------------ */

void listen_move_end(struct listen_move *m)
{
    for (unsigned p = 0; p < NODE_PORTS; p++)
        if (m->moves[p])
            close_all(m->fds[p], m->at[p].count);
    *m = (struct listen_move){0};
}

bool listen_move_begin(struct listen_move *m, const struct listeners *l,
    const bool moves[NODE_PORTS], const struct listen_at at[NODE_PORTS], FILE *tell)
{
    *m = (struct listen_move){0};
    bool well = true;
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        if (!moves[p])
            continue;
        m->at[p] = at[p];
        m->moves[p] = bind_port(&m->at[p], p, l, m->fds[p], tell);
        well &= m->moves[p];
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
    port->failing = false;
    port->state = LISTEN_ON;
}

static bool stays(const struct listen_move *m, const struct listener *port)
{
    const struct listen_at *at = &m->at[port->port];
    for (unsigned i = 0; i < at->count; i++)
        if (m->fds[port->port][i] < 0 && address_equal(&at->each[i], &port->at))
            return true;
    return false;
}

void listeners_move(struct listeners *l, struct listen_move *m, struct instant now)
{
    ASSERT(!l->stopped);
    for (unsigned i = 0; i < l->count; i++)
        if (m->moves[l->each[i].port] && !stays(m, &l->each[i]))
            close_port(&l->each[i]);
    for (unsigned p = 0; p < NODE_PORTS; p++) {
        if (!m->moves[p])
            continue;
        for (unsigned i = 0; i < m->at[p].count; i++)
            if (m->fds[p][i] >= 0)
                add(l, p, m->fds[p][i], &m->at[p].each[i], now);
        share_accepts(l, p);
    }
    *m = (struct listen_move){0};
}

void listeners_stop(struct listeners *l)
{
    l->stopped = true;
    for (unsigned i = 0; i < l->count; i++)
        close_port(&l->each[i]);
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
    ASSERT(e->tag.slot < l->count && e->tag.sequence < NODE_PORTS);
    struct listener *port = &l->each[e->tag.slot];
    if (port->fd < 0 || e->tag.generation != port->generation) { /* of an address before */
        if (e->result >= 0 && !l->stopped)
            take_in(l, e->result, e->tag.sequence, now);
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
        take_in(l, e->result, port->port, now);
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
    if (port->armed < port->accepts_max && now.mono_ns < port->pause_ns)
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

static void turn(struct listeners *l, struct listener *port, bool on, struct instant now)
{
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
}

bool listeners_turn(struct listeners *l, enum node_port which, bool on, struct instant now)
{
    bool paused = !on;
    if (on && !l->paused) /* nearly always */
        return false;
    l->paused = !on;
    for (unsigned i = 0; i < l->count && !l->stopped; i++) {
        struct listener *port = &l->each[i];
        if (port->fd < 0 || port->port != which)
            continue;
        turn(l, port, on, now);
        paused &= port->state == LISTEN_PAUSED;
        l->paused |= port->state != LISTEN_ON;
    }
    return paused;
}

/* The one accept after a failure takes what waits already, which wakes none that was in flight. */
static unsigned to_arm(const struct listeners *l, const struct listener *port, struct instant now)
{
    unsigned most = port->armed < port->accepts_max ? port->accepts_max - port->armed : 0;
    if (!port->failing)
        return most;
    return most && (now.mono_ns >= port->rest_until_ns || l->conns->freed);
}

void listeners_settle(struct listeners *l, struct instant now)
{
    for (unsigned i = 0; i < l->count && !l->stopped; i++) {
        struct listener *port = &l->each[i];
        if (port->fd < 0 || port->state == LISTEN_PAUSED)
            continue;
        for (unsigned n = to_arm(l, port, now); n; n--, port->armed++)
            ring_accept(l->conns->ring, port->fd,
                (struct ring_tag){.op = RING_ACCEPT,
                    .sequence = (uint8_t)port->port,
                    .slot = i,
                    .generation = port->generation});
        ASSERT(port->armed <= LISTEN_ACCEPTS_MAX);
    }
    l->conns->freed = false;
    tell(l, &l->failed, now);
    tell(l, &l->turned_away, now);
}

int64_t listeners_deadline(const struct listeners *l)
{
    int64_t next_ns = NEVER_NS;
    for (unsigned i = 0; i < l->count && !l->stopped; i++) {
        const struct listener *port = &l->each[i];
        if (port->failing && port->armed < port->accepts_max)
            next_ns = earlier_ns(next_ns, port->rest_until_ns);
        if (port->state == LISTEN_PAUSING)
            next_ns = 0; /* to see whether all accepts are still in flight then */
    }
    if (l->failed.count)
        next_ns = earlier_ns(next_ns, l->failed.quiet_until_ns);
    if (l->turned_away.count)
        next_ns = earlier_ns(next_ns, l->turned_away.quiet_until_ns);
    return next_ns;
}
