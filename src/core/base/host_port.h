/* host_port.h — where a port is, as topology.conf writes it: an address, or the name of a host.
 *
 * "127.0.0.1:12000", "[::1]:12000", "goloman.example:12000", "goloman.example.:12000". A name is
 * one of dns_name.h; a dot at its end means that no search list applies to it. What a name leads to
 * is known only to who looks it up, at the moment when it is looked up. The only exception is
 * `localhost`, which is 127.0.0.1 and [::1] and is never looked up (RFC 6761, 6.3): a port there
 * needs no secret, so no name server may have a say in it. Called by topology, and by the code that
 * dials and listens. */
#ifndef CORE_BASE_HOST_PORT_H
#define CORE_BASE_HOST_PORT_H

#include "core/base/address.h"
#include "core/base/dns_name.h"

enum {
    HOST_PORT_NAME_BYTES_MAX = DNS_NAME_BYTES_MAX, /* with the dot at its end */
    HOST_PORT_TEXT_BYTES_MAX = HOST_PORT_NAME_BYTES_MAX + 6,
    HOST_PORT_FIXED_MAX = 2,
};

struct host_port {
    struct address address; /* with a name: its port, and all else is zero */
    char name[HOST_PORT_NAME_BYTES_MAX + 1]; /* "": it is an address; ends with NUL */
};

/* NULL: it is valid. Otherwise a constant sentence that says what is wrong and what to write. */
MUST_USE const char *host_port_parse(struct span text, struct host_port *out);

static inline bool host_port_is_name(const struct host_port *h)
{
    return h->name[0] != '\0';
}

/* The addresses that are known without looking anything up: of an address itself, and of
 * `localhost`. 0: it must be looked up. */
unsigned host_port_fixed(const struct host_port *h, struct address out[HOST_PORT_FIXED_MAX]);

/* Whether it is this name, in any case, with or without a dot at its end. */
bool host_port_has_name(const struct host_port *h, struct span name);

bool host_port_is_loopback(const struct host_port *h); /* an address on loopback, or localhost */
bool host_port_is_any(const struct host_port *h); /* 0.0.0.0 or [::] */

/* Whether both mean the same; of names, case does not count. */
bool host_port_equal(const struct host_port *a, const struct host_port *b);
bool host_port_same_host(const struct host_port *a, const struct host_port *b);

/* Write it as host_port_parse reads it; ends with NUL. */
void host_port_text(const struct host_port *h, char out[HOST_PORT_TEXT_BYTES_MAX + 1]);

#endif
