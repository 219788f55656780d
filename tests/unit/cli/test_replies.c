/* test_replies.c — counts of replies do not depend on how the stream is split. */
#include "cli/replies.h"
#include <criterion/criterion.h>

#define AT "AT Goloman +0.000000001 kiwi +34-118 100.5\n"

static const struct {
    const char *stream;
    uint64_t count, refused;
    bool cut;
} rows[] = {
    {"", 0, 0, false},
    {AT, 1, 0, false},
    {AT AT AT, 3, 0, false},
    {"AT Goloman", 1, 0, true},
    {"? bah\n", 1, 1, false},
    {"? \n? \n", 2, 2, false},
    {"? AT not a reply\n? {\n", 2, 2, false},
    {AT "{}\n\n", 1, 0, false},
    {AT "{}\n", 1, 0, true},
    {AT "{", 1, 0, true},
    {AT "{\n\"results\": [\n? no reply\nAT neither\n]}\n\n" AT, 2, 0, false},
    {AT "{}\n\n? \n" AT "{}\n\n" AT, 4, 1, false},
    {AT "? x\n" AT "{\"status\":\"OK\"}\n\n? y", 4, 2, true},
};

Test(replies, counts_whatever_the_pieces)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span all = span_of(rows[i].stream);
        for (size_t piece = 1; piece <= all.len + 1; piece++) {
            struct replies r = {0};
            for (size_t at = 0; at < all.len; at += piece) {
                size_t len = all.len - at < piece ? all.len - at : piece;
                replies_take(&r, (struct span){all.at + at, len});
            }
            cr_expect_eq(r.count, rows[i].count, "row %zu, pieces of %zu: %lu", i, piece, r.count);
            cr_expect_eq(r.refused, rows[i].refused, "row %zu, pieces of %zu", i, piece);
            cr_expect_eq(replies_cut(&r), rows[i].cut, "row %zu, pieces of %zu", i, piece);
        }
    }
}
