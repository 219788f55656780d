/* decimal.c — see decimal.h. Digits are read eight at a time where there are eight: a client's
 * line has some forty of them, and they are most of the work of understanding it. The bound of a
 * number is checked after each step, so text of any length neither wraps around nor loses a digit.
 *
 * Readers take what they read off the front of a span; a text is valid when nothing is left. */
#include "core/decimal.h"
#include "core/instant.h"
#include "core/invariant.h"
#include "core/word.h"

enum { FRACTION_DIGITS = STAMPEDE_FRACTION_DIGITS_TIME_MAX, STEP_DIGITS = 8 };

#define UM_PER_KM UINT64_C(1000000000)

static const uint64_t power_of_ten[STAMPEDE_FRACTION_DIGITS_POSITION_MAX + 1] = {1, 10, 100, 1000,
    10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000};

/* How many of eight bytes are digits, from the first one on. A byte that is none gets its top bit
 * set; those above it may be wrong, because the addition carries into them. */
static unsigned leading_digits(uint64_t word)
{
    uint64_t digits = word ^ WORD_EACH_BYTE * '0';
    uint64_t stops = ((digits + WORD_EACH_BYTE * (0x80 - 10)) | digits) & WORD_EACH_BYTE * 0x80;
    return stops ? (unsigned)__builtin_ctzll(stops) / 8 : STEP_DIGITS;
}

/* The number that the first `count` (1 to 8) bytes spell. Shifted to the top, as if zeros stood
 * before them; then neighbours are joined to numbers of two digits, of four, of eight. */
static uint64_t joined_digits(uint64_t word, unsigned count)
{
    uint64_t digits = (word ^ WORD_EACH_BYTE * '0') << 8 * (STEP_DIGITS - count);
    uint64_t pairs = (digits * 10 + (digits >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    uint64_t fours = (pairs * 100 + (pairs >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (fours * 10000 + (fours >> 32)) & UINT64_C(0xffffffff);
}

/* One to eight digits at the beginning of text: how many; 0 when it begins with none. */
static unsigned step(struct span text, uint64_t *value)
{
    unsigned count = 0;
    if (text.len >= STEP_DIGITS) {
        uint64_t word = word_load(text.at);
        count = leading_digits(word);
        *value = count ? joined_digits(word, count) : 0;
        return count;
    }
    for (*value = 0; count < text.len && text.at[count] >= '0' && text.at[count] <= '9'; count++)
        *value = *value * 10 + (uint64_t)(text.at[count] - '0');
    return count;
}

size_t decimal_take_digits(struct span *text, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0, more;
    size_t digits = 0;
    unsigned count;
    do {
        count = step(*text, &more);
        if (__builtin_mul_overflow(sum, power_of_ten[count], &sum) ||
            __builtin_add_overflow(sum, more, &sum) || sum > max)
            return 0;
        *text = span_from(*text, count);
        digits += count;
    } while (count == STEP_DIGITS);
    *value = sum;
    return digits;
}

bool decimal_take_fraction(struct span *text, unsigned digits_max, uint64_t *value)
{
    size_t digits = decimal_take_digits(text, UINT64_MAX, value);
    if (digits == 0 || digits > digits_max)
        return false;
    *value *= power_of_ten[digits_max - digits];
    return true;
}

bool decimal_take_byte(struct span *text, char byte)
{
    if (text->len == 0 || text->at[0] != byte)
        return false;
    *text = span_from(*text, 1);
    return true;
}

bool decimal_time(struct span text, int64_t *ns)
{
    uint64_t seconds, fraction = 0;
    if (!decimal_take_digits(&text, (uint64_t)(INT64_MAX / SECOND_NS), &seconds))
        return false;
    if (decimal_take_byte(&text, '.') && !decimal_take_fraction(&text, FRACTION_DIGITS, &fraction))
        return false;
    uint64_t sum = seconds * SECOND_NS + fraction;
    if (text.len || sum > INT64_MAX)
        return false;
    *ns = (int64_t)sum;
    return true;
}

/* Digits of any number behind those that are kept; *above tells whether they add anything. */
static bool take_remainder(struct span *text, bool *above)
{
    for (; text->len; *text = span_from(*text, 1)) {
        if (text->at[0] < '0' || text->at[0] > '9')
            return false;
        *above |= text->at[0] != '0';
    }
    return true;
}

bool decimal_radius(struct span text, uint64_t *um)
{
    uint64_t km, fraction = 0;
    bool above = false;
    if (!decimal_take_digits(&text, STAMPEDE_RADIUS_KM_MAX, &km))
        return false;
    if (decimal_take_byte(&text, '.')) {
        struct span counted = {text.at, text.len < FRACTION_DIGITS ? text.len : FRACTION_DIGITS};
        text = span_from(text, counted.len);
        if (!decimal_take_fraction(&counted, FRACTION_DIGITS, &fraction) || counted.len ||
            !take_remainder(&text, &above))
            return false;
    }
    uint64_t sum = km * UM_PER_KM + fraction;
    if (text.len || sum + above > STAMPEDE_RADIUS_KM_MAX * UM_PER_KM)
        return false;
    *um = sum;
    return true;
}

bool decimal_count(struct span text, uint64_t max, uint64_t *value)
{
    uint64_t sum;
    if (!decimal_take_digits(&text, max, &sum) || text.len)
        return false;
    *value = sum;
    return true;
}

static uint64_t magnitude(int64_t ns)
{
    return ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
}

static unsigned digits_of(uint64_t seconds)
{
    unsigned digits = 1;
    while (digits <= FRACTION_DIGITS && seconds >= power_of_ten[digits])
        digits++;
    return digits;
}

/* Right to left, exactly `digits` of them. */
static void put_digits(char *at, uint64_t value, unsigned digits)
{
    for (; digits > 0; value /= 10)
        at[--digits] = (char)('0' + value % 10);
}

size_t decimal_skew_bytes(int64_t ns)
{
    return 2 + FRACTION_DIGITS + digits_of(magnitude(ns) / SECOND_NS);
}

void decimal_skew_put(struct buf *out, int64_t ns)
{
    ASSERT(ns > INT64_MIN);
    char text[STAMPEDE_SKEW_BYTES_MAX];
    uint64_t seconds = magnitude(ns) / SECOND_NS;
    unsigned digits = digits_of(seconds);
    text[0] = ns < 0 ? '-' : '+';
    put_digits(text + 1, seconds, digits);
    text[1 + digits] = '.';
    put_digits(text + 2 + digits, magnitude(ns) % SECOND_NS, FRACTION_DIGITS);
    buf_put(out, text, 2 + digits + FRACTION_DIGITS);
}

bool decimal_skew(struct span text, int64_t *ns)
{
    bool negative = decimal_take_byte(&text, '-');
    if (!negative && !decimal_take_byte(&text, '+'))
        return false;
    bool padded = text.len > 1 && text.at[0] == '0' && text.at[1] != '.';
    int64_t sum;
    if (padded || text.len <= FRACTION_DIGITS || text.at[text.len - FRACTION_DIGITS - 1] != '.' ||
        !decimal_time(text, &sum) || (negative && sum == 0))
        return false;
    *ns = negative ? -sum : sum;
    return true;
}
