/* test_record.c — a stamp is read from a record as it was written, its time spelled as before. */
#include "core/store/record.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct record *record_new(const struct stamp *s)
{
    struct record *r =
        calloc(1, record_units(s->id.len, s->position.len) * RECORD_UNIT_BYTES + PACKED_SLACK);
    record_name(r, s->id);
    record_write(r, s, 11, 4095, 65535);
    return r;
}

static void expect_round_trip(struct span position, struct span time, int64_t time_ns)
{
    static char position_room[STAMPEDE_POSITION_BYTES_MAX], time_room[STAMP_TIME_ROOM_BYTES];
    struct stamp in = {
        .id = SPAN("kiwi"), .position = position, .time = time, .time_ns = time_ns, .skew_ns = -1};
    struct record *r = record_new(&in);
    struct stamp out;
    record_read(r, &out, position_room, time_room);
    cr_expect(span_equal(out.id, in.id));
    cr_expect(span_equal(out.position, position));
    cr_expect(span_equal(out.time, time), "%.*s for %.*s", (int)out.time.len, out.time.at,
        (int)time.len, time.at);
    cr_expect_eq(out.time_ns, time_ns);
    cr_expect_eq(out.skew_ns, -1);
    cr_expect_eq(r->hash, 11);
    cr_expect_eq(r->origin, 4095);
    cr_expect_eq(r->route, 65535);
    free(r);
}

Test(record, times)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"0", 0},
        {"0.0", 0},
        {"00", 0},
        {"00.000000000", 0},
        {"0.000000001", 1},
        {"0.1", 100000000},
        {"0.10", 100000000},
        {"0.010", 10000000},
        {"9", 9000000000},
        {"10", 10000000000},
        {"9.999999999", 9999999999},
        {"0007.50", 7500000000},
        {"1520023934", 1520023934000000000},
        {"1520023934.918963998", 1520023934918963998},
        {"1520023934.900000000", 1520023934900000000},
        {"4294967296", 4294967296000000000},
        {"9223372036.854775807", INT64_MAX},
        {"00009223372036.854775807", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_round_trip(SPAN("+1-2"), span_of(cases[i].text), cases[i].ns);
}

Test(record, each_length_of_a_time)
{
    static char text[STAMPEDE_LINE_BYTES_MAX];
    memset(text, '0', sizeof text);
    for (size_t len = 1; len <= sizeof text; len++)
        expect_round_trip(SPAN("+1-2"), (struct span){text, len}, 0);
}

Test(record, positions)
{
    static const char *const cases[] = {
        "+0+0",
        "-0-0",
        "+34.068930-118.445127",
        "+34.0689300-118.445127",
        "+90.000000000000000-180.000000000000000",
        "+090.00000000000000-180.0000000000000000",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_round_trip(span_of(cases[i]), SPAN("1"), 1000000000);
}

Test(record, takes_the_room_that_it_says)
{
    static const struct {
        size_t id_len, position_len;
        uint32_t bytes;
    } cases[] = {
        {1, 4, 56},
        {20, 21, 80},
        {20, 24, 80},
        {20, 25, 88},
        {255, 40, 328},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(record_units(cases[i].id_len, cases[i].position_len) * RECORD_UNIT_BYTES,
            cases[i].bytes);
    cr_expect_eq(record_units(1, 4), RECORD_UNITS_MIN);
    cr_expect_eq(record_units(255, 40), RECORD_UNITS_MAX);
}

Test(record, a_text_too_short_for_its_time_is_not_kept, .signal = SIGABRT)
{
    expect_round_trip(SPAN("+1-2"), SPAN("1"), 10000000000);
}
