/* pem.h — the objects of a PEM text, one after the other.
 *
 * BearSSL has a decoder too, but that finds nothing at all, and says nothing, when lines end in
 * CRLF or the last one does not end; and it takes 43 ms for the system's bundle of CAs, in which a
 * running node would stand still. This one takes what openssl writes: whole lines, between
 * boundaries of one name; what stands between objects is skipped. Called by tls_trust and
 * tls_identity. Source: RFC 7468, section 3; base64 of RFC 4648. */
#ifndef CORE_TLS_PEM_H
#define CORE_TLS_PEM_H

#include "core/base/span.h"

enum { PEM_OBJECT_BYTES_MAX = 65536, PEM_NAME_BYTES_MAX = 63 };

enum pem_result { PEM_OBJECT, PEM_BROKEN, PEM_NO_MEMORY, PEM_END };

struct pem {
    struct span text; /* what is left of it */
    char name[PEM_NAME_BYTES_MAX + 1]; /* of the object read last: "CERTIFICATE"; ends with NUL */
    unsigned char *der; /* what it holds, until the next call */
    size_t der_len;
};

/* text: borrowed until pem_end. */
void pem_begin(struct pem *p, struct span text);

/* Read on to the end of the next object. PEM_OBJECT: `name` and `der` have it. PEM_BROKEN: it
 * cannot be read, does not end, or is too long; the next one can be asked for. */
MUST_USE enum pem_result pem_next(struct pem *p);

/* Let go of, and wipe, what was read. */
void pem_end(struct pem *p);

#endif
