/* checker.c — sets up BearSSL's check of a certificate chain, and collects the DNS names for which
 * the certificate was issued.
 *
 * The end that accepts a link learns only from HELLO who speaks, so no name can be handed to
 * BearSSL before the check; the names are collected while it runs and compared afterwards. A name
 * element for dNSName takes one name, in the order of the certificate, so several elements take
 * several names. Called by tls.c for the other end's certificate and by identity.c for the node's
 * own. */
#include "core/tls/private.h"

/* Days from the year 0, in which BearSSL counts, to 1970. */
enum { BEARSSL_DAYS_1970 = 719528 };

void tls_checker_init(br_x509_minimal_context *x509, const struct tls_trust *trust,
    struct tls_collector *into, int64_t real_ns)
{
    static const unsigned char dns_name[] = {0, 2}; /* "SAN", tag of dNSName */
    *into = (struct tls_collector){.over = ""};
    for (int i = 0; i <= TLS_NAMES_MAX; i++) {
        bool over = i == TLS_NAMES_MAX;
        into->elements[i] = (br_name_element){.oid = dns_name,
            .buf = over ? into->over : into->names.each[i],
            .len = over ? sizeof into->over : sizeof into->names.each[i]};
    }
    ASSERT(trust->count > 0 && real_ns >= 0);
    br_x509_minimal_init(x509, &br_sha256_vtable, trust->anchors, trust->count);
    br_x509_minimal_set_rsa(x509, br_rsa_pkcs1_vrfy_get_default());
    br_x509_minimal_set_ecdsa(x509, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
    br_x509_minimal_set_hash(x509, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(x509, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(x509, br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_minrsa(x509, TLS_RSA_BITS_MIN / 8);
    int64_t seconds = real_ns / SECOND_NS;
    br_x509_minimal_set_time(
        x509, (uint32_t)(BEARSSL_DAYS_1970 + seconds / 86400), (uint32_t)(seconds % 86400));
    br_x509_minimal_set_name_elements(x509, into->elements, TLS_NAMES_MAX + 1);
}

/* A name that did not fit becomes an empty one, which no node has. */
void tls_collector_finish(struct tls_collector *c)
{
    ASSERT(c->names.count == 0);
    while (c->names.count < TLS_NAMES_MAX && c->elements[c->names.count].status != 0)
        c->names.count++;
    for (unsigned i = 0; i < c->names.count; i++)
        if (c->elements[i].status < 0)
            c->names.each[i][0] = '\0';
    ASSERT(c->names.count <= TLS_NAMES_MAX);
    c->names.more = c->elements[TLS_NAMES_MAX].status != 0;
}

bool tls_names_hold(const struct tls_names *n, struct span name)
{
    ASSERT(n->count <= TLS_NAMES_MAX);
    for (unsigned i = 0; i < n->count; i++)
        if (name.len && span_equal(name, span_of(n->each[i])))
            return true;
    return false;
}
