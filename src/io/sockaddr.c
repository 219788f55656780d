/* sockaddr.c — see sockaddr.h. */
#include "io/sockaddr.h"

socklen_t sockaddr_from(const struct address *a, union sockaddr_any *out)
{
    if (a->v6) {
        out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        return sizeof out->v6;
    }
    out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&out->v4.sin_addr, a->ip, 4);
    return sizeof out->v4;
}

struct address sockaddr_address(const union sockaddr_any *s)
{
    struct address a = {0};
    if (s->any.sa_family == AF_INET) {
        a.port = ntohs(s->v4.sin_port);
        memcpy(a.ip, &s->v4.sin_addr, 4);
        return a;
    }
    a.port = ntohs(s->v6.sin6_port);
    a.v6 = !IN6_IS_ADDR_V4MAPPED(&s->v6.sin6_addr);
    if (a.v6)
        memcpy(a.ip, &s->v6.sin6_addr, 16);
    else
        memcpy(a.ip, s->v6.sin6_addr.s6_addr + 12, 4);
    return a;
}
