/* trust.c — see trust.h: CA certificates from a PEM text.
 *
 * To BearSSL a trust anchor is valid for ever and for everything, so the dates and limits are read
 * here, from the DER (RFC 5280, 4.1). A bad certificate in a bundle does not affect the others; a
 * bundle without any good one is an error. */
#include "core/tls/certificate.h"
#include "core/tls/der.h"
#include "core/tls/pem.h"
#include "core/tls/private.h"
#include <stdlib.h>

/* -- dates ------------------------------------------------------------------------------------- */

/* The value of two digits; -1: they are not digits. */
static int two_digits(const char *at)
{
    bool digits = at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9';
    return digits ? (at[0] - '0') * 10 + (at[1] - '0') : -1;
}

/* Take either kind of time as 14 digits, YYYYMMDDHHMMSS, which sort as the times do. */
static bool take_time(struct span *in, char out[15])
{
    unsigned tag;
    struct span value;
    if (!der_next(in, &tag, &value))
        return false;
    if (tag == DER_UTC_TIME && value.len == 13) {
        memcpy(out, two_digits(value.at) < 50 ? "20" : "19", 2);
        memcpy(out + 2, value.at, 12);
    } else if (tag == DER_GENERALIZED_TIME && value.len == 15) {
        memcpy(out, value.at, 14);
    } else {
        return false;
    }
    out[14] = '\0';
    for (int i = 0; i < 14; i += 2)
        if (two_digits(out + i) < 0)
            return false;
    return true;
}

/* A time as take_time writes it. The civil calendar is counted in eras of 400 years that begin in
 * March, so that the leap day is the last day of a year. */
static void write_time(char out[15], int64_t real_ns)
{
    int64_t seconds = real_ns / SECOND_NS, days = seconds / 86400 + 719468;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day = day_of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day + 2) / 153;
    int64_t parts[] = {0, month < 10 ? month + 3 : month - 9, day - (153 * month + 2) / 5 + 1,
        seconds / 3600 % 24, seconds / 60 % 60, seconds % 60};
    year += era * 400 + (month >= 10);
    ASSERT(parts[1] >= 1 && parts[1] <= 12 && parts[2] >= 1 && parts[2] <= 31);
    for (int i = 0, shift = 1000; i < 4; i++, shift /= 10)
        out[i] = (char)('0' + year / shift % 10);
    for (int i = 1; i < 6; i++) {
        out[2 + 2 * i] = (char)('0' + parts[i] / 10);
        out[3 + 2 * i] = (char)('0' + parts[i] % 10);
    }
    out[14] = '\0';
}

/* false too for what is no certificate. */
static bool is_valid_now(struct span der, int64_t real_ns)
{
    struct span certificate, body, skipped, validity;
    if (!der_take(&der, DER_SEQUENCE, &certificate) || !der_take(&certificate, DER_SEQUENCE, &body))
        return false;
    bool has_version = der_take(&body, DER_VERSION, &skipped);
    (void)has_version; /* the first version has none */
    bool well = der_take(&body, DER_INTEGER, &skipped) && der_take(&body, DER_SEQUENCE, &skipped) &&
                der_take(&body, DER_SEQUENCE, &skipped) && der_take(&body, DER_SEQUENCE, &validity);
    char from[15], until[15], now[15];
    if (!well || !take_time(&validity, from) || !take_time(&validity, until))
        return false;
    write_time(now, real_ns);
    return strcmp(from, now) <= 0 && strcmp(now, until) <= 0;
}

/* -- anchors ----------------------------------------------------------------------------------- */

struct name_bytes {
    unsigned char at[1024]; /* a distinguished name; the longest of the system's bundle has 300 */
    size_t len;
    bool overflow;
};

static void take_name(void *context, const void *bytes, size_t len)
{
    struct name_bytes *n = context;
    n->overflow |= len > sizeof n->at - n->len;
    if (n->overflow)
        return;
    memcpy(n->at + n->len, bytes, len);
    n->len += len;
}

static unsigned char *copy(const unsigned char *bytes, size_t len)
{
    unsigned char *to = malloc(len ? len : 1);
    if (to && len)
        memcpy(to, bytes, len);
    return to;
}

static void anchor_destroy(br_x509_trust_anchor *a)
{
    free(a->dn.data);
    if (a->pkey.key_type == BR_KEYTYPE_RSA) {
        free(a->pkey.key.rsa.n);
        free(a->pkey.key.rsa.e);
    } else {
        free(a->pkey.key.ec.q);
    }
}

/* false: no memory. */
static bool anchor_copy(
    br_x509_trust_anchor *a, const struct name_bytes *name, const br_x509_pkey *key)
{
    *a = (br_x509_trust_anchor){.flags = BR_X509_TA_CA, .pkey = *key};
    a->dn.data = copy(name->at, name->len);
    a->dn.len = name->len;
    bool well = a->dn.data != NULL;
    if (key->key_type == BR_KEYTYPE_RSA) {
        a->pkey.key.rsa.n = copy(key->key.rsa.n, key->key.rsa.nlen);
        a->pkey.key.rsa.e = copy(key->key.rsa.e, key->key.rsa.elen);
        well = well && a->pkey.key.rsa.n && a->pkey.key.rsa.e;
    } else {
        a->pkey.key.ec.q = copy(key->key.ec.q, key->key.ec.qlen);
        well = well && a->pkey.key.ec.q;
    }
    if (!well)
        anchor_destroy(a);
    return well;
}

static bool make_room(struct tls_trust *t)
{
    ASSERT(t->count <= t->room);
    if (t->count < t->room)
        return true;
    size_t room = t->room ? 2 * t->room : 4;
    br_x509_trust_anchor *anchors = realloc(t->anchors, room * sizeof *anchors);
    if (anchors)
        t->anchors = anchors;
    struct tls_limits *limits = realloc(t->limits, room * sizeof *limits);
    if (limits)
        t->limits = limits;
    if (!anchors || !limits)
        return false;
    t->room = room;
    return true;
}

/* false: no memory. */
static bool limits_copy(struct tls_limits *l, const struct certificate *c)
{
    size_t usages = c->usages.len, constraints = c->constraints.len;
    *l = (struct tls_limits){.bytes = NULL};
    if (usages + constraints == 0)
        return true;
    l->bytes = malloc(usages + constraints);
    if (!l->bytes)
        return false;
    if (usages)
        memcpy(l->bytes, c->usages.at, usages);
    if (constraints)
        memcpy(l->bytes + usages, c->constraints.at, constraints);
    l->usages = (struct span){l->bytes, usages};
    l->constraints = (struct span){l->bytes + usages, constraints};
    return true;
}

/* false: no memory. */
static bool add_anchor(struct tls_trust *t, const struct name_bytes *name, const br_x509_pkey *key,
    const struct certificate *c)
{
    if (!make_room(t) || !limits_copy(&t->limits[t->count], c))
        return false;
    if (!anchor_copy(&t->anchors[t->count], name, key)) {
        free(t->limits[t->count].bytes);
        return false;
    }
    t->count++;
    return true;
}

/* Add a certificate; one that cannot be used is counted and left out. false: no memory. */
static bool add(struct tls_trust *t, struct span der, int64_t real_ns, struct tls_skipped *skipped)
{
    struct name_bytes name = {.len = 0};
    struct certificate c;
    br_x509_decoder_context decoder;
    br_x509_decoder_init(&decoder, take_name, &name);
    br_x509_decoder_push(&decoder, der.at, der.len);
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
    if (!key || name.overflow || !certificate_read(&c, der))
        skipped->broken++;
    else if (!br_x509_decoder_isCA(&decoder))
        skipped->no_ca++;
    else if (!is_valid_now(der, real_ns))
        skipped->expired++;
    else
        return add_anchor(t, &name, key, &c);
    return true;
}

static const char *why_none(const struct tls_skipped *skipped)
{
    if (skipped->expired)
        return "holds no CA certificate that is valid now";
    if (skipped->no_ca)
        return "holds certificates, but of no CA";
    if (skipped->broken)
        return "holds no certificate that can be read";
    return "holds no certificate; it begins with -----BEGIN CERTIFICATE-----";
}

/* Names, keys and limits tell one set from another. They are hashed in the order of the text, which
 * a reload seldom changes. */
static void hash_anchors(struct tls_trust *t)
{
    ASSERT(t->count > 0);
    br_sha256_context hash;
    br_sha256_init(&hash);
    for (size_t i = 0; i < t->count; i++) {
        const br_x509_trust_anchor *a = &t->anchors[i];
        const struct tls_limits *l = &t->limits[i];
        uint64_t lens[] = {a->dn.len, a->pkey.key_type, 0, 0, l->usages.len, l->constraints.len};
        bool rsa = a->pkey.key_type == BR_KEYTYPE_RSA;
        lens[2] = rsa ? a->pkey.key.rsa.nlen : a->pkey.key.ec.qlen;
        lens[3] = rsa ? a->pkey.key.rsa.elen : (uint64_t)a->pkey.key.ec.curve;
        br_sha256_update(&hash, lens, sizeof lens);
        br_sha256_update(&hash, a->dn.data, a->dn.len);
        br_sha256_update(&hash, rsa ? a->pkey.key.rsa.n : a->pkey.key.ec.q, lens[2]);
        if (rsa)
            br_sha256_update(&hash, a->pkey.key.rsa.e, lens[3]);
        br_sha256_update(&hash, l->bytes, l->usages.len + l->constraints.len);
    }
    br_sha256_out(&hash, t->hash);
}

struct tls_trust *tls_trust_create(
    struct span pem, int64_t real_ns, struct tls_skipped *skipped, const char **why)
{
    *skipped = (struct tls_skipped){0};
    *why = "cannot be taken in: memory has run out";
    struct tls_trust *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->holders = 1;
    struct pem p;
    pem_begin(&p, pem);
    enum pem_result result;
    while ((result = pem_next(&p)) != PEM_END && result != PEM_NO_MEMORY) {
        bool certificate = result == PEM_OBJECT && strcmp(p.name, "CERTIFICATE") == 0;
        skipped->broken += result == PEM_BROKEN;
        if (certificate && !add(t, (struct span){(char *)p.der, p.der_len}, real_ns, skipped)) {
            result = PEM_NO_MEMORY;
            break;
        }
    }
    pem_end(&p);
    if (result == PEM_END && t->count) {
        hash_anchors(t);
        return t;
    }
    if (result == PEM_END)
        *why = why_none(skipped);
    tls_trust_destroy(t);
    return NULL;
}

size_t tls_trust_count(const struct tls_trust *t)
{
    return t->count;
}

void tls_trust_destroy(struct tls_trust *t)
{
    if (!t)
        return;
    ASSERT(t->holders > 0);
    t->holders--;
    if (t->holders)
        return;
    for (size_t i = 0; i < t->count; i++) {
        anchor_destroy(&t->anchors[i]);
        free(t->limits[i].bytes);
    }
    free(t->anchors);
    free(t->limits);
    free(t);
}
