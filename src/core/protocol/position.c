/* position.c — see position.h. A coordinate is an integer of 1e-15 degrees, which 64 bits hold,
 * so bounds are compared exactly and +90.000000000000001 is north of the pole. */
#include "core/protocol/position.h"
#include "core/base/decimal.h"
#include "core/base/wide.h"

enum { DEGREE_DIGITS_MAX = 3 };

/* One coordinate at the beginning of *text, within -bound to +bound degrees. */
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

/* The lowest bit's place, which is taken out. */
static inline unsigned take_bit(uint64_t *bits)
{
    unsigned place = (unsigned)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return place;
}

/* Whether it is what receivers of satellites write: both coordinates with a point, the degrees
 * within bounds whatever follows them. Sign, point, sign and point are the four places of such a
 * text that hold no digit, and tell all lengths. false: it takes a closer look. */
static bool is_usual(struct span text)
{
    const uint64_t behind = UINT64_C(0xf) << WIDE_LOOK_BYTES; /* so that there are always four */
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
