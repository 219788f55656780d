/* sockaddr.h — converts between the core's addresses and the kernel's. */
#ifndef IO_SOCKADDR_H
#define IO_SOCKADDR_H

#include "core/topology/topology.h"
#include <netinet/in.h>

union sockaddr_any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns how many bytes of `out` are used. */
socklen_t sockaddr_from(const struct address *a, union sockaddr_any *out);

/* s: IPv4 or IPv6. An IPv4-mapped IPv6 address becomes the IPv4 address. */
struct address sockaddr_address(const union sockaddr_any *s);

#endif
