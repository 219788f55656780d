/* limits.h — what a certificate is good for, by its own word and by that of the CAs above it.
 *
 * extendedKeyUsage says at which end of a connection a certificate may be shown (RFC 5280,
 * 4.2.1.12); in the certificate of a CA it limits those below, as all browsers and OpenSSL take it.
 * nameConstraints says for which names a CA may sign (4.2.1.10). Both count whether they are
 * critical or not. What cannot be judged is refused. Called by checker.c. */
#ifndef CORE_TLS_LIMITS_H
#define CORE_TLS_LIMITS_H

#include "core/tls/certificate.h"

/* Whether the OIDs of an extendedKeyUsage allow that a server (else: a client) shows it. Empty: all
 * is allowed. A client may show a certificate for servers too, because a node has one certificate
 * for both ends of its links. */
MUST_USE bool limits_allow_use(struct span usages, bool server);

/* Whether the content of a nameConstraints allows all names of `c`. Empty: all are allowed.
 *
 * leaf  it is the certificate of an end: without DNS names, those in its subject count
 * also  one more DNS name: the one that it is to prove, which a wildcard may cover; empty: none */
MUST_USE bool limits_allow_names(
    struct span constraints, const struct certificate *c, bool leaf, struct span also);

#endif
