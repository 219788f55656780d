/* private.h — what the files of tls share and no other room sees: the types that are made of
 * BearSSL's, and the functions between the files. From the top down; a file calls only those below:
 *
 *   tls.c        one connection
 *   https.c      names of servers, and sessions
 *   identity.c   a certificate with its key
 *   checker.c    the check of a certificate chain
 *   trust.c      CA certificates
 *   error.c      error numbers in words
 *   limits.c     what a certificate is good for
 *   certificate.c  the parts of a certificate that BearSSL ignores
 *   pem.c        PEM
 *   der.c        DER */
#ifndef CORE_TLS_PRIVATE_H
#define CORE_TLS_PRIVATE_H

#include "core/base/invariant.h"
#include "core/tls/tls.h"
#include <bearssl.h>

enum {
    TLS_HASH_BYTES = br_sha256_SIZE,
    BEARSSL_DAYS_1970 = 719528, /* days from the year 0, in which BearSSL counts, to 1970 */
};

/* Errors of a certificate in addition to BearSSL's. */
enum {
    TLS_ERR_NO_MEMORY = BR_ERR_X509_NOT_TRUSTED + 1,
    TLS_ERR_NAME_FORBIDDEN,
    TLS_ERR_USE_FORBIDDEN,
    TLS_ERR_END,
};

/* What a CA certificate says of those below it; see limits.h. */
struct tls_limits {
    char *bytes; /* that the two are views of; NULL: there are none */
    struct span usages, constraints;
};

struct tls_trust {
    br_x509_trust_anchor *anchors;
    struct tls_limits *limits; /* of each anchor */
    size_t count, room;
    unsigned holders; /* its maker, and each tls that uses it */
    unsigned char hash[TLS_HASH_BYTES]; /* of the anchors: tells one set from another */
};

struct tls_identity {
    unsigned holders; /* as of tls_trust */
    br_x509_certificate chain[TLS_CHAIN_MAX]; /* each allocated separately */
    size_t chain_len;
    unsigned issuer_key; /* BR_KEYTYPE_ of the key that signed the certificate */
    int64_t ends_s; /* POSIX: the first second in which one of its certificates is not valid */
    int key_type; /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
    br_rsa_private_key rsa;
    br_ec_private_key ec;
    br_skey_decoder_context decoder; /* holds the numbers of the key */
};

/* Collects the DNS names of a certificate while BearSSL checks it. */
struct tls_collector {
    struct tls_names names;
    br_name_element elements[TLS_NAMES_MAX + 1]; /* the last one shows that there are more */
    char over[2];
};

enum {
    TLS_CHAIN_BYTES_MAX = 32768, /* of the other end's certificates; any further ones are ignored */
    TLS_CHAIN_SHOWN_MAX = 16, /* likewise */
};

/* The check of one chain; checker.c says how. */
struct tls_checker {
    const br_x509_class *vtable; /* the engine, or whoever has a chain, calls through this */
    br_x509_minimal_context minimal;
    struct tls_collector into;
    const struct tls_trust *trust;
    bool server; /* whose chain is checked: a server's, or a client's */
    const char *server_name; /* that is to be proved; NULL: any */
    char *block; /* the certificates one after the other; NULL: none is being checked */
    struct span certificates[TLS_CHAIN_SHOWN_MAX]; /* in `block` */
    unsigned count;
    size_t used; /* bytes of `block` that are filled */
    bool taking; /* the certificate that comes in has room */
};

/* Set up to check a chain that a server (else: a client) shows, as of `real_ns`. */
void tls_checker_init(
    struct tls_checker *c, const struct tls_trust *trust, bool server, int64_t real_ns);

/* Free what a check holds that has not come to its end. */
void tls_checker_deinit(struct tls_checker *c);

/* After the check: sets names.count and names.more. */
void tls_collector_finish(struct tls_collector *c);

/* Offer `s` to the server of that name. If `s` is too old, or bound to another name or trust, it is
 * emptied and not offered. Returns what is offered; without an id: a session that is only bound. */
struct tls_session tls_session_offer(struct tls_session *s, const struct tls_trust *trust,
    const char *server_name, br_ssl_engine_context *engine, struct instant now);

/* The handshake is done: store in `s` the session that the server remembers. true: the server has
 * resumed what was offered. It then answers with the session's id, else with another or none (RFC
 * 5246, 7.4.1.3). */
bool tls_session_keep(struct tls_session *s, const struct tls_session *offered,
    const br_ssl_engine_context *engine, int64_t began_ns);

/* What is wrong with a certificate: words to follow "certificate ". NULL: `error` is not about a
 * certificate. */
const char *tls_certificate_fault(int error);

#endif
