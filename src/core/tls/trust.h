/* trust.h — whom TLS trusts, and who this end proves to be: both from PEM texts.
 *
 * A trust is a set of CA certificates: the herd's own CA for links, the system's bundle for HTTPS.
 * An identity is a certificate with its chain and private key. Both are immutable; a reload makes
 * new ones. The texts come from files that the driver reads. The weak points of BearSSL 0.6 are
 * covered here: a text without certificates is an error, not an empty trust; the dates of CA
 * certificates, which BearSSL ignores, are checked; keys for which its decoder has no room are
 * refused before it sees them. */
#ifndef CORE_TLS_TRUST_H
#define CORE_TLS_TRUST_H

#include "core/base/span.h"
#include <stdint.h>

enum {
    TLS_PEM_MIB_MAX = 4, /* one text; the system's bundle has 230 KB */
    TLS_CHAIN_MAX = 8, /* certificates of one identity */
    TLS_RSA_BITS_MIN = 2048,
    TLS_RSA_BITS_MAX = 4096,
};

struct tls_trust;
struct tls_identity;

/* How many certificates of a CA text were left out, for a warning. */
struct tls_skipped {
    unsigned expired; /* or not yet valid */
    unsigned no_ca; /* certificates that may not sign others */
    unsigned broken;
};

/* The CA certificates of `pem` that are valid at `real_ns`.
 *
 * skipped  always set
 * NULL: there is none, or no memory; *why is then a constant to follow the file's name. */
MUST_USE struct tls_trust *tls_trust_create(
    struct span pem, int64_t real_ns, struct tls_skipped *skipped, const char **why);
/* The caller does not use it any more. It is freed when no tls uses it either. */
void tls_trust_destroy(struct tls_trust *t);
size_t tls_trust_count(const struct tls_trust *t);

/* A certificate, those between it and its CA (whose own may be left out), and its private key: EC
 * (P-256, P-384, P-521) or RSA, in PKCS#8 or the older forms, not encrypted.
 *
 * NULL: *why is a constant to follow the name of the certificate's file, or of the key's file if
 * *of_key. */
MUST_USE struct tls_identity *tls_identity_create(
    struct span cert_pem, struct span key_pem, const char **why, bool *of_key);
/* As tls_trust_destroy. */
void tls_identity_destroy(struct tls_identity *i);

/* The POSIX second in which the first of its certificates ends. */
int64_t tls_identity_ends_s(const struct tls_identity *i);

#endif
