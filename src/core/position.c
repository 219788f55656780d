/* position.c — see position.h. A coordinate is read as one integer of 1e-15 degrees: three digits and
 * fifteen more are at most 999999999999999999, which 64 bits hold, so bounds are compared exactly
 * and +90.000000000000001 is north of the pole. */
#include "core/position.h"

enum { DEGREE_DIGITS_MAX = 3, FRACTION_DIGITS_MAX = STAMPEDE_FRACTION_DIGITS_POSITION_MAX };

static const int64_t power_of_ten[FRACTION_DIGITS_MAX + 1] = {1, 10, 100, 1000, 10000, 100000,
    1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, FDEG_PER_DEGREE};

/* Appends the digits at *at, at most digits_max of them, to *value: how many; 0 when there are more,
 * or none. */
static unsigned eat_digits(const char **at, const char *end, unsigned digits_max, int64_t *value)
{
    unsigned digits = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (digits++ == digits_max)
            return 0;
        *value = *value * 10 + (**at - '0');
    }
    return digits;
}

/* One coordinate from *at on, within -bound to +bound degrees. */
static bool eat_coordinate(const char **at, const char *end, int64_t bound, int64_t *fdeg)
{
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    bool negative = *(*at)++ == '-';
    int64_t value = 0;
    unsigned fraction_digits = 0;
    if (!eat_digits(at, end, DEGREE_DIGITS_MAX, &value))
        return false;
    if (*at < end && **at == '.') {
        (*at)++;
        fraction_digits = eat_digits(at, end, FRACTION_DIGITS_MAX, &value);
        if (!fraction_digits)
            return false;
    }
    value *= power_of_ten[FRACTION_DIGITS_MAX - fraction_digits];
    *fdeg = negative ? -value : value;
    return value <= bound * FDEG_PER_DEGREE;
}

bool position_parse(struct span text, struct position *out)
{
    const char *at = text.at, *end = text.at + text.len;
    return eat_coordinate(&at, end, 90, &out->latitude_fdeg) &&
           eat_coordinate(&at, end, 180, &out->longitude_fdeg) && at == end;
}
