/* test_escape.c — text from outside as it is logged, printed and put into JSON: every byte, every
 * range that is escaped with its neighbours, and sequences that are no UTF-8. */
#include "core/base/escape.h"
#include "core/base/utf8.h"
#include "unit/boxed.h"
#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdio.h>

static char memory[1 << 16];

static struct span escaped(enum escape kind, struct span text)
{
    struct span box = boxed(text);
    struct buf out = buf_over(memory, sizeof memory);
    escape_put(&out, kind, box);
    unbox(box);
    cr_assert_not(out.overflow);
    cr_assert_leq(out.len, ESCAPE_GROWTH * text.len);
    return buf_span(&out);
}

#define EXPECT(kind, text, want)                                                              \
    do {                                                                                      \
        struct span got_ = escaped(kind, text);                                               \
        cr_expect(span_equal(got_, span_of(want)), "%s: %.*s", want, (int)got_.len, got_.at); \
    } while (0)

Test(escape, every_byte)
{
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte, x[16], u[16], self[] = {c, 0}, quoted[] = {'\\', c, 0};
        struct span one = {&c, 1};
        bool shown = byte >= 0x20 && byte < 0x7f, quotes = c == '"' || c == '\\';
        bool layout = c == '\t' || c == '\n';
        snprintf(x, sizeof x, "\\x%02x", byte);
        snprintf(u, sizeof u, "\\u%04x", byte < 0x80 ? byte : 0xfffd);
        EXPECT(ESCAPE_LOG, one, quotes ? quoted : shown ? self : x);
        EXPECT(ESCAPE_JSON, one, quotes ? quoted : shown ? self : u);
        EXPECT(ESCAPE_TERMINAL, one, shown || layout ? self : x);
        EXPECT(ESCAPE_JSON_TEXT, one, shown || layout ? self : u);
        cr_expect_eq(escape_shows(one), shown, "%d", byte);
    }
}

/* As UTF-8; returns its length. */
static size_t encode(unsigned value, char out[4])
{
    if (value < 0x80) {
        out[0] = (char)value;
        return 1;
    }
    size_t more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, value >>= 6)
        out[i] = (char)(0x80 | (value & 0x3f));
    out[0] = (char)(lead[more] | value);
    return more + 1;
}

Test(escape, every_character)
{
    static const unsigned hidden[][2] = {{0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x2069}};
    for (unsigned value = 0; value < 0x110000; value++) {
        if (value >= 0xd800 && value < 0xe000)
            continue;
        char text[5], u[16], bytes[20] = "";
        size_t len = encode(value, text);
        bool hides = false;
        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
            hides |= value >= hidden[i][0] && value <= hidden[i][1];
        cr_expect_eq(escape_shows((struct span){text, len}), hides ? 0 : len, "U+%04x", value);
        if (!hides || value < 0x80)
            continue;
        snprintf(u, sizeof u, "\\u%04x", value);
        for (size_t i = 0; i < len; i++)
            snprintf(bytes + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
        EXPECT(ESCAPE_TERMINAL, ((struct span){text, len}), u);
        EXPECT(ESCAPE_JSON, ((struct span){text, len}), u);
        EXPECT(ESCAPE_JSON_TEXT, ((struct span){text, len}), u);
        EXPECT(ESCAPE_LOG, ((struct span){text, len}), bytes);
    }
}

Test(escape, what_is_no_utf8)
{
    static const struct {
        struct span text;
        const char *terminal, *json;
    } rows[] = {
        {SPAN(""), "", ""},
        {SPAN("p\xc3\xa9"
              "car"),
            "p\xc3\xa9"
            "car",
            "p\xc3\xa9"
            "car"},
        {SPAN("\xe9"
              "a"),
            "\\xe9a", "\\ufffda"}, /* Latin-1 */
        {SPAN("a\xe2\x80"), "a\\xe2\\x80", "a\\ufffd\\ufffd"}, /* cut off */
        {SPAN("\xe2\x80"
              "a"),
            "\\xe2\\x80a", "\\ufffd\\ufffda"},
        {SPAN("\xf0\x9f\x90"), "\\xf0\\x9f\\x90", "\\ufffd\\ufffd\\ufffd"},
        {SPAN("\xc0\x9b"), "\\xc0\\x9b", "\\ufffd\\ufffd"}, /* longer than needed: ESC */
        {SPAN("\xe0\x80\x9b"), "\\xe0\\x80\\x9b", "\\ufffd\\ufffd\\ufffd"},
        {SPAN("\xf0\x80\x82\x9b"), "\\xf0\\x80\\x82\\x9b", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {SPAN("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd"}, /* half of a pair */
        {SPAN("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
        {SPAN("\xc2\x1b[2J"), "\\xc2\\x1b[2J", "\\ufffd\\u001b[2J"},
        {SPAN("\xc2\x9b"
              "2J"),
            "\\u009b2J", "\\u009b2J"},
        {SPAN("a\0b"), "a\\x00b", "a\\u0000b"},
        {SPAN("a\r\nb\tc"), "a\\x0d\nb\tc", "a\\u000d\\u000ab\\u0009c"},
        {SPAN("say \"\\x1b\""), "say \"\\x1b\"", "say \\\"\\\\x1b\\\""},
        {SPAN("\xe2\x80\xae"
              "evil"),
            "\\u202eevil", "\\u202eevil"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EXPECT(ESCAPE_TERMINAL, rows[i].text, rows[i].terminal);
        EXPECT(ESCAPE_JSON, rows[i].text, rows[i].json);
    }
}

/* Whatever a string holds, cJSON reads what was written back, and nothing in it is hidden. */
Test(escape, json_stays_json)
{
    char bytes[256], json[ESCAPE_GROWTH * sizeof bytes + 3];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)(255 - i);
    struct buf out = buf_over(json, sizeof json);
    buf_byte(&out, '"');
    escape_put(&out, ESCAPE_JSON, (struct span){bytes, 255}); /* cJSON has no NUL */
    buf_text(&out, "\"");
    cJSON *tree = cJSON_ParseWithLength(out.at, out.len);
    cr_assert_not_null(tree);
    const char *text = cJSON_GetStringValue(tree);
    cr_expect_eq(memcmp(text, UTF8_REPLACEMENT, 3), 0);
    cr_expect_str_eq(strchr(text, 0x7f),
        "\x7f~}|{zyxwvutsrqponmlkjihgfedcba`_^]\\[ZYXWVUTSRQPONMLKJIHG"
        "FEDCBA@?>=<;:9876543210/.-,+*)('&%$#\"! \x1f\x1e\x1d\x1c"
        "\x1b\x1a\x19\x18\x17\x16\x15\x14\x13\x12\x11\x10\x0f\x0e"
        "\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01");
    cJSON_Delete(tree);
}

Test(escape, twice_is_once_for_terminals)
{
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            const char pair[] = {(char)first, (char)second, '\\'};
            char once[64];
            struct span got = escaped(ESCAPE_TERMINAL, (struct span){pair, sizeof pair});
            memcpy(once, got.at, got.len);
            struct span kept = {once, got.len};
            cr_assert(span_equal(escaped(ESCAPE_TERMINAL, kept), kept), "%d %d", first, second);
        }
}

Test(escape, a_character_that_is_cut_off_waits)
{
    static const struct {
        struct span text;
        size_t whole;
    } rows[] = {
        {SPAN(""), 0},
        {SPAN("a"), 1},
        {SPAN("a\xc3"), 1},
        {SPAN("a\xc3\xa9"), 3},
        {SPAN("a\xe2\x80"), 1},
        {SPAN("\xe2\x80\xae"), 3},
        {SPAN("\xf0\x9f\x90"), 0},
        {SPAN("\xf0\x9f\x90\x8e"), 4},
        {SPAN("\x80\x80\x80"), 3}, /* nothing can complete it */
        {SPAN("a\xff"), 2},
        {SPAN("a\xc1"), 2},
        {SPAN("\xc3"
              "a"),
            2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span box = boxed(rows[i].text);
        cr_expect_eq(escape_whole(box), rows[i].whole, "row %zu", i);
        unbox(box);
    }
}

Test(escape, what_does_not_fit_is_told)
{
    struct buf out = buf_over(memory, 5);
    escape_put(&out, ESCAPE_TERMINAL, SPAN("ab\x1b"));
    cr_expect(out.overflow);
}
