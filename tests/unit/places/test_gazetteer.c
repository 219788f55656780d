/* test_gazetteer.c — the table of places, and the search compared with a look at every place.
 *
 * GeoNames has no town near a pole and few at the date line, so the test also makes a table that
 * has many of them there. */
#include "core/places/gazetteer.h"
#include "core/places/places.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    HEAD_BYTES = 64,
    BANDS = 720,
    BAND_UNITS = 25000,
    SPARSE_PLACES = 3000,
    TABLE_BYTES_MAX = 1 << 17,
};

static uint64_t seed = 20260101;

static uint64_t random_below(uint64_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % bound;
}

static int64_t random_between(int64_t low, int64_t high)
{
    return low + (int64_t)random_below((uint64_t)(high - low + 1));
}

static struct gazetteer embedded(void)
{
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, gazetteer_data, (size_t)(gazetteer_data_end - gazetteer_data)));
    return g;
}

/* The coordinates of all places, in the table's order. */
struct point {
    double latitude;
    double longitude;
};

static struct point *points_of(const struct gazetteer *g)
{
    struct point *points = malloc(g->names.count * sizeof *points);
    cr_assert_not_null(points);
    for (uint32_t i = 0; i < g->names.count; i++) {
        struct gazetteer_place place = gazetteer_place(g, i);
        points[i] = (struct point){place.latitude / 1e5, place.longitude / 1e5};
    }
    return points;
}

/* The nearest places within 50 km, 20 at most, found by looking at every place. */
static unsigned brute(const struct point *points, uint32_t count, const struct position *centre,
    struct gazetteer_hit *hits)
{
    double latitude = position_degrees(centre->latitude_fdeg);
    double longitude = position_degrees(centre->longitude_fdeg);
    unsigned found = 0;
    for (uint32_t i = 0; i < count; i++) {
        double m =
            position_distance_m(latitude, longitude, points[i].latitude, points[i].longitude);
        if (m > 50000 || (found == 20 && m >= hits[19].distance_m))
            continue;
        unsigned at = found < 20 ? found++ : 19;
        for (; at > 0 && hits[at - 1].distance_m > m; at--)
            hits[at] = hits[at - 1];
        hits[at] = (struct gazetteer_hit){m, i};
    }
    return found;
}

static void expect_as_brute(
    const struct gazetteer *g, const struct point *points, struct position centre)
{
    static const double radii_m[] = {0, 1, 700, 10000, 33333.25, 50000};
    static const unsigned counts[] = {0, 1, 7, 20};
    struct gazetteer_hit all[20];
    unsigned within_50_km = brute(points, g->names.count, &centre, all);
    for (size_t r = 0; r < sizeof radii_m / sizeof *radii_m; r++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            unsigned expected = 0;
            while (expected < counts[c] && expected < within_50_km &&
                   all[expected].distance_m <= radii_m[r])
                expected++;
            struct gazetteer_hit hits[20];
            unsigned found = gazetteer_nearest(g, &centre, radii_m[r], counts[c], hits);
            cr_assert_eq(found, expected, "%lld %lld r=%g n=%u: %u, not %u",
                (long long)centre.latitude_fdeg, (long long)centre.longitude_fdeg, radii_m[r],
                counts[c], found, expected);
            for (unsigned i = 0; i < found; i++)
                cr_assert(hits[i].place == all[i].place && hits[i].distance_m == all[i].distance_m,
                    "%lld %lld r=%g n=%u, hit %u", (long long)centre.latitude_fdeg,
                    (long long)centre.longitude_fdeg, radii_m[r], counts[c], i);
        }
    }
}

static struct position at(double latitude, double longitude)
{
    return (struct position){
        (int64_t)(latitude * 1e5) * 10000000000, (int64_t)(longitude * 1e5) * 10000000000};
}

static const struct {
    double latitude;
    double longitude;
} nasty[] = {
    {90, 0},
    {90, 180},
    {-90, 0},
    {-90, -180},
    {0, 180},
    {0, -180},
    {0, 0},
    {-16.8, 179.99},
    {-16.8, -179.99}, /* Fiji, at the date line */
    {65, 180},
    {65, -180},
    {78.22334, 15.64689}, /* Longyearbyen, the northernmost */
    {-54.93355, -67.61},
    {51.5074, -0.1278},
    {31.2304, 121.4737},
    {34.06893, -118.445127},
    {45.75, 9.25},
    {14.6, 121},
    {0, 32.5},
    {40.75, -74},
    {40.75, -73.99999},
    {51.75, 0},
};

Test(gazetteer, nasty_points_equal_a_look_at_every_place)
{
    struct gazetteer g = embedded();
    struct point *points = points_of(&g);
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++)
        expect_as_brute(&g, points, at(nasty[i].latitude, nasty[i].longitude));
    free(points);
}

Test(gazetteer, random_points_equal_a_look_at_every_place)
{
    struct gazetteer g = embedded();
    struct point *points = points_of(&g);
    for (unsigned i = 0; i < 60; i++)
        expect_as_brute(&g, points,
            (struct position){random_between(-90 * FDEG_PER_DEGREE, 90 * FDEG_PER_DEGREE),
                random_between(-180 * FDEG_PER_DEGREE, 180 * FDEG_PER_DEGREE)});
    for (unsigned i = 0; i < 180; i++) { /* where there is something to find */
        struct point p = points[random_below(g.names.count)];
        struct position centre = at(p.latitude, p.longitude);
        centre.latitude_fdeg += random_between(-FDEG_PER_DEGREE / 3, FDEG_PER_DEGREE / 3);
        centre.longitude_fdeg += random_between(-FDEG_PER_DEGREE / 3, FDEG_PER_DEGREE / 3);
        expect_as_brute(&g, points, centre);
    }
    free(points);
}

/* Whether `text` is UTF-8 without control bytes and without stray or missing continuation bytes. */
static bool utf8(struct span text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char lead = (unsigned char)text.at[i++];
        size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0;
        if (lead < 0x20 || lead == 0x7f || (lead >= 0x80 && more == 0) || lead > 0xf4)
            return false;
        for (; more > 0; more--, i++)
            if (i == text.len || ((unsigned char)text.at[i] & 0xc0) != 0x80)
                return false;
    }
    return text.len > 0;
}

Test(gazetteer, every_place_of_the_embedded_table_is_well)
{
    struct gazetteer g = embedded();
    cr_assert_eq(g.names.count, 171075);
    cr_assert_lt(gazetteer_data_end - gazetteer_data, 4 << 20);
    unsigned beyond_ascii = 0;
    for (uint32_t i = 0; i < g.names.count; i++) {
        struct gazetteer_place place = gazetteer_place(&g, i);
        cr_assert(utf8(place.name), "place %u", i);
        for (size_t k = 0; k < place.name.len; k++)
            beyond_ascii += (unsigned char)place.name.at[k] >= 0x80;
        cr_assert(abs(place.latitude) <= 9000000 && abs(place.longitude) <= 18000000);
        char memory[GAZETTEER_VICINITY_BYTES_MAX];
        struct buf vicinity = buf_over(memory, sizeof memory);
        gazetteer_vicinity(&g, place.region, &vicinity);
        cr_assert(!vicinity.overflow && utf8(buf_span(&vicinity)), "place %u", i);
    }
    cr_assert_eq(beyond_ascii, 99130, "bytes beyond ASCII in the package's names");
}

Test(gazetteer, the_nearest_to_each_place_is_at_no_distance)
{
    struct gazetteer g = embedded();
    for (uint32_t i = 0; i < g.names.count; i += 7) {
        struct gazetteer_place place = gazetteer_place(&g, i);
        struct position centre = {place.latitude * (FDEG_PER_DEGREE / 100000),
            place.longitude * (FDEG_PER_DEGREE / 100000)};
        struct gazetteer_hit hits[20];
        unsigned found = gazetteer_nearest(&g, &centre, 0, 20, hits);
        cr_assert_geq(found, 1, "place %u", i);
        bool itself = false;
        for (unsigned k = 0; k < found; k++) {
            itself |= hits[k].place == i;
            cr_assert_eq(hits[k].distance_m, 0);
        }
        cr_assert(itself, "place %u", i);
    }
}

/* A table made by the test. */

struct town {
    int32_t latitude;
    int32_t longitude;
};

static int32_t band_of(const struct town *town)
{
    int32_t band = (town->latitude + 9000000) / BAND_UNITS;
    return band < BANDS ? band : BANDS - 1;
}

static int town_order(const void *a, const void *b)
{
    const struct town *x = a;
    const struct town *y = b;
    int bands = band_of(x) - band_of(y);
    return bands ? bands : (x->longitude > y->longitude) - (x->longitude < y->longitude);
}

static void put(struct buf *b, uint32_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        buf_byte(b, (char)(value & 255));
}

/* Towns in one region "XX", all named "t", in the layout of gazetteer/README.md. */
static void table_make(struct buf *b, struct town *towns, uint32_t count)
{
    qsort(towns, count, sizeof *towns, town_order);
    uint32_t starts = (count + 31) / 32;
    buf_text(b, "GAZETTE1");
    for (unsigned i = 0; i < 32; i++)
        buf_byte(b, 0);
    const uint32_t counts[] = {count, 1, count, 2, BANDS, BAND_UNITS};
    for (unsigned i = 0; i < 6; i++)
        put(b, counts[i], 4);
    for (int32_t band = 0, i = 0; band <= BANDS; band++) {
        while (i < (int32_t)count && band_of(&towns[i]) < band)
            i++;
        put(b, (uint32_t)i, 4);
    }
    for (uint32_t i = 0; i < count; i++)
        put(b, (uint32_t)towns[i].longitude, 4);
    for (uint32_t i = 0; i < starts; i++)
        put(b, 32 * i, 4);
    put(b, 0, 4);
    for (uint32_t i = 0; i < count; i++)
        put(b, (uint32_t)(towns[i].latitude + 9000000 - band_of(&towns[i]) * BAND_UNITS), 2);
    put(b, 0, 2 * count + 2); /* places' regions, the region's parent */
    for (uint32_t i = 0; i < count; i++)
        put(b, 1, 1);
    put(b, 2, 1);
    for (uint32_t i = 0; i < count; i++)
        buf_byte(b, 't');
    buf_text(b, "XX");
    cr_assert_not(b->overflow);
}

static struct town town_somewhere_hard(void)
{
    int32_t any = (int32_t)random_between(-18000000, 17999999);
    int32_t close = (int32_t)random_between(-100000, 100000);
    int32_t date_line = close < 0 ? 18000000 + close : -18000000 + close;
    switch (random_below(5)) {
    case 0:
        return (struct town){9000000 - abs(close) / 2, any};
    case 1:
        return (struct town){-9000000 + abs(close) / 2, any};
    case 2:
        return (struct town){(int32_t)random_between(-100000, 100000), date_line};
    case 3:
        return (struct town){(int32_t)random_between(6990000, 7010000), date_line};
    default: /* a grid: equal distances, equal places */
        return (struct town){(int32_t)random_between(-4, 4) * 10000,
            -18000000 + (int32_t)random_between(0, 4) * 10000};
    }
}

static const int32_t poles_and_line[][2] = {{9000000, 0}, {9000000, 12345678}, {-9000000, -1},
    {0, -18000000}, {0, -18000000}, {0, 17999999}, {9000000 - BAND_UNITS, 17999999}};

static struct gazetteer hard_table(char *memory)
{
    static struct town towns[SPARSE_PLACES];
    unsigned count = 0;
    for (; count < sizeof poles_and_line / sizeof *poles_and_line; count++)
        towns[count] = (struct town){poles_and_line[count][0], poles_and_line[count][1]};
    while (count < SPARSE_PLACES)
        towns[count++] = town_somewhere_hard();
    struct buf b = buf_over(memory, TABLE_BYTES_MAX);
    table_make(&b, towns, SPARSE_PLACES);
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, (const uint8_t *)memory, b.len));
    return g;
}

Test(gazetteer, poles_and_date_line_equal_a_look_at_every_place)
{
    static char memory[TABLE_BYTES_MAX + 1];
    struct gazetteer g = hard_table(memory + 1); /* not aligned */
    struct point *points = points_of(&g);
    static const double centres[][2] = {{90, 0}, {90, 180}, {90, -77}, {-90, 0}, {-90, 180},
        {0, 180}, {0, -180}, {70, 180}, {70, -180}, {89.75, 0}, {-89.75, 45}, {0.1, -179.9}};
    for (size_t i = 0; i < sizeof centres / sizeof *centres; i++)
        expect_as_brute(&g, points, at(centres[i][0], centres[i][1]));
    for (unsigned i = 0; i < 1500; i++) {
        struct town town = town_somewhere_hard();
        expect_as_brute(&g, points, at(town.latitude / 1e5, town.longitude / 1e5));
    }
    free(points);
}

Test(gazetteer, a_place_at_the_date_line_is_there_under_either_sign)
{
    static char memory[TABLE_BYTES_MAX];
    struct gazetteer g = hard_table(memory);
    struct position east = at(0, 180);
    struct position west = at(0, -180);
    struct gazetteer_hit hits[2][20];
    unsigned found = gazetteer_nearest(&g, &east, 0, 20, hits[0]);
    cr_assert_geq(found, 2);
    cr_assert_eq(gazetteer_nearest(&g, &west, 0, 20, hits[1]), found);
    for (unsigned i = 0; i < found; i++)
        cr_assert_eq(hits[0][i].place, hits[1][i].place);
    for (unsigned i = 1; i < found; i++)
        cr_assert_gt(hits[0][i].place, hits[0][i - 1].place, "equal distances keep the order");
}

Test(gazetteer, a_lone_place_is_found_from_every_side)
{
    static const int32_t longitudes[] = {-18000000, -17999999, -1, 0, 1, 17999999};
    static const int32_t steps[] = {-36000000, -30000, -1, 0, 1, 30000, 36000000};
    for (size_t i = 0; i < sizeof longitudes / sizeof *longitudes; i++) {
        char memory[4096];
        struct buf b = buf_over(memory, sizeof memory);
        struct town lone[1] = {{12345, longitudes[i]}};
        table_make(&b, lone, 1);
        struct gazetteer g;
        cr_assert(gazetteer_open(&g, (const uint8_t *)memory, b.len));
        struct gazetteer_hit hit[20];
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            int32_t longitude = longitudes[i] + steps[k];
            if (longitude > 18000000)
                longitude -= 36000000;
            if (longitude < -18000000)
                longitude += 36000000;
            struct position centre = {
                12345 * (FDEG_PER_DEGREE / 100000), longitude * (FDEG_PER_DEGREE / 100000)};
            cr_assert_eq(gazetteer_nearest(&g, &centre, 50000, 20, hit), 1, "%d from %d",
                longitudes[i], longitude);
        }
    }
}

Test(gazetteer, an_empty_table_has_nothing_near)
{
    char memory[4096];
    struct buf b = buf_over(memory, sizeof memory);
    struct town none[1];
    table_make(&b, none, 0);
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, (const uint8_t *)memory, b.len));
    struct position centre = at(90, 180);
    struct gazetteer_hit hits[20];
    cr_assert_eq(gazetteer_nearest(&g, &centre, 50000, 20, hits), 0);
}

Test(gazetteer, what_is_no_table_is_refused)
{
    static const struct {
        size_t offset; /* of a byte that is changed */
        const char *what;
    } spoilt[] = {
        {0, "magic"},
        {7, "version"},
        {40, "places"},
        {43, "places, high byte"},
        {44, "regions"},
        {47, "regions, high byte"},
        {48, "bytes of names"},
        {51, "bytes of names, high byte"},
        {52, "bytes of regions"},
        {56, "bands"},
        {60, "height of a band"},
        {HEAD_BYTES, "first start"},
        {HEAD_BYTES + 4 * 100 + 3, "a start that goes back"},
        {HEAD_BYTES + 4 * BANDS, "last start"},
    };
    static char memory[TABLE_BYTES_MAX];
    struct town towns[40] = {{0, 0}};
    struct buf b = buf_over(memory, sizeof memory);
    table_make(&b, towns, 40);
    const uint8_t *table = (const uint8_t *)memory;
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, table, b.len));
    for (size_t len = 0; len < b.len; len++)
        cr_assert_not(gazetteer_open(&g, table, len), "cut to %zu", len);
    cr_assert_not(gazetteer_open(&g, table, b.len + 1));
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        memory[spoilt[i].offset] ^= 0x55;
        cr_assert_not(gazetteer_open(&g, table, b.len), "%s", spoilt[i].what);
        memory[spoilt[i].offset] ^= 0x55;
    }
}

/* Of nothing but zeros, which the kernel gives for no memory. */
Test(gazetteer, tables_have_bounds)
{
    enum { PLACES, REGIONS, NAME_BYTES, REGION_BYTES, COUNTS };
    static const uint32_t most[COUNTS] = {1 << 24, UINT16_MAX, 1 << 28, 1 << 28};
    const size_t room = (size_t)1 << 30;
    for (unsigned at = 0; at < COUNTS; at++)
        for (uint32_t more = 0; more < 2; more++) {
            uint32_t counts[] = {0, 0, 0, 0, BANDS, BAND_UNITS};
            counts[at] = most[at] + more;
            char *table = mmap(NULL, room, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            cr_assert_neq(table, MAP_FAILED);
            struct buf b = buf_over(table, room);
            buf_text(&b, "GAZETTE1");
            b.len = 40;
            for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
                put(&b, counts[i], 4);
            b.len = HEAD_BYTES + 4 * BANDS;
            put(&b, counts[PLACES], 4);
            size_t starts =
                ((size_t)counts[PLACES] + 31) / 32 + ((size_t)counts[REGIONS] + 31) / 32;
            size_t len = b.len + counts[PLACES] * (size_t)9 + counts[REGIONS] * (size_t)3 +
                         4 * starts + counts[NAME_BYTES] + counts[REGION_BYTES];
            struct gazetteer g;
            cr_expect_eq(gazetteer_open(&g, (const uint8_t *)table, len), more == 0,
                "count %u, %u more", at, more);
            munmap(table, room);
        }
}

/* What gazetteer_open() does not check is checked where it is used: the program ends and does not
 * read outside of the table. */

enum {
    NAME_STARTS_AT = HEAD_BYTES + 4 * (BANDS + 1) + 4 * 40,
    PARENT_AT = NAME_STARTS_AT + 4 * 2 + 4 + 2 * 40 * 2
};

static struct gazetteer spoilt_table(char *memory, size_t offset, char value)
{
    struct town towns[40] = {{0, 0}};
    struct buf b = buf_over(memory, TABLE_BYTES_MAX);
    table_make(&b, towns, 40);
    memory[offset] = value;
    struct gazetteer g;
    cr_assert(gazetteer_open(&g, (const uint8_t *)memory, b.len));
    return g;
}

Test(gazetteer, a_name_outside_the_table_is_not_read, .signal = SIGABRT)
{
    static char memory[TABLE_BYTES_MAX];
    struct gazetteer g = spoilt_table(memory, NAME_STARTS_AT, 1);
    cr_assert_eq(gazetteer_place(&g, 38).name.len, 1);
    cr_assert_eq(gazetteer_place(&g, 30).name.len, 1);
    g = spoilt_table(memory, NAME_STARTS_AT + 4, 33);
    gazetteer_place(&g, 39);
}

Test(gazetteer, a_region_above_its_parent_is_not_followed, .signal = SIGABRT)
{
    static char memory[TABLE_BYTES_MAX];
    struct gazetteer g = spoilt_table(memory, PARENT_AT, 1);
    char text[16];
    struct buf b = buf_over(text, sizeof text);
    gazetteer_vicinity(&g, 0, &b);
}

Test(gazetteer, a_region_outside_the_table_is_not_read, .signal = SIGABRT)
{
    static char memory[TABLE_BYTES_MAX];
    struct gazetteer g = spoilt_table(memory, PARENT_AT - 2, 1); /* of the last place */
    char text[16];
    struct buf b = buf_over(text, sizeof text);
    gazetteer_vicinity(&g, gazetteer_place(&g, 39).region, &b);
}
