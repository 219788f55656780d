/* lookup.c — see lookup.h. */
#include "cli/lookup.h"
#include "io/reason.h"
#include "io/sockaddr.h"
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>

static bool is_known(const struct lookup *l, const struct address *address)
{
    for (unsigned i = 0; i < l->count; i++)
        if (address_same_host(&l->each[i], address))
            return true;
    return false;
}

void lookup_run(struct lookup *l, const struct host_port *of)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    _Static_assert((int)HOST_PORT_FIXED_MAX <= (int)LOOKUP_ADDRESSES_MAX, "all fit");
    *l = (struct lookup){.why = "no address"};
    l->count = host_port_fixed(of, l->each);
    if (l->count)
        return;
    int error = getaddrinfo(of->name, NULL, &hints, &found);
    if (error) {
        l->why = error == EAI_SYSTEM ? reason_of(errno) : gai_strerror(error);
        return;
    }
    for (const struct addrinfo *a = found; a && l->count < LOOKUP_ADDRESSES_MAX; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        struct address address = sockaddr_address((const union sockaddr_any *)(void *)a->ai_addr);
        address.port = of->address.port;
        if (!is_known(l, &address))
            l->each[l->count++] = address;
    }
    freeaddrinfo(found);
}
