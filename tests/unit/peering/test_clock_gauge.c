/* A peer's clock: readings err to one side, the best one counts, and each warning comes once. */
#include "core/peering/clock_gauge.h"
#include <criterion/criterion.h>

static struct clock_gauge g;

static int64_t ahead_ms(void)
{
    int64_t ns = 0;
    cr_assert(clock_gauge_ahead(&g, &ns));
    return ns / MS_NS;
}

static void reads_ms(int64_t ahead)
{
    clock_gauge_read(&g, 1000 * SECOND_NS + ahead * MS_NS, 1000 * SECOND_NS);
}

Test(clock_gauge, nothing_is_known_at_first)
{
    int64_t ns;
    cr_expect_not(clock_gauge_ahead(&g, &ns));
    cr_expect_eq(clock_gauge_round_trip(&g), 0);
    cr_expect_not(clock_gauge_judge(&g));
    clock_gauge_trip(&g, 5);
    cr_expect_not(clock_gauge_ahead(&g, &ns));
}

Test(clock_gauge, the_least_delayed_reading_counts_with_half_the_quickest_trip)
{
    static const struct {
        int64_t ahead, trip, expected;
    } rows[] = {
        {-100, 0, -100},
        {-60, 40, -60}, /* the quickest trip is still 0 */
        {-500, 30, -60},
        {-70, 50, -60},
        {-80, 30, -60 + 15}, /* the trip of 0 is forgotten: four came after it */
        {-90, 60, -70 + 15},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reads_ms(rows[i].ahead);
        clock_gauge_trip(&g, rows[i].trip * MS_NS);
        cr_expect_eq(ahead_ms(), rows[i].expected, "row %zu: %ld", i, ahead_ms());
    }
}

Test(clock_gauge, judges_once_an_episode)
{
    static const struct {
        int64_t ahead;
        bool changed, off;
    } rows[] = {
        {900, false, false}, /* one reading is not enough */
        {900, true, true},
        {900, false, true},
        {450, false, true},
        {450, false, true}, /* 900 is still the best of four */
        {450, false, true},
        {450, false, true}, /* no new verdict between the two bounds */
        {399, false, true},
        {399, false, true},
        {399, false, true},
        {399, true, false},
        {450, false, false},
        {500, false, false},
        {501, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reads_ms(rows[i].ahead);
        cr_expect_eq(clock_gauge_judge(&g), rows[i].changed, "row %zu", i);
        cr_expect_eq(g.off, rows[i].off, "row %zu", i);
    }
}

Test(clock_gauge, a_clock_behind_is_off_when_all_readings_say_so)
{
    for (int i = 0; i < 3; i++) {
        reads_ms(0);
        cr_expect_not(clock_gauge_judge(&g));
    }
    for (int i = 0; i < 3; i++) {
        reads_ms(-2000); /* a stall, as far as is known */
        cr_expect_not(clock_gauge_judge(&g), "reading %d", i);
    }
    reads_ms(-2000);
    cr_expect(clock_gauge_judge(&g));
    cr_expect(g.off);
}

Test(clock_gauge, another_process_is_measured_anew_and_the_warning_ends)
{
    reads_ms(5000);
    reads_ms(5000);
    cr_expect(clock_gauge_judge(&g));
    clock_gauge_forget(&g);
    int64_t ns;
    cr_expect_not(clock_gauge_ahead(&g, &ns));
    reads_ms(1);
    cr_expect_not(clock_gauge_judge(&g));
    reads_ms(1);
    cr_expect(clock_gauge_judge(&g));
    cr_expect_not(g.off);
}

Test(clock_gauge, no_reading_overflows)
{
    static const int64_t rows[] = {0, 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            clock_gauge_read(&g, rows[i], rows[k]);
            clock_gauge_trip(&g, INT64_MAX);
            clock_gauge_judge(&g);
            int64_t ns;
            cr_expect(clock_gauge_ahead(&g, &ns));
        }
}
