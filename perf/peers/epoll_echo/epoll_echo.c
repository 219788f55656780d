/* epoll_echo.c — an echo server on epoll: the limit of servers written for epoll.
 *
 *     epoll_echo PORT
 *
 * One thread, level-triggered, like most servers on epoll: for each ready socket one receive into a
 * shared buffer, then one send of the same bytes at once, without waiting for readiness. What the
 * socket does not take is kept, and nothing is read from it until that was sent. It uses no library
 * and prints `ready` when it listens. Compared with perf/echo.c, it shows what io_uring gains on
 * this machine. */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, BACKLOG = 4096, RECEIVE_BYTES = 65536 };

/* Bytes that a socket has not taken yet. */
struct connection {
    int fd;
    char *unsent;
    size_t sent, bytes;
};

static int epoll;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, BACKLOG) < 0)
        fail("epoll_echo: listen");
    return fd;
}

static void wait_for(struct connection *c, uint32_t events, int operation)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, operation, c->fd, &e) < 0)
        fail("epoll_echo: epoll_ctl");
}

/* Level-triggered: if more connections wait, the next epoll_wait returns at once. */
static void accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return;
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        fail("epoll_echo");
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wait_for(c, EPOLLIN, EPOLL_CTL_ADD);
}

static void drop(struct connection *c)
{
    close(c->fd);
    free(c->unsent);
    free(c);
}

static void receive(struct connection *c)
{
    static char bytes[RECEIVE_BYTES];
    ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        drop(c);
        return;
    }
    ssize_t sent = send(c->fd, bytes, (size_t)got, MSG_NOSIGNAL);
    if (sent == got)
        return;
    if (sent < 0 && errno != EAGAIN) {
        drop(c);
        return;
    }
    c->sent = 0;
    c->bytes = (size_t)(got - (sent < 0 ? 0 : sent));
    c->unsent = malloc(c->bytes);
    if (!c->unsent)
        fail("epoll_echo");
    memcpy(c->unsent, bytes + (sent < 0 ? 0 : sent), c->bytes);
    wait_for(c, EPOLLOUT, EPOLL_CTL_MOD);
}

static void send_rest(struct connection *c)
{
    ssize_t sent = send(c->fd, c->unsent + c->sent, c->bytes - c->sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            drop(c);
        return;
    }
    c->sent += (size_t)sent;
    if (c->sent < c->bytes)
        return;
    free(c->unsent);
    c->unsent = NULL;
    wait_for(c, EPOLLIN, EPOLL_CTL_MOD);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: epoll_echo PORT\n", stderr);
        return 2;
    }
    struct connection listener = {.fd = listen_on(argv[1])};
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_echo: epoll_create1");
    wait_for(&listener, EPOLLIN, EPOLL_CTL_ADD);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c == &listener)
                accept_one(listener.fd);
            else if (c->unsent)
                send_rest(c);
            else
                receive(c);
        }
    }
}
