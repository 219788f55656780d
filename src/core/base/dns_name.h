/* dns_name.h — the one grammar of a host's DNS name.
 *
 * Labels of 1 to 63 letters, digits, "-" and "_" with dots between them, 253 bytes at most (RFC
 * 1123, 2.1; RFC 1035, 2.3.4; "_" because names of internal services have it). No dot at the end:
 * TLS has no place for it (RFC 6066, 3). Neither an IP address nor what resolvers take for one:
 * certificates are checked by name. Called by topology and tls. */
#ifndef CORE_BASE_DNS_NAME_H
#define CORE_BASE_DNS_NAME_H

#include "core/base/span.h"

enum { DNS_NAME_BYTES_MAX = 253, DNS_LABEL_BYTES_MAX = 63 };

enum dns_name_fault {
    DNS_NAME_WELL,
    DNS_NAME_EMPTY,
    DNS_NAME_LONG, /* more than DNS_NAME_BYTES_MAX */
    DNS_NAME_ADDRESS, /* an IPv6 address in or without brackets, or digits and dots only */
    DNS_NAME_BYTE, /* a byte that no name has */
    DNS_NAME_LABEL, /* an empty label, or one of more than DNS_LABEL_BYTES_MAX */
};

/* The first fault of a name, in the order of the list. */
MUST_USE enum dns_name_fault dns_name_check(struct span name);

#endif
