/* test_stamp.c — the total order, the hash that digests are made of, the AT line written and
 * parsed. */
#include "unit/boxed.h"
#include "core/protocol/command.h"
#include "core/base/decimal.h"
#include "core/protocol/stamp.h"
#include <criterion/criterion.h>
#include <inttypes.h>

static struct stamp stamp_of(
    struct span id, struct span position, struct span time, struct span origin, int64_t skew_ns)
{
    struct stamp s = {id, position, time, origin, 0, skew_ns};
    cr_assert(decimal_time(time, &s.time_ns));
    return s;
}

static struct stamp kiwi(void)
{
    return stamp_of(SPAN("kiwi"), SPAN("+34.068930-118.445127"), SPAN("1520023934.918963997"),
        SPAN("Goloman"), 263873386);
}

/* Oldest first; a comment names the criterion by which each row is newer than the one before. */
Test(stamp, order)
{
    struct span id = SPAN("kiwi");
    const struct stamp rows[] = {
        stamp_of(id, SPAN("+9+9"), SPAN("1520023934.918963997"), SPAN("Wilkes"), 9),
        /* time, to the nanosecond */
        stamp_of(id, SPAN("+0+0"), SPAN("1520023934.918963998"), SPAN("Goloman"), 1),
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("Goloman"), 1),
        /* origin, bytewise, a prefix first */
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("Hands"), -9),
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("Hands2"), -9),
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("hands"), -9),
        /* skew, as a number */
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("hands"), -1),
        stamp_of(id, SPAN("+0+0"), SPAN("1520023935"), SPAN("hands"), 10),
        /* position text */
        stamp_of(id, SPAN("+0+0.0"), SPAN("1520023935"), SPAN("hands"), 10),
        stamp_of(id, SPAN("-0+0"), SPAN("1520023935"), SPAN("hands"), 10),
        /* time text */
        stamp_of(id, SPAN("-0+0"), SPAN("1520023935.0"), SPAN("hands"), 10),
        stamp_of(id, SPAN("-0+0"), SPAN("1520023935.00"), SPAN("hands"), 10),
        stamp_of(id, SPAN("-0+0"), SPAN("9223372036.854775807"), SPAN("A"), -INT64_MAX),
    };
    int count = sizeof rows / sizeof *rows;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            int order = stamp_compare(&rows[i], &rows[j]);
            cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%d and %d", i, j);
        }
    }
}

/* Computed by another program from the description in stamp.c. They must not change: nodes of
 * different versions compare digests. */
Test(stamp, hash_is_the_same_everywhere)
{
    char id[255], origin[63];
    memset(id, '\xe9', sizeof id);
    memset(origin, 'a', sizeof origin);
    struct stamp all = kiwi(), least = stamp_of(SPAN("k"), SPAN("+0+0"), SPAN("0"), SPAN("A"), 0),
                 early = stamp_of(SPAN("k"), SPAN("+0+0"), SPAN("1"), SPAN("A"), -1),
                 most = stamp_of((struct span){id, sizeof id},
                     SPAN("-89.123456789012345-179.543210987654321"), SPAN("9223372036.854775807"),
                     (struct span){origin, sizeof origin}, -INT64_MAX);
    cr_expect_eq(stamp_hash(&all), UINT64_C(0x5e5a4e7461e34395), "%" PRIx64, stamp_hash(&all));
    cr_expect_eq(stamp_hash(&least), UINT64_C(0x3fc069f416af95e3), "%" PRIx64, stamp_hash(&least));
    cr_expect_eq(stamp_hash(&early), UINT64_C(0x3b8a24f3ff0d2760), "%" PRIx64, stamp_hash(&early));
    cr_expect_eq(stamp_hash(&most), UINT64_C(0xd9b94b637d6d1bab), "%" PRIx64, stamp_hash(&most));
}

/* A stamp whose four texts are one run of bytes, cut at three offsets. */
static uint64_t hash_of_cut(struct span run, size_t a, size_t b, size_t c)
{
    struct stamp s = {
        {run.at, a}, {run.at + a, b - a}, {run.at + b, c - b}, span_from(run, c), 1, 1};
    return stamp_hash(&s);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void expect_distinct(uint64_t *hashes, size_t count)
{
    qsort(hashes, count, sizeof *hashes, by_value);
    for (size_t i = 1; i < count; i++)
        cr_assert_neq(hashes[i - 1], hashes[i], "two inputs, one hash");
}

Test(stamp, hash_tells_where_a_field_ends)
{
    static uint64_t hashes[40 * 39 * 38 / 6]; /* ways to cut 37 bytes at three offsets */
    size_t count = 0;
    struct span run = SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    for (size_t a = 0; a <= run.len; a++)
        for (size_t b = a; b <= run.len; b++)
            for (size_t c = b; c <= run.len; c++)
                hashes[count++] = hash_of_cut(run, a, b, c);
    cr_assert_eq(count, sizeof hashes / sizeof *hashes);
    expect_distinct(hashes, count);
}

Test(stamp, hash_reads_every_byte_and_none_beyond)
{
    for (size_t len = 0; len <= 70; len++) {
        char text[70] = {0};
        struct span id = boxed((struct span){text, len});
        struct stamp s = kiwi();
        s.id = id;
        uint64_t zeros = stamp_hash(&s);
        for (size_t i = 0; i < len; i++) {
            char *byte = (char *)id.at + i;
            *byte = 1;
            cr_expect_neq(stamp_hash(&s), zeros, "byte %zu of %zu", i, len);
            *byte = 0;
        }
        unbox(id);
    }
}

/* Each bit of the input, when it is flipped, flips each bit of the hash half of the time. */
Test(stamp, hash_avalanche)
{
    enum { ROUNDS = 40 };
    static unsigned turned[64];
    unsigned trials = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char id[20] = "client-000000000000", position[] = "+34.068930-118.445127";
        id[18] = (char)('0' + round % 10), id[17] = (char)('0' + round / 10);
        struct stamp s = kiwi();
        s.id = (struct span){id, 19};
        s.position = span_of(position);
        uint64_t before = stamp_hash(&s);
        char *const texts[] = {id, position};
        for (size_t bit = 0; bit < 128 + 8 * (19 + 21); bit++) {
            size_t at = bit < 128 ? 0 : (bit - 128) / 8;
            char *byte = at < 19 ? texts[0] + at : texts[1] + at - 19;
            struct stamp other = s;
            if (bit < 64)
                other.time_ns ^= (int64_t)(UINT64_C(1) << bit);
            else if (bit < 128)
                other.skew_ns ^= (int64_t)(UINT64_C(1) << (bit - 64));
            else
                *byte ^= (char)(1 << bit % 8);
            uint64_t difference = before ^ stamp_hash(&other);
            if (bit >= 128)
                *byte ^= (char)(1 << bit % 8);
            for (unsigned i = 0; i < 64; i++)
                turned[i] += (unsigned)(difference >> i & 1);
            trials++;
        }
    }
    for (unsigned i = 0; i < 64; i++)
        cr_expect(turned[i] > trials * 48 / 100 && turned[i] < trials * 52 / 100,
            "bit %u turned %u times of %u", i, turned[i], trials);
}

/* A text that cancels the key inside the hash must not make it forget all that came before. */
Test(stamp, hash_is_not_blinded)
{
    struct stamp s = kiwi(), other;
    s.id = SPAN("\xd3\x08\xa3\x85\x88\x6a\x3f\x24"
                "12345678");
    other = s;
    other.time_ns++;
    cr_expect_neq(stamp_hash(&s), stamp_hash(&other));
    other = s;
    other.id = SPAN("\xd3\x08\xa3\x85\x88\x6a\x3f\x24"
                    "12345679");
    cr_expect_neq(stamp_hash(&s), stamp_hash(&other));
}

/* Two stamps that have swapped one field consist of the same texts, but their hashes must have
 * another sum. */
Test(stamp, sums_of_hashes_are_a_digest)
{
    struct stamp a = kiwi(), b = kiwi();
    b.id = SPAN("emu"), b.position = SPAN("+1+1"), b.time = SPAN("2"), b.origin = SPAN("Hands");
    b.time_ns = 2000000000, b.skew_ns = -5;
    uint64_t sum = stamp_hash(&a) + stamp_hash(&b);
    struct stamp c = a, d = b;
    c.position = b.position, d.position = a.position;
    cr_expect_neq(stamp_hash(&c) + stamp_hash(&d), sum);
    c = a, d = b;
    c.skew_ns = b.skew_ns, d.skew_ns = a.skew_ns;
    cr_expect_neq(stamp_hash(&c) + stamp_hash(&d), sum);
    c = a, d = b;
    c.id = b.id, d.id = a.id;
    cr_expect_neq(stamp_hash(&c) + stamp_hash(&d), sum);
}

Test(stamp, no_two_of_many_collide)
{
    enum { COUNT = 200000 };
    uint64_t *hashes = malloc(COUNT * sizeof *hashes);
    cr_assert_not_null(hashes);
    struct stamp s = kiwi();
    for (int i = 0; i < COUNT; i++) {
        s.time_ns += i % 3 == 0;
        s.skew_ns -= i % 3 == 1;
        s.position = i % 3 == 2 ? SPAN("+1+1") : SPAN("+1+2");
        hashes[i] = stamp_hash(&s);
    }
    s = kiwi();
    for (int i = COUNT / 2; i < COUNT; i++) {
        char id[16];
        struct buf out = buf_over(id, sizeof id);
        buf_u64(&out, (uint64_t)i);
        s.id = buf_span(&out);
        hashes[i] = stamp_hash(&s);
    }
    expect_distinct(hashes, COUNT);
    free(hashes);
}

static void expect_at(const struct stamp *s, struct span text)
{
    size_t bytes = stamp_at_bytes_max(s);
    char *room = malloc(bytes);
    struct buf out = buf_over(room, bytes);
    stamp_at_put(&out, s);
    cr_expect(!out.overflow && span_equal(buf_span(&out), text), "%.*s", (int)out.len, out.at);
    out = buf_over(room, bytes - 1);
    stamp_at_put(&out, s);
    cr_expect(out.overflow && out.len == 0);
    free(room);
}

/* Split a line as peering does; the fields are views of it. */
static bool parse(struct span line, struct stamp *out)
{
    struct span fields[6];
    return command_split(line, fields, 6) >= 6 && stamp_parse(fields, out);
}

Test(stamp, at_there_and_back)
{
    const struct span rows[] = {
        SPAN("AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997"),
        SPAN("AT A +0.000000000 k +0+0 0"),
        SPAN("AT node-1.example_org -0.000000001 \xe9\xb4\xa8 +90.0+180 0001.50"),
        SPAN("AT 0 -1520023934.918963997 k +0+0 1520023934.918963997"),
        SPAN("AT A +9223372036.854775807 k +0+0 0.0"),
        SPAN("AT A -9223372036.854775807 k +0+0 9223372036.854775807"),
        SPAN("AT A +0.000000000 AT +0+0 9223372036.854775807"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span line = boxed(rows[i]);
        struct stamp s;
        cr_assert(parse(line, &s), "%.*s", (int)line.len, line.at);
        expect_at(&s, line);
        unbox(line);
    }
    struct stamp s = kiwi(), parsed;
    struct span line =
        SPAN("AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997");
    expect_at(&s, line);
    cr_assert(parse(line, &parsed));
    cr_expect(span_equal(s.id, parsed.id));
    cr_expect_eq(stamp_compare(&s, &parsed), 0);
    cr_expect_eq(stamp_hash(&s), stamp_hash(&parsed));
}

Test(stamp, at_refused)
{
    const struct span rows[] = {
        /* origin */
        SPAN("AT -Goloman +0.000000000 k +0+0 0"),
        SPAN("AT - +0.000000000 k +0+0 0"),
        SPAN("AT Gol\xc3\xb6man +0.000000000 k +0+0 0"),
        SPAN("AT a/b +0.000000000 k +0+0 0"),
        /* skew */
        SPAN("AT A -0.000000000 k +0+0 0"),
        SPAN("AT A 0.000000000 k +0+0 0"),
        SPAN("AT A +0.0 k +0+0 0"),
        SPAN("AT A +00.000000000 k +0+0 0"),
        SPAN("AT A +9223372036.854775808 k +0+0 0"),
        SPAN("AT A +0.0000000001 k +0+0 0"),
        /* position and time */
        SPAN("AT A +0.000000000 k 0+0 0"),
        SPAN("AT A +0.000000000 k +90.1+0 0"),
        SPAN("AT A +0.000000000 k +0+0 -1"),
        SPAN("AT A +0.000000000 k +0+0 1.0000000001"),
        SPAN("AT A +0.000000000 k +0+0 9223372036.854775808"),
        /* a receive time before 1970 or past 64 bits */
        SPAN("AT A -0.000000001 k +0+0 0"),
        SPAN("AT A -1.500000001 k +0+0 1.5"),
        SPAN("AT A +9223372036.854775807 k +0+0 0.000000001"),
        SPAN("AT A +0.000000001 k +0+0 9223372036.854775807"),
        /* too few */
        SPAN("AT A +0.000000000 k +0+0"),
        SPAN("AT"),
        SPAN(""),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span line = boxed(rows[i]);
        struct stamp s;
        cr_expect(!parse(line, &s), "%.*s", (int)line.len, line.at);
        unbox(line);
    }
}

Test(stamp, at_id_bytes)
{
    static char id[257];
    memset(id, 'i', sizeof id);
    for (size_t len = 0; len < sizeof id; len++) {
        struct span box = boxed((struct span){id, len});
        const struct span fields[6] = {
            SPAN("AT"), SPAN("A"), SPAN("+0.000000000"), box, SPAN("+0+0"), SPAN("0")};
        struct stamp s;
        cr_expect_eq(stamp_parse(fields, &s), len >= 1 && len <= 255, "%zu bytes", len);
        unbox(box);
    }
}

Test(stamp, node_names)
{
    static char name[65];
    memset(name, 'n', sizeof name);
    for (size_t len = 0; len < sizeof name; len++) {
        struct span box = boxed((struct span){name, len});
        cr_expect_eq(stamp_node_name_valid(box), len >= 1 && len <= 63, "%zu bytes", len);
        unbox(box);
    }
    for (int byte = 0; byte < 256; byte++) {
        char first[] = {(char)byte, 'a'}, second[] = {'a', (char)byte};
        bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= 'a' && byte <= 'z');
        bool inside = word || byte == '.' || byte == '_' || byte == '-';
        cr_expect_eq(stamp_node_name_valid((struct span){first, 2}), word, "%d first", byte);
        cr_expect_eq(stamp_node_name_valid((struct span){second, 2}), inside, "%d second", byte);
    }
}
