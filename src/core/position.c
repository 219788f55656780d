/* position.c — see position.h. A coordinate is an integer of 1e-15 degrees, which 64 bits hold,
 * so bounds are compared exactly and +90.000000000000001 is north of the pole. */
#include "core/position.h"
#include "core/decimal.h"
#include "core/wide.h"

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

/* Where the coordinate ends that begins at `i` and is nearer to 0 than `bound` even without its
 * fraction. digits: bit i for byte i of the text. 0: there is none, or it takes a closer look to
 * tell. */
static unsigned coordinate_end(struct span text, uint64_t digits, unsigned bound, unsigned i)
{
    if (i >= text.len || (text.at[i] != '+' && text.at[i] != '-'))
        return 0;
    unsigned degrees = 0;
    unsigned end = ++i;
    end += (unsigned)__builtin_ctzll(~digits >> i);
    if (end == i || end - i > DEGREE_DIGITS_MAX)
        return 0;
    for (; i < end; i++)
        degrees = degrees * 10 + (unsigned)(text.at[i] - '0');
    if (degrees >= bound)
        return 0;
    if (end == text.len || text.at[end] != '.')
        return end;
    end++;
    unsigned fraction = (unsigned)__builtin_ctzll(~digits >> end);
    bool well = fraction >= 1 && fraction <= STAMPEDE_FRACTION_DIGITS_POSITION_MAX;
    return well ? end + fraction : 0;
}

bool position_valid(struct span text)
{
    struct position position;
    if (text.len >= WIDE_BYTES && text.len <= WIDE_LOOK_BYTES) {
        uint64_t digits = wide_digits_of(text);
        unsigned middle = coordinate_end(text, digits, 90, 0);
        unsigned end = middle ? coordinate_end(text, digits, 180, middle) : 0;
        if (end)
            return end == text.len;
    }
    return position_parse(text, &position);
}
