/* test_live_command.c — which lines are live queries, and what they say. */
#include "core/protocol/command.h"
#include "unit/boxed.h"
#include <criterion/criterion.h>

/* What a line says, in a form to compare: `-` if it is no live query. */
static struct span said(struct span text, char *memory, size_t cap)
{
    struct span line = boxed(text);
    struct command command;
    struct live_command c;
    struct buf out = buf_over(memory, cap);
    command_parse(line, &command);
    if (command.kind != COMMAND_LIVE) {
        buf_text(&out, command.kind == COMMAND_INVALID ? "-" : "another command");
        unbox(line);
        return buf_span(&out);
    }
    command_live(&command, &c);
    switch (c.kind) {
    case LIVE_COMMAND_NEAR:
        buf_text(&out, "near ");
        buf_span_put(&out, c.position_text);
        buf_byte(&out, ' ');
        buf_u64(&out, c.radius_um);
        buf_byte(&out, ' ');
        buf_u64(&out, c.count);
        buf_text(&out, c.age_ns < 0 ? "" : " age ");
        if (c.age_ns >= 0)
            buf_u64(&out, (uint64_t)c.age_ns);
        break;
    case LIVE_COMMAND_WATCH_ALL:
        buf_text(&out, "all");
        break;
    case LIVE_COMMAND_WATCH_ID:
        buf_text(&out, "id ");
        buf_span_put(&out, c.id);
        break;
    case LIVE_COMMAND_WATCH_NEAR:
        buf_text(&out, "fence ");
        buf_span_put(&out, c.position_text);
        buf_byte(&out, ' ');
        buf_u64(&out, c.radius_um);
        break;
    case LIVE_COMMAND_UNWATCH:
        buf_text(&out, "unwatch ");
        buf_u64(&out, c.number);
        break;
    }
    unbox(line);
    return buf_span(&out);
}

Test(live_command, which_and_what)
{
    static const struct {
        struct span line, said;
    } rows[] = {
        {SPAN("NEAR +34.068930-118.445127 10 20"),
            SPAN("near +34.068930-118.445127 10000000000 20")},
        {SPAN("NEAR +1-1 20038 1000 0"), SPAN("near +1-1 20038000000000 1000 age 0")},
        {SPAN("\tNEAR +1-1  0.0000000019 00 1.5 "), SPAN("near +1-1 1 0 age 1500000000")},
        {SPAN("NEAR +1-1 20038.0000000000000001 1"), SPAN("-")},
        {SPAN("NEAR +1-1 1 1001"), SPAN("-")},
        {SPAN("NEAR +91-1 1 1"), SPAN("-")},
        {SPAN("NEAR +1-1 1 1 -1"), SPAN("-")},
        {SPAN("NEAR +1-1 1"), SPAN("-")},
        {SPAN("NEAR +1-1 1 1 1 1"), SPAN("-")},
        {SPAN("NEAR"), SPAN("-")},
        {SPAN("near +1-1 1 1"), SPAN("-")},
        {SPAN("WATCH"), SPAN("all")},
        {SPAN(" WATCH\r"), SPAN("all")},
        {SPAN("WATCH NEAR"), SPAN("id NEAR")},
        {SPAN("WATCH p\xc3\xa9""car"), SPAN("id p\xc3\xa9""car")},
        {SPAN("WATCH a b"), SPAN("-")},
        {SPAN("WATCH NEAR +1-1 5.5"), SPAN("fence +1-1 5500000000")},
        {SPAN("WATCH NEAR +1-1 20039"), SPAN("-")},
        {SPAN("WATCH FAR +1-1 5.5"), SPAN("-")},
        {SPAN("WATCH NEAR +1-1 5.5 1"), SPAN("-")},
        {SPAN("UNWATCH 7"), SPAN("unwatch 7")},
        {SPAN("UNWATCH 018446744073709551615"), SPAN("unwatch 18446744073709551615")},
        {SPAN("UNWATCH 18446744073709551616"), SPAN("-")},
        {SPAN("UNWATCH"), SPAN("-")},
        {SPAN("UNWATCH 7 8"), SPAN("-")},
        {SPAN("UNWATCH -1"), SPAN("-")},
        {SPAN("WATCH a\x01"), SPAN("-")},
        {SPAN("WHATSAT WATCH 1 1"), SPAN("another command")},
    };
    char memory[400];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span got = said(rows[i].line, memory, sizeof memory);
        cr_expect(span_equal(got, rows[i].said), "row %zu: %.*s", i, (int)got.len, got.at);
    }
}

/* Those of four fields are found on the fast way as well. */
Test(live_command, in_the_form_of_programs)
{
    static const struct span lines[] = {SPAN("NEAR +1-1 10 20\nWATCH NEAR +2-2 1.5\nrest\n"),
        SPAN("WATCH NEAR +2-2 1.5\n"), SPAN("WATCH NEAR +2-2 x\n")};
    static const enum command_kind kinds[] = {COMMAND_LIVE, COMMAND_LIVE, COMMAND_INVALID};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct span in = boxed(lines[i]);
        struct command command;
        size_t bytes = command_next(in, 1024, &command);
        const char *end = memchr(in.at, '\n', in.len);
        cr_expect_eq(bytes, (size_t)(end - in.at) + 1);
        cr_expect_eq(command.kind, kinds[i], "row %zu", i);
        unbox(in);
    }
}
