/* test_limits.c — what a certificate is good for: at which end it may be shown, for which names
 * its CAs may sign, and in which order a chain may come. `openssl verify` is asked the same
 * questions. */
#include "core/tls/limits.h"
#include "core/tls/pem.h"
#include "core/tls/private.h"
#include "unit/tls/openssl.h"

static struct tls_trust *trust;

static void begin(void)
{
    make_certificates("Goloman Hands client:Hands server:Hands code:Hands any:Hands agrees:Hands");
    trust = trust_of("ca");
}

static void end(void)
{
    tls_trust_destroy(trust);
    remove_certificates();
}

TestSuite(tls_limits, .init = begin, .fini = end, .timeout = 120);

/* A handshake of two ends that show these certificates. Returns the reason of the one that ends it;
 * "": both are open.
 *
 * server_name  NULL: the dialling end is a node's */
static const char *said_between(const char *dials, const char *server_name, const char *accepts)
{
    static const unsigned char entropy[2][TLS_ENTROPY_BYTES] = {"client's", "server's"};
    static char said[TLS_REASON_BYTES_MAX + 1], words_memory[64];
    struct tls_identity *identities[] = {identity_of(dials), identity_of(accepts)};
    struct tls_config configs[] = {{trust, identities[0]}, {trust, identities[1]}};
    struct tls *client = server_name
                             ? tls_https(&configs[0], server_name, NULL, entropy[0], today())
                             : tls_client(&configs[0], entropy[0], today());
    struct tls *server = tls_server(&configs[1], entropy[1], today());
    struct buf words = buf_over(words_memory, sizeof words_memory);
    converse(client, server, SIZE_MAX, &words, &words);
    const struct tls *ended = tls_state(client) == TLS_ENDED ? client : server;
    cr_expect_eq(
        *tls_reason(ended) == '\0', tls_state(client) == TLS_OPEN && tls_state(server) == TLS_OPEN);
    snprintf(said, sizeof said, "%s", tls_reason(ended));
    tls_destroy(client);
    tls_destroy(server);
    for (int i = 0; i < 2; i++)
        tls_identity_destroy(identities[i]);
    return said;
}

#define USE(who) who "'s certificate is not for this end of a connection (extendedKeyUsage)"
#define NAME "the server's certificate has a name that its CA may not sign for"

Test(tls_limits, a_certificate_is_shown_at_the_end_that_it_is_for)
{
    static const struct {
        const char *dials, *server_name, *accepts, *said;
    } rows[] = {
        {"Goloman", NULL, "server", ""},
        {"Goloman", "Hands", "server", ""},
        {"Goloman", NULL, "any", ""},
        {"Goloman", NULL, "client", USE("the other end")},
        {"Goloman", "Hands", "client", USE("the server")},
        {"Goloman", "Hands", "code", USE("the server")},
        {"client", NULL, "Goloman", ""},
        {"server", NULL, "Goloman", ""}, /* a node has one certificate for both ends */
        {"any", NULL, "Goloman", ""},
        {"code", NULL, "Goloman", USE("the other end")},
        {"Goloman", NULL, "agrees", "the other end's certificate may not be used for this"},
        {"agrees", NULL, "Goloman", "the other end's certificate may not be used for this"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *said = said_between(rows[i].dials, rows[i].server_name, rows[i].accepts);
        cr_expect_str_eq(said, rows[i].said, "row %zu: %s", i, said);
    }
}

Test(tls_limits, a_node_learns_at_its_start_what_its_certificate_is_not_for)
{
    static const char *const names[] = {"client", "code", "agrees", "server", "any", "Hands"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tls_identity *identity = identity_of(names[i]);
        struct tls_config config = {trust, identity};
        const char *fault = tls_identity_fault(&config, SPAN("Hands"), SPAN(""), today().real_ns);
        cr_expect_eq(fault != NULL, i < 3, "%s: %s", names[i], fault ? fault : "none");
        fault = tls_identity_fault(&config, SPAN(""), SPAN(""), today().real_ns); /* an observer */
        cr_expect_eq(fault != NULL, i == 1 || i == 2, "%s: %s", names[i], fault ? fault : "none");
        tls_identity_destroy(identity);
    }
}

/* -- limits of CAs ----------------------------------------------------------------------------- */

static void make_limited(const char *limits, const char *names, const char *subject)
{
    cr_assert_eq(setenv("LIMITS", limits, 1), 0);
    cr_assert_eq(names ? setenv("NAMES", names, 1) : unsetenv("NAMES"), 0);
    cr_assert_eq(subject ? setenv("SUBJECT", subject, 1) : unsetenv("SUBJECT"), 0);
    more_certificates("limited:www.herd.test");
}

static bool openssl_trusts(void)
{
    char command[256];
    snprintf(command, sizeof command,
        "cd %s && openssl verify -purpose sslserver -CAfile ca.pem -untrusted limited-ca.pem "
        "limited.pem >/dev/null 2>&1",
        certificates);
    return system(command) == 0;
}

static const struct limited_row {
    const char *limits, *names, *subject;
    const char *said; /* of a client of www.herd.test */
    bool openssl_differs;
} limited_rows[] = {
    {"nameConstraints=permitted;DNS:herd.test", NULL, NULL, "", false},
    {"nameConstraints=critical,permitted;DNS:herd.test", NULL, NULL, "", false},
    {"nameConstraints=permitted;DNS:HERD.Test", NULL, NULL, "", false},
    {"nameConstraints=permitted;DNS:www.herd.test", NULL, NULL, "", false},
    {"nameConstraints=permitted;DNS:.herd.test", NULL, NULL, "", false},
    {"nameConstraints=permitted;DNS:.www.herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=permitted;DNS:ww.herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=permitted;DNS:w.herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=permitted;DNS:other.test", NULL, NULL, NAME, false},
    {"nameConstraints=critical,permitted;DNS:other.test", NULL, NULL, NAME, false},
    {"nameConstraints=permitted;DNS:other.test,permitted;DNS:herd.test", NULL, NULL, "", false},
    {"nameConstraints=excluded;DNS:herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=critical,excluded;DNS:www.herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=excluded;DNS:other.test", NULL, NULL, "", false},
    {"nameConstraints=permitted;DNS:herd.test,excluded;DNS:www.herd.test", NULL, NULL, NAME, false},
    {"nameConstraints=permitted;DNS:herd.test", "DNS:www.herd.test,DNS:other.test", NULL, NAME,
        false},
    {"nameConstraints=permitted;DNS:herd.test", "DNS:*.herd.test", NULL, "", false},
    /* a wildcard covers an excluded name; openssl leaves the host's name out of account */
    {"nameConstraints=excluded;DNS:www.herd.test", "DNS:*.herd.test", NULL, NAME, true},
    {"nameConstraints=permitted;DNS:other.test", "", NULL, NAME, false}, /* the subject's name */
    {"nameConstraints=permitted;DNS:herd.test", "", NULL, "", false},
    {"nameConstraints=permitted;IP:10.0.0.0/255.0.0.0", NULL, NULL, "", false},
    {"nameConstraints=permitted;IP:10.0.0.0/255.0.0.0", "DNS:www.herd.test,IP:10.1.2.3", NULL, "",
        false},
    {"nameConstraints=permitted;IP:10.0.0.0/255.0.0.0", "DNS:www.herd.test,IP:11.1.2.3", NULL, NAME,
        false},
    {"nameConstraints=permitted;IP:10.0.0.0/255.0.0.0", "DNS:www.herd.test,IP:2001:db8::1", NULL,
        NAME, false},
    {"nameConstraints=excluded;IP:2001:db8:0:0:0:0:0:0/ffff:ffff:0:0:0:0:0:0",
        "DNS:www.herd.test,IP:2001:db8::1", NULL, NAME, false},
    {"nameConstraints=excluded;IP:10.0.0.0/255.0.0.0", "DNS:www.herd.test,IP:11.1.2.3", NULL, "",
        false},
    /* kinds that are not judged: refused if the certificate has a name of such a kind */
    {"nameConstraints=permitted;email:herd.test", NULL, NULL, "", false},
    {"nameConstraints=permitted;email:herd.test", "DNS:www.herd.test,email:a@other.test", NULL,
        NAME, false},
    {"nameConstraints=excluded;URI:.other.test", "DNS:www.herd.test,URI:http://a.herd.test/", NULL,
        NAME, true},
    {"nameConstraints=permitted;dirName:herd", NULL, "/O=Herd/CN=www.herd.test", "", false},
    {"nameConstraints=permitted;dirName:herd", NULL, "/O=hERD/CN=www.herd.test", "", false},
    {"nameConstraints=permitted;dirName:herd", NULL, "/O=Heard/CN=www.herd.test", NAME, false},
    {"nameConstraints=permitted;dirName:herd", NULL, "/CN=www.herd.test", NAME, false},
    {"nameConstraints=permitted;dirName:herd", NULL, "/", "", false},
    {"nameConstraints=excluded;dirName:herd", NULL, "/O=Herd/CN=www.herd.test", NAME, false},
    {"nameConstraints=excluded;dirName:herd", NULL, "/OU=Herd/CN=www.herd.test", "", false},
    {"extendedKeyUsage=serverAuth", NULL, NULL, "", false},
    {"extendedKeyUsage=critical,serverAuth", NULL, NULL, "", false},
    {"extendedKeyUsage=clientAuth", NULL, NULL, USE("the server"), false},
    {"extendedKeyUsage=critical,emailProtection", NULL, NULL, USE("the server"), false},
    /* critical and not known: as ever */
    {"1.2.3.4=critical,DER:0500", NULL, NULL,
        "the server's certificate has a critical extension that is not understood", false},
};

Test(tls_limits, a_ca_signs_within_its_limits)
{
    for (size_t i = 0; i < sizeof limited_rows / sizeof *limited_rows; i++) {
        const struct limited_row *row = &limited_rows[i];
        make_limited(row->limits, row->names, row->subject);
        const char *said = said_between("Goloman", "www.herd.test", "limited");
        cr_expect_str_eq(said, row->said, "row %zu, %s: %s", i, row->limits, said);
        cr_expect_eq(openssl_trusts(), (*row->said == '\0') != row->openssl_differs, "row %zu, %s",
            i, row->limits);
    }
}

Test(tls_limits, limits_in_a_trusted_ca_count_too)
{
    static const char *const rows[][2] = {
        {"nameConstraints=permitted;DNS:herd.test", ""},
        {"nameConstraints=permitted;DNS:other.test", NAME},
        {"nameConstraints=critical,excluded;DNS:herd.test", NAME},
        {"extendedKeyUsage=clientAuth", USE("the server")},
        {"extendedKeyUsage=serverAuth", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_limited(rows[i][0], NULL, NULL);
        tls_trust_destroy(trust);
        trust = trust_of("limited-ca");
        const char *said = said_between("limited", "www.herd.test", "limited");
        cr_expect_str_eq(said, rows[i][1], "row %zu: %s", i, said);
    }
}

/* -- order ------------------------------------------------------------------------------------- */

Test(tls_limits, a_chain_may_come_in_any_order)
{
    static const char *const files[] = {"chained", "shuffled"};
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    static char memory[1024];
    more_certificates("chained:Hands shuffled:Hands");
    struct tls_config config = {.trust = trust};
    for (int i = 0; i < 2; i++) {
        char options[128];
        snprintf(options, sizeof options, "-tls1_2 -cert_chain %s/%s.pem", certificates, files[i]);
        struct openssl server = openssl_server(files[i], options);
        struct buf heard = buf_over(memory, sizeof memory);
        struct tls *t = tls_https(&config, "Hands", NULL, entropy, today());
        int fd = openssl_dial(&server);
        openssl_talk(fd, t, TLS_SHAKES, &heard);
        cr_expect_eq(tls_state(t), TLS_OPEN, "%s: %s", files[i], tls_reason(t));
        tls_destroy(t);
        close(fd);
        openssl_stop(&server);
    }
}

/* Older nodes take no other order. */
Test(tls_limits, a_node_shows_its_own_chain_in_order)
{
    more_certificates("shuffled:Hands");
    struct tls_identity *identity = identity_of("shuffled");
    cr_assert_eq(identity->chain_len, 5);
    struct certificate each[5];
    for (int i = 0; i < 5; i++) {
        br_x509_certificate *der = &identity->chain[i];
        cr_assert(certificate_read(&each[i], (struct span){(char *)der->data, der->data_len}));
        if (i > 0 && i < 4)
            cr_expect(span_equal(each[i].subject, each[i - 1].issuer), "%d", i);
    }
    tls_identity_destroy(identity);
}

/* The names of subject and issuer are one letter each. */
static void certificate_between(struct certificate *c, const char *pair)
{
    *c = (struct certificate){.der = {pair, 2}, .subject = {pair, 1}, .issuer = {pair + 1, 1}};
}

Test(tls_limits, an_order_leads_from_issuer_to_issuer)
{
    static const struct {
        const char *shown, *ordered; /* subject and issuer of each */
        unsigned count;
    } rows[] = {
        {"", "", 0},
        {"ab", "ab", 1},
        {"ab bc cd", "ab bc cd", 3},
        {"ab cd bc", "ab bc cd", 3},
        {"ab dd xy cd bc yz", "ab bc cd dd xy yz", 4},
        {"ab xy", "ab xy", 1},
        {"ab bb", "ab bb", 2},
        {"aa bb", "aa bb", 1},
        {"ab bc bd cc", "ab bc cc bd", 3}, /* of two issuers the first */
        {"ab ba", "ab ba", 2}, /* a circle ends */
        {"ab bc cb", "ab bc cb", 3},
        {"ab ab bc", "ab bc ab", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct certificate each[8];
        unsigned count = 0;
        for (const char *pair = rows[i].shown; *pair; pair += pair[2] ? 3 : 2)
            certificate_between(&each[count++], pair);
        cr_expect_eq(certificates_order(each, count), rows[i].count, "row %zu", i);
        for (unsigned k = 0; k < count; k++)
            cr_expect_eq(
                memcmp(each[k].der.at, rows[i].ordered + 3 * k, 2), 0, "row %zu, %u", i, k);
    }
}

/* What is no certificate, at every length and with every byte changed once, is read within its
 * bounds; whether it is well does not matter. */
Test(tls_limits, no_certificate_is_read_past_its_end)
{
    make_limited("nameConstraints=critical,permitted;DNS:herd.test,excluded;IP:10.0.0.0/255.0.0.0",
        NULL, NULL);
    static const char *const names[] = {"limited-ca", "server"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct span text = file_text(names[n], "pem");
        struct pem p;
        struct certificate c;
        pem_begin(&p, text);
        cr_assert_eq(pem_next(&p), PEM_OBJECT);
        cr_assert(certificate_read(&c, (struct span){(char *)p.der, p.der_len}));
        cr_expect_not_null(c.critical[0]);
        for (size_t len = 0; len < p.der_len; len++) {
            char *block = malloc(len + !len);
            memcpy(block, p.der, len);
            cr_expect_not(certificate_read(&c, (struct span){block, len}), "%zu", len);
            free(block);
        }
        char *block = malloc(p.der_len);
        for (size_t at = 0; at < p.der_len; at++) {
            memcpy(block, p.der, p.der_len);
            block[at] ^= (char)(1 + at % 255);
            bool well = certificate_read(&c, (struct span){block, p.der_len});
            if (well && c.subject.len >= 2)
                (void)!limits_allow_names(c.constraints, &c, true, SPAN("a.test"));
            (void)!limits_allow_use(well ? c.usages : SPAN(""), true);
        }
        free(block);
        pem_end(&p);
        free((char *)text.at);
    }
}
