/* reach.c — see reach.h. */
#include "cli/reach.h"
#include "io/sockaddr.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static struct address or_loopback(struct address a)
{
    if (address_is_any(&a)) {
        static const uint8_t loopback_v4[] = {127, 0, 0, 1};
        if (a.v6)
            a.ip[15] = 1;
        else
            memcpy(a.ip, loopback_v4, sizeof loopback_v4);
    }
    return a;
}

struct address reach_peer(const struct topology_node *node)
{
    return or_loopback(node->peer);
}

struct address reach_client(const struct topology_node *node)
{
    struct address at = node->client;
    if (address_is_any(&at)) {
        at = node->peer;
        at.port = node->client.port;
    }
    return or_loopback(at);
}

int reach_begin(const struct address *to)
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
