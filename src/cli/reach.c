/* reach.c — see reach.h. */
#include "cli/reach.h"
#include "cli/lookup.h"
#include "files/clock.h"
#include "io/reason.h"
#include "io/sockaddr.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct host_port or_loopback(struct host_port h)
{
    if (host_port_is_any(&h)) {
        static const uint8_t loopback_v4[] = {127, 0, 0, 1};
        if (h.address.v6)
            h.address.ip[15] = 1;
        else
            memcpy(h.address.ip, loopback_v4, sizeof loopback_v4);
    }
    return h;
}

struct host_port reach_peer(const struct topology_node *node)
{
    return or_loopback(node->peer);
}

struct host_port reach_client(const struct topology_node *node)
{
    struct host_port at = node->client;
    if (host_port_is_any(&at)) {
        at = node->peer;
        at.address.port = node->client.address.port;
    }
    return or_loopback(at);
}

/* A socket that connects; -1 and errno: failed. */
static int connect_to(const struct address *to)
{
    union sockaddr_any at;
    socklen_t bytes = sockaddr_from(to, &at);
    int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* works without it, too */
    if (connect(fd, &at.any, bytes) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int reach_result(int fd)
{
    int error = 0;
    socklen_t bytes = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0 ? errno : error;
}

/* -- several addresses ------------------------------------------------------------------------- */

struct race {
    struct pollfd each[LOOKUP_ADDRESSES_MAX]; /* fd -1: it has failed */
    unsigned count; /* begun so far */
    unsigned open; /* of these, under way */
    int error; /* of the last one that failed */
};

static void add_racer(struct race *r, const struct address *to)
{
    int fd = connect_to(to);
    r->each[r->count++] = (struct pollfd){.fd = fd, .events = POLLOUT};
    r->open += fd >= 0;
    r->error = fd < 0 ? errno : r->error;
}

/* One that is connected, which is no racer any more; -1: none is yet. */
static int take_winner(struct race *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        int fd = r->each[i].fd;
        if (fd < 0 || !r->each[i].revents)
            continue;
        int error = reach_result(fd);
        r->each[i].fd = -1;
        r->open--;
        if (!error)
            return fd;
        r->error = error;
        close(fd);
    }
    return -1;
}

/* A connection to the first of several addresses that answers; -1 and errno: none does. */
static int run_race(const struct lookup *found)
{
    struct race r = {.error = ETIMEDOUT};
    int64_t until_ns = clock_now().mono_ns + REACH_MS * MS_NS;
    int winner = -1;
    while (winner < 0 && (r.open || r.count < found->count)) {
        if (r.count < found->count)
            add_racer(&r, &found->each[r.count]);
        int64_t left_ms = (until_ns - clock_now().mono_ns) / MS_NS;
        if (left_ms <= 0)
            break;
        bool more = r.count < found->count;
        int wait_ms = more && left_ms > REACH_NEXT_MS ? REACH_NEXT_MS : (int)left_ms;
        if (r.open && poll(r.each, r.count, wait_ms) > 0)
            winner = take_winner(&r);
    }
    for (unsigned i = 0; i < r.count; i++)
        if (r.each[i].fd >= 0)
            close(r.each[i].fd);
    errno = r.error;
    return winner;
}

int reach_begin(const struct host_port *to, char why[REACH_WHY_BYTES_MAX + 1])
{
    struct lookup found;
    lookup_run(&found, to);
    if (!found.count) {
        snprintf(why, REACH_WHY_BYTES_MAX + 1, "cannot look up %.80s: %s", to->name, found.why);
        return -1;
    }
    int fd = found.count == 1 ? connect_to(&found.each[0]) : run_race(&found);
    if (fd < 0)
        snprintf(why, REACH_WHY_BYTES_MAX + 1, "%s", reason_of(errno));
    return fd;
}
