/* test_report.c — a node's status is validated field by field, and shown as a table. */
#include "cli/report.h"
#include "unit/cli/three.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define LINK(peer, up, lag) "{\"peer\":\"" peer "\",\"up\":" up ",\"lag\":" lag "}"

Test(report, takes_a_whole_answer)
{
    struct report r = read_answer(ANSWER(LINK("Bee", "true", "3") "," LINK("C", "true", "9")));
    cr_assert_null(r.why, "%s", r.why);
    cr_expect_eq(r.uptime_ms, 61000);
    cr_expect_eq(r.clients, 2);
    cr_expect_eq(r.stamps, 7);
    cr_expect_float_eq(r.updates_per_s, 1.5, 1e-9);
    cr_expect_str_eq(r.digest, "00ff00ff00ff00ff");
    cr_expect_not(r.partial);
    cr_expect_eq(r.links_up, 2);
    cr_expect_eq(r.lag, 9);
}

Test(report, takes_what_older_nodes_do_not_say)
{
#define MARKS(boot) \
    "{\"peer\":\"Bee\",\"up\":true,\"lag\":0,\"in_tree\":true,\"acked\":5,\"have\":6," boot "}"
    struct report r =
        read_answer(ANSWER(MARKS("\"peer_boot\":\"00000000000000b1\"") "],\"change\":[8"));
    cr_expect_eq(r.change, REPORT_NO_CHANGE);
    cr_expect(r.links[0].marked && r.links[0].in_tree);
    cr_expect_str_eq(r.links[0].peer_boot, "00000000000000b1");
    cr_expect_eq(r.links[0].acked, 5);
    cr_expect_eq(r.links[0].have, 6);
    r = read_answer(ANSWER(MARKS("\"peer_boot\":\"b1\"") "],\"change\":8,\"more\":["));
    cr_expect_eq(r.change, 8);
    cr_expect_not(r.links[0].marked);
    r = read_answer(ANSWER(LINK("Bee", "true", "3")));
    cr_expect(!r.links[0].marked && !r.links[0].in_tree);
}

Test(report, takes_what_newer_nodes_say)
{
    struct report r = read_answer(
        ANSWER("],\"version\":\"0.2.0\\u001b\",\"stamps_max\":8,\"certificate_ends_s\":-5,"
               "\"http_certificate_ends_s\":7,\"more\":["));
    cr_expect_str_eq(r.version, "0.2.0?");
    cr_expect(r.stamps_max == 8 && r.certified && r.certificate_ends_s == -5);
    cr_expect(r.http_certified && r.http_certificate_ends_s == 7);
    r = read_answer(ANSWER(""));
    cr_expect_str_eq(r.version, "-");
    cr_expect(!r.stamps_max && !r.certified && !r.http_certified);
}

Test(report, counts_links_of_the_topology_only)
{
    static const struct {
        const char *answer;
        unsigned up;
        uint64_t lag;
    } rows[] = {
        {ANSWER(""), 0, 0},
        {ANSWER(LINK("Bee", "false", "3")), 0, 0},
        {ANSWER(LINK("Bee", "true", "3")), 1, 3},
        {ANSWER(LINK("Bee", "true", "3") "," LINK("Bee", "true", "4")), 1, 3},
        {ANSWER(LINK("bee", "true", "3")), 0, 0},
        {ANSWER(LINK("A", "true", "3")), 0, 0},
        {ANSWER(LINK("Bee", "1", "3")), 0, 0},
        {ANSWER(LINK("Bee", "true", "-3")), 0, 0},
        {ANSWER(LINK("Bee", "true", "\"3\"")), 0, 0},
        {ANSWER("1,null,[],{\"peer\":7,\"up\":true,\"lag\":1}," LINK("C", "true", "0")), 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report r = read_answer(rows[i].answer);
        cr_assert_null(r.why, "row %zu: %s", i, r.why);
        cr_expect_eq(r.links_up, rows[i].up, "row %zu: %u", i, r.links_up);
        cr_expect_eq(r.lag, rows[i].lag, "row %zu", i);
    }
}

Test(report, believes_nothing_odd)
{
    static const char *const rows[] = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        ANSWER("") "x",
        "{\"node\":\"A\"," DIGEST "\"links\":[]}",
        "{\"node\":\"A\"," NUMBERS "\"links\":[]}",
        "{\"node\":\"A\"," NUMBERS DIGEST "\"links\":{}}",
        "{\"node\":7," NUMBERS DIGEST "\"links\":[]}",
        "{\"node\":\"Bee\"," NUMBERS DIGEST "\"links\":[]}",
        "{\"node\":\"A\"," NUMBERS "\"digest\":\"00ff00ff00ff00f\",\"links\":[]}",
        "{\"node\":\"A\"," NUMBERS "\"digest\":\"00FF00ff00ff00ff\",\"links\":[]}",
        "{\"node\":\"A\"," NUMBERS "\"digest\":\"\\u001b[2J00ff00ff00ff\",\"links\":[]}",
        "{\"node\":\"A\",\"uptime_ms\":-1,\"clients\":0,\"stamps\":0,\"updates_per_s\":0," DIGEST
        "\"links\":[]}",
        "{\"node\":\"A\",\"uptime_ms\":1e300,\"clients\":0,\"stamps\":0,\"updates_per_s\":0," DIGEST
        "\"links\":[]}",
        "{\"node\":\"A\",\"uptime_ms\":1,\"clients\":null,\"stamps\":0,\"updates_per_s\":0," DIGEST
        "\"links\":[]}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report r = read_answer(rows[i]);
        cr_expect_not_null(r.why, "row %zu was believed", i);
        cr_expect_eq(r.links_up + r.stamps + r.uptime_ms, 0, "row %zu left something", i);
    }
}

Test(report, survives_deep_nesting)
{
    char deep[40000];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"links\":", 9);
    deep[sizeof deep - 1] = '\0';
    cr_expect_not_null(read_answer(deep).why);
}

Test(report, leaves_the_answer_parsed)
{
    struct report r;
    cJSON *json;
    report_read(&r, &herd, 0, ANSWER(""), NULL, &json);
    cr_assert_not_null(json);
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(json, "node")), "A");
    cJSON_Delete(json);
    report_read(&r, &herd, 0, NULL, "connection refused", &json);
    cr_expect_null(json);
    cr_expect_str_eq(r.why, "connection refused");
}

/* The text that one of the report functions writes; valid until the next call. */
static const char *shown(void (*show)(FILE *, const struct topology *, const unsigned *,
                             const struct report *, unsigned),
    const struct report *reports, unsigned count)
{
    static const unsigned places[] = {0, 1, 2};
    static char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");
    show(out, &herd, places, reports, count);
    fputc('\0', out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static void expect_table(const struct report *reports, unsigned count, const char *expected)
{
    const char *text = shown(report_table, reports, count);
    cr_expect_str_eq(text, expected, "it was:\n%s", text);
}

#define EQUAL "00ff00ff00ff00ff"

Test(report, table_of_a_herd_in_order)
{
    struct report r[] = {
        {.uptime_ms = 61000,
            .clients = 2,
            .stamps = 7,
            .updates_per_s = 1.5,
            .version = "0.2.0",
            .digest = EQUAL,
            .clock_known = true,
            .clock_us = 400,
            .links_up = 2},
        {.stamps = 7,
            .version = "0.1.0",
            .digest = EQUAL,
            .clock_known = true,
            .clock_us = -87000,
            .links_up = 1},
        {.stamps = 7,
            .version = "-",
            .digest = EQUAL,
            .links_up = 1,
            .lag = 5,
            .lag_ms = 1260},
    };
    expect_table(r, 3,
        "NODE     UP  VERSION  CLIENTS  STAMPS  UPD/S  DIGEST    LAG   AGE  CLOCK  LINKS\n"
        "A     1m01s  0.2.0          2       7      2  00ff00ff    0     0      0  2/2\n"
        "Bee      0s  0.1.0          0       7      0  00ff00ff    0     0  -87ms  1/1\n"
        "C        0s  -              0       7      0  00ff00ff    5  1.2s      -  1/1\n"
        "\nAll 3 digests are equal: these nodes hold the same stamps.\n");
}

Test(report, table_of_a_herd_in_trouble)
{
    struct report r[] = {
        {.stamps = 1, .version = "0.2.0", .digest = EQUAL},
        {.why = "connection refused"},
        {.stamps = 1, .version = "0.2.0", .digest = "10ff00ff00ff00fe", .links_up = 1},
    };
    expect_table(r, 3,
        "NODE    UP  VERSION  CLIENTS  STAMPS  UPD/S  DIGEST     LAG  AGE  CLOCK  LINKS\n"
        "A       0s  0.2.0          0       1      0  00ff00ff     0    0      -  0/2\n"
        "Bee   down  connection refused\n"
        "C       0s  0.2.0          0       1      0  10ff00ff!    0    0      -  1/1\n"
        "\nDigests differ, as they do while updates spread; they agree soon afterwards.\n");
    r[2].partial = true;
    const char *text = shown(report_table, r, 3);
    cr_expect_not_null(strstr(text, "1 of 2 nodes have refused or lost stamps"), "%s", text);
}

Test(report, the_digest_of_most_is_the_usual_one)
{
    struct report r[] = {
        {.stamps = 1, .digest = "10ff00ff00ff00fe"},
        {.stamps = 1, .digest = EQUAL},
        {.stamps = 1, .digest = EQUAL},
    };
    const char *text = shown(report_table, r, 3);
    cr_expect_not_null(strstr(text, "  10ff00ff!  "), "%s", text);
    cr_expect_null(strstr(text, "  00ff00ff!  "), "%s", text);
}

#define EMPTY "0000000000000000"

Test(report, empty_nodes_are_not_the_rule)
{
    struct report r[] = {
        {.digest = EMPTY},
        {.stamps = 4896, .digest = EQUAL},
        {.digest = EMPTY},
    };
    const char *text = shown(report_table, r, 3);
    cr_expect_not_null(strstr(text, "  00ff00ff   "), "%s", text);
    cr_expect_not_null(strstr(text, "  00000000!  "), "%s", text);
    cr_expect_not_null(
        strstr(text, "\nDigests differ: 2 of 3 nodes hold no stamps, another holds 4896. They "
                     "get them when they are linked; until then, do not stop those that have "
                     "them.\n"),
        "%s", text);
}

Test(report, empty_nodes_are_not_called_equal)
{
    struct report r[] = {
        {.uptime_ms = 1000, .digest = EMPTY},
        {.uptime_ms = 12000, .digest = EMPTY},
        {.digest = EMPTY},
    };
    const char *text = shown(report_table, r, 3);
    cr_expect_null(strstr(text, "equal"), "%s", text);
    cr_expect_not_null(
        strstr(text, "\nThese 3 nodes hold no stamps; the first of them was started 12s ago.\n"),
        "%s", text);
    r[2] = (struct report){.why = "refuses to answer: AUTH is wrong: the secrets differ"};
    text = shown(report_table, r, 3);
    cr_expect_not_null(strstr(text, "\nThese 2 nodes hold no stamps; the first of them was started "
                                    "12s ago. If the herd has any, they are at the node that did "
                                    "not answer.\n"),
        "%s", text);
}

Test(report, links_of_one_node)
{
    struct report r = {.links = {{.up = true,
                                     .since_ms = 12000,
                                     .round_trip_us = 250,
                                     .clock_known = true,
                                     .clock_us = 3000,
                                     .sent = 10,
                                     .got = 20,
                                     .got_new = 15,
                                     .in_tree = true,
                                     .error_ms = 12000,
                                     .error = "no byte for 10 s"},
                           {.since_ms = 400, .tries = 1, .lag = 3, .lag_ms = 400}}};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    report_links_table(out, &herd, 0, &r);
    fclose(out);
    cr_expect_str_eq(text,
        "\n"
        "LINK TO  IS    WAY      FOR  LAG    AGE   TRIP  CLOCK  SENT  GOT  NEW\n"
        "Bee      up    tree     12s    0      0  0.2ms   +3ms    10   20   15\n"
        "C        down  spare  400ms    3  400ms  0.0ms      -     0    0    0\n"
        "Last error of Bee, 12s ago: no byte for 10 s.\n",
        "it was:\n%s", text);
    free(text);
}

Test(report, the_clock_in_the_middle)
{
    static const struct {
        const char *first, *second;
        bool known;
        int64_t us;
    } rows[] = {
        {"", "", false, 0},
        {",\"clock_ahead_us\":1000", "", true, -1000},
        {",\"clock_ahead_us\":-7", ",\"clock_ahead_us\":900000", true, 7},
        {",\"clock_ahead_us\":-900000", ",\"clock_ahead_us\":-900001", true, 900000},
        {",\"clock_ahead_us\":\"5\"", ",\"clock_ahead_us\":1e300", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char answer[400];
        snprintf(answer, sizeof answer,
            ANSWER("{\"peer\":\"Bee\",\"up\":true,\"lag\":0%s},{\"peer\":\"C\",\"up\":true,\"lag\":"
                   "0%s}"),
            rows[i].first, rows[i].second);
        struct report r = read_answer(answer);
        cr_assert_null(r.why, "row %zu: %s", i, r.why);
        cr_expect_eq(r.clock_known, rows[i].known, "row %zu", i);
        cr_expect_eq(r.clock_us, rows[i].us, "row %zu: %ld", i, r.clock_us);
    }
}

Test(report, all_fields_of_a_link)
{
    struct report r = read_answer(ANSWER(
        "{\"peer\":\"Bee\",\"up\":true,\"lag\":1,\"lag_ms\":2,\"up_ms\":3,\"round_trip_us\":4,"
        "\"clock_ahead_us\":-600000,\"clock_off\":true,\"sent\":5,\"got\":6,\"got_new\":7,"
        "\"full_send\":true,\"incomplete\":true,\"unknown_origin\":\"Dee\\u001b\","
        "\"peer_partial\":true,\"agreed_ms\":12,"
        "\"divergences\":8,\"diverged\":true,\"unequal\":1,\"error_ms\":13,"
        "\"last_error\":\"a\\u001b[2Jb\\u00e9\"},"
        "{\"peer\":\"C\",\"up\":false,\"full_send\":true,\"lag\":9,\"lag_ms\":-1,\"down_ms\":10,"
        "\"tries\":11,"
        "\"error\":\"e\"}"));
    cr_assert_null(r.why, "%s", r.why);
    const struct report_link *up = &r.links[0], *down = &r.links[1];
    cr_expect(up->up && up->clock_known && up->clock_off && up->diverged);
    cr_expect(up->lag == 1 && up->lag_ms == 2 && up->since_ms == 3 && up->round_trip_us == 4);
    cr_expect(up->sent == 5 && up->got == 6 && up->got_new == 7 && up->divergences == 8);
    cr_expect_eq(up->clock_us, -600000);
    cr_expect(up->full_send && up->peer_partial && up->agreed && up->agreed_ms == 12);
    cr_expect(up->incomplete && !down->incomplete);
    cr_expect_str_eq(up->unknown_origin, "Dee?");
    cr_expect(!down->full_send && !down->peer_partial && !down->agreed);
    cr_expect_str_eq(up->error, "a?[2Jb??");
    cr_expect(up->unequal == 1 && up->error_ms == 13);
    cr_expect(!down->up && !down->clock_known && !down->clock_off && !down->diverged);
    cr_expect(down->lag == 9 && down->lag_ms == 0 && down->since_ms == 10 && down->tries == 11);
    cr_expect_str_eq(down->error, "e");
    cr_expect(r.lag == 1 && r.lag_ms == 2, "of links that are up only");
}

Test(report, spans)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {999, "0s"},
        {59999, "59s"},
        {60000, "1m00s"},
        {3599999, "59m59s"},
        {3600000, "1h00m"},
        {86399999, "23h59m"},
        {86400000, "1d00h"},
        {UINT64_MAX, "213503982334d14h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[REPORT_SPAN_BYTES];
        report_span(rows[i].ms, text);
        cr_expect_str_eq(text, rows[i].text, "%s", text);
    }
}

Test(report, the_lag_of_spare_links_is_by_design)
{
#define LAGS(peer, tree)                                                              \
    "{\"peer\":\"" peer "\",\"up\":true,\"in_tree\":" tree ",\"lag\":9,\"lag_ms\":70}"
    struct report r = read_answer(ANSWER(LAGS("Bee", "false") "," LAGS("C", "false")));
    cr_expect(r.links_up == 2 && r.links[0].lag == 9);
    cr_expect(r.lag == 0 && r.lag_ms == 0);
    r = read_answer(ANSWER(LAGS("Bee", "false") "," LAGS("C", "true")));
    cr_expect(r.lag == 9 && r.lag_ms == 70);
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    report_links_table(out, &herd, 0, &r);
    fclose(out);
    cr_expect_not_null(strstr(text, "\nA spare link is behind by design"), "%s", text);
    free(text);
}

Test(report, a_table_has_80_columns_at_most)
{
    static struct report r[3];
    for (unsigned i = 0; i < 3; i++)
        r[i] = (struct report){.uptime_ms = UINT64_C(99) * 86400000,
            .clients = 1000000,
            .stamps = 100000000,
            .updates_per_s = 1e6,
            .version = "100.100.100-rc1",
            .digest = EQUAL,
            .lag = 100000000,
            .lag_ms = 3599999,
            .clock_known = true,
            .clock_us = -3599999000};
    char text[8192];
    strcpy(text, shown(report_table, r, 3));
    cr_expect_not_null(strstr(text, "DIGEST"), "%s", text);
    cr_expect_null(strstr(text, "CLOCK"), "%s", text);
    for (const char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        cr_expect_leq(strlen(line), 80, "%s", line);
}
