/* identity.c — see trust.h: a certificate's chain and its private key, and whether they can be
 * used, so that an operator learns of a fault at the start and not from every peer.
 *
 * BearSSL 0.6 writes past its memory when it decodes a key whose numbers are too large, so their
 * sizes are checked first (RFC 8017, A.1.2; RFC 5958; RFC 5915). The bytes of a key are wiped after
 * use. */
#include "core/tls/certificate.h"
#include "core/tls/der.h"
#include "core/tls/pem.h"
#include "core/tls/private.h"
#include <stdlib.h>

/* -- the chain --------------------------------------------------------------------------------- */

static const char *read_chain(struct tls_identity *i, struct span text)
{
    struct pem p;
    pem_begin(&p, text);
    enum pem_result result;
    const char *why = NULL;
    while (!why && (result = pem_next(&p)) != PEM_END) {
        if (result == PEM_NO_MEMORY)
            why = "cannot be taken in: memory has run out";
        else if (result == PEM_BROKEN)
            why = "holds a certificate that cannot be read";
        if (why || strcmp(p.name, "CERTIFICATE") != 0)
            continue;
        unsigned char *der = i->chain_len < TLS_CHAIN_MAX ? malloc(p.der_len + 1) : NULL;
        if (!der) {
            why = i->chain_len == TLS_CHAIN_MAX ? "holds more than 8 certificates"
                                                : "cannot be taken in: memory has run out";
            continue;
        }
        memcpy(der, p.der, p.der_len);
        ASSERT(i->chain_len < TLS_CHAIN_MAX);
        i->chain[i->chain_len++] = (br_x509_certificate){der, p.der_len};
    }
    pem_end(&p);
    if (!why && i->chain_len == 0)
        why = "holds no certificate; it begins with -----BEGIN CERTIFICATE-----";
    return why;
}

/* Put the certificates in the order that peers and TLS 1.2 want: behind each the one that has
 * issued it. The first stays the first; those that lead nowhere come last. */
static void order_chain(struct tls_identity *i)
{
    struct certificate each[TLS_CHAIN_MAX];
    ASSERT(i->chain_len <= TLS_CHAIN_MAX);
    for (size_t k = 0; k < i->chain_len; k++)
        if (!certificate_read(
                &each[k], (struct span){(char *)i->chain[k].data, i->chain[k].data_len}))
            return;
    (void)certificates_order(each, (unsigned)i->chain_len);
    for (size_t k = 0; k < i->chain_len; k++)
        i->chain[k] =
            (br_x509_certificate){(unsigned char *)(size_t)each[k].der.at, each[k].der.len};
}

/* -- the key ----------------------------------------------------------------------------------- */

enum {
    RSA_INTEGERS = 9, /* version n e d p q dp dq iq */
    RSA_NUMBER_BYTES = TLS_RSA_BITS_MAX / 8 + 1, /* with the zero before a set top bit */
    RSA_FACTOR_BYTES = TLS_RSA_BITS_MAX / 16 + 1,
    EC_KEY_BYTES = 66,
};

/* Whether BearSSL's decoder has room for all numbers of a key. PKCS#8 wraps the older forms in an
 * octet string, which is checked the same way, to `depth` levels. */
static bool key_fits(struct span der, int depth)
{
    struct span fields, value;
    unsigned tag, integers = 0;
    if (!der_take(&der, DER_SEQUENCE, &fields))
        return false;
    while (fields.len) {
        if (!der_next(&fields, &tag, &value))
            return false;
        size_t most = RSA_NUMBER_BYTES;
        if (tag == DER_INTEGER && ++integers > 4)
            most = RSA_FACTOR_BYTES;
        bool wraps = tag == DER_OCTETS && value.len > EC_KEY_BYTES;
        if (wraps && (depth == 0 || !key_fits(value, depth - 1)))
            return false;
        if (!wraps && tag == DER_INTEGER && value.len > most)
            return false;
    }
    return integers <= RSA_INTEGERS;
}

static const char *decode_key(struct tls_identity *i, struct span der)
{
    if (!key_fits(der, 1))
        return "holds a key that is too large; use EC P-256, or RSA with 2048 to 4096 bits";
    br_skey_decoder_init(&i->decoder);
    br_skey_decoder_push(&i->decoder, der.at, der.len);
    i->key_type = br_skey_decoder_key_type(&i->decoder);
    ASSERT(i->key_type == 0 || i->key_type == BR_KEYTYPE_RSA || i->key_type == BR_KEYTYPE_EC);
    if (i->key_type == BR_KEYTYPE_RSA) {
        i->rsa = *br_skey_decoder_get_rsa(&i->decoder);
        if (i->rsa.n_bitlen < TLS_RSA_BITS_MIN)
            return "holds an RSA key of less than 2048 bits";
        return NULL;
    }
    if (i->key_type == BR_KEYTYPE_EC) {
        i->ec = *br_skey_decoder_get_ec(&i->decoder);
        return NULL;
    }
    return "holds a key that cannot be read; use EC P-256, or RSA with 2048 to 4096 bits";
}

static bool is_key(const char *name)
{
    return strcmp(name, "PRIVATE KEY") == 0 || strcmp(name, "EC PRIVATE KEY") == 0 ||
           strcmp(name, "RSA PRIVATE KEY") == 0;
}

static const char *read_key(struct tls_identity *i, struct span text)
{
    struct pem p;
    pem_begin(&p, text);
    const char *why = "holds no private key; it begins with -----BEGIN PRIVATE KEY-----";
    for (bool found = false; !found;) {
        enum pem_result result = pem_next(&p);
        if (result == PEM_END)
            break;
        found =
            result != PEM_OBJECT || is_key(p.name) || strcmp(p.name, "ENCRYPTED PRIVATE KEY") == 0;
        if (result == PEM_NO_MEMORY)
            why = "cannot be taken in: memory has run out";
        else if (result == PEM_BROKEN)
            why = "holds a key that is damaged";
        else if (is_key(p.name))
            why = decode_key(i, (struct span){(char *)p.der, p.der_len});
        else if (found)
            why = "holds an encrypted key, which no node can open by itself; decrypt it with: "
                  "openssl pkey -in FILE -out FILE";
    }
    pem_end(&p);
    return why;
}

/* -- both -------------------------------------------------------------------------------------- */

static bool same_ec(const struct tls_identity *i, const br_x509_pkey *of_certificate)
{
    unsigned char memory[BR_EC_KBUF_PUB_MAX_SIZE];
    br_ec_public_key mine;
    const br_ec_public_key *theirs = &of_certificate->key.ec;
    return br_ec_compute_pub(br_ec_get_default(), &mine, memory, &i->ec) &&
           mine.curve == theirs->curve && mine.qlen == theirs->qlen &&
           memcmp(mine.q, theirs->q, mine.qlen) == 0;
}

/* The modulus of a certificate may begin with zeros. */
static bool same_rsa(const struct tls_identity *i, const br_x509_pkey *of_certificate)
{
    unsigned char mine[RSA_NUMBER_BYTES];
    const br_rsa_public_key *theirs = &of_certificate->key.rsa;
    size_t len = br_rsa_compute_modulus_get_default()(NULL, &i->rsa), skip = 0;
    if (len == 0 || len > sizeof mine || !br_rsa_compute_modulus_get_default()(mine, &i->rsa))
        return false;
    while (skip < theirs->nlen && theirs->n[skip] == 0)
        skip++;
    return len == theirs->nlen - skip && memcmp(mine, theirs->n + skip, len) == 0;
}

/* Whether a signature of the key is right: numbers of a key that the modulus does not show may be
 * damaged. A key of EC has only one. */
static bool signs(const struct tls_identity *i, const br_x509_pkey *of_certificate)
{
    static const unsigned char hash[br_sha256_SIZE] = {1};
    unsigned char signature[RSA_NUMBER_BYTES], found[br_sha256_SIZE];
    size_t len = (i->rsa.n_bitlen + 7) / 8;
    return i->key_type == BR_KEYTYPE_EC ||
           (len <= sizeof signature &&
               br_rsa_pkcs1_sign_get_default()(
                   BR_HASH_OID_SHA256, hash, sizeof hash, &i->rsa, signature) &&
               br_rsa_pkcs1_vrfy_get_default()(signature, len, BR_HASH_OID_SHA256, sizeof found,
                   &of_certificate->key.rsa, found) &&
               memcmp(hash, found, sizeof hash) == 0);
}

/* Compare the key with the certificate. NULL: it is the certificate's. */
static const char *match(struct tls_identity *i, bool *of_key)
{
    ASSERT(i->chain_len > 0);
    br_x509_decoder_context decoder;
    br_x509_decoder_init(&decoder, NULL, NULL);
    br_x509_decoder_push(&decoder, i->chain[0].data, i->chain[0].data_len);
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
    if (!key)
        return "holds a certificate that cannot be read";
    i->issuer_key = (unsigned)br_x509_decoder_get_signer_key_type(&decoder);
    bool same = key->key_type == i->key_type &&
                (key->key_type == BR_KEYTYPE_EC ? same_ec(i, key) : same_rsa(i, key));
    if (!same)
        return "holds a certificate that belongs to another key than that in key_file";
    *of_key = !signs(i, key);
    return *of_key ? "holds a key that is damaged" : NULL;
}

/* When the first of its certificates ends; those that cannot be read do not count: what checks the
 * chain refuses them. */
static int64_t first_end_s(const struct tls_identity *i)
{
    int64_t first_s = INT64_MAX;
    for (size_t k = 0; k < i->chain_len; k++) {
        br_x509_decoder_context decoder;
        br_x509_decoder_init(&decoder, NULL, NULL);
        br_x509_decoder_push(&decoder, i->chain[k].data, i->chain[k].data_len);
        if (!br_x509_decoder_get_pkey(&decoder))
            continue;
        int64_t days = (int64_t)decoder.notafter_days - BEARSSL_DAYS_1970;
        int64_t end_s = days * 86400 + decoder.notafter_seconds;
        first_s = end_s < first_s ? end_s : first_s;
    }
    return first_s;
}

int64_t tls_identity_ends_s(const struct tls_identity *i)
{
    return i->ends_s;
}

struct tls_identity *tls_identity_create(
    struct span cert_pem, struct span key_pem, const char **why, bool *of_key)
{
    *of_key = false;
    *why = "cannot be taken in: memory has run out";
    struct tls_identity *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    i->holders = 1;
    *why = read_chain(i, cert_pem);
    order_chain(i);
    if (!*why) {
        *why = read_key(i, key_pem);
        *of_key = *why != NULL;
    }
    if (!*why)
        *why = match(i, of_key);
    if (!*why) {
        i->ends_s = first_end_s(i);
        return i;
    }
    tls_identity_destroy(i);
    return NULL;
}

void tls_identity_destroy(struct tls_identity *i)
{
    if (!i)
        return;
    ASSERT(i->holders > 0 && i->chain_len <= TLS_CHAIN_MAX);
    i->holders--;
    if (i->holders)
        return;
    for (size_t k = 0; k < i->chain_len; k++)
        free(i->chain[k].data);
    memset(i, 0, sizeof *i);
    __asm__ volatile("" : : "r"(i) : "memory"); /* as in pem_end */
    free(i);
}

const char *tls_identity_fault(
    const struct tls_config *config, struct span name, struct span operators, int64_t real_ns)
{
    const struct tls_identity *i = config->identity;
    ASSERT(i && i->chain_len > 0);
    struct tls_checker checker;
    tls_checker_init(&checker, config->trust, name.len > 0, real_ns);
    const br_x509_class **check = &checker.vtable;
    (*check)->start_chain(check, NULL);
    for (size_t k = 0; k < i->chain_len; k++) {
        (*check)->start_cert(check, (uint32_t)i->chain[k].data_len);
        (*check)->append(check, i->chain[k].data, i->chain[k].data_len);
        (*check)->end_cert(check);
    }
    int error = (int)(*check)->end_chain(check);
    if (error)
        return tls_certificate_fault(error);
    tls_collector_finish(&checker.into);
    if (name.len == 0)
        return NULL;
    if (!tls_names_hold(&checker.into.names, name))
        return "is for another name";
    return tls_names_fit(&checker.into.names, operators) ? "is an operator's by tls.operators"
                                                         : NULL;
}
