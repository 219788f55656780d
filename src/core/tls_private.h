/* tls_private.h — what tls, tls_trust and tls_identity share of BearSSL, and nobody else sees. */
#ifndef CORE_TLS_PRIVATE_H
#define CORE_TLS_PRIVATE_H

#include "core/tls.h"
#include <bearssl.h>

struct tls_trust {
    br_x509_trust_anchor *anchors;
    size_t count, room;
};

struct tls_identity {
    br_x509_certificate chain[TLS_CHAIN_MAX]; /* each in memory of its own */
    size_t chain_len;
    unsigned issuer_key; /* BR_KEYTYPE_ of whoever signed it */
    int key_type; /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
    br_rsa_private_key rsa;
    br_ec_private_key ec;
    br_skey_decoder_context decoder; /* the key's numbers lie in it */
};

/* Collects the names that a certificate is for while BearSSL looks at it. */
struct tls_collector {
    struct tls_names names;
    br_name_element elements[TLS_NAMES_MAX + 1]; /* one more, to see that there are more */
    char over[2];
};

/* Ready `x509` to check a chain at `real_ns`, its names into `into`. */
void tls_checker_init(br_x509_minimal_context *x509, const struct tls_trust *trust,
    struct tls_collector *into, int64_t real_ns);

/* After the check: names.count and names.more. */
void tls_collector_finish(struct tls_collector *c);

/* What is wrong with a certificate, to follow "certificate "; NULL: `error` is of another kind. */
const char *tls_certificate_fault(int error);

#endif
