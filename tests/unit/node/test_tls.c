/* test_tls.c — one node whose links are TLS, driven by hand: Goloman, with peers that hold
 * certificates, wrong ones, or none. tests/process/test_tls.py has real nodes. */
#include "core/node/private.h"
#include "core/store/store.h"
#include "unit/node/far_end.h"
#include "unit/tls/side.h"

enum { HANDS, PEER_HEARD = 1 << 18, HANDSHAKE_BYTES_TOO_MANY = 40000 };

static struct tls_trust *trust;
static struct tls_identity *goloman;
static struct tls_config of_goloman;

/* The other end of a connection: what it hears is in `words`. */
struct far_end {
    uint32_t conn;
    struct tls_identity *identity;
    struct tls_config config;
    struct tls *tls;
    struct buf words;
    size_t piece; /* in which its bytes come in at the node */
};

static char words_memory[PEER_HEARD];

static void begin(void)
{
    static uint16_t neighbours[] = {2};
    make_certificates("Goloman Hands Welsh");
    side_begin();
    now.real_ns = today().real_ns;
    nodes[0].neighbours = neighbours;
    nodes[0].neighbours_count = 1;
    trust = trust_of("ca");
    goloman = identity_of("Goloman");
    of_goloman = (struct tls_config){trust, goloman};
    side_tls = &of_goloman;
    side_start();
    turn();
}

static void end(void)
{
    side_end();
    tls_trust_destroy(trust);
    tls_identity_destroy(goloman);
    remove_certificates();
}

TestSuite(node_tls, .init = begin, .fini = end);

/* Pass bytes both ways until neither end has more. */
static void exchange(struct far_end *f)
{
    for (bool moved = true; moved;) {
        moved = heard_len[f->conn] > 0;
        far_end_hears(f->tls, f->conn, &f->words);
        if (tls_state(f->tls) == TLS_ENDED)
            heard_len[f->conn] = 0;
        struct span out;
        while ((out = tls_output(f->tls)).len) {
            size_t n = out.len < f->piece ? out.len : f->piece;
            if (!(wants[f->conn] & NODE_WANT_CLOSE))
                sends_bytes(f->conn, out.at, n);
            tls_sent(f->tls, n);
            moved = true;
        }
    }
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

/* It dials the node, or is dialled by it, and has this certificate (NULL: none). */
static struct far_end meets(uint32_t conn, const char *certificate, bool dials_in, size_t piece)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    struct far_end f = {.conn = conn, .piece = piece, .words = buf_over(words_memory, PEER_HEARD)};
    f.identity = certificate ? identity_of(certificate) : NULL;
    f.config = (struct tls_config){trust, f.identity};
    f.tls = dials_in ? tls_client(&f.config, entropy, now) : tls_server(&f.config, entropy, now);
    if (dials_in) {
        joins_by(conn, NODE_PEER_PORT);
    } else {
        forgets(conn);
        cr_assert(node_dialled(node, conn, HANDS, now));
        turn();
    }
    exchange(&f);
    return f;
}

static void leaves(struct far_end *f)
{
    hangs_up(f->conn);
    tls_destroy(f->tls);
    tls_identity_destroy(f->identity);
}

static bool has_heard(struct far_end *f, const char *text)
{
    f->words.at[f->words.len] = '\0';
    return strstr(f->words.at, text) != NULL;
}

#define HELLO(from)                                                             \
    "HELLO stampede/1 herd=test from=" from " to=Goloman boot=00000000000000b1" \
    " nonce=000102030405060708090a0b0c0d0e0f have=0000000000000000:0\n"

Test(node_tls, links_and_floods_both_ways)
{
    const struct {
        bool dials_in;
        size_t piece;
    } rows[] = {{true, SIZE_MAX}, {true, 1}, {false, SIZE_MAX}, {false, 7}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct far_end hands = meets(1, "Hands", rows[i].dials_in, rows[i].piece);
        cr_assert_eq(tls_state(hands.tls), TLS_OPEN, "row %zu: %s", i, tls_reason(hands.tls));
        cr_expect(tls_names_hold(tls_names(hands.tls), SPAN("Goloman")));
        cr_expect_eq(
            has_heard(&hands, "HELLO stampede/1 herd=test from=Goloman"), !rows[i].dials_in);
        char line[128];
        says(&hands, HELLO("Hands"));
        cr_expect(has_heard(&hands, "HELLO stampede/1 herd=test from=Goloman"), "row %zu", i);
        snprintf(line, sizeof line, "AT Hands +1.000000000 theirs-%zu +1-1 5 Hands\nMARK %zu\n", i,
            i + 1);
        says(&hands, line);
        passes_ms(PEERING_ACK_DELAY_MS);
        exchange(&hands);
        cr_expect(has_heard(&hands, "ACK "), "row %zu", i);
        joins(2);
        snprintf(line, sizeof line, "IAMAT ours-%zu +34-118 5\n", i);
        sends(2, line);
        exchange(&hands);
        snprintf(line, sizeof line, " ours-%zu +34-118 5 Goloman\n", i);
        cr_expect(has_heard(&hands, line), "row %zu", i);
        cr_expect_eq(store_count(node_store(node)), 2 * (i + 1));
        hangs_up(2);
        leaves(&hands);
        passes_ms(10000);
    }
}

Test(node_tls, a_certificate_of_another_name_ends_it_with_words)
{
    for (int dials_in = 0; dials_in < 2; dials_in++) {
        struct far_end welsh = meets(1, "Welsh", dials_in, SIZE_MAX);
        cr_assert_eq(tls_state(welsh.tls), TLS_OPEN, "%s", tls_reason(welsh.tls));
        says(&welsh, HELLO("Hands"));
        cr_expect(has_heard(&welsh, "BYE the certificate is for Welsh, not for Hands\n"));
        cr_expect_eq(tls_state(welsh.tls), TLS_ENDED, "close_notify follows");
        cr_expect_str_eq(tls_reason(welsh.tls), "");
        cr_expect_eq(wants[1], NODE_WANT_CLOSE);
        leaves(&welsh);
        passes_ms(10000);
    }
    cr_expect_eq(logged("the certificate is for Welsh, not for Hands"), 1, "whoever dialled");
    cr_expect_eq(store_count(node_store(node)), 0);
}

Test(node_tls, no_certificate_and_no_tls)
{
    for (int i = 0; i < 3; i++) {
        struct far_end nobody = meets(1, NULL, true, SIZE_MAX);
        cr_expect_eq(wants[1], NODE_WANT_CLOSE);
        leaves(&nobody);
        joins_by(1, NODE_PEER_PORT);
        sends(1, HELLO("Hands"));
        cr_expect_eq(wants[1], NODE_WANT_CLOSE);
        hears(1, ""); /* not in plaintext, either */
        hangs_up(1);
    }
    cr_expect_eq(logged("the other end shows no certificate"), 1);
    cr_expect_eq(logged("the other end does not speak TLS\""), 1);
}

Test(node_tls, who_is_silent_in_the_middle_is_left_after_two_seconds)
{
    joins_by(1, NODE_PEER_PORT);
    passes_ms(PEERING_HANDSHAKE_MS - 1);
    cr_expect_eq(wants[1], NODE_WANT_READ);
    passes_ms(1);
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    hangs_up(1);
    struct far_end hands =
        meets(1, "Hands", true, SIZE_MAX); /* its TLS succeeds, but it never sends HELLO */
    passes_ms(PEERING_HANDSHAKE_MS);
    exchange(&hands);
    cr_expect(has_heard(&hands, "BYE no handshake within 2 s\n"));
    leaves(&hands);
}

Test(node_tls, an_observer_of_any_name_is_answered)
{
    struct far_end welsh = meets(1, "Welsh", true, SIZE_MAX);
    says(&welsh, HELLO("-") "STATUS\n");
    cr_expect(has_heard(&welsh, "{"));
    cr_expect_eq(welsh.words.at[welsh.words.len - 1], '\n');
    cr_expect_eq(tls_state(welsh.tls), TLS_ENDED);
    cr_expect_eq(wants[1], NODE_WANT_CLOSE);
    leaves(&welsh);
}

/* It orders, and the node answers or says `why` not. */
static void orders(const char *certificate, const char *order, const char *why)
{
    struct far_end f = meets(1, certificate, true, SIZE_MAX);
    cr_assert_eq(tls_state(f.tls), TLS_OPEN, "%s: %s", certificate, tls_reason(f.tls));
    says(&f, HELLO("-"));
    says(&f, order);
    cr_expect(has_heard(&f, why ? why : "{"), "%s: %s", order, f.words.at);
    leaves(&f);
}

#define FOR_NO_NODE "BYE the certificate is for no node of this herd\n"

Test(node_tls, an_operator_may_order)
{
    more_certificates("ops-anna ops-anna.example wild:ops-x");
    now.real_ns = today().real_ns; /* they are valid from now on */
    orders("ops-anna", "DRAIN 1000 1000\n", FOR_NO_NODE);
    strcpy(topology.tls_operators, "ops-*");
    cr_assert_null(node_take_topology(node, &topology, CONNECTIONS, now));
    orders("ops-anna", "STATUS\n", NULL);
    orders("Welsh", "DRAIN 1000 1000\n", FOR_NO_NODE);
    orders("ops-anna.example", "DRAIN 1000 1000\n", FOR_NO_NODE);
    orders("wild", "DRAIN 1000 1000\n", FOR_NO_NODE);
    cr_expect_eq(node->drain.state, DRAIN_SERVES);
    orders("ops-anna", "DRAIN 1000 1000\n", NULL);
    cr_expect_eq(node->drain.state, DRAIN_OPEN);
    orders("ops-anna", "UNDRAIN\n", NULL);
    orders("ops-anna", "DUMP\n", "BYE the certificate is an operator's\n");
    orders("ops-anna", "LOAD\n", "BYE the certificate is an operator's\n");
    orders("Hands", "DUMP\n", "DUMPED "); /* a node's does */
    cr_expect_eq(node->drain.state, DRAIN_SERVES);
    struct far_end f = meets(1, "ops-anna", true, SIZE_MAX);
    says(&f, HELLO("Hands"));
    cr_expect(has_heard(&f, "BYE the certificate is an operator's\n"));
    leaves(&f);
}

/* What he was when he said HELLO does not count. */
Test(node_tls, a_reload_takes_an_operators_rights)
{
    static struct topology without;
    more_certificates("ops-anna");
    now.real_ns = today().real_ns;
    without = topology;
    strcpy(topology.tls_operators, "ops-*");
    node_destroy(node);
    node = side_node("sixteen bytes or more");
    turn();
    orders("ops-anna", "STATUS\n", NULL);
    orders("Welsh", "STATUS\n", "BYE this node wants AUTH\n");
    static const char *const all[] = {
        "STATUS\n", "TRACE kiwi\n", "DRAIN 0 0\n", "UNDRAIN\n", "DUMP\n", "LOAD\n"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cr_assert_null(node_take_topology(node, &topology, CONNECTIONS, now));
        struct far_end f = meets(1, "ops-anna", true, SIZE_MAX);
        says(&f, HELLO("-"));
        cr_expect(has_heard(&f, "HELLO "));
        cr_assert_null(node_take_topology(node, &without, CONNECTIONS, now));
        says(&f, all[i]);
        cr_expect(has_heard(&f, "BYE this node wants AUTH\n") && !has_heard(&f, "{"), "%s", all[i]);
        leaves(&f);
    }
    cr_expect_eq(node->drain.state, DRAIN_SERVES);
}

Test(node_tls, a_long_feed_comes_through_a_reader_of_few_bytes)
{
    joins(2);
    for (int i = 0; i < 900; i++) {
        char line[64];
        snprintf(line, sizeof line, "IAMAT id-%d +34-118 5\n", i);
        sends(2, line);
        forgets(2);
    }
    send_at_most = 100;
    struct far_end hands = meets(1, "Hands", true, SIZE_MAX);
    says(&hands, HELLO("Hands"));
    cr_expect(has_heard(&hands, " id-0 "));
    cr_expect(has_heard(&hands, " id-899 "));
    cr_expect(has_heard(&hands, "MARK 900\n"));
    leaves(&hands);
}

static unsigned hears_something(unsigned from, unsigned to)
{
    unsigned count = 0;
    for (unsigned i = from; i <= to; i++)
        count += node_output(node, i).len > 0 || heard_len[i] > 0;
    return count;
}

/* One turn only, though the node may want another one at once. */
static void one_turn(void)
{
    uint32_t conn;
    shake();
    node_turn(node, now);
    while (node_touched(node, &conn)) {
        wants[conn] = node_wants(node, conn);
        send_out(conn);
    }
}

Test(node_tls, one_handshake_computes_a_turn)
{
    enum { FIRST = 1, LAST = 20, COUNT = LAST - FIRST + 1 };
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    struct far_end all[LAST + 1];
    char *hellos[LAST + 1];
    struct tls_identity *hands = identity_of("Hands");
    for (uint32_t i = FIRST; i <= LAST; i++) {
        all[i] = (struct far_end){.conn = i, .piece = SIZE_MAX, .config = {trust, hands}};
        all[i].tls = tls_client(&all[i].config, entropy, now);
        joins_by(i, NODE_PEER_PORT);
    }
    for (uint32_t i = FIRST; i <= LAST; i++) { /* in two pieces, whose order must be kept */
        struct span hello = tls_output(all[i].tls);
        hellos[i] = malloc(hello.len);
        memcpy(hellos[i], hello.at, hello.len);
        node_received(node, i, (struct span){hellos[i], 11}, now);
        node_received(node, i, (struct span){hellos[i] + 11, hello.len - 11}, now);
        tls_sent(all[i].tls, hello.len);
    }
    cr_expect_eq(hears_something(FIRST, LAST), 0);
    for (unsigned turns = 1; turns <= COUNT; turns++) {
        one_turn();
        for (uint32_t i = FIRST; i <= LAST && turns == 1; i++)
            free(hellos[i]); /* as receive buffers are after a turn */
        bool waits = turns < COUNT;
        cr_expect_eq(!(node_wants(node, LAST) & NODE_WANT_READ), waits, "turn %u", turns);
        cr_expect_leq(hears_something(FIRST, LAST), turns);
        cr_assert(node_deadline(node) == 0 || !waits, "turn %u", turns);
    }
    turn();
    cr_expect_eq(hears_something(FIRST, LAST), COUNT);
    for (uint32_t i = FIRST; i <= LAST; i++) {
        cr_expect_eq(wants[i], NODE_WANT_READ);
        all[i].words = buf_over(words_memory, PEER_HEARD);
        exchange(&all[i]);
        cr_expect_eq(tls_state(all[i].tls), TLS_OPEN, "%u: %s", i, tls_reason(all[i].tls));
        hangs_up(i);
        tls_destroy(all[i].tls);
    }
    tls_identity_destroy(hands);
}

static const struct address host_of_none = {.ip = {10, 0, 0, 9}, .port = 5};

/* Strangers of a host: each says a ClientHello, and nothing behind it. */
static void replays(uint32_t first, uint32_t last, struct address from)
{
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    const struct tls_config nobody = {trust, NULL};
    struct tls *tls = tls_client(&nobody, entropy, now);
    struct span hello = tls_output(tls);
    struct address here = caller;
    caller = from;
    for (uint32_t i = first; i <= last; i++) {
        joins_by(i, NODE_PEER_PORT);
        node_received(node, i, hello, now);
    }
    caller = here;
    turn();
    tls_destroy(tls);
}

static unsigned engines(void)
{
    unsigned count = 0;
    for (const struct link *l = node->links.first; l; l = l->next)
        count += l->tls.engine != NULL;
    return count;
}

/* PROTOCOL.md, "Peer port": who replays hellos keeps nobody out. */
Test(node_tls, handshakes_of_strangers_have_a_budget_and_neighbours_go_before_them)
{
    enum { FIRST = 1, LAST = 60, AT_ONCE = 6, EACH_MS = 167 }; /* 5 ms of 30 a second */
    flight_ns = ADMISSION_OTHER_MS * MS_NS / AT_ONCE;
    replays(FIRST, LAST, host_of_none);
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE);
    cr_expect_gt(node_deadline(node), now.mono_ns, "it waits for its budget without turning");
    struct far_end hands = meets(100, "Hands", true, SIZE_MAX);
    cr_expect_eq(tls_state(hands.tls), TLS_OPEN, "%s", tls_reason(hands.tls));
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE);
    passes_ms(1); /* what one more takes is paid back before the next one */
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE + 1);
    passes_ms(EACH_MS - 2);
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE + 1);
    passes_ms(1);
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE + 2);
    leaves(&hands);
}

/* On a machine of any speed. */
Test(node_tls, handshakes_of_strangers_take_a_tenth_of_the_processor)
{
    enum { FIRST = 1, MIDDLE = 30, LAST = 60, SECONDS = 4, STEP_MS = 100 };
    enum { A_SECOND_MS = ADMISSION_KNOWN_MS + ADMISSION_OTHER_MS };
    static const int64_t flights_ms[] = {2, 40, 300};
    cr_assert_leq(A_SECOND_MS, 100);
    for (unsigned i = 0; i < sizeof flights_ms / sizeof *flights_ms; i++) {
        if (i) {
            node_destroy(node);
            side_start();
            turn();
        }
        flight_ns = flights_ms[i] * MS_NS;
        flights_ns = 0;
        for (int ms = 0; ms < SECONDS * 1000; ms += STEP_MS) {
            replays(FIRST, MIDDLE, caller); /* an address of the herd */
            replays(MIDDLE + 1, LAST, host_of_none);
            passes_ms(STEP_MS);
            for (uint32_t k = FIRST; k <= LAST; k++)
                node_closed(node, k, "", now);
        }
        cr_expect_leq(flights_ns, (SECONDS + 1) * A_SECOND_MS * MS_NS + 2 * flight_ns);
        cr_expect_geq(flights_ns, SECONDS * A_SECOND_MS * MS_NS, "and have it");
    }
}

/* Its engine is tens of KB. */
Test(node_tls, a_stranger_has_no_engine_before_its_handshake_is_computed)
{
    enum { FIRST = 1, LAST = 60, AT_ONCE = 3 };
    flight_ns = ADMISSION_OTHER_MS * MS_NS / AT_ONCE;
    for (uint32_t i = FIRST; i <= LAST; i++)
        joins_by(i, NODE_PEER_PORT);
    cr_expect_eq(engines(), 0, "nobody has said anything");
    for (uint32_t i = FIRST; i <= LAST; i++)
        hangs_up(i);
    replays(FIRST, LAST, host_of_none);
    cr_expect_eq(hears_something(FIRST, LAST), AT_ONCE);
    cr_expect_eq(engines(), AT_ONCE);
    passes_ms(PEERING_HANDSHAKE_MS - 1);
    cr_expect_eq(engines(), hears_something(FIRST, LAST));
    passes_ms(1);
    cr_expect_eq(wants[LAST], NODE_WANT_CLOSE, "who was never admitted is left in time");
}

/* The same for one that has come from another address before. */
Test(node_tls, who_was_proved_from_an_address_goes_before_others_from_then_on)
{
    struct address here = caller, elsewhere = {.ip = {10, 0, 0, 7}, .port = 5};
    for (unsigned again = 0; again < 2; again++) {
        if (again)
            replays(1, 60, host_of_none);
        caller = elsewhere;
        struct far_end hands = meets(100, "Hands", true, SIZE_MAX);
        caller = here;
        cr_expect_eq(tls_state(hands.tls), TLS_OPEN, "%s", tls_reason(hands.tls));
        says(&hands, HELLO("Hands"));
        cr_expect(has_heard(&hands, "HELLO "));
        leaves(&hands);
    }
}

Test(node_tls, who_waits_may_leave_or_be_left)
{
    static const char garbage[HANDSHAKE_BYTES_TOO_MANY] = "\x16\x03\x01\x40\x00";
    for (uint32_t i = 1; i <= 5; i++)
        joins_by(i, NODE_PEER_PORT);
    for (uint32_t i = 1; i <= 4; i++)
        node_received(node, i, (struct span){garbage, 6}, now);
    node_received(node, 5, (struct span){garbage, sizeof garbage}, now);
    node_closed(node, 2, "", now); /* the second waits, and is gone */
    node_ended(node, 3, now);
    cr_expect_eq(node_wants(node, 5), NODE_WANT_CLOSE);
    cr_expect_eq(logged("says more than a handshake has"), 1);
    turn();
    cr_expect_eq(node_deadline(node), now.mono_ns + PEERING_HANDSHAKE_MS * MS_NS);
    cr_expect_eq(wants[1], NODE_WANT_READ);
    cr_expect_eq(wants[3], NODE_WANT_CLOSE);
    cr_expect_eq(wants[4], NODE_WANT_READ);
    passes_ms(PEERING_HANDSHAKE_MS);
    cr_expect_eq(wants[4], NODE_WANT_CLOSE);
}

/* The driver asks only about connections that are touched, so a link that begins to wait, or waits
 * no more, must be among them, whatever it was sent. */
static bool is_touched(uint32_t conn)
{
    bool found = false;
    for (uint32_t touched; node_touched(node, &touched); found |= touched == conn)
        wants[touched] = node_wants(node, touched);
    return found;
}

Test(node_tls, the_driver_learns_when_a_link_waits_and_when_it_goes_on)
{
    static const char half_a_hello[] = "\x16\x03\x01\x00\x40\x01"; /* is answered with nothing */
    enum { HEAD = 6 };
    joins_by(1, NODE_PEER_PORT);
    joins_by(2, NODE_PEER_PORT);
    node_received(node, 1, (struct span){half_a_hello, HEAD}, now);
    cr_assert(is_touched(1));
    cr_expect_eq(wants[1] & NODE_WANT_READ, 0, "it waits");
    node_received(node, 2, (struct span){half_a_hello, HEAD}, now);
    cr_assert(is_touched(2));
    cr_expect_eq(wants[2] & NODE_WANT_READ, 0);
    for (uint32_t i = 1; i <= 2; i++) {
        shake();
        node_turn(node, now);
        bool second = false, first = false;
        for (uint32_t touched; node_touched(node, &touched);) {
            first |= touched == 1;
            second |= touched == 2;
            wants[touched] = node_wants(node, touched);
        }
        cr_expect_eq(first, i == 1, "one of them goes on in a turn");
        cr_expect_eq(second, i == 2);
        cr_expect_eq(wants[i], NODE_WANT_READ);
    }
    cr_expect_eq(node_output(node, 2).len, 0, "it was not touched for what it is sent");
    cr_expect_gt(node_deadline(node), 0, "nobody waits any more");
}

/* Two links that are told the same say something else each: the node's own random bytes are fresh.
 * */
Test(node_tls, no_two_links_have_the_same_random_bytes)
{
    enum { RANDOM_AT = 11, RANDOM_LEN = 32 }; /* of a ServerHello in its record */
    static const unsigned char entropy[TLS_ENTROPY_BYTES] = {1};
    char randoms[2][RANDOM_LEN];
    struct tls_config nobody = {trust, NULL};
    for (uint32_t i = 0; i < 2; i++) {
        struct tls *far = tls_client(&nobody, entropy, now);
        struct span hello = tls_output(far);
        joins_by(i, NODE_PEER_PORT);
        sends_bytes(i, hello.at, hello.len);
        cr_assert_gt(heard_len[i], RANDOM_AT + RANDOM_LEN);
        cr_assert_eq(heard[i][0], 22, "a handshake");
        memcpy(randoms[i], heard[i] + RANDOM_AT, RANDOM_LEN);
        tls_destroy(far);
    }
    cr_expect_neq(memcmp(randoms[0], randoms[1], RANDOM_LEN), 0);
}
