/* certificate.h — the parts of a certificate that BearSSL ignores or keeps to itself.
 *
 * Its check of a chain (checker.c) wants the certificates in order, refuses extensions that are
 * critical and new to it, and passes over two that limit what a certificate is good for:
 * extendedKeyUsage and nameConstraints. Here these parts are found; limits.h judges them. Nothing
 * is copied, and no signature is looked at. Called by checker.c, identity.c and trust.c. Source:
 * RFC 5280, 4.1 and 4.2.1. */
#ifndef CORE_TLS_CERTIFICATE_H
#define CORE_TLS_CERTIFICATE_H

#include "core/base/span.h"

enum { CERTIFICATE_CRITICAL_MAX = 2 };

/* Views of its DER. An extension that it does not have is empty; none is empty that it has. */
struct certificate {
    struct span der;
    struct span issuer, subject; /* whole elements, with tag and length */
    struct span usages; /* the OIDs of extendedKeyUsage */
    struct span constraints; /* the content of nameConstraints */
    struct span names; /* the GeneralNames of subjectAltName */
    const char *critical[CERTIFICATE_CRITICAL_MAX]; /* the bytes, in order, that mark the first two
                                                       of these as critical; NULL: not marked */
};

/* false: it cannot be read, or has one of these extensions twice or empty. */
MUST_USE bool certificate_read(struct certificate *c, struct span der);

/* Put behind the first certificate the one that has issued it, by its name, behind that its issuer,
 * and so on; the others follow as they were. Of several issuers the first is taken. Returns how
 * many stand in that order. */
unsigned certificates_order(struct certificate *each, unsigned count);

#endif
