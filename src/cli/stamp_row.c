/* stamp_row.c — see stamp_row.h. With the longest first column of both commands, nine bytes, a row
 * needs 61 columns before the id. */
#include "cli/stamp_row.h"
#include "cli/report.h"
#include "core/base/escape.h"
#include "core/base/invariant.h"
#include "core/protocol/position.h"
#include "files/clock.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    COLUMNS = 80, /* of what is no terminal, or does not know its size */
    ROW_BYTES = 128, /* without the id */
    TIME_BYTES = 40,
    POSITION_BYTES = 64,
    SHOWN_BYTES_MAX = PRINTER_LINE_BYTES_MAX / ESCAPE_GROWTH,
};

static unsigned columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
}

/* The bytes of a text without control characters that fill `width` columns at most. What is not
 * ASCII counts as two: some of it is. */
static size_t bytes_within(struct span text, size_t width)
{
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = escape_shows(span_from(text, at));
        size_t needs = bytes > 1 ? 2 : 1;
        ASSERT(bytes > 0);
        if (needs > width)
            break;
        width -= needs;
        at += bytes;
    }
    return at;
}

void stamp_row_text(struct printer *out, struct span text)
{
    static const struct span dots = SPAN("...");
    char memory[PRINTER_LINE_BYTES_MAX];
    struct buf line = buf_over(memory, sizeof memory);
    size_t width = columns();
    if (text.len > SHOWN_BYTES_MAX)
        text.len = SHOWN_BYTES_MAX;
    escape_put(&line, ESCAPE_TERMINAL, text);
    for (size_t i = 0; i < line.len; i++) /* these two are not escaped */
        if (line.at[i] == '\t' || line.at[i] == '\n')
            line.at[i] = ' ';
    if (bytes_within(buf_span(&line), width) < line.len) {
        size_t kept = width > dots.len ? width - dots.len : 0;
        line.len = bytes_within(buf_span(&line), kept);
        if (kept)
            buf_span_put(&line, dots);
    }
    printer_line(out, buf_span(&line));
}

static void put_row(struct printer *out, struct span first, unsigned first_columns,
    const char *age, const char *time, const char *position, struct span id)
{
    char memory[ROW_BYTES + STAMPEDE_CLIENT_ID_BYTES_MAX];
    char before[ROW_BYTES];
    struct buf row = buf_over(memory, sizeof memory);
    snprintf(before, sizeof before, "%*.*s  %6s  %-19s  %-19s  ", (int)first_columns,
        (int)first.len, first.at, age, time, position);
    buf_text(&row, before);
    buf_span_put(&row, id);
    stamp_row_text(out, buf_span(&row));
}

void stamp_row_heads(struct printer *out, const char *first, unsigned first_columns)
{
    put_row(out, span_of(first), first_columns, "AGE", "RECEIVED", "POSITION", SPAN("CLIENT"));
}

void stamp_row(struct printer *out, struct span first, unsigned first_columns, struct span id,
    const struct stamp *stamp)
{
    char age[REPORT_SPAN_BYTES] = "-", when[TIME_BYTES] = "-", where[POSITION_BYTES] = "-";
    struct position position;
    if (stamp) {
        int64_t received_ns = stamp->time_ns + stamp->skew_ns, now_ns = clock_now().real_ns;
        time_t seconds = received_ns / SECOND_NS;
        struct tm local;
        int64_t age_ms = now_ns > received_ns ? (now_ns - received_ns) / MS_NS : 0;
        report_short_span((uint64_t)age_ms, age);
        if (localtime_r(&seconds, &local))
            strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
        if (position_parse(stamp->position, &position))
            snprintf(where, sizeof where, "%+.5f%+.5f", position_degrees(position.latitude_fdeg),
                position_degrees(position.longitude_fdeg));
    }
    put_row(out, first, first_columns, age, when, where, id);
}
