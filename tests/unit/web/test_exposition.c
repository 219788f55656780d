/* test_exposition.c — the text of metrics, byte for byte. */
#include "core/web/exposition.h"
#include <criterion/criterion.h>

static char memory[4096];
static struct buf out;

static void said(const char *want)
{
    cr_expect(span_equal(buf_span(&out), span_of(want)), "%.*s", (int)out.len, out.at);
    out = buf_over(memory, sizeof memory);
}

Test(exposition, samples)
{
    out = buf_over(memory, sizeof memory);
    exposition_single(&out, "a_total", EXPOSITION_COUNTER, "what it counts", UINT64_MAX);
    said("# HELP a_total what it counts\n# TYPE a_total counter\na_total 18446744073709551615\n");
    exposition_family(&out, "b", EXPOSITION_GAUGE, "b");
    exposition_count(&out, "b", "peer", SPAN("Hands"), 1);
    exposition_count(&out, "b", "peer", SPAN("a\\b\"c\nd"), 0);
    said("# HELP b b\n# TYPE b gauge\nb{peer=\"Hands\"} 1\nb{peer=\"a\\\\b\\\"c\\nd\"} 0\n");
    const int64_t times[] = {0, 1, 1000000000, -1500000000, 90061000000001, INT64_MIN};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        exposition_seconds(&out, "c", NULL, (struct span){0}, times[i]);
    said("c 0\nc 0.000000001\nc 1\nc -1.5\nc 90061.000000001\nc -9223372036.854775808\n");
}

Test(exposition, a_histogram_is_cumulative)
{
    static struct histogram h;
    out = buf_over(memory, sizeof memory);
    histogram_add(&h, 4, 2);
    histogram_add(&h, 5, 1);
    histogram_add(&h, 1000000000, 3);
    exposition_histogram(&out, "d_seconds", "d", &h, 2, 4);
    said("# HELP d_seconds d\n# TYPE d_seconds histogram\n"
         "d_seconds_bucket{le=\"0.000000004\"} 2\nd_seconds_bucket{le=\"0.000000008\"} 3\n"
         "d_seconds_bucket{le=\"0.000000016\"} 3\nd_seconds_bucket{le=\"+Inf\"} 6\n"
         "d_seconds_sum 3.000000013\nd_seconds_count 6\n");
}
