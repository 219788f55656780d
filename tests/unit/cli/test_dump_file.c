/* test_dump_file.c — the comments that frame a dump, and what they notice. */
#include "cli/dump_file.h"
#include "core/base/instant.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define ONE "AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1614209128.918963997"
#define TWO "AT Hands -1.500000000 ab +1-1 2.5"
#define FRAME                                                    \
    "# stampede-dump node=Goloman herd=demo change=3 stamps=2 " \
    "time=2023-11-14T22:13:20.000000Z"
/* Of both: PROTOCOL.md, "Stamp hash and digest". */
#define END                                                          \
    "# stampede-dump-end change=4 lines=2 sum=2d5469f07eeb11a0 stamps=2 " \
    "digest=2d5469f07eeb11a0"

Test(dump_file, parses_what_the_node_says)
{
    struct dump_head head;
    struct dump_end end;
    cr_expect(dump_head_parse(SPAN("DUMPING 12 1000"), &head));
    cr_expect(head.change == 12 && head.stamps == 1000 && !head.partial);
    cr_expect(dump_head_parse(SPAN("DUMPING 12 1000 partial"), &head) && head.partial);
    cr_expect(!dump_head_parse(SPAN("DUMPING 12"), &head));
    cr_expect(!dump_head_parse(SPAN("DUMPING x 1000"), &head));
    cr_expect(!dump_head_parse(SPAN("DUMPING 12 1000 partial x"), &head));
    cr_expect(!dump_head_parse(SPAN("{\"node\":1}"), &head));
    cr_expect(dump_end_parse(SPAN("DUMPED 15 1003 9c01fac4445cfafe 1001 00000000000000ff"), &end));
    cr_expect(end.change == 15 && end.lines == 1003 && end.stamps == 1001 && end.digest == 255);
    cr_expect_eq(end.sum, UINT64_C(0x9c01fac4445cfafe));
    cr_expect(!dump_end_parse(SPAN("DUMPED 15 1003 9c01fac4445cfafe 1001"), &end));
    cr_expect(!dump_end_parse(SPAN("DUMPED 15 1003 9c01 1001 00000000000000ff"), &end));
}

Test(dump_file, writes_its_comments)
{
    char text[DUMP_FILE_COMMENT_BYTES];
    struct buf out = buf_over(text, sizeof text);
    struct dump_head head = {.change = 3, .stamps = 2};
    struct dump_end end = {4, 2, UINT64_C(0x2d5469f07eeb11a0), 2, UINT64_C(0x2d5469f07eeb11a0)};
    dump_head_put(&out, &head, "Goloman", "demo", INT64_C(1700000000) * SECOND_NS);
    cr_expect(span_equal(buf_span(&out), SPAN(FRAME "\n")), "%.*s", (int)out.len, text);
    out.len = 0;
    head.partial = true;
    dump_head_put(&out, &head, "Goloman", "demo", INT64_C(1700000000) * SECOND_NS);
    cr_expect(span_equal(buf_span(&out), SPAN(FRAME " partial\n")));
    out.len = 0;
    dump_end_put(&out, &end);
    cr_expect(span_equal(buf_span(&out), SPAN(END "\n")));
    out.len = 0;
    dump_cut_put(&out, 7, "the disk is full");
    cr_expect(span_equal(
        buf_span(&out), SPAN("# stampede-dump-cut lines=7 NOT WHOLE: the disk is full\n")));
}

Test(dump_file, longest_comment_fits)
{
    char text[DUMP_FILE_COMMENT_BYTES], name[64];
    struct buf out = buf_over(text, sizeof text);
    struct dump_head head = {UINT64_MAX, UINT64_MAX, true};
    struct dump_end end = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    memset(name, 'x', 63);
    name[63] = '\0';
    dump_head_put(&out, &head, name, name, INT64_MAX);
    cr_expect(!out.overflow);
    out.len = 0;
    dump_end_put(&out, &end);
    cr_expect(!out.overflow);
}

Test(dump_file, says_what_is_no_stamp)
{
    static const struct {
        const char *line, *why;
    } rows[] = {
        {ONE, NULL},
        {"AT  Hands \t-1.500000000 ab +1-1 2.5 ", NULL},
        {"", "it is not AT, origin, skew, client id, position and time"},
        {"IAMAT ab +1-1 2.5", "it is not AT, origin, skew, client id, position and time"},
        {TWO " Hands", "it is not AT, origin, skew, client id, position and time"},
        {"at Hands -1.500000000 ab +1-1 2.5",
            "it is not AT, origin, skew, client id, position and time"},
        {"AT Hands -1.500000000 a\x7f +1-1 2.5", "it holds a control character"},
        {"AT Hands 1.500000000 ab +1-1 2.5", "a field of it is not valid"},
        {"AT Hands -2.600000000 ab +1-1 2.5", "a field of it is not valid"},
        {"AT Hands -1.500000000 ab +91-1 2.5", "a field of it is not valid"},
        {"AT -x -1.500000000 ab +1-1 2.5", "a field of it is not valid"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stamp stamp;
        const char *why = dump_file_stamp(span_of(rows[i].line), &stamp);
        cr_expect(rows[i].why ? why && strcmp(why, rows[i].why) == 0 : !why, "%s: %s",
            rows[i].line, why ? why : "well");
    }
}

/* Lines behind each other: what is noticed last. "": nothing. */
static const char *reads(const char *const *lines)
{
    static char found[DUMP_FILE_WHY_BYTES];
    struct dump_check c = {0};
    found[0] = '\0';
    for (; *lines; lines++) {
        struct stamp stamp;
        const char *why = NULL;
        if (**lines == '#') {
            why = dump_check_comment(&c, span_of(*lines));
        } else {
            cr_assert_null(dump_file_stamp(span_of(*lines), &stamp));
            dump_check_stamp(&c, &stamp);
        }
        if (why)
            snprintf(found, sizeof found, "%s", why);
    }
    const char *why = dump_check_end(&c);
    if (why)
        snprintf(found, sizeof found, "%s", why);
    return found;
}

Test(dump_file, notices_what_is_not_whole)
{
    static const struct {
        const char *lines[10], *why;
    } rows[] = {
        {{NULL}, ""},
        {{ONE, "# a comment", TWO, NULL}, ""},
        {{FRAME, ONE, TWO, END, NULL}, ""},
        {{FRAME, TWO, "#", ONE, END, FRAME, ONE, TWO, NULL},
            "this dump is not whole: its end is missing"},
        {{TWO, FRAME, TWO, ONE, END, TWO, NULL}, ""},
        {{FRAME, ONE, TWO, NULL}, "this dump is not whole: its end is missing"},
        {{FRAME, ONE, END, NULL}, "this dump is not whole: it had 2 stamps, and 1 were found"},
        {{ONE, TWO, END, NULL}, "the beginning of this dump is missing"},
        {{FRAME, ONE, FRAME, ONE, TWO, END, NULL},
            "the dump before this line is not whole: its end is missing"},
        {{FRAME, ONE, ONE, END, NULL},
            "this dump has changed since it was written: its sum is another"},
        {{FRAME, ONE, TWO, "# stampede-dump-end change=4 lines=2", NULL},
            "the end of this dump cannot be read"},
        {{FRAME, ONE, "# stampede-dump-cut lines=1 NOT WHOLE: x", NULL},
            "this dump is not whole: whoever wrote it could not finish it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(reads(rows[i].lines), rows[i].why, "row %zu", i);
}
