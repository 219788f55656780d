/* test_records.c — records are read as they were written, up to the extremes of each field; each
 * field out of bounds is refused, and so is any end; what is accepted is what would be written. */
#include "core/base/word.h"
#include "core/journal/records.h"
#include "core/protocol/command.h"
#include "unit/boxed.h"
#include "unit/random.h"
#include <criterion/criterion.h>

static struct stamp_text text;

/* Read the only record of a payload. */
static enum record_verdict read_one(struct span bytes, struct feed_item *item, struct have *have)
{
    struct span payload = boxed(bytes), left = payload;
    enum record_verdict verdict = records_take(&left, item, &text, have);
    if (verdict == RECORD_UNSOUND)
        cr_expect(left.at == payload.at && left.len == payload.len, "nothing is taken");
    else
        cr_expect_eq(left.len, 0);
    unbox(payload);
    return verdict;
}

static struct feed_item item_of(const char *line, uint64_t change)
{
    struct span fields[6];
    struct feed_item item = {.change = change};
    cr_assert_eq(command_split(span_of(line), fields, 6), 6);
    cr_assert(stamp_parse(fields, &item.stamp), "%s", line);
    item.hash = stamp_hash(&item.stamp);
    return item;
}

static void expect_same_text(struct span a, struct span b)
{
    cr_expect(span_equal(a, b), "%.*s, not %.*s", (int)a.len, a.at, (int)b.len, b.at);
}

static void expect_round_trip(const char *line, uint64_t change)
{
    static unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct feed_item in = item_of(line, change), item;
    struct have have;
    size_t len = records_put_stamp(out, &in);
    cr_assert_leq(len, STAMP_RECORD_BYTES_MAX);
    struct span payload = boxed((struct span){(const char *)out, len}), left = payload;
    cr_assert_eq(records_take(&left, &item, &text, &have), RECORD_STAMP, "%s", line);
    cr_expect_eq(left.len, 0);
    expect_same_text(item.stamp.id, in.stamp.id);
    expect_same_text(item.stamp.position, in.stamp.position);
    expect_same_text(item.stamp.time, in.stamp.time);
    expect_same_text(item.stamp.origin, in.stamp.origin);
    cr_expect_eq(item.stamp.time_ns, in.stamp.time_ns);
    cr_expect_eq(item.stamp.skew_ns, in.stamp.skew_ns);
    cr_expect_eq(item.change, change);
    cr_expect_eq(item.hash, in.hash);
    cr_expect_eq(item.route, 0);
    unbox(payload);
}

/* A line whose fields have these lengths, of 12 to 39 characters the position. The time begins with
 * zeros, and the id ends with bytes that are no ASCII. */
static const char *line_of(size_t origin, size_t id, size_t position, size_t time)
{
    static char line[2 * STAMPEDE_LINE_BYTES_MAX];
    char name[STAMPEDE_CLIENT_ID_BYTES_MAX], zeros[STAMPEDE_LINE_BYTES_MAX];
    struct buf out = buf_over(line, sizeof line - 1);
    memset(name, 'o', sizeof name);
    buf_text(&out, "AT ");
    buf_put(&out, name, origin);
    buf_text(&out, " +0.000000000 ");
    memset(name, '~', sizeof name);
    memset(name + id / 2, 0xff, id > 1 ? id - id / 2 : 0);
    buf_put(&out, name, id);
    buf_byte(&out, ' ');
    buf_put(&out,
        position < 25 ? "+89.12-179.98765432109876" : "+89.123456789012345-179.987654321098765",
        position);
    buf_byte(&out, ' ');
    memset(zeros, '0', sizeof zeros);
    if (time > 11)
        memcpy(zeros + time - 11, "9.000000001", 11);
    buf_put(&out, zeros, time);
    line[out.len] = 0;
    return line;
}

Test(records, stamps_are_read_as_written)
{
    static const char *const lines[] = {
        "AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997",
        "AT a -0.000000001 b +1.5-2.5 0.000000001",
        "AT a +0.000000000 b +1.5-2.5 0",
        "AT a +0.000000000 b +1.5-2.5 00",
        "AT a +0.000000000 b +1.5-2.5 0.0",
        "AT a +0.000000000 b +1.5-2.5 0007.50",
        "AT a +9223372036.854775807 b +1.5-2.5 0.000000000",
        "AT a -9223372036.854775807 b +1.5-2.5 9223372036.854775807",
        "AT a +0.000000000 b -0.123456789012345+000.123456789012345 1",
        "AT a +0.000000000 b -089.123456789012345+000.123456789012345 4294967296.1",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_round_trip(lines[i], i + 1);
    expect_round_trip(lines[0], UINT64_MAX);
}

Test(records, every_length)
{
    expect_round_trip(line_of(63, 255, 39, 8192), 1);
    for (size_t i = 1; i <= STAMPEDE_NODE_NAME_BYTES_MAX; i++)
        expect_round_trip(line_of(i, 20, 21, 20), i);
    for (size_t i = 1; i <= STAMPEDE_CLIENT_ID_BYTES_MAX; i++)
        expect_round_trip(line_of(7, i, 21, 20), i);
    for (size_t i = 12; i <= 39; i++)
        expect_round_trip(line_of(7, 20, i, 20), i);
    for (size_t i = 1; i <= STAMPEDE_LINE_BYTES_MAX; i += i < 64 ? 1 : 509)
        expect_round_trip(line_of(7, 20, 21, i), i);
}

Test(records, the_longest_position)
{
    expect_round_trip("AT a +0.000000000 b +089.123456789012345-179.123456789012345 1520023934", 1);
}

Test(records, a_usual_record_takes_seventy_bytes)
{
    static unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct feed_item in = item_of(
        "AT Goloman +0.263873386 a-client-of-20-bytes +34.068930-118.445127 1520023934.918963997",
        1);
    cr_expect_eq(records_put_stamp(out, &in), 70);
}

/* -- what is refused --------------------------------------------------------------------------- */

/* The sample below: a time with two decimals in 20 bytes, 13 characters of position. */
#define SAMPLE "AT Goloman -0.500000000 kiwi.cs +34.06-118.44 00000001520023934.50"

enum { AT_ID = STAMP_RECORD_HEADER_BYTES, AT_POSITION = AT_ID + 7, AT_ORIGIN = AT_POSITION + 7 };

static size_t put_sample(unsigned char *out)
{
    struct feed_item in = item_of(SAMPLE, 9);
    size_t len = records_put_stamp(out, &in);
    cr_assert_eq(len, AT_ORIGIN + 7);
    return len;
}

Test(records, fields_of_stamps_out_of_bounds)
{
    static const struct {
        size_t at, bytes;
        uint64_t value;
        const char *what;
    } edits[] = {
        {0, 1, 0, "kind"},
        {0, 1, 3, "kind"},
        {0, 1, 127, "kind"},
        {1, 1, 0, "id of no bytes, and then nothing fits"},
        {1, 1, 8, "longer id"},
        {1, 1, 255, "id behind the payload"},
        {2, 1, 0, "no position"},
        {2, 1, 12, "shorter position"},
        {2, 1, 41, "position too long"},
        {2, 1, 255, "position behind the payload"},
        {3, 1, 0, "no origin"},
        {3, 1, 8, "origin behind the payload"},
        {3, 1, 64, "origin too long"},
        {4, 2, 0, "no time"},
        {4, 2, 3, "no digit before the point"},
        {4, 2, 12, "no room for the seconds"},
        {4, 2, 8193, "time too long"},
        {4, 2, 0xffff, "time too long"},
        {6, 1, 0, "the time has more decimals"},
        {6, 1, 10, "too many decimals"},
        {6, 1, 255, "too many decimals"},
        {7, 1, 1, "not zero"},
        {8, 8, UINT64_MAX, "time before 1970"},
        {8, 8, UINT64_C(1) << 63, "time before 1970"},
        {8, 8, 1520023934500000001, "a time of more decimals"},
        {8, 8, 400000000, "received before 1970"},
        {16, 8, UINT64_C(1) << 63, "the least skew"},
        {16, 8, INT64_MAX, "received behind the end of time"},
        {24, 8, 0, "change 0"},
        {AT_ID, 1, ' ', "white space in the id"},
        {AT_ID + 3, 1, '\t', "white space in the id"},
        {AT_ID + 6, 1, '\n', "line feed in the id"},
        {AT_ID, 1, 0, "NUL in the id"},
        {AT_ID, 1, 0x7f, "DEL in the id"},
        {AT_POSITION, 1, 0x33, "position without a sign"},
        {AT_POSITION, 1, 0xab, "* is in no position"},
        {AT_POSITION, 1, 0xfb, "/ is in no position"},
        {AT_POSITION, 1, 0x9b, "latitude above 90"},
        {AT_POSITION + 6, 1, 0x14, "the unused half is not zero"},
        {AT_ORIGIN, 1, '-', "name of no node"},
        {AT_ORIGIN + 1, 1, 0xc3, "name of no node"},
    };
    static unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct feed_item item;
    struct have have;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        size_t len = put_sample(out);
        cr_assert_eq(read_one((struct span){(char *)out, len}, &item, &have), RECORD_STAMP);
        for (size_t j = 0; j < edits[i].bytes; j++)
            out[edits[i].at + j] = (unsigned char)(edits[i].value >> 8 * j);
        cr_expect_eq(read_one((struct span){(char *)out, len}, &item, &have), RECORD_UNSOUND,
            "%zu: %s", i, edits[i].what);
    }
}

Test(records, no_byte_that_ends_a_field_is_in_an_id)
{
    static unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct have have;
    for (size_t len = 1; len <= STAMPEDE_CLIENT_ID_BYTES_MAX; len++) {
        struct feed_item in = item_of(line_of(7, len, 21, 20), 1), item;
        size_t bytes = records_put_stamp(out, &in);
        for (size_t i = 0; i < len; i++) {
            unsigned char was = out[AT_ID + i];
            out[AT_ID + i] = i % 2 ? 0x20 : 0x7f;
            cr_expect_eq(read_one((struct span){(char *)out, bytes}, &item, &have), RECORD_UNSOUND);
            out[AT_ID + i] = was;
        }
    }
}

Test(records, every_end)
{
    static unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct feed_item item;
    struct have have = {.peer = SPAN("Hands"), .had = {1, 1, 0}};
    size_t len = put_sample(out);
    for (size_t cut = 1; cut < len; cut++)
        cr_expect_eq(
            read_one((struct span){(char *)out, cut}, &item, &have), RECORD_UNSOUND, "%zu", cut);
    len = records_put_have(out, &have);
    for (size_t cut = 1; cut < len; cut++)
        cr_expect_eq(
            read_one((struct span){(char *)out, cut}, &item, &have), RECORD_UNSOUND, "%zu", cut);
    cr_expect_eq(read_one((struct span){(char *)out, 0}, &item, &have), RECORD_NONE);
}

Test(records, those_of_later_versions_are_skipped)
{
    static unsigned char out[16 + STAMP_RECORD_BYTES_MAX];
    struct feed_item item;
    struct have have;
    memcpy(out, "\x80\0\0\0\xff\0\x05\0abcde", 13);
    size_t len = 13 + put_sample(out + 13);
    cr_expect_eq(read_one((struct span){(char *)out, len}, &item, &have), RECORD_STAMP);
    cr_expect_eq(item.change, 9);
    cr_expect_eq(read_one((struct span){(char *)out, 13}, &item, &have), RECORD_NONE);
    for (size_t cut = 1; cut < 13; cut++)
        cr_expect_eq(read_one((struct span){(char *)out, cut}, &item, &have),
            cut == 4 ? RECORD_NONE : RECORD_UNSOUND, "%zu", cut);
    out[13] = 2; /* now the record behind is none */
    cr_expect_eq(read_one((struct span){(char *)out, len}, &item, &have), RECORD_UNSOUND);
}

/* -- whatever is accepted ---------------------------------------------------------------------- */

/* What is told of a record has the bounds of a stamp in an AT line, and is written as it was. */
static void expect_sound(const struct feed_item *item, struct span record)
{
    static unsigned char again[STAMP_RECORD_BYTES_MAX];
    static char line[3 * STAMPEDE_LINE_BYTES_MAX];
    struct span fields[6];
    struct stamp parsed;
    struct buf out = buf_over(line, sizeof line);
    cr_assert_eq(records_put_stamp(again, item), record.len);
    cr_assert_arr_eq(again, record.at, record.len);
    stamp_at_put(&out, &item->stamp);
    cr_assert_eq(command_split(buf_span(&out), fields, 6), 6);
    cr_assert(stamp_parse(fields, &parsed), "%.*s", (int)out.len, out.at);
    cr_assert_eq(stamp_compare(&parsed, &item->stamp), 0);
    cr_assert_eq(item->hash, stamp_hash(&parsed));
}

Test(records, whatever_is_accepted_is_a_stamp)
{
    struct random r = random_begin();
    unsigned char out[STAMP_RECORD_BYTES_MAX];
    struct feed_item item;
    struct have have;
    unsigned accepted = 0;
    for (unsigned i = 0; i < 200000; i++) {
        size_t len = put_sample(out);
        for (unsigned edits = 1 + random_below(&r, 3); edits; edits--) {
            size_t at = random_below(&r, random_below(&r, 2) ? 8 : (uint32_t)len);
            out[at] = (unsigned char)(random_below(&r, 2) ? random_next(&r) : out[at] + 1u);
        }
        struct span payload = boxed((struct span){(char *)out, len}), left = payload;
        if (records_take(&left, &item, &text, &have) == RECORD_STAMP) {
            accepted++;
            expect_sound(&item, (struct span){payload.at, payload.len - left.len});
        }
        unbox(payload);
    }
    cr_expect_gt(accepted, 1000);
}
