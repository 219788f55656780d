/* test_resolve.c — host names looked up on a real ring, with a name server that the test runs.
 *
 * The same ring polls the name server's sockets, so one thread plays both ends and no test depends
 * on scheduling. The first label of the host name says how the server answers, except in the
 * domains corp.test and down.test. Where resolve.c
 * waits, its clock is put forward; only c-ares's own retries (0.3 s) take real time. */
#include "files/clock.h"
#include "io/resolve.h"
#include "io/sockaddr.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static struct ring *ring;
static struct resolve resolve;
static struct resolve_answer answer;
static bool answered;
static int64_t put_forward_ns;

/* -- the name server --------------------------------------------------------------------------- */

enum { UDP, TCP, CONNECTION, SOCKETS };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };
enum { RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5, FLAG_TC = 0x200 };
enum { QUERY_MAX = 512, REPLY_MAX = 4096 };

static int sockets[SOCKETS];
static uint16_t port;
static unsigned queries_udp, queries_tcp;

struct query {
    unsigned char bytes[QUERY_MAX];
    size_t len; /* to the end of the question */
    unsigned type;
    char label[64]; /* the first one of its name */
    char name[256];
    union sockaddr_any from;
};

static struct query held; /* not answered yet */

struct reply {
    unsigned char bytes[REPLY_MAX];
    size_t len;
};

static void put(struct reply *r, const void *bytes, size_t len)
{
    cr_assert_leq(r->len + len, sizeof r->bytes);
    memcpy(r->bytes + r->len, bytes, len);
    r->len += len;
}

static void put16(struct reply *r, unsigned value)
{
    put(r, (unsigned char[]){(unsigned char)(value >> 8), (unsigned char)value}, 2);
}

static struct reply reply_to(const struct query *q, unsigned flags)
{
    struct reply r = {.len = 0};
    put(&r, q->bytes, q->len);
    memset(r.bytes + 2, 0, 10);
    r.bytes[2] = (unsigned char)(0x81 | flags >> 8); /* a response; recursion desired */
    r.bytes[3] = (unsigned char)(0x80 | (flags & 15));
    r.bytes[5] = 1;
    return r;
}

/* owner, data: names in wire format; without a final NUL if a pointer ends them. */
static void add(struct reply *r, struct span owner, unsigned type, unsigned ttl_s, struct span data)
{
    put(r, owner.at, owner.len);
    put16(r, type);
    put16(r, 1);
    put16(r, ttl_s >> 16);
    put16(r, ttl_s);
    put16(r, (unsigned)data.len);
    put(r, data.at, data.len);
    r->bytes[7]++;
}

#define OWNER_ASKED SPAN("\300\014") /* a pointer to the name in the question */

/* 192.0.2.`last` or 2001:db8::`last`. */
static void add_address(struct reply *r, const struct query *q, unsigned ttl_s, unsigned last)
{
    char v4[4] = {(char)192, 0, 2, (char)last};
    char v6[16] = {0x20, 0x01, 0x0d, (char)0xb8, [15] = (char)last};
    add(r, OWNER_ASKED, q->type, ttl_s,
        q->type == TYPE_A ? (struct span){v4, sizeof v4} : (struct span){v6, sizeof v6});
}

static void send_reply(const struct query *q, const struct reply *r)
{
    if (sockets[CONNECTION] >= 0) {
        struct reply framed = {.len = 0};
        put16(&framed, (unsigned)r->len);
        put(&framed, r->bytes, r->len);
        cr_assert_eq(
            send(sockets[CONNECTION], framed.bytes, framed.len, MSG_NOSIGNAL), (ssize_t)framed.len);
        return;
    }
    /* The socket that asked may be closed already: then an ICMP error comes back. */
    ssize_t sent =
        sendto(sockets[UDP], r->bytes, r->len, 0, &q->from.any, sizeof(struct sockaddr_in));
    cr_assert(sent == (ssize_t)r->len || errno == ECONNREFUSED);
}

/* One address of each family, with the TTLs 100 and 200. */
static void answer_both(const struct query *q)
{
    struct reply r = reply_to(q, 0);
    add_address(&r, q, q->type == TYPE_A ? 100 : 200, 1);
    send_reply(q, &r);
}

static void answer_with_code(const struct query *q, unsigned code)
{
    struct reply r = reply_to(q, code);
    send_reply(q, &r);
}

static void answer_alias(const struct query *q)
{
    struct reply r = reply_to(q, 0);
    add(&r, OWNER_ASKED, TYPE_CNAME, 90, SPAN("\2c1\4test\0"));
    add(&r, SPAN("\2c1\4test\0"), TYPE_CNAME, 50, SPAN("\2c2\4test\0"));
    char v4[4] = {(char)192, 0, 2, 3};
    if (q->type == TYPE_A)
        add(&r, SPAN("\2c2\4test\0"), TYPE_A, 70, (struct span){v4, sizeof v4});
    send_reply(q, &r);
}

static void answer_many(const struct query *q)
{
    struct reply r = reply_to(q, 0);
    for (unsigned i = 1; i <= 20; i++)
        add_address(&r, q, 60, i == 2 ? 1 : i); /* one of them twice */
    send_reply(q, &r);
}

static void answer_blocked(const struct query *q)
{
    struct reply r = reply_to(q, 0);
    char nowhere[16] = {0};
    add(&r, OWNER_ASKED, q->type, 60, (struct span){nowhere, q->type == TYPE_A ? 4 : 16});
    send_reply(q, &r);
}

/* Several messages that do not answer the query, then the answer. */
static void answer_amid_garbage(const struct query *q)
{
    struct reply r = {.len = 0};
    send_reply(q, &r);
    put(&r, "\377\377\377", 3);
    send_reply(q, &r);
    r = reply_to(q, 0);
    add_address(&r, q, 60, 66);
    r.bytes[0] ^= 0x55; /* another query's id */
    send_reply(q, &r);
    r = reply_to(q, 0);
    add_address(&r, q, 60, 66);
    r.bytes[13] ^= 1; /* another name */
    send_reply(q, &r);
    answer_both(q);
}

static void answer_broken(const struct query *q)
{
    struct reply r = reply_to(q, 0);
    add_address(&r, q, 60, 66);
    r.len -= 3;
    send_reply(q, &r);
}

static bool first_time(const struct query *q)
{
    static unsigned seen; /* types; every test runs in its own process */
    bool first = !(seen & 1u << q->type);
    seen |= 1u << q->type;
    return first;
}

static bool is_in(const char *name, const char *domain)
{
    size_t len = strlen(name), end = strlen(domain);
    return len > end && strcmp(name + len - end, domain) == 0 && name[len - end - 1] == '.';
}

static char names_asked[1024]; /* for their A records: "both.test both.test.corp.test " */

static void serve(const struct query *q)
{
    const char *is = q->label;
    if (q->type == TYPE_A) {
        size_t len = strlen(names_asked);
        snprintf(names_asked + len, sizeof names_asked - len, "%s ", q->name);
    }
    if (is_in(q->name, "down.test")) {
        answer_with_code(q, RCODE_SERVFAIL);
        return;
    }
    if (is_in(q->name, "corp.test"))
        is = strcmp(q->name, "inside.corp.test") == 0 ? "both" : "nobody";
    bool v4 = q->type == TYPE_A, over_udp = sockets[CONNECTION] < 0;
    if (strcmp(is, "both") == 0)
        answer_both(q);
    else if (strcmp(is, "v4") == 0 || strcmp(is, "v6") == 0)
        v4 == (is[1] == '4') ? answer_both(q) : answer_with_code(q, 0);
    else if (strcmp(is, "half") == 0) /* the other query is lost every time */
        v4 ? answer_both(q) : (void)0;
    else if (strcmp(is, "lossy") == 0)
        first_time(q) ? (void)0 : answer_both(q);
    else if (strcmp(is, "long") == 0)
        over_udp ? answer_with_code(q, FLAG_TC) : answer_many(q);
    else if (strcmp(is, "hang") == 0) /* the TCP connection gets no answer */
        over_udp ? answer_with_code(q, FLAG_TC) : (void)0;
    else if (strcmp(is, "many") == 0)
        answer_many(q);
    else if (strcmp(is, "alias") == 0)
        answer_alias(q);
    else if (strcmp(is, "blocked") == 0)
        answer_blocked(q);
    else if (strcmp(is, "garbage") == 0)
        answer_amid_garbage(q);
    else if (strcmp(is, "broken") == 0)
        answer_broken(q);
    else if (strcmp(is, "empty") == 0)
        answer_with_code(q, 0);
    else if (strcmp(is, "fails") == 0)
        answer_with_code(q, RCODE_SERVFAIL);
    else if (strcmp(is, "refuses") == 0)
        answer_with_code(q, RCODE_REFUSED);
    else if (strcmp(is, "held") == 0)
        held = *q;
    else if (strcmp(is, "silent") != 0)
        answer_with_code(q, RCODE_NXDOMAIN);
}

static void read_question(struct query *q)
{
    size_t at = 12;
    cr_assert_lt(q->bytes[at], sizeof q->label);
    memcpy(q->label, q->bytes + at + 1, q->bytes[at]);
    for (size_t len = 0; q->bytes[at]; at += q->bytes[at] + 1u) {
        int put = snprintf(q->name + len, sizeof q->name - len, "%s%.*s", len ? "." : "",
            q->bytes[at], q->bytes + at + 1);
        len += (size_t)put;
        cr_assert_lt(len, sizeof q->name);
    }
    q->type = q->bytes[at + 2];
    q->len = at + 5;
}

static void poll_server(unsigned which)
{
    ring_poll(ring, sockets[which], (struct ring_tag){.op = RING_POLL, .slot = which}, POLLIN);
}

static void take_datagrams(void)
{
    struct query q = {.len = 0};
    socklen_t bytes = sizeof q.from;
    while (recvfrom(sockets[UDP], q.bytes, sizeof q.bytes, MSG_DONTWAIT, &q.from.any, &bytes) > 0) {
        queries_udp++;
        read_question(&q);
        serve(&q);
        q = (struct query){.len = 0};
    }
}

/* c-ares may send both queries at once, or one in pieces. */
static bool take_stream(void)
{
    unsigned char len[2];
    while (recv(sockets[CONNECTION], len, 2, MSG_DONTWAIT | MSG_PEEK) == 2) {
        struct query q = {.len = 0};
        size_t bytes = (size_t)(len[0] << 8 | len[1]);
        cr_assert_leq(bytes, sizeof q.bytes);
        cr_assert_eq(recv(sockets[CONNECTION], len, 2, 0), 2);
        cr_assert_eq(recv(sockets[CONNECTION], q.bytes, bytes, MSG_WAITALL), (ssize_t)bytes);
        queries_tcp++;
        read_question(&q);
        serve(&q);
    }
    char byte;
    return recv(sockets[CONNECTION], &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0;
}

static void server_readable(unsigned which)
{
    if (which == UDP)
        take_datagrams();
    if (which == TCP) {
        sockets[CONNECTION] = accept(sockets[TCP], NULL, NULL);
        poll_server(CONNECTION);
    }
    if (which == CONNECTION && !take_stream()) {
        close(sockets[CONNECTION]);
        sockets[CONNECTION] = -1;
        return;
    }
    poll_server(which);
}

/* A UDP and a TCP socket with the same port, which the kernel chose. */
static void open_server(void)
{
    union sockaddr_any at = {
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof at.v4;
    sockets[CONNECTION] = -1;
    for (int tries = 0; tries < 100; tries++) {
        at.v4.sin_port = 0;
        sockets[UDP] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockets[TCP] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(bind(sockets[UDP], &at.any, bytes), 0);
        cr_assert_eq(getsockname(sockets[UDP], &at.any, &bytes), 0);
        port = ntohs(at.v4.sin_port);
        if (bind(sockets[TCP], &at.any, bytes) == 0 && listen(sockets[TCP], 8) == 0)
            return;
        close(sockets[UDP]);
        close(sockets[TCP]);
    }
    cr_assert_fail("no port is free for both");
}

/* -- turns ------------------------------------------------------------------------------------- */

static struct instant now(void)
{
    struct instant now = clock_now();
    now.mono_ns += put_forward_ns;
    return now;
}

static void turn(int64_t deadline_ns)
{
    int64_t wait_ns = deadline_ns == NEVER_NS ? NEVER_NS : deadline_ns - now().mono_ns;
    cr_assert_eq(ring_enter(ring, wait_ns), 0);
    for (struct ring_event e; ring_next(ring, &e);) {
        if (e.tag.op == RING_RESOLVE)
            resolve_completed(&resolve, &e);
        else if (e.tag.op == RING_POLL)
            server_readable(e.tag.slot);
    }
    struct resolve_answer one;
    if (resolve_answer(&resolve, &one, now())) {
        cr_assert_not(answered, "a second answer to one question");
        answered = true;
        answer = one;
    }
    resolve_settle(&resolve, now());
}

static void ask(const char *host)
{
    answered = false;
    resolve_ask(&resolve, span_of(host), now());
    resolve_settle(&resolve, now());
}

static void await_answer(void)
{
    while (!answered)
        turn(resolve_deadline(&resolve));
}

static void await_queries(unsigned count)
{
    while (queries_udp < count) {
        turn(resolve_deadline(&resolve));
        cr_assert_not(answered, "%s", answer.why);
    }
}

static unsigned open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static bool all_slots_free(void)
{
    if (resolve.polls)
        return false;
    for (unsigned i = 0; i < RESOLVE_SOCKETS_MAX; i++)
        cr_expect(resolve.sockets[i].fd < 0 && !resolve.sockets[i].polled);
    return true;
}

static unsigned files_before;
static char servers[64];

static void set_up(void)
{
    static const struct ring_sizes small = {
        .submissions = 8, .completions = 64, .buffers = 2, .buffer_bytes = 16};
    ring = ring_open(&small, 0);
    cr_assert_not_null(ring);
    open_server();
    poll_server(UDP);
    poll_server(TCP);
    snprintf(servers, sizeof servers, "127.0.0.1:%u", port);
    resolve_open(&resolve, ring, 0, servers);
    files_before = open_files();
}

/* After every test: no deadline, channel, poll or descriptor is left. */
static void tear_down(void)
{
    cr_expect_eq(resolve_deadline(&resolve), NEVER_NS);
    cr_expect_null(resolve.channel);
    while (!all_slots_free())
        turn(NEVER_NS);
    unsigned connection = sockets[CONNECTION] >= 0;
    cr_expect_eq(open_files(), files_before + connection);
    ring_close(ring);
    resolve_close(&resolve);
    for (int i = 0; i < SOCKETS; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
}

TestSuite(resolve, .init = set_up, .fini = tear_down, .timeout = 30);

/* expected: "192.0.2.1 [2001:db8::1]"; the order does not matter. */
static void expect_addresses(const char *expected)
{
    size_t len = 0;
    for (unsigned i = 0; i < answer.count; i++) {
        char text[ADDRESS_TEXT_BYTES_MAX + 1];
        cr_expect_eq(answer.addresses[i].port, 0);
        address_text(&answer.addresses[i], text);
        char *end = strrchr(text, ':');
        *end = '\0';
        cr_expect_not_null(strstr(expected, text), "%s is not of %s", text, expected);
        len += strlen(text) + 1;
    }
    cr_expect_eq(len, strlen(expected) ? strlen(expected) + 1 : 0, "%u addresses", answer.count);
}

/* -- answers ----------------------------------------------------------------------------------- */

static const struct row {
    const char *host, *addresses;
    uint32_t ttl_s;
    const char *why;
} rows[] = {
    {"both.test", "192.0.2.1 [2001:db8::1]", 100, ""},
    {"v4.test", "192.0.2.1", 100, ""},
    {"v6.test", "[2001:db8::1]", 200, ""},
    {"alias.test", "192.0.2.3", 50, ""},
    {"garbage.test", "192.0.2.1 [2001:db8::1]", 100, ""},
    {"lossy.test", "192.0.2.1 [2001:db8::1]", 100, ""},
    {"192.0.2.77", "192.0.2.77", UINT32_MAX, ""},
    {"2001:db8::77", "[2001:db8::77]", UINT32_MAX, ""},
    {"::ffff:192.0.2.77", "192.0.2.77", UINT32_MAX, ""},
    {"nobody.test", "", 0, "no such host"},
    {"empty.test", "", 0, "the host has no address"},
    {"blocked.test", "", 0, "the host has no address"},
    {"fails.test", "", 0, "the name servers "}, /* c-ares 1.18 does not say how they failed */
    {"refuses.test", "", 0, "the name servers "},
    {"broken.test", "", 0, "the name servers' answer is malformed (tried 127.0.0.1:"},
    {"", "", 0, "this is not a host name"},
    {"two..dots.test", "", 0, "this is not a host name"},
};

ParameterizedTestParameters(resolve, answers)
{
    static size_t each[sizeof rows / sizeof *rows];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        each[i] = i;
    return cr_make_param_array(size_t, each, sizeof rows / sizeof *rows);
}

ParameterizedTest(const size_t *which, resolve, answers)
{
    const struct row *row = &rows[*which];
    ask(row->host);
    await_answer();
    expect_addresses(row->addresses);
    if (answer.count)
        cr_expect_eq(answer.ttl_s, row->ttl_s, "%s: %u", row->host, answer.ttl_s);
    cr_expect_eq(strncmp(answer.why, row->why, strlen(row->why)), 0, "%s", answer.why);
    cr_expect_eq(*answer.why != '\0', answer.count == 0, "%s", answer.why);
}

Test(resolve, localhost_needs_no_network)
{
    ask("localhost");
    await_answer();
    cr_assert_gt(answer.count, 0, "%s", answer.why);
    for (unsigned i = 0; i < answer.count; i++)
        cr_expect(address_is_loopback(&answer.addresses[i]));
    cr_expect_eq(answer.ttl_s, 0);
    cr_expect_eq(queries_udp + queries_tcp, 0);
}

Test(resolve, a_name_that_is_no_name_is_refused)
{
    char longest[RESOLVE_HOST_BYTES_MAX + 2];
    memset(longest, 'x', sizeof longest);
    resolve_ask(&resolve, (struct span){longest, sizeof longest - 1}, now());
    await_answer();
    cr_expect_str_eq(answer.why, "this is not a host name");
    answered = false;
    resolve_ask(&resolve, SPAN("both.test\0.evil"), now());
    await_answer();
    cr_expect_str_eq(answer.why, "this is not a host name");
    cr_expect_eq(queries_udp, 0);
}

Test(resolve, a_truncated_answer_is_asked_for_by_tcp)
{
    ask("long.test");
    await_answer();
    cr_expect_eq(answer.count, RESOLVE_ADDRESSES_MAX);
    cr_expect_eq(queries_tcp, 2);
}

Test(resolve, of_many_addresses_both_families_are_kept)
{
    ask("many.test");
    await_answer();
    unsigned v6 = 0;
    for (unsigned i = 0; i < answer.count; i++)
        v6 += answer.addresses[i].v6;
    cr_expect_eq(answer.count, RESOLVE_ADDRESSES_MAX);
    cr_expect_eq(v6, ENDPOINT_ADDRESSES_MAX);
    for (unsigned i = 0; i < answer.count; i++)
        for (unsigned j = 0; j < i; j++)
            cr_expect_not(address_same_host(&answer.addresses[i], &answer.addresses[j]));
}

/* -- the search list ------------------------------------------------------------------------- */

/* LOCALDOMAIN and RES_OPTIONS stand for `search` and `options` of resolv.conf. */
static const struct search_row {
    const char *domains, *options, *host;
    const char *asked; /* in this order; a name that fails is asked several times */
    bool found;
    const char *why;
} search_rows[] = {
    {".", "ndots:5", "both.test", "both.test", true, ""},
    {".", "ndots:1", "both.test", "both.test", true, ""},
    {"corp.test .", "ndots:5", "both.test", "both.test.corp.test both.test", true, ""},
    {". corp.test", "ndots:5", "inside", "inside inside.corp.test", true, ""},
    {"corp.test", "ndots:5", "inside", "inside.corp.test", true, ""},
    {".corp.test", "ndots:5", "inside", "inside.corp.test", true, ""},
    {".", "ndots:5", "nobody.test", "nobody.test", false, "no such host"},
    {".", "ndots:5", "empty.test", "empty.test", false, "the host has no address"},
    {"down.test corp.test", "ndots:5", "both.test",
        "both.test.down.test both.test.corp.test both.test", true, ""},
    {"down.test corp.test", "ndots:5", "inside", "inside.down.test inside.corp.test", true, ""},
    {".. down.test two..dots .corp.test", "ndots:5", "inside", "inside.down.test inside.corp.test",
        true, ""},
    {"a.test\tcorp.test \t", "ndots:5", "inside", "inside.a.test inside.corp.test", true, ""},
    {"two..dots", "ndots:5", "both.test", "both.test", true, ""},
    {"x234567890123456789012345678901234567890123456789012345678901234.test", "ndots:5",
        "both.test", "both.test", true, ""},
    {"corp.test", "ndots:15", "both.test.", "both.test", true, ""},
    {"corp.test .", "ndots:1", "nobody.test.", "nobody.test", false, "no such host"},
    {"corp.test", "ndots:1", "nobody.test", "nobody.test nobody.test.corp.test", false,
        "no such host"},
    {"corp.test", "ndots:15", "fails.test.", "fails.test", false, "the name servers "},
};

ParameterizedTestParameters(resolve, search_lists)
{
    static size_t each[sizeof search_rows / sizeof *search_rows];
    for (size_t i = 0; i < sizeof search_rows / sizeof *search_rows; i++)
        each[i] = i;
    return cr_make_param_array(size_t, each, sizeof search_rows / sizeof *search_rows);
}

/* Leave out of `names` each one that equals the one before it. */
static void without_repetitions(char *names)
{
    char kept[sizeof names_asked] = "", *rest = names, last[256] = "";
    for (char *name; (name = strsep(&rest, " ")) && *name;) {
        if (strcmp(name, last) != 0)
            snprintf(
                kept + strlen(kept), sizeof kept - strlen(kept), "%s%s", *kept ? " " : "", name);
        snprintf(last, sizeof last, "%s", name);
    }
    memcpy(names, kept, sizeof kept);
}

ParameterizedTest(const size_t *which, resolve, search_lists)
{
    const struct search_row *row = &search_rows[*which];
    setenv("LOCALDOMAIN", row->domains, 1);
    setenv("RES_OPTIONS", row->options, 1);
    ask(row->host);
    await_answer();
    without_repetitions(names_asked);
    cr_expect_str_eq(names_asked, row->asked, "%s, %s: %s", row->domains, row->host, names_asked);
    expect_addresses(row->found ? "192.0.2.1 [2001:db8::1]" : "");
    cr_expect_eq(
        strncmp(answer.why, row->why, strlen(row->why)), 0, "%s: %s", row->domains, answer.why);
}

/* -- time -------------------------------------------------------------------------------------- */

static void put_forward_ms(int64_t ms)
{
    put_forward_ns += ms * MS_NS;
}

Test(resolve, silence_ends_after_3_s)
{
    ask("silent.test");
    await_queries(2);
    put_forward_ms(RESOLVE_FIRST_MS);
    await_queries(4); /* the second query */
    cr_expect_leq(resolve_deadline(&resolve), now().mono_ns + 2000 * MS_NS);
    put_forward_ms(RESOLVE_MS - RESOLVE_FIRST_MS);
    await_answer();
    char expected[64];
    snprintf(
        expected, sizeof expected, "the name servers do not answer (tried 127.0.0.1:%u)", port);
    cr_expect_str_eq(answer.why, expected);
}

Test(resolve, one_family_whose_answer_is_lost_does_not_hold_up_the_other_for_long)
{
    ask("half.test");
    await_queries(2);
    turn(now().mono_ns); /* the only answer is received */
    turn(now().mono_ns);
    put_forward_ms(RESOLVE_FIRST_MS);
    await_answer();
    expect_addresses("192.0.2.1");
    cr_expect_eq(answer.ttl_s, 100);
}

Test(resolve, a_connection_that_says_nothing_is_given_up)
{
    ask("hang.test");
    while (queries_tcp < 2)
        turn(resolve_deadline(&resolve));
    put_forward_ms(RESOLVE_FIRST_MS);
    while (queries_udp < 4)
        turn(resolve_deadline(&resolve));
    put_forward_ms(RESOLVE_MS - RESOLVE_FIRST_MS);
    await_answer();
    cr_expect_not_null(strstr(answer.why, "do not answer"), "%s", answer.why);
}

Test(resolve, a_late_answer_to_a_query_that_was_cut_short_is_nobodys)
{
    ask("held.test");
    await_queries(2);
    struct query late = held;
    put_forward_ms(RESOLVE_FIRST_MS);
    await_queries(4);
    answer_both(&late);
    turn(now().mono_ns);
    cr_expect_not(answered);
    answer_both(&held);
    put_forward_ms(RESOLVE_MS - RESOLVE_FIRST_MS);
    await_answer();
    cr_expect_eq(answer.count, 1, "%s", answer.why);
}

Test(resolve, whoever_asks_again_hears_of_the_last_question_only)
{
    for (int i = 0; i < 3; i++) {
        ask("held.test");
        await_queries(queries_udp + 2);
    }
    struct query late = held;
    ask("v4.test"); /* its sockets reuse descriptors for which polls are still in flight */
    answer_both(&late);
    await_answer();
    expect_addresses("192.0.2.1");
    ask("nobody.test");
    await_answer();
    cr_expect_str_eq(answer.why, "no such host");
    while (!all_slots_free())
        turn(NEVER_NS);
}

Test(resolve, the_end_can_come_at_any_time)
{
    ask("silent.test");
    await_queries(2);
    ring_close(ring);
    resolve_close(&resolve);
    cr_expect_eq(open_files(), files_before - 1, "only the ring's descriptor is gone");
    set_up();
}

Test(resolve, completions_of_others_are_ignored)
{
    ask("held.test");
    await_queries(2);
    unsigned polls = resolve.polls;
    cr_assert_gt(polls, 0);
    for (unsigned slot = 0; slot < RESOLVE_SOCKETS_MAX; slot++) {
        struct ring_tag tag = {.op = RING_RESOLVE, .slot = slot};
        tag.sequence = (uint8_t)(resolve.sockets[slot].sequence - 1);
        resolve_completed(&resolve, &(struct ring_event){.tag = tag, .result = POLLIN});
    }
    cr_expect_eq(resolve.polls, polls);
    ask("v4.test");
    await_answer();
    expect_addresses("192.0.2.1");
}

/* -- name servers ------------------------------------------------------------------------------ */

/* A bound UDP port that nobody answers at. */
static uint16_t mute_port(int *fd)
{
    union sockaddr_any at = {
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof at.v4;
    *fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(*fd, &at.any, bytes), 0);
    cr_assert_eq(getsockname(*fd, &at.any, &bytes), 0);
    return ntohs(at.v4.sin_port);
}

Test(resolve, the_next_name_server_is_asked_when_the_first_is_silent_or_away)
{
    for (int away = 0; away < 2; away++) {
        int fd;
        uint16_t first = mute_port(&fd);
        if (away)
            close(fd);
        snprintf(servers, sizeof servers, "127.0.0.1:%u,127.0.0.1:%u", first, port);
        ask("both.test");
        await_answer();
        expect_addresses("192.0.2.1 [2001:db8::1]");
        if (!away)
            close(fd);
    }
}

Test(resolve, name_servers_that_are_away_are_named)
{
    int one, other;
    uint16_t first = mute_port(&one), second = mute_port(&other);
    close(one);
    close(other);
    snprintf(servers, sizeof servers, "127.0.0.1:%u,[::1]:%u", first, second);
    char expected[128];
    snprintf(expected, sizeof expected, " (tried 127.0.0.1:%u, [::1]:%u)", first, second);
    ask("both.test");
    await_answer();
    cr_expect_not_null(strstr(answer.why, expected), "%s", answer.why);
}
