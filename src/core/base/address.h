/* address.h — a numeric address and a port, as topology.conf writes them.
 *
 * "127.0.0.1:12000", "[::1]:12000". Names are not looked up: the same file goes to every node, and
 * all must mean the same address by it. Called by topology, and by whoever dials and listens. */
#ifndef CORE_BASE_ADDRESS_H
#define CORE_BASE_ADDRESS_H

#include "core/base/span.h"
#include <stdint.h>

enum { ADDRESS_TEXT_BYTES_MAX = 63 }; /* of an address and its port, as text */

struct address {
    bool v6;
    uint8_t ip[16]; /* network order; the first 4 for IPv4, the others are then 0 */
    uint16_t port; /* 1 to 65535 */
};

/* NULL when well, else what is wrong and what to write instead: a constant. IPv4 is four decimal
 * numbers without leading zeros; IPv6 is RFC 4291 text in brackets, without a zone, and not an IPv4
 * address in disguise (::ffff:0:0/96). */
MUST_USE const char *address_parse(struct span text, struct address *out);

bool address_is_loopback(const struct address *a); /* 127.0.0.0/8 or [::1] */
bool address_is_any(const struct address *a); /* 0.0.0.0 or [::] */
bool address_equal(const struct address *a, const struct address *b);
bool address_same_host(const struct address *a, const struct address *b);

/* As address_parse reads it, IPv6 as RFC 5952 wants it; ends with NUL. */
void address_text(const struct address *a, char out[ADDRESS_TEXT_BYTES_MAX + 1]);

#endif
