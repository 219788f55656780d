/* position.c — see position.h. A coordinate is an integer of 1e-15 degrees, so bounds are
 * compared exactly: +90.000000000000001 is out of bounds. */
#include "core/protocol/position.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/base/wide.h"
#include <math.h>

enum { DEGREE_DIGITS_MAX = 3 };

/* Take one coordinate off the beginning of *text. false: it is none, or not within -bound to
 * +bound degrees. */
static bool take_coordinate(struct span *text, uint64_t bound, int64_t *fdeg)
{
    bool negative = decimal_take_byte(text, '-');
    if (!negative && !decimal_take_byte(text, '+'))
        return false;
    uint64_t degrees, fraction = 0;
    size_t digits = decimal_take_digits(text, bound, &degrees);
    if (digits == 0 || digits > DEGREE_DIGITS_MAX)
        return false;
    if (decimal_take_byte(text, '.') &&
        !decimal_take_fraction(text, STAMPEDE_FRACTION_DIGITS_POSITION_MAX, &fraction))
        return false;
    ASSERT(degrees <= bound && fraction < FDEG_PER_DEGREE);
    uint64_t value = degrees * FDEG_PER_DEGREE + fraction;
    *fdeg = negative ? -(int64_t)value : (int64_t)value;
    return value <= bound * FDEG_PER_DEGREE;
}

bool position_parse(struct span text, struct position *out)
{
    return take_coordinate(&text, 90, &out->latitude_fdeg) &&
           take_coordinate(&text, 180, &out->longitude_fdeg) && text.len == 0;
}

static inline bool is_sign(char c)
{
    return c == '+' || c == '-';
}

/* Clear the lowest bit that is set, and return its index. */
static inline unsigned take_bit(uint64_t *bits)
{
    unsigned index = (unsigned)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return index;
}

/* Whether the text has the usual form, as GPS receivers write it: both coordinates have a point,
 * and degrees so far below the bound that the fraction does not matter. In such a text exactly four
 * bytes are no digits: sign, point, sign, point; their offsets tell all lengths. false: the text
 * has another form, and position_parse must decide. */
static bool is_usual(struct span text)
{
    const uint64_t behind = UINT64_C(0xf) << WIDE_LOOK_BYTES; /* so that there are always 4 bits */
    if (text.len < WIDE_BYTES || text.len > WIDE_LOOK_BYTES)
        return false;
    uint64_t others = (~(uint64_t)wide_digits_of(text) & ~(~UINT64_C(0) << text.len)) | behind;
    unsigned sign = take_bit(&others), point = take_bit(&others);
    unsigned sign_east = take_bit(&others), point_east = take_bit(&others);
    if (others != behind || sign != 0)
        return false;
    const char *at = text.at, *east = text.at + sign_east;
    unsigned degrees = point - 1, degrees_east = point_east - sign_east - 1;
    unsigned fraction = sign_east - point - 1, fraction_east = (unsigned)text.len - point_east - 1;
    return is_sign(*at) && at[point] == '.' && is_sign(*east) && at[point_east] == '.' &&
           (degrees == 1 || (degrees == 2 && at[1] < '9')) &&
           (degrees_east - 1 < 2 ||
               (degrees_east == 3 && (east[1] == '0' || (east[1] == '1' && east[2] < '8')))) &&
           fraction - 1 < STAMPEDE_FRACTION_DIGITS_POSITION_MAX &&
           fraction_east - 1 < STAMPEDE_FRACTION_DIGITS_POSITION_MAX;
}

bool position_valid(struct span text)
{
    struct position position;
    return is_usual(text) || position_parse(text, &position);
}

double position_distance_m(
    double latitude_a, double longitude_a, double latitude_b, double longitude_b)
{
    const double radian = M_PI / 180;
    double apart = fabs(longitude_a - longitude_b);
    if (apart > 180)
        apart = 360 - apart;
    ASSERT(apart >= 0 && apart <= 180);
    double sine_latitude = sin((latitude_a - latitude_b) * radian / 2);
    double sine_longitude = sin(apart * radian / 2);
    double haversine = sine_latitude * sine_latitude + cos(latitude_a * radian) *
                                                           cos(latitude_b * radian) *
                                                           sine_longitude * sine_longitude;
    return 2 * POSITION_EARTH_RADIUS_M * asin(fmin(1, sqrt(haversine)));
}
