/* test_rates.c — rates and quantiles come from the differences of two answers. */
#include "cli/rates.h"
#include <criterion/criterion.h>

#define METRICS_OF(iamats, whatsats, errors)                                                     \
    "\"metrics\":{\"lines_iamat\":" iamats ",\"lines_whatsat\":" whatsats ",\"lines_invalid\":1," \
    "\"clients_dropped_stalled\":" errors "}"

static struct rates_counts read(uint64_t uptime_ms, const char *boot, const char *rest)
{
    struct rates_counts counts;
    struct report r = {.uptime_ms = uptime_ms};
    strcpy(r.boot, boot);
    cJSON *json = cJSON_Parse(rest);
    cr_assert_not_null(json, "%s", rest);
    rates_read(&counts, &r, json);
    cJSON_Delete(json);
    return counts;
}

Test(rates, of_two_answers)
{
    struct rates_counts before = read(1000, "b1",
        "{" METRICS_OF("100", "7", "0") ",\"iamat_took\":[[2048,90],[1048576,10]]}");
    struct rates_counts after = read(3000, "b1",
        "{" METRICS_OF("300", "8", "4") ",\"iamat_took\":[[2048,90],[4096,190],[1048576,20]],"
        "\"memory_bytes\":5}");
    struct rates r = rates_between(&before, &after);
    cr_expect(r.known && r.timed);
    cr_expect_float_eq(r.iamats, 100, 1e-9);
    cr_expect_float_eq(r.whatsats, 0.5, 1e-9);
    cr_expect_float_eq(r.errors, 2, 1e-9);
    cr_expect_float_eq(r.p50_us, 4.096, 1e-9, "%f", r.p50_us);
    cr_expect_float_eq(r.p99_us, 1048.576, 1e-9, "%f", r.p99_us);
    cr_expect_eq(after.memory_bytes, 5);
    r = rates_between(&after, &after);
    cr_expect(!r.known);
}

Test(rates, of_one_process_only)
{
    struct rates_counts down, before = read(1000, "b1", "{}");
    struct rates_counts after = read(2000, "b2", "{" METRICS_OF("9", "9", "9") "}");
    rates_read(&down, &(struct report){.why = "connection refused"}, NULL);
    cr_expect_not(rates_between(&before, &after).known);
    cr_expect_not(rates_between(&down, &after).known);
    cr_expect_not(rates_between(&after, &down).known);
    after = read(500, "b1", "{}");
    cr_expect_not(rates_between(&before, &after).known, "its clock does not go back");
}

Test(rates, odd_answers_count_as_nothing)
{
    static const char *const rows[] = {"{}", "{\"metrics\":7,\"iamat_took\":7}",
        "{\"metrics\":[],\"iamat_took\":[7,[],[1],[\"1\",\"2\"],[-1,1e300],[null,-2]]}",
        "{" METRICS_OF("-1", "1e300", "\"x\"") ",\"memory_bytes\":-1}"};
    struct rates_counts before = read(1000, "b1", "{" METRICS_OF("5", "5", "5") "}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rates_counts after = read(2000, "b1", rows[i]);
        struct rates r = rates_between(&before, &after);
        cr_expect(r.known && !r.timed, "row %zu", i);
        cr_expect_float_eq(r.iamats + r.whatsats + r.errors, 0, 1e-9, "row %zu", i);
        cr_expect_eq(after.memory_bytes, 0);
    }
}
