/* date.c — dates in HTTP headers, RFC 9110, 5.6.7: parses and writes them; and
 * Retry-After. The C library's functions for dates depend on a locale and a time zone, which must
 * not matter here. */
#include "core/base/ascii.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/http/private.h"

struct date {
    uint64_t year, month, day; /* month and day from 1 */
    uint64_t hour, minute, second;
};

static bool take_number(struct span *text, size_t digits, uint64_t *value)
{
    if (text->len < digits)
        return false;
    struct span number = {text->at, digits};
    *text = span_from(*text, digits);
    return decimal_take_digits(&number, 9999, value) == digits;
}

/* A day of the month; below 10 a space may stand in place of the first digit. */
static bool take_padded_day(struct span *text, uint64_t *day)
{
    bool padded = decimal_take_byte(text, ' ');
    return take_number(text, padded ? 1 : 2, day);
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec"; /* three bytes each */

static bool take_month(struct span *text, uint64_t *month)
{
    if (text->len < 3)
        return false;
    for (*month = 1; *month <= 12; ++*month) {
        if (memcmp(text->at, months + 3 * (*month - 1), 3) == 0) {
            *text = span_from(*text, 3);
            return true;
        }
    }
    return false;
}

/* Any word: the date counts, whatever day of the week it is said to be. */
static bool take_weekday(struct span *text)
{
    size_t letters = 0;
    while (letters < text->len && ascii_is_letter(text->at[letters]))
        letters++;
    *text = span_from(*text, letters);
    return letters >= 3;
}

static bool take_time(struct span *text, struct date *d)
{
    return take_number(text, 2, &d->hour) && decimal_take_byte(text, ':') &&
           take_number(text, 2, &d->minute) && decimal_take_byte(text, ':') &&
           take_number(text, 2, &d->second);
}

/* Parse a date of the given form. In it a letter behind '%' stands for a part of the date, as in
 * the switch below, and any other byte for itself. */
static bool take_form(struct span text, const char *form, struct date *d)
{
    bool well = true;
    for (; well && *form; form++) {
        if (*form != '%') {
            well = decimal_take_byte(&text, *form);
            continue;
        }
        switch (*++form) {
        case 'w':
            well = take_weekday(&text);
            break;
        case 'd':
            well = take_number(&text, 2, &d->day);
            break;
        case 'e':
            well = take_padded_day(&text, &d->day);
            break;
        case 'm':
            well = take_month(&text, &d->month);
            break;
        case 'y':
            well = take_number(&text, 2, &d->year);
            break;
        case 'Y':
            well = take_number(&text, 4, &d->year);
            break;
        default:
            well = take_time(&text, d);
            break;
        }
    }
    return well && text.len == 0;
}

static bool is_leap(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static uint64_t days_in_month(uint64_t year, uint64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ASSERT(month >= 1 && month <= 12);
    return days[month - 1] + (uint64_t)(month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to 1 January of `year`; 719,162 days lie between the years 1 and 1970. */
static int64_t days_before_year(uint64_t year)
{
    uint64_t past = year - 1;
    return (int64_t)(365 * past + past / 4 - past / 100 + past / 400) - 719162;
}

static uint64_t year_of(int64_t seconds)
{
    ASSERT(seconds >= 0);
    uint64_t year = 1970 + (uint64_t)seconds / (366 * 86400);
    while (days_before_year(year + 1) * 86400 <= seconds)
        year++;
    return year;
}

bool http_date(struct span text, int64_t now_s, int64_t *seconds)
{
    struct date d;
    if (take_form(text, "%w, %d-%m-%y %t GMT", &d)) {
        uint64_t this_year = year_of(now_s);
        d.year += this_year - this_year % 100 + 100;
        while (d.year > this_year + 50)
            d.year -= 100;
    } else if (!take_form(text, "%w, %d %m %Y %t GMT", &d) &&
               !take_form(text, "%w %m %e %t %Y", &d)) {
        return false;
    }
    if (d.year < 1 || d.day < 1 || d.day > days_in_month(d.year, d.month) || d.hour > 23 ||
        d.minute > 59 || d.second > 60)
        return false;
    int64_t days = days_before_year(d.year) + (int64_t)d.day - 1;
    for (uint64_t month = 1; month < d.month; month++)
        days += (int64_t)days_in_month(d.year, month);
    *seconds = days * 86400 + (int64_t)(d.hour * 3600 + d.minute * 60 + d.second);
    return true;
}

/* Two digits. */
static void put_two(struct buf *out, uint64_t value)
{
    ASSERT(value < 100);
    buf_byte(out, (char)('0' + value / 10));
    buf_byte(out, (char)('0' + value % 10));
}

void http_date_put(struct buf *out, int64_t seconds)
{
    static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    ASSERT(seconds >= 0 && seconds < days_before_year(10000) * 86400);
    uint64_t days = (uint64_t)seconds / 86400, in_day = (uint64_t)seconds % 86400, month = 1;
    uint64_t year = year_of(seconds), day = days - (uint64_t)days_before_year(year);
    for (; day >= days_in_month(year, month); month++)
        day -= days_in_month(year, month);
    buf_put(out, weekdays + 3 * (days % 7), 3);
    buf_text(out, ", ");
    put_two(out, day + 1);
    buf_byte(out, ' ');
    buf_put(out, months + 3 * (month - 1), 3);
    buf_byte(out, ' ');
    put_two(out, year / 100);
    put_two(out, year % 100);
    buf_byte(out, ' ');
    put_two(out, in_day / 3600);
    buf_byte(out, ':');
    put_two(out, in_day / 60 % 60);
    buf_byte(out, ':');
    put_two(out, in_day % 60);
    buf_text(out, " GMT");
}

/* Not empty, and only digits. */
static bool is_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.at[i]))
            return false;
    return s.len > 0;
}

int64_t http_response_retry_ns(const struct http_response *r, struct instant now)
{
    struct span text = span_of(r->retry_after);
    if (is_digits(text)) {
        uint64_t seconds;
        if (!decimal_take_digits(&text, HTTP_RETRY_SECONDS_MAX, &seconds))
            seconds = HTTP_RETRY_SECONDS_MAX;
        return (int64_t)seconds * SECOND_NS;
    }
    int64_t then_s, now_s = now.real_ns / SECOND_NS;
    if (!http_date(text, now_s, &then_s))
        return -1;
    if (then_s <= now_s)
        return 0;
    if (then_s > now_s + HTTP_RETRY_SECONDS_MAX)
        return HTTP_RETRY_SECONDS_MAX * SECOND_NS;
    return (then_s - now_s) * SECOND_NS - now.real_ns % SECOND_NS;
}
