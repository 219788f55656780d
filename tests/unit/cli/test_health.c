/* test_health.c — what is not well in a herd is said, worst first, each thing once. */
#include "cli/health.h"
#include "unit/cli/three.h"
#include <criterion/criterion.h>
#include <stdlib.h>

enum { NOW_S = 1700000000 };

/* What is not well, and then the notes; valid until the next call. */
static unsigned faults;
static const char *shown(const struct report *reports, unsigned count)
{
    static const unsigned places[] = {0, 1, 2};
    static char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");
    faults = health_print(out, &herd, places, reports, count, NOW_S);
    health_notes(out, &herd, places, reports, count);
    fputc('\0', out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

/* A herd that is well. */
static void begin(struct report r[3])
{
    for (unsigned i = 0; i < 3; i++) {
        r[i] = (struct report){.version = "0.2.0"};
        for (unsigned k = 0; k < nodes[i].neighbours_count; k++)
            r[i].links[k] = (struct report_link){.up = true, .in_tree = true};
    }
}

static void expect(const struct report r[3], unsigned count, const char *lines)
{
    const char *text = shown(r, 3);
    cr_expect_str_eq(text, lines, "it was:\n%s", text);
    cr_expect_eq(faults, count, "%u: %s", faults, lines);
}

Test(health, a_herd_that_is_well)
{
    struct report r[3];
    begin(r);
    r[0].links[1].in_tree = r[2].links[0].in_tree = false;
    r[0].links[1].lag = 1000;
    r[0].links[1].lag_ms = 100000; /* a spare link lags by design */
    strcpy(r[0].links[0].error, "no byte for 10 s"); /* once */
    r[1].stamps = 9;
    r[1].stamps_max = 10;
    r[0].certified = true;
    r[0].certificate_ends_s = NOW_S + 14 * 86400;
    strcpy(r[2].digest, "10ff00ff00ff00fe"); /* of another moment */
    expect(r, 0, "");
}

Test(health, each_thing_that_is_not_well)
{
    struct report r[3];
    begin(r);
    r[1] = (struct report){.why = "connection refused"};
    r[0].links[0] = (struct report_link){.since_ms = 60000};
    expect(r, 1, "\nBee is down: connection refused.\n");
    begin(r);
    r[0].links[0] = r[1].links[0] = (struct report_link){.since_ms = 10001, .tries = 3};
    expect(r, 1, "\nA has had no link to Bee for 10s (tries: 3).\n");
    begin(r);
    r[2].links[0].unequal = 1;
    expect(r, 1, "\nThe digests of C and A differ although all was exchanged.\n");
    r[2].links[0].peer_partial = true;
    expect(r, 0, "");
    r[0].partial = true;
    expect(r, 1, "\nA lacks stamps that it has refused or evicted.\n");
    begin(r);
    r[2].links[0] = (struct report_link){.unequal = 1, .since_ms = 10000};
    expect(r, 0, "\nC has had no link to A for 10s (tries: 0).\n");
    begin(r);
    r[1].stamps = r[1].stamps_max = 10;
    expect(r, 1, "\nBee holds limits.stamps (10) stamps: no room for new ids.\n");
    begin(r);
    strcpy(r[0].version, "0.10.0");
    strcpy(r[2].version, "-");
    expect(r, 2, "\nBee runs version 0.2.0, others 0.10.0.\nC runs version -, others 0.10.0.\n");
    begin(r);
    r[0].certified = r[1].certified = true;
    r[0].certificate_ends_s = NOW_S + 14 * 86400 - 1;
    r[1].certificate_ends_s = NOW_S - 3600;
    expect(r, 2,
        "\nThe certificate of A ends in 13d23h.\nThe certificate of Bee ended 1h00m ago.\n");
    begin(r);
    r[0].http_certified = r[1].http_certified = r[2].http_certified = true;
    r[0].http_certificate_ends_s = NOW_S + 14 * 86400;
    r[1].http_certificate_ends_s = NOW_S - 3600;
    r[2].http_certificate_ends_s = NOW_S + 3600;
    expect(r, 2,
        "\nThe HTTP certificate of Bee ended 1h00m ago.\n"
        "The HTTP certificate of C ends in 1h00m.\n");
}

Test(health, worst_first_and_each_link_once)
{
    struct report r[3];
    begin(r);
    r[0].links[0].clock_off = r[1].links[0].clock_off = true;
    r[0].links[0].clock_us = -1260000;
    r[1].links[0].clock_us = 1260000;
    r[1].links[0].full_send = true;
    r[1].links[0].lag = 5;
    r[0].links[1] = (struct report_link){.up = true, .diverged = true, .divergences = 2};
    r[2].links[0] = (struct report_link){.up = true, .diverged = true, .full_send = true};
    expect(r, 2,
        "\nALARM: A and C hold different stamps although all were exchanged (alarm 2); all are "
        "sent again.\n"
        "Bee's clock is 1.2s behind A's.\n"
        "\nBee is sending all its stamps to A; 5 are not confirmed.\n");
    begin(r);
    r[0].links[0].incomplete = r[1].links[0].incomplete = true;
    strcpy(r[1].links[0].unknown_origin, "Dee");
    r[1].clock_wrong = true;
    r[1].clock_us = -90 * INT64_C(1000000);
    expect(r, 3,
        "\nERROR: the clock of Bee is 1m30s behind most of its neighbours'; set it right.\n"
        "A has refused stamps of Bee and lacks them: they were received later than any right "
        "clock can show by now.\n"
        "Bee has refused stamps of A and lacks them: its topology.conf neither has a node Dee nor "
        "retires it.\n");
}

Test(health, nodes_that_go_by_another_topology)
{
    struct report r[3];
    begin(r);
    snprintf(r[1].topology, sizeof r[1].topology, "%016lx", (unsigned long)topology_hash(&herd));
    expect(r, 0, "");
    r[1].topology[0] ^= 1;
    expect(r, 1,
        "\nBee goes by another topology.conf than this file; bring it there, and send SIGHUP.\n");
    strcpy(r[2].topology, r[1].topology);
    cr_expect_not_null(strstr(shown(r, 3), "\nBee, C go by another topology.conf than"));
}

Test(health, of_one_node_only_what_it_says)
{
    struct report r[3];
    begin(r);
    r[0].links[0] = (struct report_link){.since_ms = 61000, .error = "connection refused"};
    cr_expect_str_eq(
        shown(r, 1), "\nA has had no link to Bee for 1m01s (tries: 0): connection refused.\n");
    cr_expect_eq(faults, 1);
}

Test(health, places_that_are_down_are_said_once)
{
    static const struct {
        const char *places, *error;
        bool down;
    } rows[] = {
        {"{}", "", false},
        {"{\"down\":false,\"last_error\":\"a.test: late\"}", "a.test: late", false},
        {"{\"down\":true,\"last_error\":\"a.test: \\u001b[2J\"}", "a.test: ?[2J", true},
        {"{\"down\":1}", "", false},
        {"[true]", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char answer[512];
        snprintf(answer, sizeof answer,
            "{\"node\":\"A\"," NUMBERS DIGEST "\"links\":[],\"places\":%s}", rows[i].places);
        struct report r = read_answer(answer);
        cr_assert_null(r.why);
        cr_expect_eq(r.places_down, rows[i].down, "row %zu", i);
        cr_expect_str_eq(r.places_error, rows[i].error, "row %zu", i);
    }
    struct report r[3];
    begin(r);
    for (unsigned i = 1; i < 3; i++) {
        r[i].places_down = true;
        strcpy(r[i].places_error, i == 1 ? "a.test: late" : "a.test: connection refused");
    }
    expect(r, 1, "\nThe places service is down for 2 of 3 nodes; Bee says: a.test: late.\n");
}

Test(health, many_troubles_are_counted)
{
    static struct report r[24];
    static const unsigned all_a[24];
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    for (unsigned i = 0; i < 24; i++)
        r[i].links[0].since_ms = r[i].links[1].since_ms = 10001;
    cr_expect_eq(health_print(out, &herd, all_a, r, 24, NOW_S), 48);
    fclose(out);
    unsigned lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    cr_expect_eq(lines, 22, "%s", text);
    cr_expect_not_null(strstr(text, "\nAnd 28 more; --json has them all.\n"), "%s", text);
    free(text);
}

Test(health, a_budget_of_places_is_said_of_who_has_least)
{
    struct report r[3];
    begin(r);
    for (unsigned i = 1; i < 3; i++) {
        r[i].places_budget = 1000;
        r[i].places_asked = 100 * i;
        r[i].places_left = 1000 - 100 * i;
    }
    expect(r, 0, "\nThe places service was asked 300 times; C has 800 of its 1000 left.\n");
    struct report a = read_answer("{\"node\":\"A\"," NUMBERS DIGEST
                                  "\"links\":[],\"places\":{\"asked\":7,\"budget\":9,\"left\":2}}");
    cr_expect(a.places_budget == 9 && a.places_left == 2 && a.places_asked == 7);
}
