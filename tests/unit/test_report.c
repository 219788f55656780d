/* test_report.c — what a node says of itself is believed field by field, and shown in rows. */
#include "cli/report.h"
#include <criterion/criterion.h>
#include <stdlib.h>

/* A — B, A — C; asked is A. */
static uint16_t of_a[] = {1, 2}, of_b[] = {0}, of_c[] = {0};
static struct topology_node nodes[] = {
    {.name = "A", .neighbours = of_a, .neighbours_count = 2},
    {.name = "Bee", .neighbours = of_b, .neighbours_count = 1},
    {.name = "C", .neighbours = of_c, .neighbours_count = 1},
};
static const struct topology herd = {.herd = "demo", .nodes = nodes, .nodes_count = 3};

#define NUMBERS "\"uptime_ms\":61000,\"clients\":2,\"stamps\":7,\"updates_per_s\":1.5,"
#define DIGEST "\"digest\":\"00ff00ff00ff00ff\","
#define ANSWER(links) "{\"node\":\"A\"," NUMBERS DIGEST "\"links\":[" links "]}"
#define LINK(peer, up, lag) "{\"peer\":\"" peer "\",\"up\":" up ",\"lag\":" lag "}"

static struct report read_answer(const char *answer)
{
    struct report r;
    report_read(&r, &herd, 0, answer, NULL, NULL);
    return r;
}

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

static void expect_table(const struct report *reports, unsigned count, const char *expected)
{
    static const unsigned places[] = {0, 1, 2};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    report_table(out, &herd, places, reports, count);
    fclose(out);
    cr_expect_str_eq(text, expected, "it was:\n%s", text);
    free(text);
}

#define HEAD "NODE       UP  CLIENTS     STAMPS  UPDATES/S  DIGEST              LAG  LINKS\n"

Test(report, table_of_a_herd_in_order)
{
    struct report r[] = {
        {.uptime_ms = 61000,
            .clients = 2,
            .stamps = 7,
            .updates_per_s = 1.5,
            .digest = "00ff00ff00ff00ff",
            .links_up = 2,
            .linked = {true, true}},
        {.stamps = 7, .digest = "00ff00ff00ff00ff", .links_up = 1, .linked = {true}},
        {.stamps = 7, .digest = "00ff00ff00ff00ff", .links_up = 1, .linked = {true}, .lag = 5},
    };
    expect_table(r, 3,
        HEAD "A       1m01s        2          7          2  00ff00ff00ff00ff      0  2/2\n"
             "Bee        0s        0          7          0  00ff00ff00ff00ff      0  1/1\n"
             "C          0s        0          7          0  00ff00ff00ff00ff      5  1/1\n"
             "\nAll 3 digests are equal: these nodes hold the same stamps.\n");
}

Test(report, table_of_a_herd_in_trouble)
{
    struct report r[] = {
        {.digest = "00ff00ff00ff00ff", .links_up = 0},
        {.why = "connection refused"},
        {.digest = "00ff00ff00ff00fe", .links_up = 1, .linked = {true}},
    };
    expect_table(r, 3,
        HEAD
        "A          0s        0          0          0  00ff00ff00ff00ff      0  0/2, not Bee, C\n"
        "Bee      down  connection refused\n"
        "C          0s        0          0          0  00ff00ff00ff00fe      0  1/1\n"
        "\nDigests differ. While updates are on their way they do; soon after they agree.\n");
    r[2].partial = true;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    report_table(out, &herd, (const unsigned[]){0, 1, 2}, r, 3);
    fclose(out);
    cr_expect_not_null(strstr(text, "1 of 2 nodes have been at limits.stamps"), "%s", text);
    free(text);
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
