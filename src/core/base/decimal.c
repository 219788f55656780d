/* decimal.c — see decimal.h. Digits are read eight at a time where possible: a client's line has
 * some forty digits, and they are most of the work of parsing it. A number is compared with its
 * bound after each step, so text of any length neither wraps around nor loses a digit.
 *
 * Functions named take advance a span over what they have read; a text is valid if nothing is left
 * of it in the end. */
#include "core/base/decimal.h"
#include "core/base/instant.h"
#include "core/base/invariant.h"
#include "core/base/wide.h"
#include "core/base/word.h"

enum { FRACTION_DIGITS = STAMPEDE_FRACTION_DIGITS_TIME_MAX, STEP_DIGITS = 8 };

#define UM_PER_KM UINT64_C(1000000000)

const uint64_t decimal_powers[STAMPEDE_FRACTION_DIGITS_POSITION_MAX + 1] = {1, 10, 100, 1000, 10000,
    100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000};

/* How many of eight bytes are digits before the first that is none. The top bit of that byte gets
 * set; the bits of bytes behind it may be wrong, because the addition carries into them. */
static unsigned leading_digits(uint64_t word)
{
    uint64_t digits = word ^ WORD_EACH_BYTE * '0';
    uint64_t stops = ((digits + WORD_EACH_BYTE * (0x80 - 10)) | digits) & WORD_EACH_BYTE * 0x80;
    return stops ? (unsigned)__builtin_ctzll(stops) / 8 : STEP_DIGITS;
}

/* The number that eight digits with values 0 to 9 spell: neighbours are joined to numbers of two
 * digits, then of four, then of eight. */
static uint64_t joined(uint64_t digits)
{
    uint64_t pairs = (digits * 10 + (digits >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    uint64_t fours = (pairs * 100 + (pairs >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (fours * 10000 + (fours >> 32)) & UINT64_C(0xffffffff);
}

/* The number that the first `count` (1 to 8) bytes spell. The shift puts zeros before them. */
static uint64_t joined_digits(uint64_t word, unsigned count)
{
    return joined((word ^ WORD_EACH_BYTE * '0') << 8 * (STEP_DIGITS - count));
}

/* The number that the last `count` (1 to 8) bytes spell. */
static uint64_t joined_last_digits(uint64_t word, unsigned count)
{
    return joined((word ^ WORD_EACH_BYTE * '0') & ~UINT64_C(0) << 8 * (STEP_DIGITS - count));
}

/* Read up to eight digits at the beginning of the text. Returns how many there are. */
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
        if (__builtin_mul_overflow(sum, decimal_powers[count], &sum) ||
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
    ASSERT(digits_max >= 1 && digits_max <= STAMPEDE_FRACTION_DIGITS_POSITION_MAX);
    size_t digits = decimal_take_digits(text, UINT64_MAX, value);
    if (digits == 0 || digits > digits_max)
        return false;
    *value *= decimal_powers[digits_max - digits];
    return true;
}

bool decimal_take_byte(struct span *text, char byte)
{
    if (text->len == 0 || text->at[0] != byte)
        return false;
    *text = span_from(*text, 1);
    return true;
}

/* The usual form of a time, as programs write their clock: eight to ten digits, a point, and up to
 * nine digits, sixteen bytes or more in all. One look at all bytes finds the form, and then each
 * digit is read once. false: it has another form. */
static bool usual_time(struct span text, uint64_t *ns)
{
    enum { SECONDS_DIGITS = 10, SHAPE_BYTES_MAX = SECONDS_DIGITS + 1 + FRACTION_DIGITS };
    if (text.len < WIDE_BYTES || text.len > SHAPE_BYTES_MAX)
        return false;
    uint64_t others = ~(uint64_t)wide_digits_of(text);
    unsigned whole = (unsigned)__builtin_ctzll(others);
    unsigned after = (unsigned)__builtin_ctzll(others & (others - 1));
    unsigned decimals = (unsigned)text.len - whole - 1;
    if (whole < STEP_DIGITS || whole > SECONDS_DIGITS || text.at[whole] != '.' ||
        after != text.len || decimals > FRACTION_DIGITS)
        return false;
    const char *end = text.at + text.len;
    uint64_t seconds = joined_digits(word_load(text.at + whole - STEP_DIGITS), STEP_DIGITS);
    if (whole > STEP_DIGITS)
        seconds += joined_digits(word_load(text.at), whole - STEP_DIGITS) * 100000000;
    uint64_t fraction = word_load(end - STEP_DIGITS);
    if (decimals == FRACTION_DIGITS)
        fraction =
            joined_digits(fraction, STEP_DIGITS) + (uint64_t)(text.at[whole + 1] - '0') * 100000000;
    else
        fraction =
            joined_last_digits(fraction, decimals) * decimal_powers[FRACTION_DIGITS - decimals];
    *ns = seconds * SECOND_NS + fraction; /* ten digits of seconds do not overflow it */
    return true;
}

bool decimal_time(struct span text, int64_t *ns)
{
    uint64_t sum;
    if (usual_time(text, &sum)) {
        if (sum > INT64_MAX)
            return false;
        *ns = (int64_t)sum;
        return true;
    }
    uint64_t seconds, fraction = 0;
    if (!decimal_take_digits(&text, (uint64_t)(INT64_MAX / SECOND_NS), &seconds))
        return false;
    if (decimal_take_byte(&text, '.') && !decimal_take_fraction(&text, FRACTION_DIGITS, &fraction))
        return false;
    sum = seconds * SECOND_NS + fraction;
    if (text.len || sum > INT64_MAX)
        return false;
    *ns = (int64_t)sum;
    return true;
}

/* Skip the digits behind those that are kept; *above is set if any of them is not 0. */
static bool take_remainder(struct span *text, bool *above)
{
    for (; text->len; *text = span_from(*text, 1)) {
        if (text->at[0] < '0' || text->at[0] > '9')
            return false;
        *above |= text->at[0] != '0';
    }
    return true;
}

bool decimal_km(struct span text, uint64_t km_max, uint64_t *um)
{
    uint64_t km, fraction = 0;
    bool above = false;
    if (!decimal_take_digits(&text, km_max, &km))
        return false;
    if (decimal_take_byte(&text, '.')) {
        struct span counted = {text.at, text.len < FRACTION_DIGITS ? text.len : FRACTION_DIGITS};
        text = span_from(text, counted.len);
        if (!decimal_take_fraction(&counted, FRACTION_DIGITS, &fraction) || counted.len ||
            !take_remainder(&text, &above))
            return false;
    }
    uint64_t sum = km * UM_PER_KM + fraction;
    if (text.len || sum + above > km_max * UM_PER_KM)
        return false;
    *um = sum;
    return true;
}

bool decimal_radius(struct span text, uint64_t *um)
{
    return decimal_km(text, STAMPEDE_RADIUS_KM_MAX, um);
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

unsigned decimal_digits(uint64_t value)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    unsigned digits = bits * 1233 >> 12; /* 1233 / 4096 is just above log10(2) */
    ASSERT(digits <= STAMPEDE_FRACTION_DIGITS_POSITION_MAX);
    return digits + (value >= decimal_powers[digits]) + (value == 0);
}

/* The eight digits of a value below 10 ** 8, as a word. It is split into halves, then pairs, then
 * digits, with one multiplication a step for all lanes of the word. 10486 / 2 ** 20 and
 * 103 / 2 ** 10 are close enough to 1/100 and 1/10 for the values that a lane can have. */
static uint64_t spelled(uint64_t value)
{
    uint64_t fours = value / 10000 | value % 10000 << 32;
    uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return (tens | (pairs - tens * 10) << 8) + WORD_EACH_BYTE * '0';
}

/* The last `digits` (at most 16) digits of a number below 10 ** 16. Writes 16 bytes in any case. */
static void put_digits(char *out, uint64_t value, unsigned digits)
{
    enum { NUMBER_BYTES = 2 * STEP_DIGITS };
    char number[2 * NUMBER_BYTES] = {0};
    word_store(number, spelled(value / 100000000));
    word_store(number + STEP_DIGITS, spelled(value % 100000000));
    memcpy(out, number + NUMBER_BYTES - digits, NUMBER_BYTES);
}

_Static_assert(1 + DECIMAL_SLACK <= STAMPEDE_SKEW_BYTES_MAX, "put_digits behind a sign");

/* Nine digits for a value below 10 ** 9. */
static void put_fraction(char *out, uint64_t ns)
{
    *out = (char)('0' + ns / 100000000);
    word_store(out + 1, spelled(ns % 100000000));
}

void decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals)
{
    enum { SECONDS_DIGITS = 10 };
    uint64_t seconds = (uint64_t)(ns / SECOND_NS);
    ASSERT(bytes > decimals);
    size_t whole = decimals ? bytes - decimals - 1 : bytes;
    unsigned digits = whole < SECONDS_DIGITS ? (unsigned)whole : SECONDS_DIGITS;
    if (whole > digits)
        memset(out, '0', whole - digits);
    put_digits(out + whole - digits, seconds, digits);
    if (decimals) {
        out[whole] = '.';
        put_fraction(out + whole + 1, (uint64_t)(ns % SECOND_NS));
    }
}

size_t decimal_skew_put(char *out, int64_t ns)
{
    ASSERT(ns > INT64_MIN);
    uint64_t seconds = magnitude(ns) / SECOND_NS;
    unsigned digits = 1;
    out[0] = ns < 0 ? '-' : '+';
    if (seconds < 10) { /* the usual case: clocks hardly differ */
        out[1] = (char)('0' + seconds);
    } else {
        digits = decimal_digits(seconds);
        put_digits(out + 1, seconds, digits);
    }
    out[1 + digits] = '.';
    put_fraction(out + 2 + digits, magnitude(ns) % SECOND_NS);
    return 2 + digits + FRACTION_DIGITS;
}

/* Exactly nine digits. */
static bool nine_digits(const char *at, uint64_t *value)
{
    uint64_t last = word_load(at + 1);
    *value = (uint64_t)(at[0] - '0') * 100000000 + joined_digits(last, STEP_DIGITS);
    return at[0] >= '0' && at[0] <= '9' && leading_digits(last) == STEP_DIGITS;
}

/* The seconds of a skew, which have no leading zero. */
static bool skew_seconds(struct span text, uint64_t *seconds)
{
    if (text.len == 1) { /* the usual case: clocks hardly differ */
        *seconds = (uint64_t)(text.at[0] - '0');
        return *seconds < 10;
    }
    return text.at[0] != '0' &&
           decimal_take_digits(&text, (uint64_t)(INT64_MAX / SECOND_NS), seconds) && !text.len;
}

bool decimal_skew(struct span text, int64_t *ns)
{
    enum { FRACTION_BYTES = 1 + FRACTION_DIGITS };
    if (text.len < 2 + FRACTION_BYTES || (text.at[0] != '+' && text.at[0] != '-'))
        return false;
    bool negative = text.at[0] == '-';
    const char *point = text.at + text.len - FRACTION_BYTES;
    struct span whole = {text.at + 1, (size_t)(point - text.at) - 1};
    uint64_t seconds, fraction;
    if (*point != '.' || !skew_seconds(whole, &seconds) || !nine_digits(point + 1, &fraction))
        return false;
    uint64_t sum = seconds * SECOND_NS + fraction;
    if (sum > INT64_MAX || (negative && sum == 0))
        return false;
    *ns = negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}
