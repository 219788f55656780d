/* test_web_tls.c — the HTTP port of a node over TLS: pages, time-outs, what is no TLS, and the
 * processor time that handshakes may take. tests/process/test_http.py has real ones. */
#include "unit/node/far_end.h"
#include "unit/tls/side.h"

enum { WORDS_BYTES = 1 << 18, FLIGHT_MS = 10, BUDGET_MS = 30 };

static struct tls_trust *trust;
static struct tls_identity *goloman, *hands;
static struct tls_config of_http, of_links, of_browser, of_hands;

/* The other end of a connection: what it hears is in `words`. */
struct far_end {
    uint32_t conn;
    struct tls *tls;
    struct buf words;
};

static char words_memory[WORDS_BYTES];

static void begin(void)
{
    make_certificates("Goloman Hands");
    side_begin();
    now.real_ns = today().real_ns;
    trust = trust_of("ca");
    goloman = identity_of("Goloman");
    hands = identity_of("Hands");
    of_http = (struct tls_config){NULL, goloman};
    of_links = (struct tls_config){trust, goloman};
    of_browser = (struct tls_config){trust, NULL};
    of_hands = (struct tls_config){trust, hands};
    side_http_tls = &of_http;
    side_tls = &of_links;
    side_start();
    turn();
}

static void end(void)
{
    side_end();
    tls_trust_destroy(trust);
    tls_identity_destroy(goloman);
    tls_identity_destroy(hands);
    remove_certificates();
}

TestSuite(node_web_tls, .init = begin, .fini = end);

/* Pass bytes both ways until neither end has more. */
static void exchange(struct far_end *f)
{
    for (bool moved = true; moved;) {
        moved = heard_len[f->conn] > 0;
        far_end_hears(f->tls, f->conn, &f->words);
        struct span out;
        while ((out = tls_output(f->tls)).len) {
            struct span piece = {out.at, out.len < 100 ? out.len : 100};
            if (!(wants[f->conn] & (NODE_WANT_CLOSE | NODE_WANT_ABORT)))
                sends_bytes(f->conn, piece.at, piece.len);
            tls_sent(f->tls, piece.len);
            moved = true;
        }
    }
    f->words.at[f->words.len] = '\0';
}

static struct far_end meets(uint32_t conn)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    struct far_end f = {.conn = conn, .words = buf_over(words_memory, WORDS_BYTES - 1)};
    f.tls = tls_client(&of_browser, entropy, now);
    joins_by(conn, NODE_HTTP_PORT);
    return f;
}

static void says(struct far_end *f, const char *text)
{
    size_t room, len = strlen(text);
    char *to = tls_room(f->tls, &room);
    cr_assert(to && len <= room);
    memcpy(to, text, len);
    tls_wrote(f->tls, len);
    exchange(f);
}

static unsigned answers(const struct far_end *f, const char *status)
{
    unsigned count = 0;
    for (const char *at = f->words.at; (at = strstr(at, status)); at++)
        count++;
    return count;
}

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

Test(node_web_tls, requests_are_answered_one_after_another)
{
    struct far_end f = meets(1);
    exchange(&f);
    cr_assert_eq(tls_state(f.tls), TLS_OPEN, "%s", tls_reason(f.tls));
    says(&f, ASK("/health") ASK("/nothing"));
    cr_expect_eq(answers(&f, "HTTP/1.1 200 "), 1);
    cr_expect_eq(answers(&f, "HTTP/1.1 404 "), 1);
    says(&f, ASK("/metrics"));
    cr_expect_eq(answers(&f, "{port=\"http\"}"), 1);
    cr_expect_eq(answers(&f, "{port=\"peer\"}"), 1);
    cr_expect_eq(wants[1], NODE_WANT_READ);
    says(&f, "GET /health HTTP/1.0\r\n\r\n");
    cr_expect_eq(answers(&f, "HTTP/1.1 200 "), 3);
    cr_expect(tls_ended_cleanly(f.tls), "it is not said that nothing follows");
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    tls_destroy(f.tls);
    hangs_up(1);
}

Test(node_web_tls, a_handshake_has_ten_seconds_in_all)
{
    struct far_end f = meets(1);
    struct span hello = tls_output(f.tls);
    for (int s = 0; s < 10; s++) {
        cr_assert_eq(wants[1], NODE_WANT_READ, "after %d s", s);
        sends_bytes(1, hello.at + s, 1);
        passes_ms(1000);
    }
    cr_expect_eq(wants[1], NODE_WANT_ABORT);
    tls_destroy(f.tls);
    hangs_up(1);
}

Test(node_web_tls, what_is_no_tls_ends)
{
    joins_by(1, NODE_HTTP_PORT);
    sends(1, ASK("/health"));
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    cr_expect(!strstr(heard[1], "HTTP/"));
    hangs_up(1);
    joins_by(1, NODE_HTTP_PORT);
    char *much = calloc(1, 20000);
    sends_bytes(1, much, 20000);
    free(much);
    cr_expect_eq(wants[1], NODE_WANT_ABORT);
    hangs_up(1);
}

/* Half of a request, then the end: nobody is left in the queue, and memory is given back. */
Test(node_web_tls, ends_at_any_moment)
{
    struct far_end f = meets(1);
    exchange(&f);
    says(&f, "GET /he");
    finishes(1);
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    tls_destroy(f.tls);
    hangs_up(1);
    f = meets(2);
    struct span hello = tls_output(f.tls);
    node_received(node, 2, hello, now); /* no turn: it waits for its flight */
    node_stop(node, now);
    turn();
    cr_expect(wants[2] & (NODE_WANT_CLOSE | NODE_WANT_ABORT));
    tls_destroy(f.tls);
    hangs_up(2);
}

/* A ClientHello of each of `count` strangers at a port. */
static void hellos(uint32_t first, unsigned count, enum node_port port)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    struct tls *t = tls_client(port == NODE_HTTP_PORT ? &of_browser : &of_hands, entropy, now);
    struct span hello = tls_output(t);
    for (unsigned i = 0; i < count; i++) {
        joins_by(first + i, port);
        sends_bytes(first + i, hello.at, hello.len);
    }
    tls_destroy(t);
}

static unsigned answered(uint32_t first, unsigned count)
{
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++)
        found += heard_len[first + i] > 0;
    return found;
}

/* PROTOCOL.md, "Peer port": the part of the processor that is for others. */
Test(node_web_tls, handshakes_have_the_budget_of_strangers)
{
    enum { COUNT = 40, SECONDS = 3 };
    caller = (struct address){.ip = {10, 0, 0, 9}, .port = 5};
    flight_ns = FLIGHT_MS * MS_NS;
    hellos(1, COUNT, NODE_HTTP_PORT);
    for (unsigned i = 0; i < SECONDS * 100; i++)
        passes_ms(10);
    int64_t most_ns = ((SECONDS + 1) * BUDGET_MS + FLIGHT_MS) * MS_NS;
    cr_expect_leq(flights_ns, most_ns, "%ld ms", (long)(flights_ns / MS_NS));
    cr_expect_geq(flights_ns, SECONDS * BUDGET_MS * MS_NS);
    cr_expect_eq(answered(1, COUNT), flights_ns / flight_ns);
    joins(110);
    sends(110, "IAMAT kiwi +34-118 1\n");
    cr_expect_neq(heard_len[110], 0);
}

Test(node_web_tls, both_ports_share_it_and_take_turns)
{
    enum { COUNT = 30, SECONDS = 3 };
    caller = (struct address){.ip = {10, 0, 0, 9}, .port = 5};
    flight_ns = FLIGHT_MS * MS_NS;
    hellos(1, COUNT, NODE_HTTP_PORT);
    hellos(41, COUNT, NODE_PEER_PORT);
    unsigned at_once = answered(1, COUNT); /* before anybody was at the other port */
    for (unsigned i = 0; i < SECONDS * 10; i++)
        passes_ms(60); /* less than the 2 s after which links give up */
    int64_t most_ns = ((SECONDS + 1) * BUDGET_MS + FLIGHT_MS) * MS_NS;
    cr_expect_leq(flights_ns, most_ns, "%ld ms", (long)(flights_ns / MS_NS));
    unsigned web = answered(1, COUNT) - at_once, links = answered(41, COUNT);
    cr_expect(web >= 2 && links >= 2 && web <= links + 1 && links <= web + 1, "%u and %u", web,
        links);
}
