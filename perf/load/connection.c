/* connection.c — see connection.h. */
#include "load/connection.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t power_of_two(uint32_t least)
{
    uint32_t n = 1;
    while (n < least)
        n *= 2;
    return n;
}

bool connection_open(struct connection *c, uint16_t port, unsigned depth, size_t command_bytes_max)
{
    *c = (struct connection){.fd = -1, .depth = depth, .commands = power_of_two(depth)};
    /* Commands under way, one being written, and what can be left unused at the ring's end. */
    c->bytes_max = (uint32_t)((depth + 2) * command_bytes_max);
    c->asked = malloc(c->commands * sizeof *c->asked);
    c->bytes = malloc(c->bytes_max);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!c->asked || !c->bytes || c->fd < 0 ||
        connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) {
        fprintf(stderr, "load: cannot connect to port %u: %m\n", port);
        return false;
    }
    return true;
}

void connection_close(struct connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->asked);
    free(c->bytes);
    free(c->held);
    *c = (struct connection){.fd = -1};
}

char *connection_room(struct connection *c, size_t command_bytes_max)
{
    if (c->written + command_bytes_max > c->bytes_max) {
        c->end = c->written;
        c->written = 0;
    }
    return c->bytes + c->written;
}

void connection_wrote(struct connection *c, size_t bytes, enum kind kind, int64_t due_ns)
{
    c->asked[(c->first + c->under_way++) & (c->commands - 1)] = (struct asked){
        .due_ns = due_ns, .at = c->written, .bytes = (uint16_t)bytes, .kind = (uint8_t)kind};
    c->written += (uint32_t)bytes;
}

struct span connection_unsent(struct connection *c)
{
    if (c->unsent > c->written && c->unsent == c->end)
        c->unsent = 0;
    uint32_t end = c->unsent <= c->written ? c->written : c->end;
    return (struct span){c->bytes + c->unsent, end - c->unsent};
}

void connection_sent(struct connection *c, size_t bytes)
{
    c->unsent += (uint32_t)bytes;
}

struct span connection_hold(struct connection *c, struct span more)
{
    size_t needed = c->held_bytes + more.len;
    if (needed > c->held_max) {
        size_t room = needed * 2;
        char *grown = realloc(c->held, room);
        if (!grown)
            return (struct span){NULL, 0};
        c->held = grown;
        c->held_max = room;
    }
    memcpy(c->held + c->held_bytes, more.at, more.len);
    c->held_bytes = needed;
    return (struct span){c->held, needed};
}

void connection_keep(struct connection *c, size_t bytes)
{
    memmove(c->held, c->held + c->held_bytes - bytes, bytes);
    c->held_bytes = bytes;
}
