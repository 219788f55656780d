/* Dates in HTTP headers, compared with the C library's calendar. What Retry-After makes of them is
 * test_http's. */
#include "core/http/private.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

static void is_read(const char *form, int64_t seconds, int64_t now_s)
{
    char text[64];
    struct tm tm;
    time_t time = (time_t)seconds;
    strftime(text, sizeof text, form, gmtime_r(&time, &tm));
    int64_t read_s = -1;
    cr_assert(http_date(span_of(text), now_s, &read_s), "%s", text);
    cr_assert_eq(read_s, seconds, "%s: %lld", text, (long long)read_s);
}

Test(http_date, every_day_until_2200_is_the_calendar_s)
{
    for (int64_t day = 0; day < 230 * 365 + 55; day++) {
        int64_t second = day * 86400 + day * 8641 % 86400; /* each day another time */
        is_read("%a, %d %b %Y %H:%M:%S GMT", second, 0);
        is_read("%a %b %e %H:%M:%S %Y", second, 0);
        is_read("%A, %d-%b-%y %H:%M:%S GMT", second, second);
    }
}

/* RFC 9110, 5.6.7: what seems to be more than 50 years ahead is of the century before. */
Test(http_date, two_digits_of_a_year_are_of_the_years_around_now)
{
    static const int years[] = {1970, 1999, 2000, 2026, 2049, 2050, 2051, 2099, 2100};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        struct tm first = {.tm_year = years[i] - 1900, .tm_mday = 1};
        struct tm last = {.tm_year = years[i] - 1900, .tm_mon = 11, .tm_mday = 31, .tm_hour = 23,
            .tm_min = 59, .tm_sec = 59};
        const int64_t now_s[] = {timegm(&first), timegm(&last)};
        for (int of_year = years[i] - 49; of_year <= years[i] + 50; of_year++) {
            struct tm tm = {.tm_year = of_year - 1900, .tm_mon = 5, .tm_mday = 30};
            int64_t seconds = timegm(&tm);
            is_read("%A, %d-%b-%y %H:%M:%S GMT", seconds, now_s[0]);
            is_read("%A, %d-%b-%y %H:%M:%S GMT", seconds, now_s[1]);
        }
    }
}

Test(http_date, each_part_has_its_bounds)
{
    static const struct {
        const char *text;
        bool well;
    } rows[] = {
        {"Fri, 30 Jun 2000 23:59:60 GMT", true},
        {"Fri, 30 Jun 2000 23:59:61 GMT", false},
        {"Fri, 30 Jun 2000 23:60:00 GMT", false},
        {"Fri, 30 Jun 2000 24:00:00 GMT", false},
        {"Fri, 31 Jun 2000 00:00:00 GMT", false},
        {"Fri, 00 Jun 2000 00:00:00 GMT", false},
        {"Mon, 01 Jan 0001 00:00:00 GMT", true},
        {"Sat, 01 Jan 0000 00:00:00 GMT", false},
        {"Tue, 29 Feb 2000 00:00:00 GMT", true},
        {"Mon, 29 Feb 2100 00:00:00 GMT", false},
        {"Fri, 30 Jui 2000 00:00:00 GMT", false},
        {"Fri, 30 Jun 2000 00:00:00 GMT ", false},
        {"Fri, 30 Jun 2000 00:00:00 GM", false},
        {"Fri, 30 Jun 2000 00:00:0", false},
        {"Fri, 30 Ju", false},
        {"Fr, 30 Jun 2000 00:00:00 GMT", false},
        {"Fri, 3x Jun 2000 00:00:00 GMT", false},
        {"Fri, 30 Jun 20x0 00:00:00 GMT", false},
        {"Fri, 30 Jun 2000 0x:00:00 GMT", false},
        {"Fri, 30 Jun 2000 00-00:00 GMT", false},
        {"Fri, 30 Jun 2000 00:00-00 GMT", false},
        {"Fri Jun  1 00:00:00 2000", true},
        {"Fri Jun 1 00:00:00 2000", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t seconds;
        cr_expect_eq(http_date(span_of(rows[i].text), 0, &seconds), rows[i].well, "%s",
            rows[i].text);
    }
}
