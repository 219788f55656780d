/* test_tls.c — two ends back to back: what arrives, however it is split, and who is refused with
 * which words. */
#include "unit/tls/side.h"

enum { HEARD = 1 << 17 };

static char heard_memory[2][HEARD];
static struct buf client_heard, server_heard;
static struct tls *client, *server;

static void meet(const struct tls_config *of_client, const char *server_name,
    const struct tls_config *of_server, struct instant now, size_t piece)
{
    static const unsigned char entropy[2][TLS_ENTROPY_BYTES] = {"client's", "server's"};
    client_heard = buf_over(heard_memory[0], HEARD);
    server_heard = buf_over(heard_memory[1], HEARD);
    client = server_name ? tls_https(of_client, server_name, NULL, entropy[0], now)
                         : tls_client(of_client, entropy[0], now);
    server = tls_server(of_server, entropy[1], now);
    cr_assert(client && server);
    converse(client, server, piece, &client_heard, &server_heard);
}

static void part(void)
{
    tls_destroy(client);
    tls_destroy(server);
}

static void say(struct tls *t, struct span text)
{
    while (text.len) {
        size_t room = 0;
        char *to = tls_room(t, &room);
        cr_assert_not_null(to);
        cr_assert_eq(room, TLS_ROOM_BYTES);
        size_t n = text.len < room ? text.len : room;
        memcpy(to, text.at, n);
        tls_wrote(t, n);
        text = span_from(text, n);
        converse(client, server, SIZE_MAX, &client_heard, &server_heard);
    }
}

static void make_some(void)
{
    make_certificates("Goloman Hands rsa:Hands large:Hands twin:Hands many:Hands nameless:Hands");
}

Test(tls, speaks, .init = make_some, .fini = remove_certificates)
{
    static const char *const names[] = {"Hands", "rsa", "large", "twin"};
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman");
    struct tls_config of_client = {trust, goloman};
    static char long_text[50000];
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tls_identity *hands = identity_of(names[i]);
        struct tls_config of_server = {trust, hands};
        for (int turned = 0; turned < 2; turned++) { /* each once at either end */
            meet(turned ? &of_server : &of_client, NULL, turned ? &of_client : &of_server, today(),
                SIZE_MAX);
            cr_assert_eq(tls_state(client), TLS_OPEN, "%s: %s", names[i], tls_reason(client));
            cr_assert_eq(tls_state(server), TLS_OPEN, "%s: %s", names[i], tls_reason(server));
            const struct tls_names *shown = tls_names(turned ? server : client);
            cr_expect(tls_names_hold(shown, SPAN("Hands")), "%s", names[i]);
            cr_expect_not(tls_names_hold(shown, SPAN("hands")));
            cr_expect_not(tls_names_hold(shown, SPAN("Goloman")));
            cr_expect_not(tls_names_hold(shown, SPAN("")));
            cr_expect(tls_names_hold(tls_names(turned ? client : server), SPAN("Goloman")));
            say(client, SPAN("HELLO"));
            say(server, (struct span){long_text, sizeof long_text});
            cr_expect(span_equal(buf_span(&server_heard), SPAN("HELLO")));
            cr_expect(
                span_equal(buf_span(&client_heard), (struct span){long_text, sizeof long_text}));
            part();
        }
        tls_identity_destroy(hands);
    }
    tls_identity_destroy(goloman);
    tls_trust_destroy(trust);
}

/* Nothing but the entropy that it is given goes into what it says: the core asks no system. */
Test(tls, the_same_entropy_says_the_same, .init = make_some, .fini = remove_certificates)
{
    static const unsigned char entropy[2][TLS_ENTROPY_BYTES] = {"one", "another"};
    static const unsigned of[] = {0, 0, 1};
    struct tls_trust *trust = trust_of("ca");
    struct tls_config config = {.trust = trust};
    char said[3][1024];
    size_t len[3];
    for (unsigned i = 0; i < 3; i++) {
        struct tls *t = tls_client(&config, entropy[of[i]], today());
        struct span hello = tls_output(t);
        len[i] = hello.len;
        cr_assert_leq(len[i], sizeof said[i]);
        memcpy(said[i], hello.at, len[i]);
        tls_destroy(t);
    }
    cr_expect(len[0] > 0 && len[1] == len[0] && memcmp(said[0], said[1], len[0]) == 0);
    cr_expect(len[2] == len[0] && memcmp(said[0], said[2], len[0]) != 0);
    tls_trust_destroy(trust);
}

Test(tls, split_at_every_size, .init = make_some, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman"), *hands = identity_of("Hands");
    struct tls_config of_client = {trust, goloman}, of_server = {trust, hands};
    for (size_t piece = 1; piece < 2000; piece = piece < 40 ? piece + 1 : piece * 3 / 2) {
        meet(&of_client, "Hands", &of_server, today(), piece);
        cr_assert_eq(tls_state(client), TLS_OPEN, "%zu: %s", piece, tls_reason(client));
        cr_assert_eq(tls_state(server), TLS_OPEN, "%zu: %s", piece, tls_reason(server));
        part();
    }
    tls_identity_destroy(goloman);
    tls_identity_destroy(hands);
    tls_trust_destroy(trust);
}

Test(tls, ends_as_agreed, .init = make_some, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman"), *hands = identity_of("Hands");
    struct tls_config of_client = {trust, goloman}, of_server = {trust, hands};
    meet(&of_client, NULL, &of_server, today(), SIZE_MAX);
    size_t room;
    memcpy(tls_room(client, &room), "BYE", 3);
    tls_wrote(client, 3);
    carry(client, server, SIZE_MAX, &server_heard);
    cr_expect_not(tls_ended_cleanly(server), "what ended here would be cut short");
    tls_close(client);
    carry(client, server, SIZE_MAX, &server_heard);
    cr_expect_eq(tls_state(server), TLS_OPEN, "its answer is not out yet");
    cr_expect(tls_ended_cleanly(server));
    cr_expect_not(tls_ended_cleanly(client));
    cr_expect_null(tls_room(client, &room));
    converse(client, server, SIZE_MAX, &client_heard, &server_heard);
    cr_expect(span_equal(buf_span(&server_heard), SPAN("BYE")));
    cr_expect_eq(tls_state(server), TLS_ENDED);
    cr_expect_eq(tls_state(client), TLS_ENDED);
    cr_expect_str_eq(tls_reason(server), "");
    cr_expect_str_eq(tls_reason(client), "");
    cr_expect_null(tls_room(server, &room));
    struct span late = SPAN("late");
    tls_feed(server, &late); /* nothing happens */
    tls_close(server);
    part();
    tls_identity_destroy(goloman);
    tls_identity_destroy(hands);
    tls_trust_destroy(trust);
}

/* BearSSL fills one name element per name: nine names fill all eight, and the tenth is not seen. */
Test(tls, names_that_are_looked_at, .init = make_some, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman");
    static const struct {
        const char *file, *name;
        unsigned count;
        bool more, held;
    } rows[] = {
        {"Hands", "Hands", 1, false, true},
        {"twin", "Hands", 2, false, true},
        {"twin", "localhost", 2, false, true},
        {"nameless", "Hands", 0, false, false},
        {"many", "a", TLS_NAMES_MAX, true, true},
        {"many", "h", TLS_NAMES_MAX, true, true},
        {"many", "i", TLS_NAMES_MAX, true, false},
        {"many", "Hands", TLS_NAMES_MAX, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_identity *shown = identity_of(rows[i].file);
        struct tls_config of_server = {trust, shown}, of_client = {trust, goloman};
        meet(&of_client, NULL, &of_server, today(), SIZE_MAX);
        cr_assert_eq(tls_state(client), TLS_OPEN, "row %zu", i);
        cr_expect_eq(tls_names(client)->count, rows[i].count, "row %zu", i);
        cr_expect_eq(tls_names(client)->more, rows[i].more, "row %zu", i);
        cr_expect_eq(
            tls_names_hold(tls_names(client), span_of(rows[i].name)), rows[i].held, "row %zu", i);
        part();
        tls_identity_destroy(shown);
    }
    tls_identity_destroy(goloman);
    tls_trust_destroy(trust);
}

static void make_all(void)
{
    make_certificates("Goloman Hands expired:Hands self:Hands stranger:Hands nameless:Hands");
}

#define OTHERS "the other end's certificate "

Test(tls, refuses, .init = make_all, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman");
    struct tls_config well = {trust, goloman};
    static const struct {
        const char *file; /* that one end shows; the other end is in order. NULL: none */
        const char *name; /* that a client wants */
        int64_t later_s;
        const char *said;
    } rows[] = {
        {"expired", NULL, 0, OTHERS "has expired, or is not valid yet"},
        {"Hands", NULL, 101 * 366 * INT64_C(86400), OTHERS "has expired, or is not valid yet"},
        {"Hands", NULL, -2 * INT64_C(86400), OTHERS "has expired, or is not valid yet"},
        {"self", NULL, 0, OTHERS "is signed by no CA that is trusted here"},
        {"stranger", NULL, 0, OTHERS "is signed by no CA that is trusted here"},
        {"Hands", "Welsh", 0, "the server's certificate is for another name"},
        {NULL, NULL, 0, "the other end shows no certificate"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_identity *shown = NULL;
        if (rows[i].file)
            shown = identity_of(rows[i].file);
        struct tls_config ill = {trust, shown};
        struct instant now = today();
        now.real_ns += rows[i].later_s * SECOND_NS;
        meet(&ill, NULL, &well, now, SIZE_MAX); /* at the server */
        if (!rows[i].name && !rows[i].later_s) { /* at a wrong time the client comes first */
            cr_expect_eq(tls_state(server), TLS_ENDED, "row %zu", i);
            cr_expect_str_eq(
                tls_reason(server), rows[i].said, "row %zu: %s", i, tls_reason(server));
        }
        part();
        if (!shown)
            continue;
        meet(&well, rows[i].name, &ill, now, SIZE_MAX); /* at the client */
        cr_expect_eq(tls_state(client), TLS_ENDED, "row %zu", i);
        cr_expect_str_eq(tls_reason(client), rows[i].said, "row %zu: %s", i, tls_reason(client));
        part();
        tls_identity_destroy(shown);
    }
    tls_identity_destroy(goloman);
    tls_trust_destroy(trust);
}

static void feed_bytes(struct tls *t, const char *bytes, size_t len)
{
    struct span in = {bytes, len};
    tls_feed(t, &in);
}

Test(tls, refuses_other_languages, .init = make_all, .fini = remove_certificates)
{
    static const char old[] = /* a ClientHello of TLS 1.1 with one suite */
        "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02"
        "0123456789abcdef0123456789abcdef"
        "\x00\x00\x02\xc0\x09\x01\x00";
    static const struct {
        struct span in;
        const char *said;
    } rows[] = {
        {SPAN("HELLO stampede/1 herd=demo from=Hands to=Goloman\n"),
            "the other end does not speak TLS"},
        {SPAN("GET / HTTP/1.1\r\n\r\n"), "the other end does not speak TLS"},
        {{old, sizeof old - 1}, "the other end does not speak TLS 1.2"},
        {SPAN("\x16\x03\x03\xff\xff"), "the other end breaks the rules of TLS"},
        {SPAN("\x15\x03\x01\x00\x02\x02\x30"),
            "the other end refuses: it does not trust the CA of the certificate shown to it (TLS "
            "alert 48)"},
    };
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman");
    struct tls_config well = {trust, goloman};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls *t = tls_server(&well, (const unsigned char[TLS_ENTROPY_BYTES]){1}, today());
        cr_assert_not_null(t);
        feed_bytes(t, rows[i].in.at, rows[i].in.len);
        tls_sent(t, tls_output(t).len); /* an alert */
        cr_expect_eq(tls_state(t), TLS_ENDED, "row %zu", i);
        cr_expect_str_eq(tls_reason(t), rows[i].said, "row %zu: %s", i, tls_reason(t));
        tls_destroy(t);
    }
    tls_identity_destroy(goloman);
    tls_trust_destroy(trust);
}

Test(tls, a_changed_byte_ends_it, .init = make_some, .fini = remove_certificates)
{
    struct tls_trust *trust = trust_of("ca");
    struct tls_identity *goloman = identity_of("Goloman"), *hands = identity_of("Hands");
    struct tls_config of_client = {trust, goloman}, of_server = {trust, hands};
    meet(&of_client, NULL, &of_server, today(), SIZE_MAX);
    size_t room;
    memcpy(tls_room(client, &room), "stamp", 5);
    tls_wrote(client, 5);
    char record[64];
    struct span out = tls_output(client);
    cr_assert(out.len > 5 && out.len <= sizeof record);
    memcpy(record, out.at, out.len);
    record[out.len - 1] ^= 1;
    feed_bytes(server, record, out.len);
    cr_expect_eq(tls_read(server).len, 0);
    cr_expect_eq(tls_state(server), TLS_ENDED);
    cr_expect_str_eq(tls_reason(server), "what came in was changed on its way");
    part();
    tls_identity_destroy(goloman);
    tls_identity_destroy(hands);
    tls_trust_destroy(trust);
}
