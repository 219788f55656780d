/* address.h — a numeric address and a port, as topology.conf writes them.
 *
 * "127.0.0.1:12000", "[::1]:12000". Names of hosts are host_port.h's. Called by topology, and by
 * the code that dials and listens. */
#ifndef CORE_BASE_ADDRESS_H
#define CORE_BASE_ADDRESS_H

#include "core/base/span.h"
#include <stdint.h>

enum { ADDRESS_TEXT_BYTES_MAX = 63 }; /* of an address with its port, as text */

struct address {
    bool v6;
    uint8_t ip[16]; /* network order; the first 4 for IPv4, the others are then 0 */
    uint16_t port; /* 1 to 65535 */
};

/* Parse an address. IPv4 is four decimal numbers without leading zeros; IPv6 is the text of RFC
 * 4291 in brackets, without a zone, and not an IPv4-mapped address (::ffff:0:0/96).
 *
 * NULL: it is valid. Otherwise a constant sentence that says what is wrong and what to write. */
MUST_USE const char *address_parse(struct span text, struct address *out);

bool address_is_loopback(const struct address *a); /* 127.0.0.0/8 or [::1] */
bool address_is_any(const struct address *a); /* 0.0.0.0 or [::] */
bool address_equal(const struct address *a, const struct address *b);
bool address_same_host(const struct address *a, const struct address *b);

/* Write the address as address_parse reads it, IPv6 in the form of RFC 5952; ends with NUL. */
void address_text(const struct address *a, char out[ADDRESS_TEXT_BYTES_MAX + 1]);

#endif
