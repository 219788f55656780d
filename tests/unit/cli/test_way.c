/* test_way.c — answers to TRACE are validated, times converted to the origin's clock, the newest
 * stamp found. The herd is the line A — B — C. */
#include "cli/way.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { A, B, C, NODES };

static uint16_t of_a[] = {B}, of_b[] = {A, C}, of_c[] = {B};
static struct topology_node nodes[] = {
    {.name = "A", .neighbours = of_a, .neighbours_count = 1},
    {.name = "B", .neighbours = of_b, .neighbours_count = 2},
    {.name = "C", .neighbours = of_c, .neighbours_count = 1},
};
static const struct topology herd = {.herd = "demo", .nodes = nodes, .nodes_count = NODES};
static struct sight sights[NODES];
static struct way way;

static void begin(void)
{
    way_begin(&way, &herd, SPAN("kiwi"), sights);
    for (unsigned i = 0; i < NODES; i++)
        way_read(&way, i, NULL, "connection refused");
}

static void end(void)
{
    way_end(&way);
}

TestSuite(way, .init = begin, .fini = end);

#define STAMP(time) \
    "\"origin\":\"A\",\"skew\":\"+1.500000000\",\"position\":\"+1-2\",\"time\":\"" time "\","
#define TAKEN(ns) "\"taken_ns\":\"" ns "\",\"taken_within_ns\":100000,"
#define ANSWER(node, stamp, taken, via, links)                                                     \
    "{\"node\":\"" node "\",\"known\":true," stamp taken "\"via\":[" via "],\"links\":[" links "]" \
    "}"
#define LINK(peer, ahead_us) "{\"peer\":\"" peer "\",\"clock_ahead_us\":" ahead_us "}"

Test(way, of_a_stamp_through_three_nodes)
{
    way_read(&way, A, ANSWER("A", STAMP("10"), TAKEN("11500000000"), "", ""), NULL);
    way_read(&way, B, ANSWER("B", STAMP("10"), TAKEN("11502000000"), "\"A\"", ""), NULL);
    way_read(&way, C, ANSWER("C", STAMP("10"), TAKEN("11509000000"), "\"A\",\"B\"", ""), NULL);
    way_find(&way);
    cr_assert(way.newest && way.holders == 3);
    static const struct {
        unsigned hops;
        int parent;
        int64_t delay_ns;
    } rows[] = {{0, -1, 0}, {1, A, 2000000}, {2, B, 9000000}};
    for (unsigned i = 0; i < NODES; i++) {
        const struct sight *s = &sights[i];
        cr_expect(!s->why && s->known && s->newest && !s->late, "%s", nodes[i].name);
        cr_expect_eq(s->hops, rows[i].hops, "%s", nodes[i].name);
        cr_expect_eq(s->parent, rows[i].parent, "%s", nodes[i].name);
        cr_expect_eq(s->delay_ns, rows[i].delay_ns, "%s", nodes[i].name);
        cr_expect_eq(s->clock_known, i == A, "%s", nodes[i].name);
        cr_expect_eq(s->within_ns, 100000);
    }
}

/* B's clock is 3 s ahead of A's, C's is 1 s behind B's. A measures B 10 ms too low and B measures A
 * 10 ms too low: the error of a path whose delay differs between the two directions. */
Test(way, times_are_converted_to_the_origins_clock)
{
    way_read(
        &way, A, ANSWER("A", STAMP("10"), TAKEN("11500000000"), "", LINK("B", "2990000")), NULL);
    way_read(&way, B,
        ANSWER("B", STAMP("10"), TAKEN("14502000000"), "\"A\"",
            LINK("A", "-3010000") "," LINK("C", "-1000000")),
        NULL);
    way_read(&way, C, ANSWER("C", STAMP("10"), TAKEN("13509000000"), "\"A\",\"B\"", ""), NULL);
    way_find(&way);
    cr_expect(sights[B].clock_known && sights[C].clock_known);
    cr_expect_eq(sights[B].clock_ns, 3000000000);
    cr_expect_eq(sights[B].delay_ns, 2000000);
    cr_expect_eq(sights[C].clock_ns, 2000000000);
    cr_expect_eq(sights[C].delay_ns, 9000000);
}

Test(way, the_newest_stamp_counts)
{
    way_read(&way, A, ANSWER("A", STAMP("10"), TAKEN("11500000000"), "", ""), NULL);
    way_read(&way, B,
        ANSWER("B", STAMP("10.000000001"), "\"taken_before_ns\":\"11600000000\",", "\"A\"", ""),
        NULL);
    way_read(&way, C, "{\"node\":\"C\",\"known\":false,\"links\":[]}", NULL);
    way_find(&way);
    cr_assert_eq(way.newest, &sights[B].stamp);
    cr_expect_eq(way.holders, 1);
    cr_expect(sights[A].known && !sights[A].newest);
    cr_expect(sights[B].newest && sights[B].late && !sights[C].known && !sights[C].why);
    cr_expect_eq(sights[B].delay_ns, 99999999);
}

Test(way, of_a_client_that_nobody_knows)
{
    way_read(&way, C, "{\"node\":\"C\",\"known\":false}", NULL);
    way_find(&way);
    cr_expect_null(way.newest);
    cr_expect_eq(way.holders, 0);
    cr_expect_str_eq(sights[A].why, "connection refused");
    cr_expect_null(sights[C].why);
}

Test(way, names_that_the_herd_does_not_have)
{
    way_read(&way, B,
        "{\"node\":\"B\",\"known\":true,\"origin\":\"Gone\",\"skew\":\"-1.000000000\",\"position\":"
        "\"+1-2\","
        "\"time\":\"5\"," TAKEN("7000000000") "\"via\":[\"Gone\",\"Lost\"],\"links\":[" LINK(
            "Gone", "5") "]}",
        NULL);
    way_find(&way);
    cr_assert(way.newest && !sights[B].clock_known);
    cr_expect_eq(sights[B].parent, -1);
    cr_expect_eq(sights[B].hops, 2);
    cr_expect_eq(sights[B].delay_ns, 3000000000);
}

Test(way, believes_nothing_odd)
{
    static const char *const rows[] = {
        "",
        "{",
        "[]",
        "7",
        "{}",
        "{\"node\":\"A\"}",
        "{\"node\":7,\"known\":true}",
        "{\"node\":\"A\",\"known\":1}",
        "{\"node\":\"A\",\"known\":true}",
        ANSWER("A", STAMP("10"), "", "", ""),
        ANSWER("A", STAMP("-1"), TAKEN("1"), "", ""),
        ANSWER("A", STAMP("10"), TAKEN("-1"), "", ""),
        ANSWER("A", STAMP("10"), TAKEN("9223372036854775808"), "", ""),
        ANSWER("A", STAMP("10"), "\"taken_ns\":\"1\",", "", ""),
        ANSWER("A", STAMP("10"), "\"taken_ns\":\"1\",\"taken_within_ns\":-1,", "", ""),
        ANSWER("A", STAMP("10"), "\"taken_ns\":\"1\",\"taken_within_ns\":1e300,", "", ""),
        ANSWER("A", STAMP("10"), TAKEN("1"), "7", ""),
        ANSWER("A", STAMP("10"), TAKEN("1"), "\"\\u001b[2J\"", ""),
        ANSWER("A",
            "\"origin\":\"\\u001b\",\"skew\":\"+1.500000000\",\"position\":\"+1-2\",\"time\":"
            "\"1\",",
            TAKEN("1"), "", ""),
        ANSWER("A", "\"origin\":\"A\",\"skew\":\"+1.5\",\"position\":\"+1-2\",\"time\":\"1\",",
            TAKEN("1"), "", ""),
        ANSWER("A",
            "\"origin\":\"A\",\"skew\":\"+1.500000000\",\"position\":\"here\",\"time\":\"1\",",
            TAKEN("1"), "", ""),
        ANSWER("A",
            "\"origin\":\"A\",\"skew\":\"+9223372035.500000000\",\"position\":\"+1-2\",\"time\":"
            "\"9\",",
            TAKEN("1"), "", ""),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        way_read(&way, A, rows[i], NULL);
        cr_expect(sights[A].why && !sights[A].known, "row %zu", i);
        way_find(&way);
        cr_expect_null(way.newest, "row %zu", i);
        end();
        begin();
    }
    way_read(&way, A, ANSWER("B", STAMP("10"), TAKEN("1"), "", ""), NULL);
    cr_expect_str_eq(sights[A].why, "another node answered");
}

Test(way, odd_clocks_are_left_out)
{
    static const char *const links[] = {"7", "{}", "{\"peer\":\"B\"}",
        "{\"peer\":7,\"clock_ahead_us\":1}", "{\"peer\":\"B\",\"clock_ahead_us\":\"1\"}",
        "{\"peer\":\"B\",\"clock_ahead_us\":1e300}", "{\"peer\":\"B\",\"clock_ahead_us\":-3.3e15}",
        "{\"peer\":\"C\",\"clock_ahead_us\":1}"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char answer[500];
        snprintf(answer, sizeof answer, ANSWER("A", STAMP("10"), TAKEN("1"), "", "%s"), links[i]);
        way_read(&way, A, answer, NULL);
        cr_expect_null(sights[A].why, "row %zu: %s", i, sights[A].why);
        cr_expect_not(sights[A].clocks[0].known, "row %zu", i);
        end();
        begin();
    }
}

/* What a node says may be wrong by any amount. */
Test(way, shows_times_that_lie_centuries_apart)
{
    char *text;
    size_t bytes;
    way_read(&way, A,
        ANSWER("A", STAMP("9223372030"), TAKEN("0"), "", LINK("B", "-3000000000000000")), NULL);
    way_read(
        &way, B, ANSWER("B", STAMP("9223372030"), TAKEN("9223372036854775807"), "\"A\"", ""), NULL);
    way_find(&way);
    cr_assert(sights[B].clock_known);
    cr_expect_eq(sights[B].clock_ns, -3000000000000000 * 1000);
    FILE *out = open_memstream(&text, &bytes);
    cr_assert(way_table(out, &way));
    fclose(out);
    cr_expect_not_null(strstr(text, "  12223372037 s  A\n"), "%s", text);
    free(text);
}

Test(way, gives_up_a_clock_that_makes_a_time_too_large)
{
    way_read(&way, A,
        ANSWER("A", STAMP("1"), TAKEN("2500000000"), "", LINK("B", "-3000000000000000")), NULL);
    way_read(&way, B, ANSWER("B", STAMP("1"), TAKEN("9223372036854775807"), "\"A\"", ""), NULL);
    way_find(&way);
    cr_assert(sights[B].newest);
    cr_expect_not(sights[B].clock_known);
    cr_expect_eq(sights[B].clock_ns, 0);
    cr_expect_eq(sights[B].delay_ns, INT64_MAX - 2500000000);
}
