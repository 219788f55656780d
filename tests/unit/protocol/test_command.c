/* test_command.c — clients' lines: the bounds of every field, and what makes a line invalid. */
#include "unit/boxed.h"
#include "core/protocol/command.h"
#include "core/protocol/line.h"
#include "unit/random.h"
#include <criterion/criterion.h>

Test(command, white_space_is_five_bytes)
{
    for (int byte = 0; byte < 256; byte++)
        cr_expect_eq(command_is_space((char)byte),
            byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f' || byte == '\v', "%d",
            byte);
}

/* The fields joined by '|', as a text to compare. */
static struct span joined(const struct span *fields, int count, char *memory, size_t cap)
{
    struct buf out = buf_over(memory, cap);
    for (int i = 0; i < count; i++) {
        if (i)
            buf_byte(&out, '|');
        buf_span_put(&out, fields[i]);
    }
    cr_assert(!out.overflow);
    return buf_span(&out);
}

Test(command, split)
{
    static const struct {
        struct span line;
        int count;
        struct span fields;
    } rows[] = {
        {SPAN(""), 0, SPAN("")},
        {SPAN(" "), 0, SPAN("")},
        {SPAN(" \t\r\f\v "), 0, SPAN("")},
        {SPAN("a"), 1, SPAN("a")},
        {SPAN("  a  "), 1, SPAN("a")},
        {SPAN("a b"), 2, SPAN("a|b")},
        {SPAN("a\tb\rc"), 3, SPAN("a|b|c")},
        {SPAN("\v\fa \t\r\f\vb\r"), 2, SPAN("a|b")},
        {SPAN("a b c"), 3, SPAN("a|b|c")},
        {SPAN("a b c d"), 4, SPAN("a|b|c")},
        {SPAN("a b c d e f g"), 4, SPAN("a|b|c")},
        {SPAN("\x80\xff \xc2\xa0 \xe3\x80\x80"), 3, SPAN("\x80\xff|\xc2\xa0|\xe3\x80\x80")},
        {SPAN("!~ |"), 2, SPAN("!~||")},
        {SPAN("\0"), -1, SPAN("")},
        {SPAN("a\0b"), -1, SPAN("")},
        {SPAN("a b c d e\x7f"), -1, SPAN("")},
        {SPAN("a \x1b[31m"), -1, SPAN("")},
        {SPAN("a\nb"), -1, SPAN("")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span line = boxed(rows[i].line), fields[3];
        char memory[64];
        int count = command_split(line, fields, 3);
        cr_expect_eq(count, rows[i].count, "row %zu: %d", i, count);
        if (count >= 0)
            cr_expect(span_equal(joined(fields, count < 3 ? count : 3, memory, sizeof memory),
                          rows[i].fields),
                "row %zu", i);
        unbox(line);
    }
}

/* Every byte value at every offset of a line, among ordinary bytes of all kinds. */
Test(command, every_byte_is_ordinary_space_or_forbidden)
{
    enum { BYTES = 19 };
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 1; at + 1 < BYTES; at++) {
            char bytes[BYTES + 1] = "~\xff!\x80~az~\xa0~\x7e\x21\xff\xfe~~!!~";
            bytes[at] = (char)byte;
            struct span line = boxed((struct span){bytes, BYTES}), fields[2];
            bool space = command_is_space((char)byte), control = byte < 0x20 || byte == 0x7f;
            int expected = space ? 2 : control ? -1 : 1;
            cr_assert_eq(command_split(line, fields, 2), expected, "byte %d at %zu", byte, at);
            cr_assert(expected < 0 || fields[0].len == (space ? at : BYTES));
            cr_assert(!space || fields[1].len == BYTES - at - 1);
            unbox(line);
        }
    }
}

Test(command, valid)
{
    static const struct {
        struct span line;
        enum command_kind kind;
        struct span id, position, time;
        int64_t time_ns;
        uint64_t radius_um;
        unsigned count;
    } rows[] = {
        {SPAN("IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997"), COMMAND_IAMAT,
            SPAN("kiwi.cs.ucla.edu"), SPAN("+34.068930-118.445127"), SPAN("1520023934.918963997"),
            1520023934918963997, 0, 0},
        {SPAN("\t\v IAMAT\fkiwi\r+0+0\t\t007.50 \r"), COMMAND_IAMAT, SPAN("kiwi"), SPAN("+0+0"),
            SPAN("007.50"), 7500000000, 0, 0},
        {SPAN("IAMAT \xe9\xb4\xa8\xc2\xa0\xff +90.0+180 0"), COMMAND_IAMAT,
            SPAN("\xe9\xb4\xa8\xc2\xa0\xff"), SPAN("+90.0+180"), SPAN("0"), 0, 0, 0},
        {SPAN("IAMAT IAMAT +1-1 9223372036.854775807"), COMMAND_IAMAT, SPAN("IAMAT"), SPAN("+1-1"),
            SPAN("9223372036.854775807"), INT64_MAX, 0, 0},
        {SPAN("WHATSAT kiwi 10 5"), COMMAND_WHATSAT, SPAN("kiwi"), .radius_um = 10000000000,
            .count = 5},
        {SPAN("WHATSAT kiwi 1.5 0"), COMMAND_WHATSAT, SPAN("kiwi"), .radius_um = 1500000000},
        {SPAN("WHATSAT k 0 20"), COMMAND_WHATSAT, SPAN("k"), .radius_um = 0, .count = 20},
        {SPAN(" WHATSAT  -  50.000  020 "), COMMAND_WHATSAT, SPAN("-"), .radius_um = 50000000000,
            .count = 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span line = boxed(rows[i].line);
        struct command c;
        command_parse(line, &c);
        cr_assert_eq(c.kind, rows[i].kind, "row %zu", i);
        cr_expect(c.line.at == line.at && c.line.len == line.len, "the line as it came");
        cr_expect(span_equal(c.id, rows[i].id), "row %zu", i);
        if (c.kind == COMMAND_IAMAT) {
            cr_expect(span_equal(c.iamat.position_text, rows[i].position), "row %zu", i);
            cr_expect(span_equal(c.iamat.time_text, rows[i].time), "row %zu", i);
            cr_expect_eq(c.iamat.time_ns, rows[i].time_ns, "row %zu", i);
        } else {
            cr_expect_eq(c.whatsat.radius_um, rows[i].radius_um, "row %zu", i);
            cr_expect_eq(c.whatsat.count, rows[i].count, "row %zu", i);
        }
        unbox(line);
    }
}

Test(command, invalid)
{
    static const struct span rows[] = {
        /* no command */
        SPAN(""),
        SPAN(" "),
        SPAN("\t \v\f\r"),
        SPAN("hello"),
        SPAN("a b c d"),
        SPAN("iamat kiwi +0+0 1"),
        SPAN("Iamat kiwi +0+0 1"),
        SPAN("whatsat kiwi 1 1"),
        SPAN("IAMATX kiwi +0+0 1"),
        SPAN("IAMA kiwi +0+0 1"),
        SPAN("WHATSA kiwi 1 1"),
        SPAN("WHATSATX kiwi 1 1"),
        SPAN("IAMAT\xc2\xa0 kiwi +0+0 1"),
        SPAN("\xef\xbb\xbfIAMAT kiwi +0+0 1"),
        SPAN("AT Goloman +0.263873386 kiwi +0+0 1"),
        SPAN("AT kiwi +0+0 1"),
        SPAN("? x y z"),
        /* number of fields */
        SPAN("IAMAT"),
        SPAN("IAMAT kiwi"),
        SPAN("IAMAT kiwi +0+0"),
        SPAN("IAMAT kiwi +0+0 1 1"),
        SPAN("IAMAT kiwi +0 +0 1"),
        SPAN("WHATSAT"),
        SPAN("WHATSAT kiwi 1"),
        SPAN("WHATSAT kiwi 1 1 1"),
        SPAN("IAMAT kiwi +0+0 1 a b c d e f g h"),
        /* bytes */
        SPAN("IAMAT ki\0wi +0+0 1"),
        SPAN("IAMAT ki\x7fwi +0+0 1"),
        SPAN("IAMAT ki\x1fwi +0+0 1"),
        SPAN("\0IAMAT kiwi +0+0 1"),
        SPAN("IAMAT kiwi +0+0 1\0"),
        SPAN("IAMAT kiwi +0+0 1 \x08"),
        SPAN("WHATSAT kiwi 1 1\x01"),
        SPAN("IAMAT ki\x0ewi +0+0 1"),
        /* IAMAT's fields; their own tests have more */
        SPAN("IAMAT kiwi 0+0 1"),
        SPAN("IAMAT kiwi +91+0 1"),
        SPAN("IAMAT kiwi +0+0/ 1"),
        SPAN("IAMAT kiwi +0+0 -1"),
        SPAN("IAMAT kiwi +0+0 +1"),
        SPAN("IAMAT kiwi +0+0 1e9"),
        SPAN("IAMAT kiwi +0+0 1.1234567890"),
        SPAN("IAMAT kiwi +0+0 9223372036.854775808"),
        SPAN("IAMAT kiwi 1 +0+0"),
        SPAN("IAMAT kiwi 10 5"),
        /* WHATSAT's */
        SPAN("WHATSAT kiwi 50.0000000000000001 5"),
        SPAN("WHATSAT kiwi 51 5"),
        SPAN("WHATSAT kiwi -1 5"),
        SPAN("WHATSAT kiwi 10 21"),
        SPAN("WHATSAT kiwi 10 -1"),
        SPAN("WHATSAT kiwi 10 1.0"),
        SPAN("WHATSAT kiwi 10 +1"),
        SPAN("WHATSAT kiwi 1e1 5"),
        SPAN("WHATSAT kiwi +0+0 1"),
        SPAN("WHATSAT kiwi 10 18446744073709551617"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span line = boxed(rows[i]);
        struct command c = {.kind = COMMAND_IAMAT};
        command_parse(line, &c);
        cr_expect_eq(c.kind, COMMAND_INVALID, "row %zu: %.*s", i, (int)line.len, line.at);
        cr_expect(c.line.at == line.at && c.line.len == line.len, "row %zu", i);
        unbox(line);
    }
}

Test(command, id_bytes)
{
    static const struct {
        const char *before, *after;
    } lines[] = {{"IAMAT ", " +0+0 1"}, {"WHATSAT ", " 1 1"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (size_t bytes = 1; bytes <= STAMPEDE_CLIENT_ID_BYTES_MAX + 2; bytes++) {
            char text[300];
            struct buf out = buf_over(text, sizeof text);
            buf_text(&out, lines[i].before);
            for (size_t n = 0; n < bytes; n++)
                buf_byte(&out, '\xe9');
            buf_text(&out, lines[i].after);
            struct span line = boxed(buf_span(&out));
            struct command c;
            command_parse(line, &c);
            bool fits = bytes <= 255;
            cr_expect_eq(c.kind != COMMAND_INVALID, fits, "%zu bytes", bytes);
            cr_expect_eq(c.id.len, fits ? bytes : 0);
            unbox(line);
        }
    }
}

/* The beginning of a command is another command or none; no byte past its end is read. */
Test(command, every_beginning)
{
    struct span whole = SPAN("IAMAT kiwi +34.06-118.44 1520023934.918963997");
    size_t time_at = 25, point_at = 35;
    for (size_t len = 0; len <= whole.len; len++) {
        struct span line = boxed((struct span){whole.at, len});
        struct command c;
        command_parse(line, &c);
        bool complete = len > time_at && len != point_at + 1;
        cr_expect_eq(c.kind, complete ? COMMAND_IAMAT : COMMAND_INVALID, "%zu bytes", len);
        unbox(line);
    }
}

/* command_next returns what line_next and command_parse return, or 0; and 0 only for lines that are
 * not in the form that programs write. */
static bool taken_at_once(struct span in, size_t line_bytes_max)
{
    struct command now, by_parts = {0};
    struct span line, rest = in;
    size_t bytes = command_next(in, line_bytes_max, &now);
    if (!bytes)
        return false;
    struct line_reader reader = {.bytes_max = (uint32_t)line_bytes_max};
    cr_assert_eq(line_next(&reader, &rest, &line), LINE_WHOLE);
    command_parse(line, &by_parts);
    cr_assert_eq(in.len - rest.len, bytes);
    cr_assert(now.line.at == line.at && now.line.len == line.len);
    cr_assert_eq(now.kind, by_parts.kind, "%.*s", (int)line.len, line.at);
    if (now.kind == COMMAND_INVALID)
        return true;
    cr_assert(now.id.at == by_parts.id.at && now.id.len == by_parts.id.len);
    if (now.kind == COMMAND_IAMAT)
        cr_assert(now.iamat.time_ns == by_parts.iamat.time_ns &&
                  span_equal(now.iamat.position_text, by_parts.iamat.position_text) &&
                  span_equal(now.iamat.time_text, by_parts.iamat.time_text));
    else
        cr_assert(now.whatsat.radius_um == by_parts.whatsat.radius_um &&
                  now.whatsat.count == by_parts.whatsat.count);
    return true;
}

Test(command, cut)
{
    static const struct {
        struct span in;
        size_t bytes;
    } rows[] = {
        {SPAN("AT Goloman +0.1 Goloman"), 16},
        {SPAN("AT Goloman +0.1 "), 16},
        {SPAN("AT Goloman +0.1"), 0},
        {SPAN("AT  Goloman +0.1 "), 0},
        {SPAN(" AT a b "), 0},
        {SPAN("AT a\tb "), 0},
        {SPAN("AT a b\t"), 0},
        {SPAN("AT a b c\x01 "), 7},
        {SPAN("AT a\x01 b "), 0},
        {SPAN("AT "), 0},
        {SPAN(""), 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span in = boxed(rows[i].in), cut[3], split[3];
        cr_expect_eq(command_cut(in, cut, 3, ' '), rows[i].bytes, "row %zu", i);
        if (rows[i].bytes) {
            cr_assert_eq(command_split((struct span){in.at, rows[i].bytes}, split, 3), 3);
            for (int k = 0; k < 3; k++)
                cr_expect(cut[k].at == split[k].at && cut[k].len == split[k].len, "row %zu", i);
        }
        unbox(in);
    }
}

Test(command, next)
{
    static const struct {
        struct span in;
        bool taken;
    } rows[] = {
        {SPAN("IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n"), true},
        {SPAN("IAMAT k +0+0 1\n"), true},
        {SPAN("WHATSAT kiwi 10 5\n"), true},
        {SPAN("WHATSAT kiwi 10 5\nWHATSAT kiwi 1"), true},
        {SPAN("a b c d\n"), true},
        {SPAN("IAMAT k +91+0 1\n"), true},
        {SPAN("IAMAT k +0+0 1"), false},
        {SPAN("IAMAT k +0+0 1\r\n"), false},
        {SPAN(" IAMAT k +0+0 1\n"), false},
        {SPAN("IAMAT  k +0+0 1\n"), false},
        {SPAN("IAMAT k\t+0+0 1\n"), false},
        {SPAN("IAMAT k +0+0 1 \n"), false},
        {SPAN("IAMAT k +0+0 1 2\n"), false},
        {SPAN("IAMAT k +0+0\n"), false},
        {SPAN("IAMAT k\x7f +0+0 1\n"), false},
        {SPAN("\n"), false},
        {SPAN(""), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span in = boxed(rows[i].in);
        cr_expect_eq(taken_at_once(in, 1024), rows[i].taken, "row %zu", i);
        cr_expect_not(rows[i].taken && taken_at_once(in, strcspn(rows[i].in.at, "\n") - 1),
            "row %zu is longer than it may be", i);
        unbox(in);
    }
}

Test(command, next_and_parse_agree)
{
    static const struct span rows[] = {
        SPAN("IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\nIAMAT "),
        SPAN("WHATSAT kiwi.cs.ucla.edu 10 20\n"), SPAN("IAMAT a-1 +1-2 1520023934.918\n\n")};
    static const char marks[] = " \n\r\t+-.0189:\x7f\xffIA";
    struct random random = random_begin();
    unsigned taken = 0;
    for (int i = 0; i < 200000; i++) {
        char bytes[80];
        struct span row = rows[random_below(&random, sizeof rows / sizeof *rows)];
        memcpy(bytes, row.at, row.len);
        for (uint32_t n = random_below(&random, 3); n; n--)
            bytes[random_below(&random, (uint32_t)row.len)] =
                marks[random_below(&random, sizeof marks - 1)];
        struct span in = boxed((struct span){bytes, row.len});
        taken += taken_at_once(in, 64 + random_below(&random, 8));
        unbox(in);
    }
    cr_assert_gt(taken, 10000);
}

Test(command, refusal_copies_the_line)
{
    static const struct span rows[] = {SPAN(""), SPAN("hello"), SPAN(" \t a\0b\x7f\xff\r")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64], expected[64];
        struct buf out = buf_over(text, rows[i].len + 3);
        command_refuse(&out, rows[i]);
        expected[0] = '?', expected[1] = ' ', expected[rows[i].len + 2] = '\n';
        memcpy(expected + 2, rows[i].at, rows[i].len);
        cr_expect(!out.overflow);
        cr_expect(span_equal(buf_span(&out), (struct span){expected, rows[i].len + 3}));
        out = buf_over(text, rows[i].len + 2);
        command_refuse(&out, rows[i]);
        cr_expect(out.overflow);
    }
}
