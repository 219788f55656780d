/* checker.c — the check of a certificate chain, and the DNS names for which the certificate was
 * issued. BearSSL makes the check; this file stands between the two ends of it.
 *
 * BearSSL takes the certificates as they come and wants each to be issued by the next. Many servers
 * send them in another order, or with others among them, and clients cope with that; so they are
 * kept until the last has come, and then handed on from issuer to issuer. BearSSL stops where a
 * trusted CA has signed. What it ignores, limits.h judges, for exactly those certificates and that
 * CA. BearSSL would refuse these limits where they are critical: the byte that says so is shown to
 * it as "not critical", and hashed as it is, so that the signature still fits.
 *
 * The end that accepts a link learns only from HELLO who speaks, so no name can be handed to
 * BearSSL before the check; the names are collected while it runs and compared afterwards. A name
 * element for dNSName takes one name, in the order of the certificate, so several elements take
 * several names. Called by tls.c for the other end's certificate and by identity.c for the node's
 * own. */
#include "core/base/pattern.h"
#include "core/tls/certificate.h"
#include "core/tls/limits.h"
#include "core/tls/private.h"
#include <stdlib.h>

/* -- the check --------------------------------------------------------------------------------- */

/* The other end's certificates that can be read; after walk(), `len` of them, in order, lead from
 * its own to the one that a trusted CA has signed. */
struct path {
    struct certificate each[TLS_CHAIN_SHOWN_MAX];
    unsigned len;
};

static void feed(br_x509_minimal_context *m, const char *at, size_t len)
{
    if (len)
        m->vtable->append(&m->vtable, (const unsigned char *)at, len);
}

/* Show the byte at `at` as DER's "false". What hashes the bytes is switched off for it. */
static void feed_not_critical(br_x509_minimal_context *m, const char *at)
{
    static const char not_critical = 0;
    unsigned char hashes = m->do_mhash;
    m->do_mhash = 0;
    feed(m, &not_critical, 1);
    m->do_mhash = hashes;
    if (hashes)
        br_multihash_update(&m->mhash, at, 1);
}

static void feed_certificate(br_x509_minimal_context *m, const struct certificate *one)
{
    struct span rest = one->der;
    ASSERT(rest.len <= TLS_CHAIN_BYTES_MAX);
    m->vtable->start_cert(&m->vtable, (uint32_t)rest.len);
    for (int i = 0; i < CERTIFICATE_CRITICAL_MAX && one->critical[i]; i++) {
        size_t before = (size_t)(one->critical[i] - rest.at);
        ASSERT(before < rest.len);
        feed(m, rest.at, before);
        feed_not_critical(m, one->critical[i]);
        rest = span_from(rest, before + 1);
    }
    feed(m, rest.at, rest.len);
    m->vtable->end_cert(&m->vtable);
}

/* Hand BearSSL one certificate after the other until it has decided. Returns its error; 0: the
 * chain is trusted. */
static unsigned walk(struct tls_checker *c, struct path *p)
{
    br_x509_minimal_context *m = &c->minimal;
    unsigned read = 0;
    for (unsigned i = 0; i < c->count; i++)
        if (certificate_read(&p->each[read], c->certificates[i]))
            read++;
        else if (i == 0)
            return BR_ERR_X509_UNEXPECTED;
    unsigned ordered = certificates_order(p->each, read);
    m->vtable->start_chain(&m->vtable, c->server_name);
    while (p->len < ordered && m->err == 0)
        feed_certificate(m, &p->each[p->len++]);
    return m->vtable->end_chain(&m->vtable);
}

static bool allows(const struct tls_checker *c, const struct path *p, struct span usages,
    struct span constraints, unsigned below, unsigned *error)
{
    struct span also = c->server_name ? span_of(c->server_name) : SPAN("");
    if (!limits_allow_use(usages, c->server))
        *error = TLS_ERR_USE_FORBIDDEN;
    for (unsigned i = 0; i < below && !*error; i++) {
        const struct certificate *named = &p->each[i];
        bool exempt = i > 0 && span_equal(named->issuer, named->subject); /* RFC 5280, 6.1.3 */
        if (!exempt && !limits_allow_names(constraints, named, i == 0, i == 0 ? also : SPAN("")))
            *error = TLS_ERR_NAME_FORBIDDEN;
    }
    return *error == 0;
}

/* Judge the limits of all certificates of a trusted path, and of the CA that has signed its last.
 * Where several CAs have that name, all of them count. */
static unsigned judge(const struct tls_checker *c, const struct path *p)
{
    unsigned error = 0;
    ASSERT(p->len > 0 && p->len <= c->count);
    for (unsigned i = 0; i < p->len; i++) {
        const struct certificate *one = &p->each[i];
        if (!allows(c, p, one->usages, one->constraints, i, &error))
            return error;
    }
    struct span signer = p->each[p->len - 1].issuer;
    for (size_t i = 0; i < c->trust->count; i++) {
        const br_x500_name *name = &c->trust->anchors[i].dn;
        const struct tls_limits *limits = &c->trust->limits[i];
        if (span_equal(signer, (struct span){(const char *)name->data, name->len}) &&
            !allows(c, p, limits->usages, limits->constraints, p->len, &error))
            return error;
    }
    return 0;
}

/* -- what BearSSL's engine calls --------------------------------------------------------------- */

/* The engine knows a checker by its first member. */
static struct tls_checker *checker_of(const br_x509_class *const *vtable)
{
    return (struct tls_checker *)(void *)vtable;
}

static void start_chain(const br_x509_class **vtable, const char *server_name)
{
    struct tls_checker *c = checker_of(vtable);
    tls_checker_deinit(c);
    c->server_name = server_name;
    c->block = malloc(TLS_CHAIN_BYTES_MAX);
}

static void start_cert(const br_x509_class **vtable, uint32_t len)
{
    struct tls_checker *c = checker_of(vtable);
    ASSERT(c->used <= TLS_CHAIN_BYTES_MAX);
    c->taking = c->block && c->count < TLS_CHAIN_SHOWN_MAX && len <= TLS_CHAIN_BYTES_MAX - c->used;
    if (c->taking)
        c->certificates[c->count] = (struct span){c->block + c->used, 0};
}

static void append(const br_x509_class **vtable, const unsigned char *bytes, size_t len)
{
    struct tls_checker *c = checker_of(vtable);
    if (!c->taking)
        return;
    ASSERT(len <= TLS_CHAIN_BYTES_MAX - c->used);
    memcpy(c->block + c->used, bytes, len);
    c->used += len;
    c->certificates[c->count].len += len;
}

static void end_cert(const br_x509_class **vtable)
{
    struct tls_checker *c = checker_of(vtable);
    c->count += c->taking;
    c->taking = false;
}

/* All cipher suites are ECDHE, in which both ends prove themselves by signing. The engine would
 * find out only after the check. */
static unsigned judge_key(const struct tls_checker *c)
{
    unsigned usages = 0;
    const br_x509_pkey *key = c->minimal.vtable->get_pkey(&c->minimal.vtable, &usages);
    return key && usages & BR_KEYTYPE_SIGN ? 0 : BR_ERR_X509_FORBIDDEN_KEY_USAGE;
}

static unsigned end_chain(const br_x509_class **vtable)
{
    struct tls_checker *c = checker_of(vtable);
    struct path path = {.len = 0};
    unsigned error = TLS_ERR_NO_MEMORY;
    if (c->block)
        error = walk(c, &path);
    if (c->block && error == 0)
        error = judge(c, &path);
    if (c->block && error == 0)
        error = judge_key(c);
    tls_checker_deinit(c);
    return error;
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *vtable, unsigned *usages)
{
    const br_x509_minimal_context *m = &checker_of(vtable)->minimal;
    return m->vtable->get_pkey(&m->vtable, usages);
}

/* -- setting up -------------------------------------------------------------------------------- */

void tls_checker_init(
    struct tls_checker *c, const struct tls_trust *trust, bool server, int64_t real_ns)
{
    static const br_x509_class class = {
        sizeof(struct tls_checker), start_chain, start_cert, append, end_cert, end_chain, get_pkey};
    static const unsigned char dns_name[] = {0, 2}; /* "SAN", tag of dNSName */
    br_x509_minimal_context *m = &c->minimal;
    *c = (struct tls_checker){.vtable = &class, .trust = trust, .server = server};
    for (int i = 0; i <= TLS_NAMES_MAX; i++) {
        bool over = i == TLS_NAMES_MAX;
        c->into.elements[i] = (br_name_element){.oid = dns_name,
            .buf = over ? c->into.over : c->into.names.each[i],
            .len = over ? sizeof c->into.over : sizeof c->into.names.each[i]};
    }
    ASSERT(trust->count > 0 && real_ns >= 0);
    br_x509_minimal_init(m, &br_sha256_vtable, trust->anchors, trust->count);
    br_x509_minimal_set_rsa(m, br_rsa_pkcs1_vrfy_get_default());
    br_x509_minimal_set_ecdsa(m, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
    br_x509_minimal_set_hash(m, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(m, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(m, br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_minrsa(m, TLS_RSA_BITS_MIN / 8);
    int64_t seconds = real_ns / SECOND_NS;
    br_x509_minimal_set_time(
        m, (uint32_t)(BEARSSL_DAYS_1970 + seconds / 86400), (uint32_t)(seconds % 86400));
    br_x509_minimal_set_name_elements(m, c->into.elements, TLS_NAMES_MAX + 1);
}

void tls_checker_deinit(struct tls_checker *c)
{
    free(c->block);
    c->block = NULL;
    c->count = 0;
    c->used = 0;
    c->taking = false;
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

bool tls_names_fit(const struct tls_names *n, struct span pattern)
{
    ASSERT(n->count <= TLS_NAMES_MAX);
    for (unsigned i = 0; i < n->count; i++)
        if (pattern_fits(pattern, span_of(n->each[i])))
            return true;
    return false;
}
