/* log.c — see log.h. A line is written in place at the end of `pending`; when it does not fit,
 * the buffer is cut back to where the line began. */
#include "core/base/log.h"
#include "core/base/escape.h"
#include "core/base/invariant.h"

void log_init(struct log *l, enum log_level level, struct span node, char *memory, size_t bytes)
{
    *l = (struct log){.level = level, .node = node, .pending = buf_over(memory, bytes)};
}

const char *log_level_word(enum log_level level)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    ASSERT((size_t)level < sizeof words / sizeof *words);
    return words[level];
}

static void put_padded(struct buf *out, int64_t value, unsigned digits)
{
    char text[8];
    ASSERT(value >= 0 && digits <= sizeof text);
    for (unsigned i = digits; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
    buf_put(out, text, digits);
}

/* The civil date of a day since 1970. It counts in eras of 400 years and in years that begin in
 * March, so that a leap day is the last day of its year. */
static void put_date(struct buf *out, int64_t days)
{
    int64_t z = days + 719468, era = z / 146097, day_of_era = z % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    ASSERT(month >= 1 && month <= 12);
    put_padded(out, year_of_era + era * 400 + (month <= 2), 4);
    buf_byte(out, '-');
    put_padded(out, month, 2);
    buf_byte(out, '-');
    put_padded(out, day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
}

void log_time_put(struct buf *out, int64_t real_ns)
{
    ASSERT(real_ns >= 0);
    int64_t us = real_ns / 1000, seconds = us / 1000000, of_day = seconds % 86400;
    put_date(out, seconds / 86400);
    buf_byte(out, 'T');
    put_padded(out, of_day / 3600, 2);
    buf_byte(out, ':');
    put_padded(out, of_day / 60 % 60, 2);
    buf_byte(out, ':');
    put_padded(out, of_day % 60, 2);
    buf_byte(out, '.');
    put_padded(out, us % 1000000, 6);
    buf_byte(out, 'Z');
}

static void put_key(struct log *l, const char *key)
{
    buf_byte(&l->pending, ' ');
    buf_text(&l->pending, key);
    buf_byte(&l->pending, '=');
}

void log_begin(struct log *l, enum log_level level, const char *event, struct instant now)
{
    ASSERT(!l->open);
    l->open = log_on(l, level);
    if (!l->open)
        return;
    ASSERT(!l->pending.overflow);
    l->line_start = l->pending.len;
    log_time_put(&l->pending, now.real_ns);
    buf_byte(&l->pending, ' ');
    buf_text(&l->pending, log_level_word(level));
    if (l->node.len)
        log_text(l, "node", l->node);
    buf_byte(&l->pending, ' ');
    buf_text(&l->pending, event);
    if (l->dropped)
        log_number(l, "lines_dropped_before", (int64_t)l->dropped);
}

/* Whether a value may hold the byte without being quoted: letters, digits, and the punctuation of
 * names, addresses and numbers. */
static bool stands_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.:/+-,@[]", c));
}

void log_text(struct log *l, const char *key, struct span value)
{
    if (!l->open)
        return;
    put_key(l, key);
    bool bare = value.len > 0;
    for (size_t i = 0; bare && i < value.len; i++)
        bare = stands_bare(value.at[i]);
    if (bare) {
        buf_span_put(&l->pending, value);
    } else {
        buf_byte(&l->pending, '"');
        escape_put(&l->pending, ESCAPE_LOG, value);
        buf_byte(&l->pending, '"');
    }
}

void log_number(struct log *l, const char *key, int64_t value)
{
    if (!l->open)
        return;
    put_key(l, key);
    if (value < 0)
        buf_byte(&l->pending, '-');
    buf_u64(&l->pending, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void log_end(struct log *l)
{
    if (!l->open)
        return;
    ASSERT(l->line_start <= l->pending.len);
    l->open = false;
    buf_byte(&l->pending, '\n');
    if (l->pending.overflow) {
        l->pending.len = l->line_start;
        l->pending.overflow = false;
        l->dropped++;
    } else {
        l->dropped = 0;
    }
}

void log_taken(struct log *l, size_t bytes)
{
    ASSERT(!l->open && bytes <= l->pending.len);
    l->pending.len -= bytes;
    memmove(l->pending.at, l->pending.at + bytes, l->pending.len);
}
