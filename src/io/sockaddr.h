/* sockaddr.h — the core's addresses as the kernel wants them, and back. */
#ifndef IO_SOCKADDR_H
#define IO_SOCKADDR_H

#include "core/topology/topology.h"
#include <netinet/in.h>

union sockaddr_any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns how many bytes of `out` count. */
socklen_t sockaddr_from(const struct address *a, union sockaddr_any *out);

/* s: IPv4 or IPv6. An IPv4 client of an IPv6 listener shows as what it is. */
struct address sockaddr_address(const union sockaddr_any *s);

#endif
