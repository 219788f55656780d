/* test_trust.c — CA certificates, identities and keys from PEM texts: every form that is
 * accepted, and each weak point of the library that reads them. */
#include "core/base/buf.h"
#include "core/tls/der.h"
#include "core/tls/pem.h"
#include "unit/tls/side.h"
#include <bearssl.h>

enum { TEXT = 65536 };

static void make_some(void)
{
    make_certificates("Goloman Hands rsa:Hands weak:Hands expired:Hands self:Hands");
}

static size_t trusted(
    struct span text, int64_t real_ns, struct tls_skipped *skipped, const char **why)
{
    struct tls_trust *t = tls_trust_create(text, real_ns, skipped, why);
    size_t count = t ? tls_trust_count(t) : 0;
    tls_trust_destroy(t);
    return count;
}

/* Each text in a block of exactly its size. */
static size_t trusted_boxed(struct buf text, const char **why)
{
    struct tls_skipped skipped;
    char *block = malloc(text.len + 1);
    memcpy(block, text.at, text.len);
    size_t count = trusted((struct span){block, text.len}, today().real_ns, &skipped, why);
    free(block);
    return count;
}

static struct buf with_line_ends(struct span text, const char *end, char *memory)
{
    struct buf b = buf_over(memory, TEXT);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\n')
            buf_text(&b, end);
        else
            buf_byte(&b, text.at[i]);
    return b;
}

Test(tls_trust, takes_every_form, .init = make_some, .fini = remove_certificates)
{
    static char memory[TEXT];
    struct span ca = file_text("ca", "pem");
    const char *why;
    cr_expect_eq(trusted_boxed(with_line_ends(ca, "\n", memory), &why), 1);
    cr_expect_eq(trusted_boxed(with_line_ends(ca, "\r\n", memory), &why), 1);
    struct buf b = with_line_ends(ca, "\n", memory);
    b.len--; /* the last line does not end */
    cr_expect_eq(trusted_boxed(b, &why), 1);
    b = with_line_ends(ca, "\r\n", memory);
    b.len -= 2;
    cr_expect_eq(trusted_boxed(b, &why), 1);
    b = buf_over(memory, TEXT);
    buf_text(&b, "\xef\xbb\xbf");
    buf_span_put(&b, ca);
    cr_expect_eq(trusted_boxed(b, &why), 1);
    b = buf_over(memory, TEXT);
    buf_text(&b, "a comment\n");
    for (int i = 0; i < 9; i++)
        buf_span_put(&b, ca);
    cr_expect_eq(trusted_boxed(b, &why), 9);
    free((char *)ca.at);
}

Test(tls_trust, none_is_an_error, .init = make_some, .fini = remove_certificates)
{
    static char memory[TEXT];
    struct span ca = file_text("ca", "pem"), hands = file_text("Hands", "pem");
    const char *why;
    cr_expect_eq(trusted_boxed(buf_over(memory, TEXT), &why), 0);
    cr_expect_str_eq(why, "holds no certificate; it begins with -----BEGIN CERTIFICATE-----");
    size_t body_len =
        ca.len - strlen("-----END CERTIFICATE-----\n"); /* its last line says nothing */
    for (size_t len = 0; len <= body_len; len++) {
        struct buf b = with_line_ends(ca, "\n", memory);
        b.len = len;
        cr_expect_eq(trusted_boxed(b, &why), 0, "cut at %zu", len);
    }
    struct tls_skipped skipped;
    cr_expect_eq(trusted(hands, today().real_ns, &skipped, &why), 0);
    cr_expect_eq(skipped.no_ca, 1);
    cr_expect_str_eq(why, "holds certificates, but of no CA");
    for (int years = -1; years < 300; years += 102) { /* it is valid for 100 */
        int64_t then_ns = today().real_ns + years * 366 * INT64_C(86400) * SECOND_NS;
        cr_expect_eq(trusted(ca, then_ns, &skipped, &why), 0, "%d", years);
        cr_expect_eq(skipped.expired, 1, "%d", years);
        cr_expect_str_eq(why, "holds no CA certificate that is valid now");
    }
    cr_expect_eq(
        trusted(ca, today().real_ns + 99 * 365 * INT64_C(86400) * SECOND_NS, &skipped, &why), 1);
    char *changed = (char *)ca.at;
    memset(changed + 100, 'A', 40); /* its names and numbers are no DER any more */
    cr_expect_eq(trusted(ca, today().real_ns, &skipped, &why), 0);
    cr_expect_eq(skipped.broken, 1);
    struct buf b = buf_over(memory, TEXT); /* the bad one does not affect the good one */
    buf_span_put(&b, ca);
    struct span good = file_text("ca", "pem");
    buf_span_put(&b, good);
    cr_expect_eq(trusted_boxed(b, &why), 1);
    free((char *)good.at);
    free((char *)ca.at);
    free((char *)hands.at);
}

/* -- dates: a real certificate's are written over; nothing here looks at its signature --------- */

struct dated {
    char der[2048], pem[4096];
    size_t len;
    char *from, *until; /* YYMMDDHHMMSSZ, and YYYYMMDDHHMMSSZ */
};

static void dated_open(struct dated *d)
{
    struct span ca = file_text("ca", "pem");
    struct pem p;
    pem_begin(&p, ca);
    cr_assert_eq(pem_next(&p), PEM_OBJECT);
    cr_assert_leq(p.der_len, sizeof d->der);
    memcpy(d->der, p.der, d->len = p.der_len);
    pem_end(&p);
    free((char *)ca.at);
    static const char from_begins[] = {DER_UTC_TIME, 13};
    d->from = memmem(d->der, d->len, from_begins, sizeof from_begins);
    cr_assert_not_null(d->from);
    d->from += sizeof from_begins;
    cr_assert_eq(d->from[13], DER_GENERALIZED_TIME);
    cr_assert_eq(d->from[14], 15);
    d->until = d->from + 15;
}

/* Only a time from 1950 to 2049 fits `from`. */
static void write_date(char *at, const char *form, int64_t seconds)
{
    char text[16];
    struct tm tm;
    time_t time = (time_t)seconds;
    cr_assert_not_null(gmtime_r(&time, &tm));
    memcpy(at, text, strftime(text, sizeof text, form, &tm));
}

static bool dated_is_valid(struct dated *d, int64_t seconds)
{
    struct tls_skipped skipped;
    const char *why;
    size_t len = br_pem_encode(d->pem, d->der, d->len, "CERTIFICATE", 0);
    cr_assert_lt(len, sizeof d->pem);
    return trusted((struct span){d->pem, len}, seconds * SECOND_NS, &skipped, &why) == 1;
}

static int64_t seconds_of(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return timegm(&tm);
}

Test(tls_trust, is_valid_to_the_second, .init = make_some, .fini = remove_certificates)
{
    struct dated d;
    dated_open(&d);
    for (int months = 1; months < 130 * 12; months++) {
        int64_t at = seconds_of(1970 + months / 12, 1 + months % 12, 1);
        if (months % 5 == 0)
            at += 20 * 3600 + 47 * 60 + 38; /* of some other day */
        for (int64_t last = at - 1; last <= at; last++) {
            bool from_fits = last < seconds_of(2050, 1, 1);
            write_date(d.from, "%y%m%d%H%M%SZ", from_fits ? last : 0);
            write_date(d.until, "%Y%m%d%H%M%SZ", last);
            cr_expect(dated_is_valid(&d, last), "%lld", (long long)last);
            cr_expect_not(dated_is_valid(&d, last + 1), "%lld", (long long)last);
            cr_expect_eq(dated_is_valid(&d, last - 1), !from_fits, "%lld", (long long)last);
        }
    }
}

Test(tls_trust, takes_two_digits_of_a_year_as_x509_does, .init = make_some,
    .fini = remove_certificates)
{
    struct dated d;
    dated_open(&d);
    memcpy(d.from, "500101000000Z", 13); /* 1950 */
    cr_expect(dated_is_valid(&d, 0));
    memcpy(d.from, "491231235959Z", 13); /* 2049 */
    cr_expect_not(dated_is_valid(&d, seconds_of(2049, 12, 31)));
    cr_expect(dated_is_valid(&d, seconds_of(2050, 1, 1)));
}

/* -- identities -------------------------------------------------------------------------------- */

/* How a certificate and a key are refused; "" when they are accepted. */
static const char *said_of(struct span cert, struct span key, bool *of_key)
{
    const char *why;
    struct tls_identity *i = tls_identity_create(cert, key, &why, of_key);
    if (!i)
        return why;
    tls_identity_destroy(i);
    return "";
}

Test(tls_identity, judges_files, .init = make_some, .fini = remove_certificates)
{
    static const struct {
        const char *cert, *key, *said;
        bool of_key;
    } rows[] = {
        {"Hands.pem", "Hands.key", "", false},
        {"rsa.pem", "rsa.key", "", false},
        {"Hands.pem", "Goloman.key",
            "holds a certificate that belongs to another key than that in key_file", false},
        {"rsa.pem", "Hands.key",
            "holds a certificate that belongs to another key than that in key_file", false},
        {"weak.pem", "weak.key", "holds an RSA key of less than 2048 bits", true},
        {"Hands.key", "Hands.key",
            "holds no certificate; it begins with -----BEGIN CERTIFICATE-----", false},
        {"Hands.pem", "Hands.pem",
            "holds no private key; it begins with -----BEGIN PRIVATE KEY-----", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char cert[16], key[16];
        snprintf(cert, sizeof cert, "%.*s", (int)strcspn(rows[i].cert, "."), rows[i].cert);
        snprintf(key, sizeof key, "%.*s", (int)strcspn(rows[i].key, "."), rows[i].key);
        struct span c = file_text(cert, strchr(rows[i].cert, '.') + 1);
        struct span k = file_text(key, strchr(rows[i].key, '.') + 1);
        bool of_key;
        cr_expect_str_eq(
            said_of(c, k, &of_key), rows[i].said, "row %zu: %s", i, said_of(c, k, &of_key));
        cr_expect_eq(of_key, rows[i].of_key, "row %zu", i);
        for (size_t len = 0; len < k.len; len += 1 + len / 8) /* a key that is cut off */
            cr_expect_str_not_empty(said_of(c, (struct span){k.at, len}, &of_key), "%zu", len);
        free((char *)c.at);
        free((char *)k.at);
    }
}

/* The same key in another form. */
static struct span rewritten(const char *name, const char *options)
{
    char command[256];
    snprintf(command, sizeof command, "openssl pkey -in %s/%s.key -out %s/other.key %s",
        certificates, name, certificates, options);
    cr_assert_eq(system(command), 0, "%s", command);
    return file_text("other", "key");
}

Test(tls_identity, takes_keys_of_older_forms_and_none_that_is_encrypted, .init = make_some,
    .fini = remove_certificates)
{
    static const struct {
        const char *name, *options, *begins, *said;
    } rows[] = {
        {"Hands", "", "-----BEGIN PRIVATE KEY-----", ""},
        {"Hands", "-traditional", "-----BEGIN EC PRIVATE KEY-----", ""},
        {"rsa", "-traditional", "-----BEGIN RSA PRIVATE KEY-----", ""},
        {"Hands", "-aes256 -passout pass:secret", "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "holds an encrypted key, which no node can open by itself; decrypt it with: "
            "openssl pkey -in FILE -out FILE"},
        {"Hands", "-pubout", "-----BEGIN PUBLIC KEY-----",
            "holds no private key; it begins with -----BEGIN PRIVATE KEY-----"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span cert = file_text(rows[i].name, "pem");
        struct span key = rewritten(rows[i].name, rows[i].options);
        bool of_key;
        cr_assert_eq(strncmp(key.at, rows[i].begins, strlen(rows[i].begins)), 0, "row %zu", i);
        cr_expect_str_eq(said_of(cert, key, &of_key), rows[i].said, "row %zu", i);
        cr_expect_eq(of_key, *rows[i].said != '\0', "row %zu", i);
        free((char *)cert.at);
        free((char *)key.at);
    }
}

Test(tls_identity, faults_are_told_before_a_peer_does, .init = make_some,
    .fini = remove_certificates)
{
    static const struct {
        const char *file, *name, *operators, *said;
    } rows[] = {
        {"Hands", "Hands", "", NULL},
        {"Hands", "Hands", "ops-*", NULL},
        {"Hands", "", "", NULL},
        {"Hands", "", "H*", NULL},
        {"Hands", "Goloman", "", "is for another name"},
        {"Hands", "hands", "", "is for another name"},
        {"Hands", "Hands", "H*", "is an operator's by tls.operators"},
        {"expired", "Hands", "", "has expired, or is not valid yet"},
        {"self", "Hands", "", "is signed by no CA that is trusted here"},
    };
    struct tls_trust *trust = trust_of("ca");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_identity *identity = identity_of(rows[i].file);
        struct tls_config config = {trust, identity};
        const char *fault = tls_identity_fault(
            &config, span_of(rows[i].name), span_of(rows[i].operators), today().real_ns);
        cr_expect_str_eq(
            fault ? fault : "none", rows[i].said ? rows[i].said : "none", "row %zu", i);
        tls_identity_destroy(identity);
    }
    tls_trust_destroy(trust);
}

Test(tls_identity, says_when_it_ends, .init = make_some, .fini = remove_certificates)
{
    const int64_t now_s = today().real_ns / SECOND_NS, day_s = 86400;
    struct tls_identity *well = identity_of("Hands"), *expired = identity_of("expired");
    cr_expect_gt(tls_identity_ends_s(well), now_s);
    cr_expect_leq(tls_identity_ends_s(well), now_s + 36500 * day_s);
    cr_expect_lt(tls_identity_ends_s(expired), now_s);
    cr_expect_gt(tls_identity_ends_s(expired), now_s - 2 * day_s);
    tls_identity_destroy(well);
    tls_identity_destroy(expired);
}

/* -- keys made up, with numbers of any size -------------------------------------------------------
 * */

static void der_put(struct buf *b, unsigned tag, struct span value)
{
    buf_byte(b, (char)tag);
    buf_byte(b, (char)0x82);
    buf_byte(b, (char)(value.len >> 8));
    buf_byte(b, (char)value.len);
    buf_span_put(b, value);
}

/* An RSA key in PKCS#1, whose modulus and factors are as long as said. */
static struct span made_up_key(size_t modulus_bytes, size_t factor_bytes, size_t exponent_bytes)
{
    static char memory[3][TEXT], number[TEXT / 4];
    memset(number, 0x55, sizeof number);
    struct buf fields = buf_over(memory[0], TEXT), key = buf_over(memory[1], TEXT);
    der_put(&fields, DER_INTEGER, SPAN("\0"));
    der_put(&fields, DER_INTEGER, (struct span){number, modulus_bytes});
    der_put(&fields, DER_INTEGER, SPAN("\1\0\1"));
    der_put(&fields, DER_INTEGER, (struct span){number, exponent_bytes});
    for (int i = 0; i < 5; i++)
        der_put(&fields, DER_INTEGER, (struct span){number, factor_bytes});
    der_put(&key, DER_SEQUENCE, buf_span(&fields));
    size_t len = br_pem_encode(memory[2], key.at, key.len, "RSA PRIVATE KEY", 0);
    return (struct span){memory[2], len};
}

Test(tls_identity, refuses_oversize_keys, .init = make_some, .fini = remove_certificates)
{
    static const char too_large[] =
        "holds a key that is too large; use EC P-256, or RSA with 2048 to 4096 bits";
    static const struct {
        size_t modulus, factor, exponent;
        bool too_large;
    } rows[] = {
        {256, 128, 256, false},
        {512, 256, 512, false},
        {1024, 512, 1024, true},
        {512, 258, 512, true},
        {512, 1500, 512, true},
        {514, 256, 512, true},
        {512, 256, 600, true},
        {2, 3000, 2, true},
    };
    struct span cert = file_text("Hands", "pem");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool of_key;
        const char *said =
            said_of(cert, made_up_key(rows[i].modulus, rows[i].factor, rows[i].exponent), &of_key);
        cr_expect_str_not_empty(said);
        cr_expect_eq(strcmp(said, too_large) == 0, rows[i].too_large, "row %zu: %s", i, said);
    }
    free((char *)cert.at);
}

/* Its modulus is right, so it seems to be the certificate's. */
Test(tls_identity, refuses_a_key_with_a_damaged_number, .init = make_some,
    .fini = remove_certificates)
{
    static char memory[TEXT];
    struct span cert = file_text("rsa", "pem"), key = file_text("rsa", "key");
    struct pem p;
    bool of_key;
    pem_begin(&p, key);
    cr_assert_eq(pem_next(&p), PEM_OBJECT);
    p.der[p.der_len - 1] ^= 1; /* of the coefficient */
    size_t len = br_pem_encode(memory, p.der, p.der_len, p.name, 0);
    cr_expect_str_eq(said_of(cert, key, &of_key), "");
    cr_expect_str_eq(
        said_of(cert, (struct span){memory, len}, &of_key), "holds a key that is damaged");
    cr_expect(of_key);
    pem_end(&p);
    free((char *)cert.at);
    free((char *)key.at);
}

Test(der, trusts_no_length)
{
    static const struct {
        struct span in;
        bool well;
        size_t len;
    } rows[] = {
        {SPAN(""), false, 0},
        {SPAN("\x02"), false, 0},
        {SPAN("\x02\x00"), true, 0},
        {SPAN("\x02\x01"), false, 0},
        {SPAN("\x02\x01z"), true, 1},
        {SPAN("\x02\x81\x01z"), true, 1},
        {SPAN("\x02\x80zz"), false, 0},
        {SPAN("\x02\x84\x00\x00\x00\x01z"), true, 1},
        {SPAN("\x02\x84\xff\xff\xff\xffz"), false, 0},
        {SPAN("\x02\x85\x00\x00\x00\x00\x01z"), false, 0},
        {SPAN("\x02\x82\x00"), false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *block = malloc(rows[i].in.len + !rows[i].in.len);
        memcpy(block, rows[i].in.at, rows[i].in.len);
        struct span in = {block, rows[i].in.len}, value = {NULL, 0};
        unsigned tag;
        cr_expect_eq(der_next(&in, &tag, &value), rows[i].well, "row %zu", i);
        cr_expect_eq(value.len, rows[i].len, "row %zu", i);
        cr_expect_eq(in.len, rows[i].well ? 0 : rows[i].in.len, "row %zu", i);
        free(block);
    }
}
