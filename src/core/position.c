/* position.c — see position.h. A coordinate is an integer of 1e-15 degrees, which 64 bits hold,
 * so bounds are compared exactly and +90.000000000000001 is north of the pole. */
#include "core/position.h"
#include "core/decimal.h"

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
