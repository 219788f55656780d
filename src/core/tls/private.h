/* private.h — what the tls files share of BearSSL, and nobody else sees. */
#ifndef CORE_TLS_PRIVATE_H
#define CORE_TLS_PRIVATE_H

#include "core/tls/tls.h"
#include <bearssl.h>

enum { TLS_HASH_BYTES = br_sha256_SIZE };

struct tls_trust {
    br_x509_trust_anchor *anchors;
    size_t count, room;
    unsigned holders; /* whoever made it, and each tls */
    unsigned char hash[TLS_HASH_BYTES]; /* of the anchors: which set it is */
};

struct tls_identity {
    unsigned holders;
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

/* Offer `s` to the server of that name, unless it is old or bound to another name or trust: then it
 * is emptied. What is offered; without an id: nothing, but bound. */
struct tls_session tls_session_offer(struct tls_session *s, const struct tls_trust *trust,
    const char *server_name, br_ssl_engine_context *engine, struct instant now);

/* The handshake is done: make `s` what the server remembers of it. true: it has taken up what was
 * offered. A server that does so answers with the session's id, one that does not with another or
 * none (RFC 5246, 7.4.1.3). */
bool tls_session_keep(struct tls_session *s, const struct tls_session *offered,
    const br_ssl_engine_context *engine, int64_t began_ns);

/* What is wrong with a certificate, to follow "certificate "; NULL: `error` is of another kind. */
const char *tls_certificate_fault(int error);

#endif
