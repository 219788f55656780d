/* test_https.c — one connection to an HTTPS server in memory, in virtual time: the table of
 * https.h, each deadline to the nanosecond, and input split at every offset. */
#include "core/http/https.h"
#include "unit/http/side.h"

static const char request[] = "GET /places HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 11\r\n\r\n{\"a\": true}";

static struct https h;
static struct server s;
static struct tls_session session;
static struct instant now;
static size_t piece; /* bytes that the client receives at a time */

static void begin(void)
{
    https_side_begin();
    now = today();
    piece = SIZE_MAX;
}

TestSuite(https, .init = begin, .fini = https_side_end);

/* Deliver the client's output to the server. */
static void sends(void)
{
    for (struct span out; (out = https_output(&h)).len;) {
        size_t n = out.len < piece ? out.len : piece;
        server_take(&s, (struct span){out.at, n});
        https_sent(&h, n, now);
    }
}

static void takes(struct span in)
{
    while (in.len && h.state != HTTPS_OVER) {
        https_take(&h, &in, now);
        cr_assert(!in.len || https_output(&h).len || h.state == HTTPS_OVER, "it stops too early");
        sends();
    }
}

/* Deliver bytes both ways until neither end has any. */
static void talk(void)
{
    struct span in;
    sends();
    while ((in = server_piece(&s, piece)).len) {
        takes(in);
        free((char *)in.at);
        sends();
    }
    if (s.fin)
        https_ended(&h, now);
}

static void connects(void)
{
    static unsigned char drawn;
    unsigned char entropy[TLS_ENTROPY_BYTES] = {7, ++drawn};
    server_open(&s);
    cr_assert(https_begin(&h, &side_config, "localhost", &session, entropy, now));
}

/* Make a connection and let it become READY. */
static void meets(void)
{
    connects();
    talk();
    cr_assert_eq(h.state, HTTPS_READY, "%s", https_why(&h));
}

static void asks(void)
{
    cr_assert(https_ask(&h, span_of(request), now));
    cr_assert_eq(h.state, HTTPS_ASKS);
    cr_assert_not(h.answered);
    sends();
    cr_assert_not_null(server_request(&s));
}

static void answers(const char *text)
{
    server_says(&s, text);
    talk();
}

/* Make a connection that has carried an answer, and send another request on it. */
static void asks_again(void)
{
    meets();
    asks();
    answers(answer);
    cr_assert_eq(h.state, HTTPS_READY, "%s", https_why(&h));
    asks();
}

static void is_over(const char *why)
{
    cr_expect_eq(h.state, HTTPS_OVER);
    cr_expect_str_eq(https_why(&h), why);
    cr_expect_eq(https_deadline(&h), NEVER_NS);
    https_end(&h);
    https_end(&h);
}

/* The deadline is `ms` from now, and a nanosecond before it nothing happens. */
static void waits_ms(int64_t ms)
{
    enum https_state before = h.state;
    cr_expect_eq(https_deadline(&h), now.mono_ns + ms * MS_NS);
    now.mono_ns += ms * MS_NS - 1;
    https_turn(&h, now);
    cr_expect_eq(h.state, before);
    now.mono_ns++;
    https_turn(&h, now);
}

/* -- the handshake ----------------------------------------------------------------------------- */

Test(https, shakes_hands_and_takes_up_the_session)
{
    for (int i = 0; i < 3; i++) {
        connects();
        cr_expect_eq(h.state, HTTPS_SHAKES);
        cr_expect_eq(h.open_ns, now.mono_ns);
        now.mono_ns += MS_NS;
        talk();
        cr_expect_eq(h.state, HTTPS_READY);
        cr_expect_eq(h.shaken_ns, now.mono_ns);
        cr_expect_eq(h.resumed, i > 0);
        asks();
        answers(answer);
        cr_expect(h.answered);
        https_close(&h);
        sends();
        is_over("");
    }
}

Test(https, a_handshake_has_5_s)
{
    connects();
    waits_ms(5000);
    is_over("the server did not finish the TLS handshake within 5 s");

    connects(); /* bytes that come in do not prolong the deadline */
    int64_t began_ns = now.mono_ns;
    sends();
    while (h.state == HTTPS_SHAKES && s.out_from + 1 < s.out_len) {
        struct span in = server_piece(&s, 1);
        takes(in);
        free((char *)in.at);
        now.mono_ns += MS_NS;
        cr_assert_eq(https_deadline(&h), began_ns + 5 * SECOND_NS);
    }
    now.mono_ns = began_ns + 5 * SECOND_NS;
    https_turn(&h, now);
    is_over("the server did not finish the TLS handshake within 5 s");
}

/* The connection ends after so many bytes of the server's handshake; a new one for each number. */
Test(https, a_handshake_can_end_at_any_byte)
{
    size_t whole = SIZE_MAX;
    for (size_t bytes = 0; bytes < whole; bytes += 37) {
        session = (struct tls_session){0};
        connects();
        size_t came = 0;
        sends();
        while (came < bytes && s.out_from < s.out_len) {
            struct span in = server_piece(&s, bytes - came);
            came += in.len;
            takes(in);
            free((char *)in.at);
        }
        bool shaken = h.state == HTTPS_READY;
        if (shaken)
            whole = came;
        https_ended(&h, now);
        is_over(shaken ? "" : "the server ended the connection during the TLS handshake");
    }
    cr_expect_gt(whole, 300);
}

Test(https, a_handshake_that_is_none)
{
    static const struct {
        const char *bytes, *why;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak TLS"},
        {"\x15\x03\x03\x00\x02\x02\x46", "the server"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        connects();
        sends();
        struct span in = {cases[i].bytes, i ? 7 : strlen(cases[i].bytes)};
        takes(in);
        cr_expect_eq(h.state, HTTPS_OVER);
        cr_expect_not_null(strstr(https_why(&h), cases[i].why), "%s", https_why(&h));
        cr_expect_not(https_is_stale(&h));
        https_end(&h);
    }
    connects();
    https_lost(&h, "connection reset by peer", now);
    is_over("connection reset by peer");
    connects();
    https_lost(&h, "", now);
    is_over("the connection was closed");
}

/* -- answers ----------------------------------------------------------------------------------- */

Test(https, an_answer_is_the_same_however_it_is_cut)
{
    meets();
    for (piece = 1; piece < 300; piece += piece < 64 ? 1 : 37) {
        asks();
        now.mono_ns += MS_NS;
        answers(answer);
        cr_assert_eq(h.state, HTTPS_READY, "%zu: %s", piece, https_why(&h));
        cr_assert(h.answered);
        cr_assert(span_equal(http_response_body(&h.response), SPAN("{\"a\": true}")));
        cr_assert_eq(h.begun_ns - h.asked_ns, MS_NS);
        cr_assert_eq(h.ended_ns, now.mono_ns);
    }
    cr_expect_gt(h.asked, 60);
    https_end(&h);

    for (piece = 1; piece < 200; piece += 13) { /* for the handshake, too */
        session = (struct tls_session){0};
        meets();
        asks();
        answers(answer);
        cr_assert(h.answered);
        https_end(&h);
    }
}

Test(https, an_answer_in_many_records)
{
    meets();
    asks();
    for (const char *at = answer; *at; at++)
        server_says_bytes(&s, at, 1);
    talk();
    cr_expect(h.answered);
    cr_expect_eq(h.state, HTTPS_READY);
    https_end(&h);
}

Test(https, answers_and_ends)
{
    static const struct {
        const char *text;
        bool close_notify, answered, reads_on;
        const char *why;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", false, true, false,
            ""},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, true, false, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n", false, true, false,
            ""},
        {"HTTP/1.1 200 OK\r\n\r\n{}", true, true, true, ""},
        {"HTTP/1.1 200 OK\r\n\r\n{}", false, false, true,
            "the connection ended in the middle of the answer's body"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", true, false, true,
            "the connection ended in the middle of the answer's body"},
        {"HTTP/1.1 200 OK\r\nConte", true, false, true,
            "the connection ended in the middle of the answer's head"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false, false,
            false, "the answer has both Content-Length and Transfer-Encoding"},
        {"", true, false, true, "the server ended the connection without an answer"},
        {"", false, false, true, "the server ended the connection without an answer"},
    };
    for (piece = 1; piece <= 1000; piece *= 1000)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            meets();
            asks();
            server_says(&s, cases[i].text);
            talk();
            cr_expect_eq(h.state, cases[i].reads_on ? HTTPS_ASKS : HTTPS_OVER, "case %zu", i);
            if (cases[i].close_notify)
                server_closes(&s);
            s.fin = true;
            talk();
            cr_expect_eq(h.answered, cases[i].answered, "case %zu", i);
            cr_expect_not(https_is_stale(&h), "case %zu", i);
            is_over(cases[i].why);
        }
}

Test(https, an_answer_has_5_s_to_begin_and_10_in_all)
{
    meets();
    asks();
    waits_ms(5000);
    cr_expect_not(https_is_stale(&h));
    is_over("the server did not answer within 5 s");

    asks_again();
    now.mono_ns += 4 * SECOND_NS;
    answers("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
    for (int i = 0; i < 5; i++) { /* slow bytes do not prolong the deadline */
        now.mono_ns += SECOND_NS;
        https_turn(&h, now);
        cr_assert_eq(h.state, HTTPS_ASKS);
        answers(" ");
    }
    waits_ms(1000);
    cr_expect_not(https_is_stale(&h));
    is_over("the server's answer did not end within 10 s");
}

/* -- between answers --------------------------------------------------------------------------- */

Test(https, is_idle_for_60_s)
{
    meets();
    waits_ms(60000);
    cr_expect_gt(https_output(&h).len, 0, "a close_notify");
    sends();
    is_over("");

    meets();
    asks();
    now.mono_ns += 3 * SECOND_NS;
    answers(answer);
    waits_ms(60000);
    cr_expect(h.answered, "the answer before is no worse for it");
    is_over("");
}

Test(https, an_idle_connection_may_end_as_the_server_likes)
{
    for (int way = 0; way < 5; way++) {
        meets();
        asks();
        answers(answer);
        if (way == 0)
            server_says(&s, "H"); /* without a request */
        if (way == 1)
            server_closes(&s);
        s.fin = way == 2;
        talk();
        if (way == 3)
            https_lost(&h, "connection reset by peer", now);
        if (way == 4) {
            br_ssl_engine_close(&s.tls.eng); /* close_notify, its FIN comes later */
            server_moves(&s);
            talk();
        }
        cr_expect(h.answered);
        is_over("");
    }
}

Test(https, what_is_stale)
{
    static const struct {
        bool again, begun, close_notify, lost;
    } cases[] = {
        {true, false, false, false},
        {true, false, true, false},
        {true, false, false, true},
        {false, false, false, false}, /* the first request: the connection was not idle before */
        {false, false, true, false},
        {true, true, false, false}, /* the server has received the request */
        {true, true, true, false},
        {true, true, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].again) {
            asks_again();
        } else {
            meets();
            asks();
        }
        if (cases[i].begun)
            answers("H");
        if (cases[i].close_notify)
            server_closes(&s);
        s.fin = !cases[i].lost;
        if (cases[i].lost)
            https_lost(&h, "connection reset by peer", now);
        else
            talk();
        cr_expect_eq(h.state, HTTPS_OVER);
        cr_expect_eq(https_is_stale(&h), cases[i].again && !cases[i].begun, "case %zu", i);
        cr_expect_not(h.answered);
        https_end(&h);
    }
}

Test(https, nothing_revives_it)
{
    asks_again();
    https_close(&h);
    cr_expect_not(https_is_stale(&h), "who gives up is not to ask again");
    answers(answer);
    https_ended(&h, now);
    https_lost(&h, "connection reset by peer", now);
    https_close(&h);
    now.mono_ns += 100 * SECOND_NS;
    https_turn(&h, now);
    cr_expect_not(h.answered);
    cr_expect_not(https_is_stale(&h));
    is_over("");
}

/* The engine's buffer is full: the caller keeps what was not taken, and nothing is lost. */
Test(https, input_waits_for_output)
{
    meets();
    asks();
    server_says(&s, answer);
    struct span in = server_piece(&s, SIZE_MAX), rest = in;
    https_take(&h, &rest, now);
    cr_expect_eq(rest.len, 0);
    free((char *)in.at);
    cr_assert(https_ask(&h, span_of(request), now)); /* its bytes are not sent yet */
    cr_expect_gt(https_output(&h).len, 0);
    server_says(&s, answer);
    in = server_piece(&s, SIZE_MAX);
    takes(in);
    free((char *)in.at);
    cr_expect_eq(h.asked, 2);
    cr_expect(h.answered);
    https_end(&h);
}
