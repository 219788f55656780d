/* three.h — for tests of what commands show: a herd of three, and the answer of one node. */
#ifndef TESTS_UNIT_CLI_THREE_H
#define TESTS_UNIT_CLI_THREE_H

#include "cli/report.h"

/* The herd has the links A — B and A — C; A is asked. */
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

static inline struct report read_answer(const char *answer)
{
    struct report r;
    report_read(&r, &herd, 0, answer, NULL, NULL);
    return r;
}

#endif
