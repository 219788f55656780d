/* test_explain.c — what is told about a refused line: exactly one fault, and none of a
 * command. */
#include "core/protocol/explain.h"
#include "core/base/decimal.h"
#include "core/protocol/command.h"
#include "unit/boxed.h"
#include "unit/random.h"
#include <criterion/criterion.h>

static const struct {
    struct span line;
    enum command_fault fault;
} rows[] = {
    {SPAN("IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997"), FAULT_NONE},
    {SPAN(" IAMAT  kiwi\t+090.0-180 007.5 \r"), FAULT_NONE},
    {SPAN("WHATSAT kiwi 50.000 020"), FAULT_NONE},
    {SPAN("IAMAT ki\0wi +0+0 1"), FAULT_CONTROL_BYTE},
    {SPAN("hello\x7f"), FAULT_CONTROL_BYTE},
    {SPAN("a b c d e f g\x01"), FAULT_CONTROL_BYTE},
    {SPAN(""), FAULT_EMPTY},
    {SPAN(" \t\r"), FAULT_EMPTY},
    {SPAN("iamat kiwi +0+0 1"), FAULT_WORD_CASE},
    {SPAN("WhatsAt"), FAULT_WORD_CASE},
    {SPAN("hello"), FAULT_WORD},
    {SPAN("IAMATX kiwi +0+0 1"), FAULT_WORD},
    {SPAN("I@MAT kiwi +0+0 1"), FAULT_WORD},
    {SPAN("AT Goloman +0.263873386 kiwi +0+0 1"), FAULT_WORD},
    {SPAN("\xef\xbb\xbfIAMAT kiwi +0+0 1"), FAULT_WORD},
    {SPAN("IAMAT"), FAULT_FIELDS_FEW},
    {SPAN("WHATSAT kiwi 10"), FAULT_FIELDS_FEW},
    {SPAN("IAMAT kiwi +0 +0 1"), FAULT_FIELDS_MANY},
    {SPAN("WHATSAT kiwi 1 1 1 1 1"), FAULT_FIELDS_MANY},
    {SPAN("IAMAT kiwi 34.0-118 1"), FAULT_LATITUDE_SIGN},
    {SPAN("IAMAT kiwi 1520023934 +34-118"), FAULT_LATITUDE_SIGN},
    {SPAN("IAMAT kiwi +-118 1"), FAULT_LATITUDE_DIGITS},
    {SPAN("IAMAT kiwi +0034-118 1"), FAULT_LATITUDE_DIGITS},
    {SPAN("IAMAT kiwi +.5-118 1"), FAULT_LATITUDE_DIGITS},
    {SPAN("IAMAT kiwi +34.-118 1"), FAULT_LATITUDE_FRACTION},
    {SPAN("IAMAT kiwi +34.0123456789012345-118 1"), FAULT_LATITUDE_FRACTION},
    {SPAN("IAMAT kiwi +91-118 1"), FAULT_LATITUDE_BOUND},
    {SPAN("IAMAT kiwi -90.000000000000001-118 1"), FAULT_LATITUDE_BOUND},
    {SPAN("IAMAT kiwi +118.0-34 1"), FAULT_LATITUDE_BOUND},
    {SPAN("IAMAT kiwi +34 1"), FAULT_LONGITUDE_SIGN},
    {SPAN("IAMAT kiwi +34,-118 1"), FAULT_LONGITUDE_SIGN},
    {SPAN("IAMAT kiwi +34.068930118.445127 1"), FAULT_LONGITUDE_SIGN},
    {SPAN("IAMAT kiwi +34- 1"), FAULT_LONGITUDE_DIGITS},
    {SPAN("IAMAT kiwi +34-1180 1"), FAULT_LONGITUDE_DIGITS},
    {SPAN("IAMAT kiwi +34-118. 1"), FAULT_LONGITUDE_FRACTION},
    {SPAN("IAMAT kiwi +34-181 1"), FAULT_LONGITUDE_BOUND},
    {SPAN("IAMAT kiwi +34-180.1 1"), FAULT_LONGITUDE_BOUND},
    {SPAN("IAMAT kiwi +34-118/ 1"), FAULT_POSITION_END},
    {SPAN("IAMAT kiwi +34-118 -1"), FAULT_TIME_FORM},
    {SPAN("IAMAT kiwi +34-118 1e9"), FAULT_TIME_FORM},
    {SPAN("IAMAT kiwi +34-118 1."), FAULT_TIME_FORM},
    {SPAN("IAMAT kiwi +34-118 .5"), FAULT_TIME_FORM},
    {SPAN("IAMAT kiwi +34-118 1.2.3"), FAULT_TIME_FORM},
    {SPAN("IAMAT kiwi +34-118 1.0123456789"), FAULT_TIME_FRACTION},
    {SPAN("IAMAT kiwi +34-118 9223372036.854775808"), FAULT_TIME_BOUND},
    {SPAN("WHATSAT kiwi -1 5"), FAULT_RADIUS_FORM},
    {SPAN("WHATSAT kiwi 10km 5"), FAULT_RADIUS_FORM},
    {SPAN("WHATSAT kiwi 50.0000000000000001 5"), FAULT_RADIUS_BOUND},
    {SPAN("WHATSAT kiwi 51 x"), FAULT_RADIUS_BOUND},
    {SPAN("WHATSAT kiwi 10 1.0"), FAULT_COUNT_FORM},
    {SPAN("WHATSAT kiwi 10 five"), FAULT_COUNT_FORM},
    {SPAN("WHATSAT kiwi 10 21"), FAULT_COUNT_BOUND},
    {SPAN("WHATSAT kiwi 10 18446744073709551617"), FAULT_COUNT_BOUND},
    {SPAN("near +1+1 10 5"), FAULT_WORD_CASE},
    {SPAN("NEAR +1+1 10"), FAULT_LIVE_FIELDS},
    {SPAN("NEAR +1+1 10 5 60 1"), FAULT_LIVE_FIELDS},
    {SPAN("WATCH a b"), FAULT_LIVE_FIELDS},
    {SPAN("WATCH NEAR +1+1 10 5"), FAULT_LIVE_FIELDS},
    {SPAN("UNWATCH"), FAULT_LIVE_FIELDS},
    {SPAN("WATCH near +1+1 10"), FAULT_LIVE_NEAR},
    {SPAN("NEAR +1+1 20038.0000000001 5"), FAULT_LIVE_RADIUS},
    {SPAN("WATCH NEAR +1+1 20039"), FAULT_LIVE_RADIUS},
    {SPAN("WATCH NEAR +1+1 -1"), FAULT_RADIUS_FORM},
    {SPAN("WATCH NEAR 1+1 1"), FAULT_LATITUDE_SIGN},
    {SPAN("NEAR +1+1 10 1001"), FAULT_LIVE_COUNT},
    {SPAN("NEAR +1+1 10 1.0"), FAULT_COUNT_FORM},
    {SPAN("NEAR +1+1 10 10 -1"), FAULT_LIVE_AGE},
    {SPAN("NEAR +1+1 10 10 1.0123456789"), FAULT_LIVE_AGE},
    {SPAN("UNWATCH one"), FAULT_LIVE_NUMBER},
    {SPAN("UNWATCH 18446744073709551616"), FAULT_LIVE_NUMBER},
};

static enum command_fault explained(struct span text)
{
    struct span line = boxed(text);
    enum command_fault fault = command_explain(line);
    unbox(line);
    return fault;
}

Test(explain, each_fault)
{
    bool met[FAULTS] = {[FAULT_ID_LONG] = true}; /* it has its own test */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum command_fault fault = explained(rows[i].line);
        cr_expect_eq(fault, rows[i].fault, "row %zu: %s", i, command_fault_text(fault).at);
        met[fault] = true;
    }
    for (int fault = 0; fault < FAULTS; fault++) {
        struct span text = command_fault_text((enum command_fault)fault);
        cr_expect(met[fault], "no line has the fault %d", fault);
        cr_expect_eq(text.len > 0, fault != FAULT_NONE);
    }
}

Test(explain, a_long_id)
{
    char line[300];
    for (size_t bytes = 255; bytes <= 256; bytes++) {
        struct buf out = buf_over(line, sizeof line);
        buf_text(&out, "WHATSAT ");
        for (size_t i = 0; i < bytes; i++)
            buf_byte(&out, 'k');
        buf_text(&out, " 10 5");
        cr_expect_eq(explained(buf_span(&out)), bytes <= 255 ? FAULT_NONE : FAULT_ID_LONG);
        out = buf_over(line, sizeof line);
        buf_text(&out, "WATCH ");
        for (size_t i = 0; i < bytes; i++)
            buf_byte(&out, 'k');
        cr_expect_eq(explained(buf_span(&out)), bytes <= 255 ? FAULT_NONE : FAULT_ID_LONG);
    }
}

/* What the parsers of the fields say about a line of four fields that begins with IAMAT or WHATSAT.
 * The fault must lie in a field that its parser refuses. */
static void check_field(struct span line, enum command_fault fault)
{
    struct span field[COMMAND_FIELDS_MAX];
    int64_t time_ns;
    uint64_t number;
    if (command_split(line, field, COMMAND_FIELDS_MAX) != COMMAND_FIELDS_MAX ||
        (!SPAN_IS(field[0], "IAMAT") && !SPAN_IS(field[0], "WHATSAT")))
        return;
    if (fault >= FAULT_LATITUDE_SIGN && fault <= FAULT_POSITION_END)
        cr_assert_not(position_valid(field[2]), "%.*s", (int)line.len, line.at);
    if (fault >= FAULT_TIME_FORM && fault <= FAULT_TIME_BOUND)
        cr_assert(position_valid(field[2]) && !decimal_time(field[3], &time_ns), "%.*s",
            (int)line.len, line.at);
    if (fault == FAULT_RADIUS_FORM || fault == FAULT_RADIUS_BOUND)
        cr_assert_not(decimal_radius(field[2], &number), "%.*s", (int)line.len, line.at);
    if (fault == FAULT_COUNT_FORM || fault == FAULT_COUNT_BOUND)
        cr_assert(decimal_radius(field[2], &number) && !decimal_count(field[3], 20, &number),
            "%.*s", (int)line.len, line.at);
}

/* Random changes of lines: no fault is told of a command, and one of every other line. */
Test(explain, a_fault_is_told_iff_the_line_is_refused)
{
    static const char marks[] = " \t+-.0189:\x7f\xff\x01IAiw";
    struct random random = random_begin();
    unsigned accepted = 0, told[FAULTS] = {0};
    for (int i = 0; i < 400000; i++) {
        char bytes[100];
        struct span row = rows[random_below(&random, sizeof rows / sizeof *rows)].line;
        if (row.len == 0)
            continue;
        memcpy(bytes, row.at, row.len);
        for (uint32_t n = random_below(&random, 3); n; n--)
            bytes[random_below(&random, (uint32_t)row.len)] =
                marks[random_below(&random, sizeof marks - 1)];
        struct span line = boxed((struct span){bytes, row.len});
        struct command c;
        command_parse(line, &c);
        enum command_fault fault = command_explain(line);
        cr_assert_eq(fault == FAULT_NONE, c.kind != COMMAND_INVALID, "%.*s: %s", (int)line.len,
            line.at, command_fault_text(fault).at);
        check_field(line, fault);
        accepted += fault == FAULT_NONE;
        told[fault]++;
        unbox(line);
    }
    cr_assert_gt(accepted, 5000);
    for (int fault = 0; fault < FAULTS; fault++)
        cr_expect(told[fault] || fault == FAULT_ID_LONG || fault == FAULT_EMPTY, "%d", fault);
}
