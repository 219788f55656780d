/* fuzz_certificates.c — texts of PEM with certificates and keys, good ones and what edits make of
 * them.
 *
 * Covers: src/core/tls/pem.c, src/core/tls/der.c, src/core/tls/trust.c, src/core/tls/identity.c,
 * src/core/tls/certificate.c, src/core/tls/limits.c, src/core/tls/checker.c
 *
 * The tape is a list of sections: a certificate or a key in DER, which is written as PEM into the
 * text of CAs, of the chain, or of the key; a piece of such a text as it is; or an edit, which
 * changes one element of the DER before it and mends the lengths around it. A certificate may be
 * signed anew by the CA's key, so that a change of its content is judged and not only its
 * signature.
 *
 * What is refused has a reason. What was read is the same when it is written and read again. A
 * certificate that may serve may also call; an identity in which no fault is found can be used by
 * both ends of a link. */
#include "core/base/buf.h"
#include "core/base/invariant.h"
#include "core/tls/certificate.h"
#include "core/tls/der.h"
#include "core/tls/limits.h"
#include "core/tls/pem.h"
#include "core/tls/private.h"
#include "fuzz/tape.h"
#include "unit/boxed.h"

enum {
    SECTION_CA,
    SECTION_CHAIN,
    SECTION_KEY,
    SECTION_TEXT_CA,
    SECTION_TEXT_CHAIN,
    SECTION_TEXT_KEY,
    SECTION_EDIT,
    SECTIONS = 8,
    SIGNED_ANEW = 8, /* added to the kind of a certificate */
    OLDER_FORM = 8, /* added to the kind of a key: of RSA, */
    OLDER_EC = 16, /* or of EC */
    NOTHING = 256, /* no kind */
};

enum {
    DER_BYTES = 8192,
    TEXT_BYTES = 1 << 17,
    SECTIONS_MAX = 32,
    DEPTH_MAX = 12,
    SECONDS_2026 = 1780000000,
};

static char texts[3][TEXT_BYTES];
static struct buf cas, chain, key;
static struct instant now;

/* -- writing DER ------------------------------------------------------------------------------- */

static void put_element(struct buf *out, unsigned tag, struct span value)
{
    buf_byte(out, (char)tag);
    if (value.len >= 128)
        buf_byte(out, (char)0x82);
    if (value.len >= 128)
        buf_byte(out, (char)(value.len >> 8));
    buf_byte(out, (char)value.len);
    buf_span_put(out, value);
}

enum edit_kind { EDIT_VALUE, EDIT_TAG, EDIT_REMOVE, EDIT_REPEAT, EDIT_INSERT, EDITS };

struct edit {
    enum edit_kind kind;
    unsigned at; /* the number of the element, counted as they begin */
    unsigned seen;
    struct span bytes;
};

static void put_changed(
    struct buf *out, const struct edit *e, struct span whole, unsigned tag, struct span value)
{
    switch (e->kind) {
    case EDIT_VALUE:
        put_element(out, tag, e->bytes);
        break;
    case EDIT_TAG:
        put_element(out, e->bytes.len ? (unsigned char)*e->bytes.at : 0, value);
        break;
    case EDIT_REPEAT:
        buf_span_put(out, whole);
        buf_span_put(out, whole);
        break;
    case EDIT_INSERT:
        buf_span_put(out, e->bytes);
        buf_span_put(out, whole);
        break;
    case EDIT_REMOVE:
    case EDITS:
        break;
    }
}

static bool is_list(struct span value)
{
    unsigned tag;
    struct span element;
    bool well = value.len > 0;
    while (well && value.len)
        well = der_next(&value, &tag, &element);
    return well;
}

/* Write the elements of `in` with the edit made. The content of an extension is DER in octets. */
static void put_edited(struct buf *out, struct edit *e, struct span in, int depth)
{
    while (in.len) {
        unsigned tag;
        struct span whole = in, value;
        if (!der_next(&in, &tag, &value)) {
            buf_span_put(out, in);
            return;
        }
        whole.len -= in.len;
        if (e->seen++ == e->at) {
            put_changed(out, e, whole, tag, value);
        } else if (depth < DEPTH_MAX && (tag & 0x20 || tag == DER_OCTETS) && is_list(value)) {
            char memory[DER_BYTES];
            struct buf inner = buf_over(memory, sizeof memory);
            put_edited(&inner, e, value, depth + 1);
            put_element(out, tag, buf_span(&inner));
        } else {
            buf_span_put(out, whole);
        }
    }
}

/* The number 1 is the key of all CAs, and of all P-256 certificates that are made for this. */
static void sign_anew(struct buf *out, struct span der)
{
    static unsigned char one[32] = {[31] = 1};
    static const br_ec_private_key signer = {BR_EC_secp256r1, one, sizeof one};
    static const char ecdsa_sha256[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    struct span rest = der, certificate, body;
    if (!der_take(&rest, DER_SEQUENCE, &certificate))
        return;
    struct span signed_part = certificate;
    if (!der_take(&certificate, DER_SEQUENCE, &body))
        return;
    signed_part.len -= certificate.len;
    unsigned char hash[32], signature[1 + 80] = {0}; /* a BIT STRING begins with its spare bits */
    br_sha256_context sha256;
    br_sha256_init(&sha256);
    br_sha256_update(&sha256, signed_part.at, signed_part.len);
    br_sha256_out(&sha256, hash);
    size_t len = br_ecdsa_sign_asn1_get_default()(
        br_ec_get_default(), &br_sha256_vtable, hash, &signer, signature + 1);
    ASSERT(len > 0);
    char memory[DER_BYTES];
    struct buf inner = buf_over(memory, sizeof memory);
    buf_span_put(&inner, signed_part);
    buf_put(&inner, ecdsa_sha256, sizeof ecdsa_sha256 - 1);
    put_element(&inner, 0x03, (struct span){(char *)signature, 1 + len});
    out->len = 0;
    put_element(out, DER_SEQUENCE, buf_span(&inner));
}

/* -- writing PEM ------------------------------------------------------------------------------- */

static void put_pem(struct buf *out, const char *name, struct span der)
{
    enum { PEM_BYTES = 4 * PEM_OBJECT_BYTES_MAX / 3 + 4096 };
    static char memory[PEM_BYTES];
    if (br_pem_encode(NULL, der.at, der.len, name, 0) > buf_room(out))
        return;
    size_t len = br_pem_encode(memory, der.at, der.len, name, 0);
    buf_put(out, memory, len);
}

static void put_section(unsigned kind, struct span der)
{
    const char *key_name = kind & OLDER_EC     ? BR_ENCODE_PEM_EC_RAW
                           : kind & OLDER_FORM ? BR_ENCODE_PEM_RSA_RAW
                                               : BR_ENCODE_PEM_PKCS8;
    char memory[DER_BYTES];
    struct buf anew = buf_over(memory, sizeof memory);
    bool is_key = kind % SECTIONS == SECTION_KEY;
    buf_span_put(&anew, der);
    if (!is_key && kind & SIGNED_ANEW)
        sign_anew(&anew, der);
    put_pem(is_key                          ? &key
            : kind % SECTIONS == SECTION_CA ? &cas
                                            : &chain,
        is_key ? key_name : "CERTIFICATE", buf_span(&anew));
}

/* Write the three texts that the tape describes. */
static void read_tape(struct span tape)
{
    static char memory[2][DER_BYTES];
    struct buf der = buf_over(memory[0], DER_BYTES);
    unsigned kind = NOTHING; /* of what stands in `der` */
    for (unsigned i = 0; i < SECTIONS_MAX && tape.len; i++) {
        unsigned next = tape_byte(&tape);
        struct edit e = {.kind = EDITS};
        if (next % SECTIONS == SECTION_EDIT) {
            e.kind = tape_byte(&tape) % EDITS;
            e.at = tape_byte(&tape);
        }
        struct span bytes = tape_take(&tape, tape_word(&tape));
        if (next % SECTIONS == SECTION_EDIT) {
            struct buf edited = buf_over(memory[1], DER_BYTES);
            e.bytes = bytes;
            put_edited(&edited, &e, buf_span(&der), 0);
            der.len = 0;
            buf_span_put(&der, buf_span(&edited));
            continue;
        }
        if (kind != NOTHING)
            put_section(kind, buf_span(&der));
        kind = NOTHING;
        if (next % SECTIONS >= SECTION_TEXT_CA) {
            buf_span_put(next % SECTIONS == SECTION_TEXT_CA      ? &cas
                         : next % SECTIONS == SECTION_TEXT_CHAIN ? &chain
                                                                 : &key,
                bytes);
        } else if (bytes.len <= DER_BYTES) {
            kind = next;
            der = buf_over(memory[0], DER_BYTES);
            buf_span_put(&der, bytes);
        }
    }
    if (kind != NOTHING)
        put_section(kind, buf_span(&der));
}

/* -- checks ------------------------------------------------------------------------------------ */

static void check_within(struct span part, struct span whole)
{
    ASSERT(!part.len || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void check_limits(const struct certificate *c)
{
    for (int server = 0; server < 2; server++)
        ASSERT(limits_allow_use(SPAN(""), server));
    ASSERT(!limits_allow_use(c->usages, true) || limits_allow_use(c->usages, false));
    bool all = limits_allow_names(c->constraints, c, true, SPAN("Goloman"));
    bool leaf = limits_allow_names(c->constraints, c, true, SPAN(""));
    bool inner = limits_allow_names(c->constraints, c, false, SPAN(""));
    ASSERT((!all || leaf) && (!leaf || inner));
    ASSERT(c->constraints.len || all);
}

static void check_certificate(struct span der)
{
    struct certificate c;
    if (!certificate_read(&c, der))
        return;
    struct span views[] = {c.issuer, c.subject, c.usages, c.constraints, c.names};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        check_within(views[i], der);
    ASSERT(c.issuer.len && c.subject.len);
    ASSERT(!c.critical[1] || (c.critical[0] && c.critical[0] < c.critical[1]));
    check_limits(&c);
}

/* Read a text as PEM, and write what it holds to `again`. Returns the number of objects. */
static unsigned check_pem(struct span text, struct buf *again)
{
    struct pem p, q;
    unsigned objects = 0;
    pem_begin(&p, text);
    for (enum pem_result result; (result = pem_next(&p)) != PEM_END;) {
        ASSERT(result != PEM_NO_MEMORY);
        if (result != PEM_OBJECT)
            continue;
        struct span der = boxed((struct span){(char *)p.der, p.der_len});
        size_t before = again->len;
        check_certificate(der);
        put_pem(again, p.name, der);
        pem_begin(&q, span_from(buf_span(again), before));
        ASSERT(pem_next(&q) == PEM_OBJECT && strcmp(p.name, q.name) == 0);
        ASSERT(span_equal(der, (struct span){(char *)q.der, q.der_len}));
        ASSERT(pem_next(&q) == PEM_END);
        pem_end(&q);
        unbox(der);
        objects++;
    }
    pem_end(&p);
    return objects;
}

static struct tls_trust *read_trust(struct span text)
{
    static char memory[2 * TEXT_BYTES];
    struct buf again = buf_over(memory, sizeof memory);
    struct tls_skipped skipped, skipped_again;
    const char *why = NULL;
    unsigned objects = check_pem(text, &again);
    struct tls_trust *t = tls_trust_create(text, now.real_ns, &skipped, &why);
    ASSERT(t || (why && *why));
    struct tls_trust *u = tls_trust_create(buf_span(&again), now.real_ns, &skipped_again, &why);
    ASSERT(!t == !u);
    ASSERT(!t || memcmp(t->hash, u->hash, sizeof t->hash) == 0);
    ASSERT(!t || (tls_trust_count(t) > 0 && tls_trust_count(t) <= objects));
    ASSERT(skipped.expired == skipped_again.expired && skipped.no_ca == skipped_again.no_ca);
    tls_trust_destroy(u);
    return t;
}

static struct tls_identity *read_identity(struct span certificates, struct span private_key)
{
    const char *why = NULL;
    bool of_key;
    struct tls_identity *i = tls_identity_create(certificates, private_key, &why, &of_key);
    ASSERT(i || (why && *why));
    ASSERT(!i || (i->chain_len > 0 && i->chain_len <= TLS_CHAIN_MAX));
    return i;
}

/* Two ends with this configuration, at this time, come to an agreement. */
static void check_usable(const struct tls_config *config)
{
    static const unsigned char entropy[2][TLS_ENTROPY_BYTES] = {{1}, {2}};
    struct tls *ends[] = {tls_client(config, entropy[0], now), tls_server(config, entropy[1], now)};
    ASSERT(ends[0] && ends[1]);
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < 2; i++)
            for (struct span out; (out = tls_output(ends[i])).len; moved = true) {
                struct span in = out;
                tls_feed(ends[!i], &in);
                tls_sent(ends[i], out.len - in.len);
                if (in.len)
                    break; /* that end speaks first */
            }
    }
    ASSERT(tls_state(ends[0]) == TLS_OPEN && tls_state(ends[1]) == TLS_OPEN);
    tls_destroy(ends[0]);
    tls_destroy(ends[1]);
}

static void check_both(const struct tls_config *config)
{
    const char *caller = tls_identity_fault(config, SPAN(""), SPAN(""), now.real_ns);
    const char *server = tls_identity_fault(config, SPAN("Goloman"), SPAN(""), now.real_ns);
    const br_x509_certificate *own = &config->identity->chain[0];
    struct certificate c;
    ASSERT((!caller || *caller) && (!server || *server));
    ASSERT(server || !caller);
    if (caller)
        return;
    ASSERT(certificate_read(&c, (struct span){(char *)own->data, own->data_len}));
    ASSERT(limits_allow_use(c.usages, server == NULL));
    if (!server)
        check_usable(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cas = buf_over(texts[0], TEXT_BYTES);
    chain = buf_over(texts[1], TEXT_BYTES);
    key = buf_over(texts[2], TEXT_BYTES);
    now = (struct instant){.mono_ns = SECOND_NS, .real_ns = SECONDS_2026 * SECOND_NS};
    read_tape((struct span){(const char *)data, size});
    struct span ca_text = boxed(buf_span(&cas)), chain_text = boxed(buf_span(&chain)),
                key_text = boxed(buf_span(&key));
    struct tls_trust *trust = read_trust(ca_text);
    struct tls_identity *identity = read_identity(chain_text, key_text);
    const struct tls_config config = {.trust = trust, .identity = identity};
    if (trust && identity)
        check_both(&config);
    tls_trust_destroy(trust);
    tls_identity_destroy(identity);
    unbox(ca_text);
    unbox(chain_text);
    unbox(key_text);
    return 0;
}
