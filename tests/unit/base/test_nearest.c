/* test_nearest.c — which mistyped words get a suggestion, and which get none. */
#include "core/base/nearest.h"
#include <criterion/criterion.h>

Test(nearest, suggests)
{
    static const char *const words[] = {
        "Goloman", "Hands", "Holiday", "Welsh", "Wilkes", "n1", "spin"};
    static const struct {
        const char *wanted, *best;
    } rows[] = {{"Wilks", "Wilkes"}, {"wilkes", "Wilkes"}, {"Wlikes", "Wilkes"},
        {"Wilkess", "Wilkes"}, {"Hadns", "Hands"}, {"sipn", "spin"}, {"Golomann", "Goloman"},
        {"Holdiays", "Holiday"}, {"N1", "n1"}, {"n2", NULL}, {"", NULL}, {"Zebedee", NULL},
        {"Wolf", NULL}, {"pins", NULL}, {"Wilkes-in-another-country", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nearest near = nearest_to(span_of(rows[i].wanted));
        for (size_t j = 0; j < sizeof words / sizeof *words; j++)
            nearest_offer(&near, words[j]);
        if (rows[i].best)
            cr_expect_str_eq(near.best ? near.best : "nothing", rows[i].best, "%s", rows[i].wanted);
        else
            cr_expect_null(near.best, "%s: %s", rows[i].wanted, near.best);
    }
}

Test(nearest, keeps_the_first_of_equals_and_takes_the_closer)
{
    struct nearest near = nearest_to(SPAN("abcdef"));
    nearest_offer(&near, "abcd");
    nearest_offer(&near, "cdef");
    cr_expect_str_eq(near.best, "abcd");
    nearest_offer(&near, "abcdeg");
    cr_expect_str_eq(near.best, "abcdeg");
}

Test(nearest, leaves_long_words_alone)
{
    char word[65], other[65];
    memset(word, 'a', 64);
    memset(other, 'a', 64);
    word[64] = other[64] = '\0';
    struct nearest near = nearest_to(span_of(word));
    nearest_offer(&near, other);
    cr_expect_null(near.best);
    word[63] = other[63] = '\0';
    near = nearest_to(span_of(word));
    nearest_offer(&near, other);
    cr_expect_not_null(near.best);
}
