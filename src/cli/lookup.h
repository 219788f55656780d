/* lookup.h — the addresses of a host_port, for the subcommands: names are looked up at once.
 *
 * It waits for the name server, as getaddrinfo(3) does: nobody is served meanwhile. A node looks
 * names up on its ring (io/lookups.h). */
#ifndef CLI_LOOKUP_H
#define CLI_LOOKUP_H

#include "core/base/host_port.h"

enum { LOOKUP_ADDRESSES_MAX = 8 };

struct lookup {
    unsigned count; /* 0: there are none, and `why` */
    struct address each[LOOKUP_ADDRESSES_MAX]; /* in the order in which they are to be tried */
    const char *why; /* a constant */
};

void lookup_run(struct lookup *l, const struct host_port *of);

#endif
