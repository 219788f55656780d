/* test_https.c — clients of HTTPS: which sessions are resumed and which never are, which servers
 * are trusted under which name, and how faults of servers are described. The servers are openssl's.
 * */
#include "unit/tls/openssl.h"

static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
static char heard_memory[1 << 16];
static struct buf heard;
static struct tls_trust *trust;
static struct tls_config config;

static void begin(void)
{
    make_certificates(
        "localhost stranger:localhost expired:localhost self:localhost weak:localhost "
        "wild:herd.test nameless:localhost twin:Hands");
    trust = trust_of("ca");
    config = (struct tls_config){.trust = trust};
}

static void end(void)
{
    tls_trust_destroy(trust);
    remove_certificates();
}

TestSuite(tls_https, .init = begin, .fini = end);

/* One handshake, and an end as agreed: OpenSSL forgets the session of a connection that just ends.
 * The caller destroys the result. */
static struct tls *shakes(const struct openssl *s, const struct tls_config *with, const char *name,
    struct tls_session *session, struct instant now)
{
    int fd = openssl_dial(s);
    heard = buf_over(heard_memory, sizeof heard_memory);
    struct tls *t = tls_https(with, name, session, entropy, now);
    cr_assert_not_null(t);
    openssl_talk(fd, t, TLS_SHAKES, &heard);
    tls_close(t);
    openssl_talk(fd, t, TLS_OPEN, &heard);
    close(fd);
    return t;
}

static bool ended_well(const struct tls *t)
{
    return tls_state(t) == TLS_ENDED && tls_ended_cleanly(t) && !*tls_reason(t);
}

static bool resumes(const struct openssl *s, const struct tls_config *with, const char *name,
    struct tls_session *session, struct instant now)
{
    struct tls *t = shakes(s, with, name, session, now);
    cr_assert(ended_well(t), "%s", tls_reason(t));
    bool resumed = tls_resumed(t);
    cr_expect_eq(tls_names(t)->count, resumed ? 0 : 2);
    tls_destroy(t);
    return resumed;
}

Test(tls_https, resumes_what_was_checked_and_nothing_else)
{
    struct openssl s = openssl_server("twin", "-tls1_2"), other = openssl_server("twin", "-tls1_2");
    struct tls_session session = {0};
    struct instant now = today();
    cr_expect_not(resumes(&s, &config, "localhost", &session, now));
    cr_expect(resumes(&s, &config, "localhost", &session, now));
    cr_expect(resumes(&s, &config, "localhost", &session, now), "again and again");

    struct tls_session copy = session;
    cr_expect_not(resumes(&s, &config, "Hands", &copy, now), "another name");
    cr_expect(resumes(&s, &config, "Hands", &copy, now));
    copy = session;
    struct tls_trust *both = trust_of("ca");
    struct tls_config same = {.trust = both};
    cr_expect(resumes(&s, &same, "localhost", &copy, now), "the same CAs, read anew");
    tls_trust_destroy(both);

    copy = session;
    cr_expect_not(resumes(&other, &config, "localhost", &copy, now), "a server that knows it not");
    cr_expect(resumes(&other, &config, "localhost", &copy, now));
    copy = session;
    now.mono_ns += 24 * 3600 * SECOND_NS - 1;
    cr_expect(resumes(&s, &config, "localhost", &copy, now));
    now.mono_ns++; /* being resumed does not prolong it */
    cr_expect_not(resumes(&s, &config, "localhost", &copy, now), "24 h are over");
    openssl_stop(&s);
    openssl_stop(&other);
}

Test(tls_https, another_trust_gets_no_session)
{
    struct openssl s = openssl_server("localhost", "-tls1_2");
    struct tls_session session = {0};
    tls_destroy(shakes(&s, &config, "localhost", &session, today()));
    cr_assert_neq(session.until_ns, 0);
    struct tls_trust *stranger = trust_of("other-ca");
    struct tls_config distrusts = {.trust = stranger};
    struct tls *t = shakes(&s, &distrusts, "localhost", &session, today());
    cr_expect_eq(tls_state(t), TLS_ENDED);
    cr_expect_str_eq(
        tls_reason(t), "the server's certificate is signed by no CA that is trusted here");
    cr_expect_eq(session.until_ns, 0);
    tls_destroy(t);
    tls_trust_destroy(stranger);
    openssl_stop(&s);
}

Test(tls_https, a_session_that_went_wrong_is_forgotten)
{
    struct openssl s = openssl_server("localhost", "-tls1_2");
    struct tls_session session = {0};
    tls_destroy(shakes(&s, &config, "localhost", &session, today()));
    session.secret[0] ^= 1;
    struct tls *t = shakes(&s, &config, "localhost", &session, today());
    cr_expect_eq(tls_state(t), TLS_ENDED);
    cr_expect_str_eq(tls_reason(t), "what came in was changed on its way");
    cr_expect_eq(session.until_ns, 0);
    tls_destroy(t);
    t = shakes(&s, &config, "localhost", &session, today());
    cr_expect(ended_well(t), "%s", tls_reason(t));
    cr_expect_not(tls_resumed(t));
    tls_destroy(t);
    openssl_stop(&s);
}

Test(tls_https, a_server_without_sessions)
{
    struct openssl s = openssl_server("localhost", "-tls1_2 -no_cache -no_ticket");
    struct tls_session session = {0};
    for (int i = 0; i < 2; i++) {
        struct tls *t = shakes(&s, &config, "localhost", &session, today());
        cr_expect(ended_well(t), "%s", tls_reason(t));
        cr_expect_not(tls_resumed(t));
        cr_expect_eq(session.until_ns, 0);
        tls_destroy(t);
    }
    openssl_stop(&s);
}

/* A trust may be destroyed while a handshake with it is under way. */
Test(tls_https, a_reload_in_the_middle_harms_nothing)
{
    struct openssl s = openssl_server("localhost", "-tls1_2");
    struct tls_trust *gone = trust_of("ca");
    struct tls_config reloaded = {.trust = gone};
    int fd = openssl_dial(&s);
    struct tls *t = tls_https(&reloaded, "localhost", NULL, entropy, today());
    cr_assert_not_null(t);
    tls_trust_destroy(gone);
    openssl_talk(fd, t, TLS_SHAKES, &heard);
    cr_expect_eq(tls_state(t), TLS_OPEN, "%s", tls_reason(t));
    tls_destroy(t);
    close(fd);
    openssl_stop(&s);
}

#define OFFERS_NOTHING                                                                         \
    "the server refuses: it speaks no TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or wants a " \
    "certificate (TLS alert 40)"

Test(tls_https, says_what_is_wrong_with_a_server)
{
    static const struct {
        const char *certificate, *options, *name, *said; /* NULL: all is well */
    } rows[] = {
        {"localhost", "", "localhost", NULL}, /* of TLS 1.3 too, but it speaks 1.2 */
        {"localhost", "-tls1_2", "LocalHost", NULL},
        {"localhost", "-tls1_2 -alpn http/1.1", "localhost", NULL},
        {"localhost", "-tls1_2 -alpn h2,http/1.1", "localhost", NULL},
        {"localhost", "-tls1_2 -cipher ECDHE+CHACHA20", "localhost", NULL},
        {"localhost", "-tls1_2 -cipher ECDHE+AESGCM+AES256", "localhost", NULL},
        {"twin", "-tls1_2", "localhost", NULL},
        {"nameless", "-tls1_2", "localhost", NULL}, /* without DNS names the subject's counts */
        {"wild", "-tls1_2", "a.herd.test", NULL},
        {"wild", "-tls1_2", "a.b.herd.test", "the server's certificate is for another name"},
        {"wild", "-tls1_2", "herd.test", "the server's certificate is for another name"},
        {"localhost", "-tls1_2", "127.0.0.1", "the server's certificate is for another name"},
        {"localhost", "-tls1_2", "localhos", "the server's certificate is for another name"},
        {"localhost", "-tls1_2 -alpn h2", "localhost",
            "the server refuses: it does not speak HTTP/1.1 (TLS alert 120)"},
        {"localhost", "-tls1_3", "localhost",
            "the server refuses: it speaks only TLS 1.3 (TLS alert 70)"},
        {"localhost", "-tls1_1", "localhost", OFFERS_NOTHING},
        {"localhost", "-tls1_2 -cipher AES128-SHA", "localhost", OFFERS_NOTHING},
        {"localhost", "-tls1_2 -cipher ECDHE+AES:!AESGCM:!AESCCM", "localhost", OFFERS_NOTHING},
        {"localhost", "-tls1_2 -Verify 1", "localhost", OFFERS_NOTHING},
        {"expired", "-tls1_2", "localhost",
            "the server's certificate has expired, or is not valid yet"},
        {"self", "-tls1_2", "localhost",
            "the server's certificate is signed by no CA that is trusted here"},
        {"stranger", "-tls1_2", "localhost",
            "the server's certificate is signed by no CA that is trusted here"},
        {"weak", "-tls1_2", "localhost",
            "the server's certificate has an RSA key of less than 2048 bits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct openssl s = openssl_server(rows[i].certificate, rows[i].options);
        struct tls *t = shakes(&s, &config, rows[i].name, NULL, today());
        cr_expect_eq(ended_well(t), !rows[i].said, "row %zu: %s", i, tls_reason(t));
        cr_expect_str_eq(
            tls_reason(t), rows[i].said ? rows[i].said : "", "row %zu: %s", i, tls_reason(t));
        tls_destroy(t);
        openssl_stop(&s);
    }
}

Test(tls_https, says_what_is_no_tls_and_what_is_an_old_one)
{
    static const char old[] = /* a ServerHello of TLS 1.1 */
        "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
        "0123456789abcdef0123456789abcdef\x00\xc0\x09\x00";
    static const struct {
        struct span in;
        const char *said;
    } rows[] = {
        {SPAN("HTTP/1.1 400 Bad Request\r\n\r\n"), "the server does not speak TLS"},
        {{old, sizeof old - 1}, "the server does not speak TLS 1.2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls *t = tls_https(&config, "localhost", NULL, entropy, today());
        cr_assert_not_null(t);
        struct span in = rows[i].in;
        tls_sent(t, tls_output(t).len);
        tls_feed(t, &in);
        tls_sent(t, tls_output(t).len);
        cr_expect_str_eq(tls_reason(t), rows[i].said, "row %zu: %s", i, tls_reason(t));
        tls_destroy(t);
    }
}

Test(tls_https, believes_the_chains_that_google_has)
{
    static const char *const rows[][2] = {{"under384", "ca384"}, {"under4096", "ca4096"}};
    more_certificates("under384:localhost under4096:localhost");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct openssl s = openssl_server(rows[i][0], "-tls1_2");
        struct tls_trust *of_ca = trust_of(rows[i][1]);
        struct tls_config with = {.trust = of_ca};
        struct tls *t = shakes(&s, &with, "localhost", NULL, today());
        cr_expect(ended_well(t), "%s: %s", rows[i][0], tls_reason(t));
        tls_destroy(t);
        tls_trust_destroy(of_ca);
        openssl_stop(&s);
    }
}

/* `s_server -www` answers each request with a page, and then ends. */
Test(tls_https, a_page_and_its_end)
{
    struct openssl s = openssl_server("localhost", "-tls1_2 -www");
    int fd = openssl_dial(&s);
    heard = buf_over(heard_memory, sizeof heard_memory);
    struct tls *t = tls_https(&config, "localhost", NULL, entropy, today());
    cr_assert_not_null(t);
    openssl_talk(fd, t, TLS_SHAKES, &heard);
    cr_assert_eq(tls_state(t), TLS_OPEN, "%s", tls_reason(t));
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    size_t room;
    memcpy(tls_room(t, &room), request, sizeof request - 1);
    tls_wrote(t, sizeof request - 1);
    cr_expect_not(tls_ended_cleanly(t));
    openssl_talk(fd, t, TLS_OPEN, &heard);
    static const char page[] = "HTTP/1.0 200 ok";
    cr_assert_gt(heard.len, sizeof page);
    cr_expect_eq(memcmp(heard.at, page, sizeof page - 1), 0);
    cr_expect(tls_ended_cleanly(t));
    tls_destroy(t);
    close(fd);
    openssl_stop(&s);
}

Test(tls_https, names_that_can_be_checked)
{
    static char long_name[] = /* 254 bytes */
        "0123456789012345678901234567890123456789012345678901234567890.x."
        "0123456789012345678901234567890123456789012345678901234567890.x."
        "0123456789012345678901234567890123456789012345678901234567890.x."
        "0123456789012345678901234567890123456789012345678901234567890a";
    static const struct {
        const char *name, *fault;
    } rows[] = {
        {"localhost", NULL},
        {"places.googleapis.com", NULL},
        {"xn--caf-dma.example", NULL},
        {"1and1.example", NULL},
        {"127.0.0.1", "is an IP address, and certificates are checked by DNS name"},
        {"::1", "is an IP address, and certificates are checked by DNS name"},
        {"fe80::1", "is an IP address, and certificates are checked by DNS name"},
        {"", "is no DNS name"},
        {".", "is no DNS name"},
        {"localhost.", "is no DNS name"},
        {"*.example", "is no DNS name"},
        {"a b", "is no DNS name"},
        {"caf\xc3\xa9.example", "is no DNS name"},
        {long_name, "is no DNS name"},
        {long_name + 1, NULL},
    };
    cr_assert_eq(strlen(long_name), 254);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *fault = tls_server_name_fault(rows[i].name);
        cr_expect_str_eq(fault ? fault : "", rows[i].fault ? rows[i].fault : "", "row %zu", i);
    }
}
