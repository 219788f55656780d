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
        {"hello", "the first word is none of IAMAT, WHATSAT, NEAR, WATCH, UNWATCH", false},
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
        {"NEAR +1-1 1 1001", "the count is above 1000", false},
        {"NEAR +1-1 1 101", "the count is above limits.near (100)", false},
        {"NEAR +1-1 1 100",
            "too many live queries wait at the node, or the node has a version without live "
            "queries",
            false},
        {"WATCH", "limits.watches (7), watch_all or watches_total is reached, or the node has a "
                  "version without live queries", false},
        {"WATCH kiwi", "limits.watches (7) or watches_total is reached, or the node has a version "
                       "without live queries", false},
        {"WATCH NEAR +1-1 1",
            "more than limits.fence (9) stamps are within, limits.watches or watches_total is "
            "reached, too many live queries wait, or the node has a version without live queries",
            false},
        {"UNWATCH 1",
            "this connection has no watch with that number, or the node has a version without live "
            "queries",
            false},
        {"hello, this line is just as long",
            "the line is longer than limits.line (32 bytes), or just as long and: the first word "
            "is none of IAMAT, WHATSAT, NEAR, WATCH, UNWATCH",
            false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct topology_limits limits = {.line_bytes = 32,
            .future_ns = 60 * SECOND_NS,
            .stamps_evict = rows[i].evict,
            .near = 100,
            .watches = 7,
            .fence = 9};
        char text[REFUSAL_TEXT_BYTES];
        refusal_explain(&limits, span_of(rows[i].line), 1000 * SECOND_NS, text);
        cr_expect_str_eq(text, rows[i].why, "row %zu", i);
    }
}
