/* test_line.c — the line reader, with its input split in every possible way.
 *
 * A stream goes in block by block. Each block lies in memory of exactly its size, which is freed
 * before the next block, and the reader gets a `room` only when it asks for one. The results are
 * written as W[line], L[beginning of a long line] and E[line that the stream's end completed]. */
#include "unit/boxed.h"
#include "core/base/buf.h"
#include "core/protocol/line.h"
#include <criterion/criterion.h>
#include <stdio.h>

struct session {
    struct line_reader reader;
    char text[4096];
    struct buf seen;
};

static void session_begin(struct session *s, uint32_t bytes_max)
{
    s->reader = (struct line_reader){.bytes_max = bytes_max};
    s->seen = buf_over(s->text, sizeof s->text);
}

static void write_down(struct session *s, char kind, struct span line)
{
    buf_byte(&s->seen, kind);
    buf_byte(&s->seen, '[');
    buf_span_put(&s->seen, line);
    buf_byte(&s->seen, ']');
    cr_assert(!s->seen.overflow);
}

static void take_room_back(struct session *s)
{
    free(s->reader.room);
    s->reader.room = NULL;
}

static void receive(struct session *s, struct span bytes)
{
    struct span block = boxed(bytes), left = block, line;
    for (;;) {
        enum line_result result = line_next(&s->reader, &left, &line);
        if (result == LINE_MORE)
            break;
        if (result == LINE_NO_ROOM) {
            cr_assert_null(s->reader.room);
            s->reader.room = malloc(s->reader.bytes_max + (size_t)1);
            continue;
        }
        const char *room = s->reader.room;
        bool in_room = room && line.at >= room && line.at <= room + s->reader.bytes_max;
        cr_assert_eq(s->reader.room_in_use, in_room);
        write_down(s, result == LINE_WHOLE ? 'W' : 'L', line);
    }
    cr_assert_eq(left.len, 0, "LINE_MORE with bytes left");
    if (s->reader.kept == 0)
        take_room_back(s);
    unbox(block);
}

static void session_end(struct session *s)
{
    struct span line;
    if (line_last(&s->reader, &line))
        write_down(s, 'E', line);
    cr_assert(!line_last(&s->reader, &line), "a last line is yielded once");
    take_room_back(s);
}

/* The results when the stream is split after `first` bytes and after `second`. */
static struct span cut_twice(
    struct session *s, struct span stream, uint32_t bytes_max, size_t first, size_t second)
{
    session_begin(s, bytes_max);
    receive(s, (struct span){stream.at, first});
    receive(s, (struct span){stream.at + first, second - first});
    receive(s, span_from(stream, second));
    session_end(s);
    return buf_span(&s->seen);
}

static struct span byte_by_byte(struct session *s, struct span stream, uint32_t bytes_max)
{
    session_begin(s, bytes_max);
    for (size_t i = 0; i < stream.len; i++)
        receive(s, (struct span){stream.at + i, 1});
    session_end(s);
    return buf_span(&s->seen);
}

static void expect_same(struct span seen, struct span expected, struct span stream, size_t cut)
{
    cr_assert(span_equal(seen, expected), "\"%.*s\" cut at %zu: %.*s, not %.*s", (int)stream.len,
        stream.at, cut, (int)seen.len, seen.at, (int)expected.len, expected.at);
}

static void expect_however_cut(struct span stream, uint32_t bytes_max, struct span expected)
{
    static struct session s;
    for (size_t first = 0; first <= stream.len; first++)
        for (size_t second = first; second <= stream.len; second++)
            expect_same(cut_twice(&s, stream, bytes_max, first, second), expected, stream, first);
    expect_same(byte_by_byte(&s, stream, bytes_max), expected, stream, 1);
}

Test(line, table)
{
    static const struct {
        struct span stream, expected;
    } rows[] = {
        {SPAN(""), SPAN("")},
        {SPAN("\n"), SPAN("W[]")},
        {SPAN("\r\n"), SPAN("W[]")},
        {SPAN("\n\n\r\n"), SPAN("W[]W[]W[]")},
        {SPAN("ab\ncd\r\n"), SPAN("W[ab]W[cd]")},
        {SPAN("ab"), SPAN("E[ab]")},
        {SPAN("ab\ncd"), SPAN("W[ab]E[cd]")},
        {SPAN("a\rb\n"), SPAN("W[a\rb]")},
        {SPAN("a\r\r\n"), SPAN("W[a\r]")},
        {SPAN("a\r"), SPAN("E[a]")},
        {SPAN("\r"), SPAN("E[]")},
        {SPAN("a\0b\n\x7f\n"), SPAN("W[a\0b]W[\x7f]")},
        {SPAN("\xc3\xa9\xff\n"), SPAN("W[\xc3\xa9\xff]")},
        /* bytes_max is 4: lines that just fit */
        {SPAN("1234\n"), SPAN("W[1234]")},
        {SPAN("1234\r\n"), SPAN("W[1234]")},
        {SPAN("1234"), SPAN("E[1234]")},
        {SPAN("1234\r"), SPAN("E[1234]")},
        {SPAN("123\r\r\n"), SPAN("W[123\r]")},
        /* lines that just do not */
        {SPAN("12345\n"), SPAN("L[1234]")},
        {SPAN("12345\r\n"), SPAN("L[1234]")},
        {SPAN("1234\r5\n"), SPAN("L[1234]")},
        {SPAN("1234\r\r\n"), SPAN("L[1234]")},
        {SPAN("1234\r\r\r\n"), SPAN("L[1234]")},
        {SPAN("12345"), SPAN("L[1234]")},
        {SPAN("1234567890\nab\n"), SPAN("L[1234]W[ab]")},
        {SPAN("1234567890\n\nab"), SPAN("L[1234]W[]E[ab]")},
        {SPAN("12345678901234567890"), SPAN("L[1234]")},
        {SPAN("12345\n67890\nab"), SPAN("L[1234]L[6789]E[ab]")},
        {SPAN("ab\n12345\r\ncd\n"), SPAN("W[ab]L[1234]W[cd]")},
        {SPAN("\r\r\r\r\r\r\n"), SPAN("L[\r\r\r\r]")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_however_cut(rows[i].stream, 4, rows[i].expected);
}

/* The same results from the obvious algorithm: take the whole stream and split it at each LF. */
static struct span model(struct session *s, struct span stream, uint32_t bytes_max)
{
    session_begin(s, bytes_max);
    while (stream.len) {
        const char *lf = memchr(stream.at, '\n', stream.len);
        struct span line = {stream.at, lf ? (size_t)(lf - stream.at) : stream.len};
        stream = span_from(stream, line.len + (lf != NULL));
        line.len -= line.len && line.at[line.len - 1] == '\r';
        bool fits = line.len <= bytes_max;
        line.len = fits ? line.len : bytes_max;
        write_down(s, !fits ? 'L' : lf ? 'W' : 'E', line);
    }
    return buf_span(&s->seen);
}

Test(line, every_short_stream_however_cut)
{
    enum { BYTES = 7 };
    static struct session expected, got;
    char stream[BYTES];
    for (size_t len = 1; len <= BYTES; len++) {
        int streams = 1;
        for (size_t i = 0; i < len; i++)
            streams *= 3;
        for (int code = 0; code < streams; code++) {
            for (int i = 0, rest = code; i < (int)len; i++, rest /= 3)
                stream[i] = "x\r\n"[rest % 3];
            struct span whole = {stream, len};
            struct span said = model(&expected, whole, 2);
            for (size_t cut = 0; cut <= len; cut++)
                expect_same(cut_twice(&got, whole, 2, cut, len), said, whole, cut);
            expect_same(byte_by_byte(&got, whole, 2), said, whole, 1);
        }
    }
}

Test(line, the_limit_of_a_node)
{
    enum { MAX = 1024 };
    static struct session s;
    static char stream[MAX + 3], expected[MAX + 3];
    memset(stream, 'a', sizeof stream);
    memset(expected, 'a', sizeof expected);
    expected[0] = 'W', expected[1] = '[', expected[MAX + 2] = ']';
    memcpy(stream + MAX, "\r\n", 2);
    struct span fits = {stream, MAX + 2}, line = {expected, MAX + 3};
    for (size_t cut = 0; cut <= fits.len; cut++)
        expect_same(cut_twice(&s, fits, MAX, cut, fits.len), line, fits, cut);
    memcpy(stream + MAX, "a\r\n", 3);
    expected[0] = 'L';
    struct span too_long = {stream, MAX + 3};
    for (size_t cut = 0; cut <= too_long.len; cut++)
        expect_same(cut_twice(&s, too_long, MAX, cut, too_long.len), line, too_long, cut);
}

Test(line, whole_lines_are_views_and_need_no_room)
{
    struct line_reader r = {.bytes_max = 8};
    struct span stream = boxed(SPAN("ab\ncd\n")), in = stream, line;
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE);
    cr_assert_eq(line.at, stream.at);
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE);
    cr_assert_eq(line.at, stream.at + 3);
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert_null(r.room);
    unbox(stream);
}

Test(line, no_bytes_at_all)
{
    struct line_reader r = {.bytes_max = 2};
    struct span nothing = {NULL, 0}, in = nothing, line;
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    in = SPAN("abc");
    cr_assert_eq(line_next(&r, &in, &line), LINE_LONG);
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    in = nothing;
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert(!line_last(&r, &line));
    in = SPAN("bc\nd\n");
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE, "still skipping, however little came");
    cr_assert(span_equal(line, SPAN("d")));
}

Test(line, without_room_nothing_is_taken)
{
    struct line_reader r = {.bytes_max = 8};
    struct span in = SPAN("ab\ncd"), line;
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(line_next(&r, &in, &line), LINE_NO_ROOM);
        cr_assert(span_equal(in, SPAN("cd")));
    }
    char room[9];
    r.room = room;
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert_eq(r.kept, 2);
}

Test(line, a_line_in_room_outlives_those_that_follow_whole)
{
    char room[9];
    struct line_reader r = {.bytes_max = 8, .room = room};
    struct span in = SPAN("ab"), split, line;
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    in = SPAN("cd\nef\n1234567890\ngh");
    cr_assert_eq(line_next(&r, &in, &split), LINE_WHOLE);
    cr_assert(r.room_in_use);
    cr_assert_eq(r.kept, 0);
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE);
    cr_assert(!r.room_in_use);
    cr_assert_eq(line_next(&r, &in, &line), LINE_LONG);
    cr_assert(span_equal(split, SPAN("abcd")));
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert_eq(r.kept, 2);
}

Test(line, room_is_in_use_until_it_is_written_again)
{
    char room[9];
    struct line_reader r = {.bytes_max = 8, .room = room};
    struct span in = SPAN("ab"), line;
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    in = SPAN("cd\n");
    cr_assert_eq(line_next(&r, &in, &line), LINE_WHOLE);
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert(r.room_in_use, "nothing was kept: the line still stands");
    in = SPAN("ef");
    cr_assert_eq(line_next(&r, &in, &line), LINE_MORE);
    cr_assert(!r.room_in_use);
    cr_assert(line_last(&r, &line));
    cr_assert(r.room_in_use && line.at == room);
}
