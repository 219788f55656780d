/* test_buf.c — the bounded buffer: what fits is written, what does not only sets the flag. */
#include "core/base/buf.h"
#include <criterion/criterion.h>

static char memory[64];

static void expect(const struct buf *b, const char *text)
{
    struct span got = buf_span(b);
    cr_assert(span_equal(got, span_of(text)), "\"%.*s\", not \"%s\"", (int)got.len, got.at, text);
}

Test(buf, fills_to_the_last_byte)
{
    struct buf b = buf_over(memory, 6);
    memset(memory, '#', sizeof memory);
    buf_text(&b, "abc");
    buf_byte(&b, 'd');
    buf_span_put(&b, SPAN("ef"));
    expect(&b, "abcdef");
    cr_assert(!b.overflow);
    cr_assert_eq(buf_room(&b), 0);
    buf_put(&b, "", 0);
    cr_assert(!b.overflow, "nothing always fits");
    cr_assert_eq(memory[6], '#');
}

Test(buf, overflow_is_sticky_and_writes_nothing)
{
    struct buf b = buf_over(memory, 4);
    memset(memory, '#', sizeof memory);
    buf_text(&b, "abc");
    buf_text(&b, "de");
    cr_assert(b.overflow);
    cr_assert_eq(buf_room(&b), 0);
    buf_byte(&b, 'f');
    buf_u64(&b, 1);
    buf_hex(&b, 1, 1);
    expect(&b, "abc");
    cr_assert_eq(memory[3], '#');
}

Test(buf, without_memory)
{
    struct buf b = buf_over(NULL, 0);
    buf_span_put(&b, (struct span){NULL, 0});
    cr_assert(!b.overflow);
    buf_byte(&b, 'a');
    cr_assert(b.overflow);
    cr_assert_eq(b.len, 0);
}

Test(buf, decimal)
{
    static const struct {
        uint64_t value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {1000000000, "1000000000"},
        {INT64_MAX, "9223372036854775807"},
        {UINT64_MAX, "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = buf_over(memory, strlen(rows[i].text));
        buf_u64(&b, rows[i].value);
        expect(&b, rows[i].text);
        b = buf_over(memory, strlen(rows[i].text) - 1);
        buf_u64(&b, rows[i].value);
        expect(&b, "");
        cr_assert(b.overflow, "a number is never cut short");
    }
}

Test(buf, hexadecimal)
{
    static const struct {
        uint64_t value;
        unsigned digits;
        const char *text;
    } rows[] = {
        {0, 1, "0"},
        {0xf, 1, "f"},
        {0xab, 2, "ab"},
        {0xab, 4, "00ab"},
        {0x1ab, 2, "ab"},
        {UINT64_C(0x0123456789abcdef), 16, "0123456789abcdef"},
        {UINT64_MAX, 16, "ffffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = buf_over(memory, rows[i].digits);
        buf_hex(&b, rows[i].value, rows[i].digits);
        expect(&b, rows[i].text);
    }
}

Test(buf, spans)
{
    cr_assert_lt(span_compare(SPAN("a"), SPAN("b")), 0);
    cr_assert_lt(span_compare(SPAN("a"), SPAN("aa")), 0, "a prefix comes first");
    cr_assert_gt(span_compare(SPAN("b"), SPAN("aa")), 0);
    cr_assert_lt(span_compare(SPAN("a"), SPAN("\xff")), 0, "bytes are not signed");
    cr_assert_eq(span_compare(SPAN("a\0b"), SPAN("a\0b")), 0);
    cr_assert_lt(span_compare(SPAN("a\0a"), SPAN("a\0b")), 0, "NUL ends nothing");
    cr_assert_lt(span_compare((struct span){NULL, 0}, SPAN("a")), 0);
    cr_assert(span_equal((struct span){NULL, 0}, SPAN("")));
    cr_assert(!span_equal(SPAN("a"), SPAN("ab")));
}
