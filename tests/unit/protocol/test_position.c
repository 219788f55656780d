/* test_position.c — ISO 6709 decimal degrees: the grammar, and the last digit of each bound. */
#include "unit/boxed.h"
#include "core/protocol/position.h"
#include "unit/random.h"
#include <criterion/criterion.h>

Test(position, valid)
{
    static const struct {
        struct span text;
        int64_t latitude_fdeg, longitude_fdeg;
    } rows[] = {
        {SPAN("+34.068930-118.445127"), 34068930000000000, -118445127000000000},
        {SPAN("+0+0"), 0, 0},
        {SPAN("-0-0"), 0, 0},
        {SPAN("-0.0+000.000"), 0, 0},
        {SPAN("+1-2"), 1000000000000000, -2000000000000000},
        {SPAN("+01-002"), 1000000000000000, -2000000000000000},
        {SPAN("+001-02"), 1000000000000000, -2000000000000000},
        {SPAN("+90.0+180"), 90000000000000000, 180000000000000000},
        {SPAN("-90-180.0"), -90000000000000000, -180000000000000000},
        {SPAN("+90.000000000000000-180.000000000000000"), 90000000000000000, -180000000000000000},
        {SPAN("+89.999999999999999+179.999999999999999"), 89999999999999999, 179999999999999999},
        {SPAN("+0.000000000000001-0.000000000000001"), 1, -1},
        {SPAN("+0.1-0.01"), 100000000000000, -10000000000000},
        {SPAN("+089.123456789012345-179.543210987654321"), 89123456789012345, -179543210987654321},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i].text);
        struct position p;
        cr_assert_leq(text.len, STAMPEDE_POSITION_BYTES_MAX);
        cr_expect(position_parse(text, &p), "%.*s", (int)text.len, text.at);
        cr_expect_eq(p.latitude_fdeg, rows[i].latitude_fdeg, "%.*s", (int)text.len, text.at);
        cr_expect_eq(p.longitude_fdeg, rows[i].longitude_fdeg, "%.*s", (int)text.len, text.at);
        unbox(text);
    }
}

Test(position, invalid)
{
    static const struct span rows[] = {
        /* out of bounds */
        SPAN("+90.000000000000001+0"),
        SPAN("-90.000000000000001+0"),
        SPAN("+91+0"),
        SPAN("-91+0"),
        SPAN("+0+180.000000000000001"),
        SPAN("+0-180.000000000000001"),
        SPAN("+0+181"),
        SPAN("+0-181"),
        SPAN("+999+0"),
        SPAN("+0-999.999999999999999"),
        SPAN("+118.0-34.0"),
        /* too many digits */
        SPAN("+0.0000000000000001+0"),
        SPAN("+0.1000000000000000+0"),
        SPAN("+0+0.0000000000000000"),
        SPAN("+0000+0"),
        SPAN("+0+0000"),
        SPAN("+0+0001.5"),
        SPAN("+99999999999999999999999999999999999999+0"),
        SPAN("+0.99999999999999999999999999999999999999+0"),
        /* missing parts */
        SPAN(""),
        SPAN("+"),
        SPAN("-"),
        SPAN("+-"),
        SPAN("+0"),
        SPAN("+0+"),
        SPAN("+0.5"),
        SPAN("+34.068930"),
        SPAN("0+0"),
        SPAN("+0 0"),
        SPAN("34.0-118.0"),
        SPAN("+.5+0"),
        SPAN("+0.+0"),
        SPAN("+0+.5"),
        SPAN("+0+0."),
        SPAN("+.+."),
        SPAN("+0.-0."),
        /* something else */
        SPAN("+0+0/"),
        SPAN("+0+0+0"),
        SPAN("++0+0"),
        SPAN("+0--0"),
        SPAN("+0,0+0"),
        SPAN("+0.0.0+0"),
        SPAN("+1e1+0"),
        SPAN("+0x1+0"),
        SPAN(" +0+0"),
        SPAN("+0+0 "),
        SPAN("+0 +0"),
        SPAN("+0+0\0"),
        SPAN("\0+0+0"),
        SPAN("+nan+inf"),
        SPAN("+0+0CRSWGS_84/"),
        SPAN("\xe2\x88\x92"
             "1+0"),
        SPAN("+1:+0"),
        SPAN("+1/+0"),
        SPAN("+\xb1+0"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = boxed(rows[i]);
        struct position p;
        cr_expect(!position_parse(text, &p), "%.*s", (int)text.len, text.at);
        unbox(text);
    }
}

/* The beginning of a position is another position or none; no byte past its end is read. */
Test(position, every_beginning)
{
    struct span whole = SPAN("-12.345+67.89");
    size_t second_sign = 7;
    for (size_t len = 0; len <= whole.len; len++) {
        struct span text = boxed((struct span){whole.at, len});
        struct position p;
        bool complete = len > second_sign + 1 && whole.at[len - 1] != '.';
        cr_expect_eq(position_parse(text, &p), complete, "%.*s", (int)len, whole.at);
        unbox(text);
    }
}

/* The text of two coordinates: signs, the digits of the degrees, and so many fraction digits behind
 * each point. */
static struct span shaped(char room[64], const char *degrees, unsigned fraction,
    const char *degrees_east, unsigned fraction_east)
{
    int len = snprintf(room, 64, "+%s.%.*s-%s.%.*s", degrees, (int)fraction, "00000000000000000",
        degrees_east, (int)fraction_east, "10000000000000000");
    return (struct span){room, (size_t)len};
}

/* position_valid agrees with position_parse for every length of each part, and on both sides of
 * every bound. */
Test(position, valid_in_every_shape)
{
    static const char *const degrees[] = {"", "0", "8", "9", "00", "89", "90", "91", "089", "090",
        "100", "179", "180", "190", "200", "0000"};
    enum { DEGREES = sizeof degrees / sizeof *degrees, FRACTION_MOST = 17 };
    for (unsigned a = 0; a < DEGREES; a++)
        for (unsigned b = 0; b < DEGREES; b++)
            for (unsigned n = 0; n <= FRACTION_MOST; n++)
                for (unsigned m = 0; m <= FRACTION_MOST; m++) {
                    char room[64];
                    struct position p;
                    struct span text = shaped(room, degrees[a], n, degrees[b], m);
                    bool valid = position_parse(text, &p);
                    cr_assert_eq(position_valid(text), valid, "%.*s", (int)text.len, text.at);
                }
}

/* position_valid, which is faster, agrees with position_parse. */
Test(position, valid_as_it_is_read)
{
    static const struct span rows[] = {SPAN("+34.068930-118.445127"), SPAN("-90.000000+180.0"),
        SPAN("+89.99999999999999-179.9999999"), SPAN("-0.0000001-000.00000000001"), SPAN("+1-2"),
        SPAN("+34.0689300000000-118.4451270000"), SPAN("-00000000000000+0.000000")};
    static const char marks[] = "+-.0189: ";
    struct random random = random_begin();
    unsigned valids = 0;
    for (int i = 0; i < 200000; i++) {
        char bytes[40];
        struct span row = rows[random_below(&random, sizeof rows / sizeof *rows)];
        memcpy(bytes, row.at, row.len);
        for (uint32_t n = random_below(&random, 3); n; n--)
            bytes[random_below(&random, (uint32_t)row.len)] =
                marks[random_below(&random, sizeof marks - 1)];
        struct span text = boxed((struct span){bytes, row.len - random_below(&random, 3)});
        struct position p;
        bool valid = position_parse(text, &p);
        cr_assert_eq(position_valid(text), valid, "%.*s", (int)text.len, text.at);
        valids += valid;
        unbox(text);
    }
    cr_assert_gt(valids, 1000);
}

Test(position, degrees)
{
    cr_expect(position_degrees(0) == 0.0);
    cr_expect(position_degrees(34068930000000000) == 34.06893);
    cr_expect(position_degrees(-180 * FDEG_PER_DEGREE) == -180.0);
}

Test(position, distance)
{
    static const struct {
        double a[2];
        double b[2];
        double metres;
    } table[] = {
        {{51.5074, -0.1278}, {51.5074, -0.1278}, 0},
        {{0, 180}, {0, -180}, 0},
        {{0, 0}, {1, 0}, 111195.0802},
        {{0, 0}, {0, 1}, 111195.0802},
        {{0, 179.5}, {0, -179.5}, 111195.0802},
        {{60, -179.75}, {60, 179.75}, 27798.7039},
        {{90, 0}, {90, 123}, 0},
        {{89.5, 0}, {89.5, 180}, 111195.0802},
        {{-90, 10}, {-89, -170}, 111195.0802},
        {{90, 0}, {-90, 0}, 20015114.4420},
        {{51.5074, -0.1278}, {48.8566, 2.3522}, 343556.5349},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const double *a = table[i].a;
        const double *b = table[i].b;
        double there = position_distance_m(a[0], a[1], b[0], b[1]);
        cr_assert_float_eq(there, table[i].metres, 1e-7 * table[i].metres + 1e-6,
            "row %zu: %.4f, not %.4f", i, there, table[i].metres);
        cr_assert_eq(there, position_distance_m(b[0], b[1], a[0], a[1]), "row %zu", i);
    }
}
