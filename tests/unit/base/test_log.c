/* test_log.c — lines of the log: dates, escaping, and lines that do not fit. */
#include "core/base/log.h"
#include <criterion/criterion.h>
#include <time.h>

static char memory[8192];

/* 2026-11-23T10:15:00.123456Z and some nanoseconds */
static const struct instant now = {.real_ns = INT64_C(1795428900123456789)};

#define STAMP "2026-11-23T10:15:00.123456Z"

static struct log log_of(size_t bytes)
{
    struct log l;
    log_init(&l, LOG_INFO, SPAN("Goloman"), memory, bytes);
    return l;
}

static void expect(const struct log *l, const char *text)
{
    struct span got = buf_span(&l->pending);
    cr_expect(span_equal(got, span_of(text)), "%.*s\nnot\n%s", (int)got.len, got.at, text);
}

static void say(struct log *l, const char *key, struct span value)
{
    log_begin(l, LOG_INFO, "event", now);
    log_text(l, key, value);
    log_end(l);
}

Test(log, a_line)
{
    struct log l = log_of(sizeof memory);
    log_begin(&l, LOG_WARN, "link_up", now);
    log_text(&l, "peer", SPAN("Hands"));
    log_number(&l, "tries", 41);
    log_end(&l);
    expect(&l, STAMP " warn node=Goloman link_up peer=Hands tries=41\n");
    log_begin(&l, LOG_ERROR, "end", now);
    log_end(&l);
    expect(&l,
        STAMP " warn node=Goloman link_up peer=Hands tries=41\n" STAMP " error node=Goloman end\n");
}

Test(log, without_a_node)
{
    struct log l;
    log_init(&l, LOG_DEBUG, SPAN(""), memory, sizeof memory);
    log_begin(&l, LOG_DEBUG, "start", now);
    log_end(&l);
    expect(&l, STAMP " debug start\n");
}

Test(log, levels)
{
    for (int on = LOG_ERROR; on <= LOG_DEBUG; on++) {
        for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
            struct log l;
            log_init(&l, (enum log_level)on, SPAN("n"), memory, sizeof memory);
            cr_expect_eq(log_on(&l, (enum log_level)level), level <= on);
            log_begin(&l, (enum log_level)level, "event", now);
            log_text(&l, "text", SPAN("x"));
            log_number(&l, "number", 1);
            log_end(&l);
            cr_expect_eq(l.pending.len > 0, level <= on);
        }
    }
    cr_expect_str_eq(log_level_word(LOG_ERROR), "error");
    cr_expect_str_eq(log_level_word(LOG_DEBUG), "debug");
}

Test(log, numbers)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {{0, "0"}, {-1, "-1"}, {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct log l = log_of(sizeof memory);
        log_begin(&l, LOG_INFO, "event", now);
        log_number(&l, "n", rows[i].value);
        log_end(&l);
        char expected[128];
        struct buf out = buf_over(expected, sizeof expected);
        buf_text(&out, STAMP " info node=Goloman event n=");
        buf_text(&out, rows[i].text);
        buf_put(&out, "\n", 2);
        expect(&l, expected);
    }
}

Test(log, values_are_quoted_and_escaped_where_they_need_it)
{
    static const struct {
        struct span value;
        const char *text;
    } rows[] = {
        {SPAN("Hands"), "Hands"},
        {SPAN("127.0.0.1:12000"), "127.0.0.1:12000"},
        {SPAN("[::1]:12000"), "[::1]:12000"},
        {SPAN("+34.068930-118.445127"), "+34.068930-118.445127"},
        {SPAN(""), "\"\""},
        {SPAN("two words"), "\"two words\""},
        {SPAN("a=b"), "\"a=b\""},
        {SPAN("a\"b"), "\"a\\\"b\""},
        {SPAN("a\\b"), "\"a\\\\b\""},
        {SPAN("\\x0a"), "\"\\\\x0a\""},
        {SPAN("a\nb"), "\"a\\x0ab\""},
        {SPAN("a\r\n"), "\"a\\x0d\\x0a\""},
        {SPAN("\0"), "\"\\x00\""},
        {SPAN("\x1b[31m\x7f"), "\"\\x1b[31m\\x7f\""},
        {SPAN("\xe9\xb4\xa8"), "\"\xe9\xb4\xa8\""},
        {SPAN("\xf0\x9f\x90\x8e\xc2\xa0"), "\"\xf0\x9f\x90\x8e\xc2\xa0\""},
        {SPAN("\xc2\x9b"
              "2J"),
            "\"\\xc2\\x9b2J\""}, /* C1's equivalent of ESC [ */
        {SPAN("\x9b"
              "2J"),
            "\"\\x9b2J\""},
        {SPAN("\xe9\xb4"), "\"\\xe9\\xb4\""},
        {SPAN("\xe9\xb4x"), "\"\\xe9\\xb4x\""},
        {SPAN("\xc0\xaf\xe0\x80\xaf"), "\"\\xc0\\xaf\\xe0\\x80\\xaf\""}, /* overlong forms of / */
        {SPAN("a\xe2\x80\xa8"
              "b\xe2\x80\xa9"),
            "\"a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9\""},
        {SPAN("a\xe2\x80\xaetxt"),
            "\"a\\xe2\\x80\\xaetxt\""}, /* U+202E: to be read from the right */
        {SPAN("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\""}, /* half of a pair */
        {SPAN("\xf4\x90\x80\x80\xff"), "\"\\xf4\\x90\\x80\\x80\\xff\""},
        {SPAN("x\n" STAMP " info node=Goloman forged"),
            "\"x\\x0a" STAMP " info node=Goloman forged\""},
        {SPAN("\" peer=forged x=\""), "\"\\\" peer=forged x=\\\"\""},
        {SPAN("\\\" peer=forged"), "\"\\\\\\\" peer=forged\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct log l = log_of(sizeof memory);
        say(&l, "key", rows[i].value);
        char expected[256];
        struct buf out = buf_over(expected, sizeof expected);
        buf_text(&out, STAMP " info node=Goloman event key=");
        buf_text(&out, rows[i].text);
        buf_put(&out, "\n", 2);
        expect(&l, expected);
    }
}

/* The value of `key` in a line, parsed as a program would: an unescaped quote ends it. */
static struct span read_back(struct span line, char *out)
{
    const char *at = memmem(line.at, line.len, "key=\"", 5);
    cr_assert_not_null(at);
    size_t len = 0;
    for (at += 5; *at != '"'; at++) {
        if (*at != '\\') {
            out[len++] = *at;
        } else if (*++at == 'x') {
            char hex[] = {at[1], at[2], 0};
            out[len++] = (char)strtol(hex, NULL, 16);
            at += 2;
        } else {
            out[len++] = *at;
        }
    }
    cr_assert_eq(at[1], '\n', "nothing comes behind the value");
    return (struct span){out, len};
}

Test(log, no_bytes_forge_a_line)
{
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            char value[] = {(char)first, (char)second, ' '}, back[64];
            struct log l = log_of(sizeof memory);
            say(&l, "key", (struct span){value, sizeof value});
            struct span line = buf_span(&l.pending);
            for (size_t i = 0; i + 1 < line.len; i++)
                cr_assert(
                    (unsigned char)line.at[i] >= ' ' && line.at[i] != 0x7f, "%d %d", first, second);
            cr_assert_eq(line.at[line.len - 1], '\n');
            cr_assert(span_equal(read_back(line, back), (struct span){value, sizeof value}));
        }
    }
}

Test(log, a_line_that_does_not_fit_is_dropped_whole_and_counted)
{
    const char *first = STAMP " info node=Goloman event key=1234\n";
    size_t line_bytes = strlen(first);
    for (size_t room = line_bytes; room < 2 * line_bytes; room++) {
        struct log l = log_of(room);
        say(&l, "key", SPAN("1234"));
        say(&l, "key", SPAN("5678"));
        say(&l, "key", SPAN("9012"));
        expect(&l, first);
        cr_expect_eq(l.dropped, 2);
    }
    struct log l = log_of(2 * line_bytes);
    say(&l, "key", SPAN("1234"));
    say(&l, "key", SPAN("5678"));
    cr_expect_eq(l.pending.len, 2 * line_bytes, "one that just fits is kept");
    cr_expect_eq(l.dropped, 0);
}

Test(log, the_next_line_tells_how_many_were_dropped)
{
    struct log l = log_of(100);
    say(&l, "key", SPAN("1234"));
    size_t first = l.pending.len;
    say(&l, "key", SPAN("5678"));
    say(&l, "key", SPAN("9012"));
    log_taken(&l, first);
    cr_expect_eq(l.pending.len, 0);
    say(&l, "key", SPAN("3456"));
    expect(&l, STAMP " info node=Goloman event lines_dropped_before=2 key=3456\n");
    cr_expect_eq(l.dropped, 0);
    log_taken(&l, l.pending.len);
    say(&l, "key", SPAN("7890"));
    expect(&l, STAMP " info node=Goloman event key=7890\n");
}

Test(log, the_sink_may_take_a_part)
{
    struct log l = log_of(sizeof memory);
    say(&l, "key", SPAN("1"));
    say(&l, "key", SPAN("2"));
    log_taken(&l, 5);
    expect(&l,
        &(STAMP " info node=Goloman event key=1\n" STAMP " info node=Goloman event key=2\n")[5]);
}

Test(log, time)
{
    static const struct {
        int64_t real_ns;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {999, "1970-01-01T00:00:00.000000Z"},
        {1000, "1970-01-01T00:00:00.000001Z"},
        {INT64_C(68169599999999999), "1972-02-28T23:59:59.999999Z"},
        {INT64_C(68169600000000000), "1972-02-29T00:00:00.000000Z"},
        {INT64_C(951782400000000000), "2000-02-29T00:00:00.000000Z"},
        {INT64_C(951868800000000000), "2000-03-01T00:00:00.000000Z"},
        {INT64_C(1735689599999999999), "2024-12-31T23:59:59.999999Z"},
        {INT64_C(4107542399000000000), "2100-02-28T23:59:59.000000Z"},
        {INT64_C(4107542400000000000), "2100-03-01T00:00:00.000000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[27];
        struct buf out = buf_over(text, sizeof text);
        log_time_put(&out, rows[i].real_ns);
        cr_expect(
            span_equal(buf_span(&out), span_of(rows[i].text)), "%.27s, not %s", text, rows[i].text);
    }
}

Test(log, every_day_until_2262_is_the_calendar_s)
{
    for (int64_t day = 0; day < INT64_MAX / SECOND_NS / 86400; day++) {
        time_t at = day * 86400 + 45296;
        struct tm tm;
        char expected[64], text[27];
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000Z", gmtime_r(&at, &tm));
        struct buf out = buf_over(text, sizeof text);
        log_time_put(&out, at * SECOND_NS);
        cr_assert(span_equal(buf_span(&out), span_of(expected)), "%.27s, not %s", text, expected);
    }
}
