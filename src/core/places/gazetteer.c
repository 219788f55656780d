/* gazetteer.c — see gazetteer.h: reads the table of places and finds the nearest.
 *
 * The table is divided into bands of latitude, a quarter of a degree high, each sorted by
 * longitude. A search begins in the centre's band and goes on to its neighbours north and south. In
 * each band it walks from the centre's longitude to the east and then to the west. Both directions
 * end where nothing farther out can be near enough: within the radius at first, and within the
 * distance of the farthest hit once there are `count` hits. All these bounds are a little too wide,
 * and only position_distance_m() decides, so the result is the same as if every place were looked
 * at. */
#include "core/places/gazetteer.h"
#include "core/base/invariant.h"
#include "core/protocol/position.h"
#include <math.h>

enum {
    HEAD_BYTES = 64,
    COUNTS_AT = 40, /* offset of the counts, behind the magic and the source's name */
    BANDS = 720,
    BAND_UNITS = 25000,
    TEXTS_PER_START = 32,
    PLACES_MAX = 1 << 24,
    TEXT_BYTES_MAX = 1 << 28,
    RADIUS_M_MAX = STAMPEDE_RADIUS_KM_MAX * 1000,
};

#define FDEG_PER_UNIT (FDEG_PER_DEGREE / 100000)
#define FDEG_PER_BAND (BAND_UNITS * FDEG_PER_UNIT)
#define HALF_CIRCLE_FDEG (180 * FDEG_PER_DEGREE)
#define CIRCLE_FDEG (360 * FDEG_PER_DEGREE)

static const double FDEG_PER_RADIAN = 180e15 / M_PI;

struct search {
    const struct gazetteer *g;
    double latitude;
    double longitude;
    double cos_latitude;
    int64_t latitude_fdeg;
    int64_t longitude_fdeg;
    double reach_m; /* farther places do not count */
    int64_t reach_latitude_fdeg;
    int64_t reach_longitude_fdeg;
    struct gazetteer_hit *hits; /* sorted */
    unsigned found;
    unsigned wanted;
};

static uint32_t u16_at(const uint8_t *array, size_t index)
{
    const uint8_t *at = array + 2 * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32_at(const uint8_t *array, size_t index)
{
    const uint8_t *at = array + 4 * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int32_t longitude_units(const struct gazetteer *g, uint32_t index)
{
    return (int32_t)u32_at(g->longitudes, index);
}

static int32_t latitude_units(const struct gazetteer *g, uint32_t band, uint32_t index)
{
    ASSERT(band < BANDS);
    return (int32_t)(band * BAND_UNITS + u16_at(g->latitude_offsets, index)) - 90 * 100000;
}

static bool bands_rise(const struct gazetteer *g)
{
    for (uint32_t band = 0; band < BANDS; band++)
        if (u32_at(g->band_starts, band) > u32_at(g->band_starts, band + 1))
            return false;
    return u32_at(g->band_starts, 0) == 0 && u32_at(g->band_starts, BANDS) == g->names.count;
}

/* Where `count` elements of `size` bytes begin; *at is advanced over them. It cannot overflow,
 * because gazetteer_open has compared all counts with their bounds. */
static const uint8_t *section(size_t *at, const uint8_t *data, size_t count, size_t size)
{
    const uint8_t *start = data + *at;
    *at += count * size;
    return start;
}

static size_t starts_count(const struct gazetteer_texts *texts)
{
    return ((size_t)texts->count + TEXTS_PER_START - 1) / TEXTS_PER_START;
}

static size_t table_bytes(
    const struct gazetteer_texts *names, const struct gazetteer_texts *regions)
{
    return HEAD_BYTES + (BANDS + 1) * sizeof(uint32_t) + names->count * (size_t)(4 + 2 + 2 + 1) +
           regions->count * (size_t)(2 + 1) +
           (starts_count(names) + starts_count(regions)) * sizeof(uint32_t) + names->bytes_count +
           regions->bytes_count;
}

bool gazetteer_open(struct gazetteer *out, const uint8_t *data, size_t len)
{
    static const char magic[8] = {'G', 'A', 'Z', 'E', 'T', 'T', 'E', '1'};
    if (len < HEAD_BYTES || memcmp(data, magic, sizeof magic) != 0)
        return false;
    const uint8_t *counts = data + COUNTS_AT;
    struct gazetteer_texts names = {.count = u32_at(counts, 0), .bytes_count = u32_at(counts, 2)};
    struct gazetteer_texts regions = {.count = u32_at(counts, 1), .bytes_count = u32_at(counts, 3)};
    if (names.count > PLACES_MAX || names.bytes_count > TEXT_BYTES_MAX ||
        regions.count > UINT16_MAX || regions.bytes_count > TEXT_BYTES_MAX ||
        u32_at(counts, 4) != BANDS || u32_at(counts, 5) != BAND_UNITS ||
        table_bytes(&names, &regions) != len)
        return false;

    struct gazetteer g = {.names = names, .regions = regions};
    size_t at = HEAD_BYTES;
    g.band_starts = section(&at, data, BANDS + 1, 4);
    g.longitudes = section(&at, data, names.count, 4);
    g.names.starts = section(&at, data, starts_count(&names), 4);
    g.regions.starts = section(&at, data, starts_count(&regions), 4);
    g.latitude_offsets = section(&at, data, names.count, 2);
    g.places_regions = section(&at, data, names.count, 2);
    g.parents = section(&at, data, regions.count, 2);
    g.names.lengths = section(&at, data, names.count, 1);
    g.regions.lengths = section(&at, data, regions.count, 1);
    g.names.bytes = section(&at, data, names.bytes_count, 1);
    g.regions.bytes = section(&at, data, regions.bytes_count, 1);
    ASSERT(at == len);
    *out = g;
    return bands_rise(out);
}

static struct span text_at(const struct gazetteer_texts *texts, uint32_t index)
{
    ASSERT(index < texts->count);
    uint64_t at = u32_at(texts->starts, index / TEXTS_PER_START);
    for (uint32_t i = index - index % TEXTS_PER_START; i < index; i++)
        at += texts->lengths[i];
    ASSERT(at + texts->lengths[index] <= texts->bytes_count);
    return (struct span){(const char *)texts->bytes + at, texts->lengths[index]};
}

/* The band that a place is in: the last that starts at or before its index. */
static uint32_t band_of(const struct gazetteer *g, uint32_t index)
{
    uint32_t low = 0;
    uint32_t high = BANDS;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (u32_at(g->band_starts, middle) <= index)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct gazetteer_place gazetteer_place(const struct gazetteer *g, uint32_t index)
{
    ASSERT(index < g->names.count);
    return (struct gazetteer_place){
        .name = text_at(&g->names, index),
        .latitude = latitude_units(g, band_of(g, index), index),
        .longitude = longitude_units(g, index),
        .region = u16_at(g->places_regions, index),
    };
}

void gazetteer_vicinity(const struct gazetteer *g, unsigned region, struct buf *out)
{
    for (;;) {
        buf_span_put(out, text_at(&g->regions, region));
        unsigned parent = u16_at(g->parents, region);
        if (parent == region)
            return;
        ASSERT(parent < region); /* so the way up ends */
        buf_text(out, ", ");
        region = parent;
    }
}

/* From now on only places at most `reach_m` away count. A point at a distance of `arc` differs in
 * latitude by `arc` at most, and in longitude by asin(sin(arc) / cos(latitude)) at most, or by any
 * amount if the circle contains a pole. The slack, a millimetre and a billionth, is far larger than
 * the rounding errors of the formulas. */
static void reach_set(struct search *s, double reach_m)
{
    double arc = (reach_m * (1 + 1e-9) + 1e-3) / POSITION_EARTH_RADIUS_M;
    double sine = sin(arc);
    s->reach_m = reach_m;
    s->reach_latitude_fdeg = (int64_t)(arc * FDEG_PER_RADIAN) + 1;
    s->reach_longitude_fdeg = sine >= s->cos_latitude
                                  ? HALF_CIRCLE_FDEG
                                  : (int64_t)(asin(sine / s->cos_latitude) * FDEG_PER_RADIAN) + 1;
}

static bool nearer(const struct gazetteer_hit *a, const struct gazetteer_hit *b)
{
    return a->distance_m < b->distance_m || (a->distance_m == b->distance_m && a->place < b->place);
}

static void place_visit(struct search *s, uint32_t band, uint32_t index)
{
    ASSERT(index < s->g->names.count && s->found <= s->wanted);
    double distance_m = position_distance_m(s->latitude, s->longitude,
        gazetteer_degrees(latitude_units(s->g, band, index)),
        gazetteer_degrees(longitude_units(s->g, index)));
    struct gazetteer_hit hit = {distance_m, index};
    if (distance_m > s->reach_m)
        return;
    if (s->found < s->wanted)
        s->found++;
    else if (!nearer(&hit, &s->hits[s->found - 1]))
        return;
    unsigned at = s->found - 1;
    for (; at > 0 && nearer(&hit, &s->hits[at - 1]); at--)
        s->hits[at] = s->hits[at - 1];
    s->hits[at] = hit;
    if (s->found == s->wanted)
        reach_set(s, s->hits[s->found - 1].distance_m);
}

/* How far east of the centre, 0 to below a full circle. */
static int64_t east_fdeg(const struct search *s, uint32_t index)
{
    int64_t east = longitude_units(s->g, index) * FDEG_PER_UNIT - s->longitude_fdeg;
    return east < 0 ? east + CIRCLE_FDEG : east;
}

/* The first place of a band (start to end) whose longitude is not below that of the centre. */
static uint32_t first_east(const struct search *s, uint32_t start, uint32_t end)
{
    while (start < end) {
        uint32_t middle = start + (end - start) / 2;
        if (longitude_units(s->g, middle) * FDEG_PER_UNIT < s->longitude_fdeg)
            start = middle + 1;
        else
            end = middle;
    }
    return start;
}

/* Walk east to the centre's antimeridian, inclusive, then west to it, exclusive: so no place is
 * visited twice. */
static void band_visit(struct search *s, uint32_t band)
{
    uint32_t start = u32_at(s->g->band_starts, band);
    uint32_t end = u32_at(s->g->band_starts, band + 1);
    ASSERT(start <= end && end <= s->g->names.count);
    uint32_t size = end - start;
    uint32_t first = first_east(s, start, end) - start;
    for (uint32_t step = 0; step < size; step++) {
        uint32_t index = start + (first + step) % size;
        if (east_fdeg(s, index) > s->reach_longitude_fdeg)
            break;
        place_visit(s, band, index);
    }
    for (uint32_t step = 1; step <= size; step++) {
        uint32_t index = start + (first + size - step) % size;
        int64_t west = CIRCLE_FDEG - east_fdeg(s, index);
        if (west > s->reach_longitude_fdeg || west >= HALF_CIRCLE_FDEG)
            break;
        place_visit(s, band, index);
    }
}

static bool band_in_reach(const struct search *s, int64_t band)
{
    int64_t south = band * FDEG_PER_BAND - 90 * FDEG_PER_DEGREE;
    return band >= 0 && band < BANDS &&
           s->latitude_fdeg - s->reach_latitude_fdeg <= south + FDEG_PER_BAND &&
           s->latitude_fdeg + s->reach_latitude_fdeg >= south;
}

unsigned gazetteer_nearest(const struct gazetteer *g, const struct position *centre,
    double radius_m, unsigned count, struct gazetteer_hit *hits)
{
    ASSERT(radius_m >= 0 && radius_m <= RADIUS_M_MAX && count <= STAMPEDE_COUNT_MAX);
    if (count == 0)
        return 0;
    struct search s = {
        .g = g,
        .latitude = position_degrees(centre->latitude_fdeg),
        .longitude = position_degrees(centre->longitude_fdeg),
        .latitude_fdeg = centre->latitude_fdeg,
        .longitude_fdeg = centre->longitude_fdeg,
        .hits = hits,
        .wanted = count,
    };
    s.cos_latitude = cos(s.latitude * (M_PI / 180));
    reach_set(&s, radius_m);

    int64_t home = (s.latitude_fdeg + 90 * FDEG_PER_DEGREE) / FDEG_PER_BAND;
    if (home == BANDS) /* the north pole itself is in the last band */
        home--;
    ASSERT(home >= 0 && home < BANDS);
    band_visit(&s, (uint32_t)home);
    for (int64_t ring = 1;; ring++) {
        bool south = band_in_reach(&s, home - ring);
        bool north = band_in_reach(&s, home + ring);
        if (!south && !north)
            break;
        if (south)
            band_visit(&s, (uint32_t)(home - ring));
        if (north)
            band_visit(&s, (uint32_t)(home + ring));
    }
    return s.found;
}
