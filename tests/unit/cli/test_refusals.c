/* test_refusals.c — what `stampede send` tells of a line that the node refused. */
#include "cli/refusals.h"
#include "core/base/instant.h"
#include <criterion/criterion.h>

Test(refusals, tell_what_is_left_as_a_reason)
{
    static const struct {
        const char *line, *why;
        bool evict;
    } rows[] = {
        {"hello", "the first word is neither IAMAT nor WHATSAT", false},
        {"WHATSAT kiwi 1 1", "this node holds no stamp of that client id", false},
        {"IAMAT kiwi +1-1 1061", "the time is 61 s ahead of the clock; limits.future is 60 s",
            false},
        {"IAMAT kiwi +1-1 1060",
            "the node holds limits.stamps ids and this one is new, or has no memory left, or by "
            "its clock the time is too far ahead",
            false},
        {"IAMAT kiwi +1-1 1000",
            "the node holds limits.stamps ids and this one is new, or has no memory left", false},
        {"IAMAT kiwi +1-1 1000", "the node has no memory left for the stamp", true},
        {"IAMAT kiwi +1-1 9223372036",
            "the time is 9223371036 s ahead of the clock; limits.future is 60 s", true},
        {"hello, this line is just as long",
            "the line is longer than limits.line (32 bytes), or just as long and: the first word "
            "is neither IAMAT nor WHATSAT",
            false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct topology_limits limits = {
            .line_bytes = 32, .future_ns = 60 * SECOND_NS, .stamps_evict = rows[i].evict};
        char text[REFUSAL_TEXT_BYTES];
        refusal_explain(&limits, span_of(rows[i].line), 1000 * SECOND_NS, text);
        cr_expect_str_eq(text, rows[i].why, "row %zu", i);
    }
}
