/* test_replies.c — counts of replies do not depend on how the stream is split. */
#include "cli/replies.h"
#include "core/base/buf.h"
#include <criterion/criterion.h>

#define AT "AT Goloman +0.000000001 kiwi +34-118 100.5\n"

/* All refused lines of the piece, each followed by `|`. */
static void take(struct replies *r, struct span bytes, struct buf *lines)
{
    struct span line;
    while (replies_next(r, &bytes, &line)) {
        buf_span_put(lines, line);
        buf_byte(lines, '|');
    }
    cr_assert_eq(bytes.len, 0);
}

static const struct {
    const char *stream;
    uint64_t count, refused;
    bool cut;
    const char *lines; /* refused and whole */
} rows[] = {
    {"", 0, 0, false, ""},
    {AT, 1, 0, false, ""},
    {AT AT AT, 3, 0, false, ""},
    {"AT Goloman", 1, 0, true, ""},
    {"? bah\n", 1, 1, false, "bah|"},
    {"? \n? \n", 2, 2, false, "||"},
    {"? AT not a reply\n? {\n", 2, 2, false, "AT not a reply|{|"},
    {AT "{}\n\n", 1, 0, false, ""},
    {AT "{}\n", 1, 0, true, ""},
    {AT "{", 1, 0, true, ""},
    {AT "{\n\"results\": [\n? no reply\nAT neither\n]}\n\n" AT, 2, 0, false, ""},
    {AT "{}\n\n? \n" AT "{}\n\n" AT, 4, 1, false, "|"},
    {"NEAR 0 +1-1 5 10\n" AT, 2, 0, false, ""},
    {"NEAR 2 +1-1 5 10\n0.000 " AT "1.500 " AT "? bah\n", 2, 1, false, "bah|"},
    {"NEAR 2 +1-1 5 10\n0.000 " AT, 1, 0, true, ""},
    {"NEAR 1 +1-1 5 10\n? no\n? bah\n", 2, 1, false, "bah|"},
    {"! 1 NOW " AT "WATCHING 1 kiwi\n! 1 MOVE " AT "UNWATCHED 1\n", 2, 0, false, ""},
    {"WATCHING 1\n! 1 NO", 1, 0, true, ""},
    {AT "? x\n" AT "{\"status\":\"OK\"}\n\n? y", 4, 2, true, "x|"},
};

Test(replies, counts_whatever_the_pieces)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span all = span_of(rows[i].stream);
        for (size_t piece = 1; piece <= all.len + 1; piece++) {
            struct replies r = {0};
            char text[64];
            struct buf lines = buf_over(text, sizeof text);
            for (size_t at = 0; at < all.len; at += piece) {
                size_t len = all.len - at < piece ? all.len - at : piece;
                take(&r, (struct span){all.at + at, len}, &lines);
            }
            cr_expect_eq(r.count, rows[i].count, "row %zu, pieces of %zu: %lu", i, piece, r.count);
            cr_expect_eq(r.refused, rows[i].refused, "row %zu, pieces of %zu", i, piece);
            cr_expect(
                span_equal(buf_span(&lines), span_of(rows[i].lines)), "row %zu, %zu", i, piece);
            cr_expect_eq(replies_cut(&r), rows[i].cut, "row %zu, pieces of %zu", i, piece);
        }
    }
}

Test(replies, a_refused_line_that_no_node_would_repeat_is_cut)
{
    static char stream[STAMPEDE_LINE_BYTES_MAX + 100];
    memset(stream, 'x', sizeof stream);
    stream[0] = '?', stream[1] = ' ', stream[sizeof stream - 1] = '\n';
    struct replies r = {0};
    struct span in = {stream, sizeof stream}, line;
    cr_assert(replies_next(&r, &in, &line));
    cr_expect_eq(line.len, STAMPEDE_LINE_BYTES_MAX);
    cr_expect_not(replies_next(&r, &in, &line));
}
