/* der.h — the elements of a DER encoding, one after the other.
 *
 * For what BearSSL's decoders do not report (the dates and limits of a certificate) or do not check
 * (the sizes in a private key). It trusts no length. Called by trust.c, identity.c, certificate.c
 * and limits.c. Source: X.690, 8.1 and 10.1. */
#ifndef CORE_TLS_DER_H
#define CORE_TLS_DER_H

#include "core/base/span.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_VERSION = 0xa0, /* [0] of a certificate */
    DER_EXTENSIONS = 0xa3, /* [3] of a certificate */
};

/* Take the first element off *in. false: there is no whole element; *in is as it was. */
MUST_USE bool der_next(struct span *in, unsigned *tag, struct span *value);

/* The same; also false when the element has another tag. */
MUST_USE bool der_take(struct span *in, unsigned tag, struct span *value);

#endif
