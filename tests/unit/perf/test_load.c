/* test_load.c — what the figures depend on: the load generator's histogram, its traffic, and how
 * it checks replies. */
#include "load/connection.h"
#include "load/engine.h"
#include "load/histogram.h"
#include "load/protocol.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* -- histogram --------------------------------------------------------------------------------- */

Test(load_histogram, a_place_is_never_wider_than_a_thousandth)
{
    for (int64_t v = 0; v < HISTOGRAM_VALUE_MAX / 2; v = v < 5000 ? v + 1 : v + v / 777) {
        int64_t upper = histogram_upper(histogram_place(v));
        cr_assert(upper >= v && upper - v <= v / 1000, "%ld is counted as %ld", v, upper);
        cr_assert_eq(histogram_place(upper), histogram_place(v));
        cr_assert_eq(histogram_place(upper + 1), histogram_place(v) + 1);
    }
    cr_assert_eq(histogram_place(INT64_MAX), HISTOGRAM_PLACES - 1);
    cr_assert_eq(histogram_place(-1), 0);
}

Test(load_histogram, percentiles_are_those_of_the_sorted_values)
{
    static struct histogram h;
    cr_assert_eq(histogram_percentile(&h, 0.5), 0);
    for (int64_t v = 1; v <= 1000; v++)
        histogram_record(&h, v);
    histogram_record(&h, 5000001);
    static const struct {
        double fraction;
        int64_t value;
    } expected[] = {{0, 1}, {0.5, 501}, {0.9, 901}, {0.99, 991}, {0.999, 1000}, {1, 5000001}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_assert_eq(histogram_percentile(&h, expected[i].fraction), expected[i].value, "%g is %ld",
            expected[i].fraction, histogram_percentile(&h, expected[i].fraction));
    cr_assert_eq(h.sum, 500500 + 5000001);
}

/* -- traffic ----------------------------------------------------------------------------------- */

Test(load_traffic, digits_are_those_that_printf_writes)
{
    for (uint64_t n = 0; n <= UINT32_MAX; n = n < 100000 ? n + 1 : n + n / 9973) {
        char expected[16];
        uint64_t digits = traffic_digits((uint32_t)n);
        snprintf(expected, sizeof expected, "%08lu", n % 100000000);
        cr_assert_arr_eq((const char *)&digits, expected, 8, "%s", expected);
    }
}

Test(load_traffic, times_grow_by_a_nanosecond_through_all_digits)
{
    struct traffic t;
    char time[TRAFFIC_TIME_BYTES];
    cr_assert(traffic_init(&t, 10, 0, IDS_SEQUENCE, 1));
    memcpy(t.time_head, "1999999999.9", sizeof t.time_head);
    memcpy(&t.time_tail, "99999998", 8);
    traffic_put_time(&t, time);
    cr_assert_arr_eq(time, "1999999999.999999999", TRAFFIC_TIME_BYTES);
    traffic_put_time(&t, time);
    cr_assert_arr_eq(time, "2000000000.000000000", TRAFFIC_TIME_BYTES);
    traffic_put_time(&t, time);
    cr_assert_arr_eq(time, "2000000000.000000001", TRAFFIC_TIME_BYTES);
}

Test(load_traffic, sequence_meets_each_client_once_and_zipf_has_favourites)
{
    struct traffic t;
    char id[TRAFFIC_ID_BYTES];
    cr_assert(traffic_init(&t, 3, 41, IDS_SEQUENCE, 1));
    static const char *const expected[] = {"client-0000000000041", "client-0000000000042",
        "client-0000000000043", "client-0000000000041"};
    for (int i = 0; i < 4; i++) {
        traffic_put_id(&t, id);
        cr_assert_arr_eq(id, expected[i], TRAFFIC_ID_BYTES, "%.20s", id);
    }
    cr_assert(traffic_init(&t, 1000, 0, IDS_ZIPF, 1));
    unsigned first = 0, second = 0;
    for (int i = 0; i < 100000; i++) {
        traffic_put_id(&t, id);
        first += memcmp(id, "client-0000000000000", TRAFFIC_ID_BYTES) == 0;
        second += memcmp(id, "client-0000000000761", TRAFFIC_ID_BYTES) == 0;
    }
    /* With exponent 0.99 over 1,000 ids, the sum of 1/k^0.99 is 7.73: the first gets 1/7.73 of all,
     * the second that divided by 2^0.99. Id 761: 2654435761 mod 1000. */
    cr_assert(first > 12000 && first < 14000, "%u", first);
    cr_assert(second > 6000 && second < 7000, "%u", second);
    traffic_release(&t);
}

/* -- replies ----------------------------------------------------------------------------------- */

#define ID "client-0000000000007"
#define TOLD ID " +34.068930-118.445127 1520023934.918963998"
#define NEWER ID " +30.000000-110.000000 1520023934.918963999"
#define OLDER ID " +34.068930-118.445127 1520023934.918963997"
#define OTHER "client-0000000000008 +34.068930-118.445127 1520023934.918963999"
#define JSON "{\n\"html_attributions\": [], \"results\": [],\n\"status\": \"OK\"}"

#define PAGE                                                                              \
    "POST /iamat.php HTTP/1.1\r\nHost: localhost\r\n"                                     \
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 82\r\n\r\nid=" ID \
    "&position=%2B34.068930-118.445127&time=1520023934.918963998"

static const struct {
    const char *protocol;
    enum kind kind;
    const char *asked, *reply;
    enum verdict verdict;
} replies[] = {
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Goloman +0.263873386 " TOLD "\n", REPLY_RIGHT},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT X -12345.263873386 " TOLD "\n", REPLY_RIGHT},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands +0.1 " TOLD "\n", REPLY_RIGHT},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands +0.100000000 " NEWER "\n", REPLY_OVERTAKEN},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands +0.100000000 " OLDER "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands +0.100000000 " OTHER "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands 0.100000000 " TOLD "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT Hands +.100000000 " TOLD "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "AT +0.100000000 " TOLD "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "? IAMAT " TOLD "\n", REPLY_WRONG},
    {"herd", KIND_UPDATE, "IAMAT " TOLD "\n", "\n", REPLY_WRONG},
    {"herd", KIND_QUERY, "WHATSAT " ID " 10 5\n", "AT H +0.1 " OLDER "\n" JSON "\n\n", REPLY_RIGHT},
    {"herd", KIND_QUERY, "WHATSAT " ID " 10 5\n", "AT H +0.1 " OTHER "\n" JSON "\n\n", REPLY_WRONG},
    {"herd", KIND_QUERY, "WHATSAT " ID " 10 5\n", "AT H +0.1 " TOLD "\n{}\n\n", REPLY_WRONG},
    {"herd", KIND_QUERY, "WHATSAT " ID " 10 5\n", "AT H +0.1 " TOLD "\n\n", REPLY_WRONG},
    {"herd", KIND_QUERY, "WHATSAT " ID " 10 5\n", "? WHATSAT " ID " 10 5\n\n", REPLY_WRONG},
    {"redis-set", KIND_UPDATE, "", "+OK\r\n", REPLY_RIGHT},
    {"redis-set", KIND_UPDATE, "", "-ERR\r\n", REPLY_WRONG},
    {"redis-geoadd", KIND_UPDATE, "", ":0\r\n", REPLY_RIGHT},
    {"redis-geoadd", KIND_UPDATE, "", ":1\r\n", REPLY_RIGHT},
    {"redis-geoadd", KIND_UPDATE, "", ":2\r\n", REPLY_WRONG},
    {"memcached", KIND_UPDATE, "", "STORED\r\n", REPLY_RIGHT},
    {"memcached", KIND_UPDATE, "", "SERVER_ERROR out of memory\r\n", REPLY_WRONG},
    {"memcached", KIND_QUERY, "get " ID "\r\n", "END\r\n", REPLY_PART},
    {"nats", KIND_UPDATE, "", "+OK\r\n", REPLY_RIGHT},
    {"nats", KIND_UPDATE, "", "PING\r\n", REPLY_ASIDE},
    {"nats", KIND_GREETING, "", "INFO {\"server_id\":\"x\"}\r\n", REPLY_ASIDE},
    {"nats", KIND_UPDATE, "", "-ERR 'Unknown Protocol Operation'\r\n", REPLY_WRONG},
    {"http", KIND_UPDATE, PAGE,
        "HTTP/1.1 200 OK\r\nContent-Length: 88\r\n\r\nAT Goloman +0.263873386 " TOLD "\n",
        REPLY_RIGHT},
    {"http", KIND_UPDATE, PAGE,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nAT \r\n55\r\nGoloman "
        "+0.263873386 " TOLD "\n\r\n0\r\n\r\n",
        REPLY_RIGHT},
    {"http", KIND_UPDATE, PAGE,
        "HTTP/1.1 200 OK\r\nContent-Length: 88\r\n\r\nAT Goloman +0.263873386 " OLDER "\n",
        REPLY_WRONG},
    {"http", KIND_UPDATE, PAGE, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n?\n",
        REPLY_WRONG},
    {"echo", KIND_UPDATE, "IAMAT x\n", "IAMAT x\n", REPLY_RIGHT},
    {"echo", KIND_UPDATE, "IAMAT x\n", "IAMAT y\n", REPLY_WRONG},
};

Test(load_protocol, judges_replies_and_waits_for_their_last_byte)
{
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        const struct protocol *p = protocol_find(replies[i].protocol);
        struct span asked = span_of(replies[i].asked), whole = span_of(replies[i].reply);
        /* Twice, because the second is checked with what was remembered of the first. */
        for (int times = 0; times < 2; times++) {
            size_t used = 0;
            cr_assert_eq(p->check(whole, asked, replies[i].kind, &used), replies[i].verdict,
                "%zu: %s", i, replies[i].reply);
            if (replies[i].verdict == REPLY_WRONG || replies[i].verdict == REPLY_PART)
                continue;
            cr_assert_eq(used, whole.len, "%zu: %zu used", i, used);
            for (size_t part = 1; part < whole.len; part++)
                cr_assert_eq(p->check((struct span){whole.at, part}, asked, replies[i].kind, &used),
                    REPLY_PART, "%zu: %.*s", i, (int)part, whole.at);
        }
    }
    cr_assert_null(protocol_find("gopher"));
}

Test(load_protocol, writes_one_command_within_its_bound)
{
    static const char *const names[] = {
        "herd", "redis-set", "redis-geoadd", "memcached", "nats", "http", "echo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct protocol *p = protocol_find(names[i]);
        struct traffic t;
        char first[512], second[512];
        cr_assert(traffic_init(&t, 1000000, 0, IDS_UNIFORM, 1));
        size_t bytes = p->write(&t, KIND_UPDATE, first);
        cr_assert(bytes + p->aside_answer.len <= p->command_bytes_max);
        cr_assert_eq(p->write(&t, KIND_UPDATE, second), bytes);
        cr_assert_neq(memcmp(first, second, bytes), 0);
    }
}

/* -- connection -------------------------------------------------------------------------------- */

/* Commands of many lengths pass through the ring buffer; each is sent whole and in order, and stays
 * in place until it is answered. */
Test(load_connection, sends_what_was_written_in_order_round_the_ring)
{
    enum { DEPTH = 5, MOST = 13, MANY = 1000 };
    struct connection c = {
        .fd = -1, .depth = DEPTH, .commands = 8, .bytes_max = (DEPTH + 2) * MOST};
    static struct asked asked[8];
    static char bytes[(DEPTH + 2) * MOST];
    c.asked = asked;
    c.bytes = bytes;
    unsigned written = 0, sent = 0, answered = 0, place = 0;
    while (answered < MANY) {
        while (c.under_way < DEPTH && written < MANY) {
            size_t n = 1 + written % MOST;
            memset(connection_room(&c, MOST), 'a' + (int)(written % 26), n);
            connection_wrote(&c, n, KIND_UPDATE, 0);
            written++;
        }
        struct span out = connection_unsent(&c);
        cr_assert(out.len > 0);
        for (size_t i = 0; i < out.len; i++) {
            cr_assert_eq(out.at[i], 'a' + (int)(sent % 26), "command %u, byte %u", sent, place);
            if (++place == 1 + sent % MOST)
                place = 0, sent++;
        }
        connection_sent(&c, out.len);
        for (unsigned n = 1 + answered % 3; n && answered < sent; n--) {
            const struct asked *a = &c.asked[c.first];
            cr_assert_eq(a->bytes, 1 + answered % MOST);
            for (unsigned i = 0; i < a->bytes; i++)
                cr_assert_eq(c.bytes[a->at + i], 'a' + (int)(answered % 26));
            c.first = (c.first + 1) & (c.commands - 1);
            c.under_way--;
            answered++;
        }
        if (written == MANY && sent == MANY)
            break;
    }
    cr_assert_eq(sent, MANY);
}

/* -- engine ------------------------------------------------------------------------------------ */

static size_t write_line(struct traffic *t, enum kind kind, char *out)
{
    (void)t;
    (void)kind;
    memcpy(out, "x\n", 2);
    return 2;
}

static enum verdict check_echo(struct span in, struct span asked, enum kind kind, size_t *used)
{
    (void)kind;
    *used = asked.len;
    return in.len < asked.len ? REPLY_PART : REPLY_RIGHT;
}

/* An echo server that is silent until it received `bytes` bytes; ends with its connection. */
static void echo_late(int door, ssize_t bytes)
{
    char heard[4096];
    ssize_t count = 0, more = 1;
    int fd = accept(door, NULL, NULL);
    while (count < bytes && more > 0) {
        more = read(fd, heard + count, sizeof heard - (size_t)count);
        count += more > 0 ? more : 0;
    }
    while (count > 0 && write(fd, heard, (size_t)count) > 0)
        count = read(fd, heard, sizeof heard);
    _exit(0);
}

/* A greeting counts towards a connection's depth, but is not a command that is due. An open loop
 * that finds all connections full must not search for a free one for ever. */
Test(load_engine, a_greeting_that_is_answered_late_does_not_stop_an_open_loop, .timeout = 20)
{
    static const struct protocol protocol = {.name = "late",
        .greeting = {"hi\n", 3},
        .command_bytes_max = 8,
        .write = write_line,
        .check = check_echo};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    int door = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(door, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(door, 8), 0);
    cr_assert_eq(getsockname(door, (struct sockaddr *)&at, &bytes), 0);
    if (fork() == 0)
        echo_late(door, 3 + 2);
    static struct outcome outcome;
    struct traffic t;
    struct plan plan = {.protocol = &protocol,
        .ports = {ntohs(at.sin_port)},
        .ports_count = 1,
        .connections = 1,
        .depth = 2,
        .rate = 100000,
        .duration_ns = 1000000};
    cr_assert(traffic_init(&t, 10, 0, IDS_UNIFORM, 1));
    cr_assert(engine_run(&plan, &t, &outcome));
    cr_assert_gt(outcome.answered, 0);
    traffic_release(&t);
    close(door);
}
