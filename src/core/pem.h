/* pem.h — the objects of a PEM text, one after the other.
 *
 * BearSSL's decoder finds nothing at all, and says nothing, when lines end in CRLF or the last one
 * does not end. So both are made good on the way in, and an object that does not end is told.
 * Called by tls_trust and tls_identity. Source: RFC 7468. */
#ifndef CORE_PEM_H
#define CORE_PEM_H

#include "core/span.h"
#include <bearssl.h>

enum { PEM_OBJECT_BYTES_MAX = 65536 };

enum pem_result { PEM_OBJECT, PEM_BROKEN, PEM_NO_MEMORY, PEM_END };

struct pem {
    struct span text; /* what is left of it */
    bool ended; /* the last line end was added */
    bool inside; /* of an object */
    bool starved; /* by malloc, or by PEM_OBJECT_BYTES_MAX */
    br_pem_decoder_context decoder;
    unsigned char *der; /* of the object read last */
    size_t der_len, der_room;
};

/* text: borrowed until pem_end. */
void pem_begin(struct pem *p, struct span text);

/* Read on to the end of the next object. PEM_OBJECT: `der` has it until the next call, pem_name its
 * name. PEM_BROKEN: it cannot be read, or is too long; the next one can be asked for. */
MUST_USE enum pem_result pem_next(struct pem *p);

/* "CERTIFICATE", in capitals. */
const char *pem_name(struct pem *p);

/* Let go of, and wipe, what was read. */
void pem_end(struct pem *p);

#endif
