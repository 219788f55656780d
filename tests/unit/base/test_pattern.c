/* test_pattern.c — which texts can be a pattern, and which names it stands for. */
#include "core/base/pattern.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>

Test(pattern, can_be)
{
    static const char *const well[] = {
        "a", "ops-*", "*.ops.example.org", "ops*x", "_-.9", "*a", "a*"};
    static const char *const wrong[] = {
        "", "*", "**", "a**", "*a*", "a b", "a\n", "ops-?", "[ab]", "\xc3\xa9", "a/b"};
    for (size_t i = 0; i < sizeof well / sizeof *well; i++)
        cr_expect(pattern_valid(span_of(well[i])), "%s", well[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect(!pattern_valid(span_of(wrong[i])), "%s", wrong[i]);
}

Test(pattern, fits)
{
    static const struct {
        const char *pattern, *name;
        bool fits;
    } rows[] = {{"ops-*", "ops-anna", true}, {"ops-*", "ops-a", true}, {"ops-*", "ops-", false},
        {"ops-*", "ops", false}, {"ops-*", "", false}, {"ops-*", "xops-anna", false},
        {"ops-*", "OPS-anna", false}, {"ops-*", "ops-Anna_9-b", true}, {"ops-*", "ops-a.b", false},
        {"ops-*", "ops-*", false}, {"ops-*", "ops-a ", false}, {"ops-*", "ops-\xc3\xa9", false},
        {"anna", "anna", true}, {"anna", "annab", false}, {"anna", "ann", false}, {"", "", false},
        {"", "a", false}, {"*.ops", "anna.ops", true}, {"*.ops", ".ops", false},
        {"*.ops", "a.b.ops", false}, {"*.ops", "*.ops", false}, {"a*a", "aa", false},
        {"a*a", "aba", true}, {"a*a", "aaa", true}, {"ab*ba", "aba", false}, {"a.b", "a.b", true},
        {"a.b", "axb", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span pattern = boxed(span_of(rows[i].pattern)), name = boxed(span_of(rows[i].name));
        cr_expect_eq(
            pattern_fits(pattern, name), rows[i].fits, "%s %s", rows[i].pattern, rows[i].name);
        unbox(pattern);
        unbox(name);
    }
}
