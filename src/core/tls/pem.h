/* pem.h — the objects of a PEM text, one after the other.
 *
 * BearSSL has a decoder too, but it finds nothing, without an error, when lines end in CRLF or the
 * last line has no end; and it takes 43 ms for the system's bundle of CAs, during which a running
 * node would serve nobody. This one reads what openssl writes: whole lines between boundaries that
 * have the same name. Text between objects is skipped. Called by trust.c and identity.c. Source:
 * RFC 7468, section 3; base64 of RFC 4648. */
#ifndef CORE_TLS_PEM_H
#define CORE_TLS_PEM_H

#include "core/base/span.h"

enum { PEM_OBJECT_BYTES_MAX = 65536, PEM_NAME_BYTES_MAX = 63 };

enum pem_result { PEM_OBJECT, PEM_BROKEN, PEM_NO_MEMORY, PEM_END };

struct pem {
    struct span text; /* what is left of it */
    char name[PEM_NAME_BYTES_MAX + 1]; /* of the last object, as "CERTIFICATE"; ends with NUL */
    unsigned char *der; /* its content, until the next call */
    size_t der_len;
};

/* text: borrowed until pem_end. */
void pem_begin(struct pem *p, struct span text);

/* Read the next object. PEM_OBJECT: it is in `name` and `der`. PEM_BROKEN: it cannot be read, has
 * no end, or is too long; the one after it can be read. */
MUST_USE enum pem_result pem_next(struct pem *p);

/* Wipe and free what was read. */
void pem_end(struct pem *p);

#endif
