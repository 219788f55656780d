/* decimal.c — see decimal.h. Every number is read digit by digit into 64 bits with its bound
 * checked at each step, so text of any length can neither wrap around nor lose a digit that counts.
 *
 * Readers eat the front of a span; a text is valid when nothing of it is left. */
#include "core/decimal.h"
#include "core/instant.h"
#include "core/invariant.h"

enum { FRACTION_DIGITS = STAMPEDE_FRACTION_DIGITS_TIME_MAX };

#define UM_PER_KM UINT64_C(1000000000)

static const uint32_t power_of_ten[FRACTION_DIGITS + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/* The digits that *text begins with, taken off it. false: there are none, or their value is above
 * max. */
static bool eat_digits(struct span *text, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    size_t at = 0;
    for (; at < text->len; at++) {
        unsigned digit = (unsigned char)text->at[at] - (unsigned)'0';
        if (digit > 9)
            break;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum) ||
            sum > max)
            return false;
    }
    *text = span_from(*text, at);
    *value = sum;
    return at > 0;
}

static bool eat(struct span *text, char byte)
{
    if (text->len == 0 || text->at[0] != byte)
        return false;
    *text = span_from(*text, 1);
    return true;
}

/* One to nine digits behind a point, in billionths; false when there are more, or none. */
static bool eat_billionths(struct span *text, uint64_t *billionths)
{
    size_t before = text->len;
    if (!eat_digits(text, UINT64_MAX, billionths) || before - text->len > FRACTION_DIGITS)
        return false;
    *billionths *= power_of_ten[FRACTION_DIGITS - (before - text->len)];
    return true;
}

bool decimal_time(struct span text, int64_t *ns)
{
    uint64_t seconds, fraction = 0;
    if (!eat_digits(&text, (uint64_t)(INT64_MAX / SECOND_NS), &seconds))
        return false;
    if (eat(&text, '.') && !eat_billionths(&text, &fraction))
        return false;
    uint64_t sum = seconds * SECOND_NS + fraction;
    if (text.len || sum > INT64_MAX)
        return false;
    *ns = (int64_t)sum;
    return true;
}

/* Digits of any number behind those that are kept; *above tells whether they add anything. */
static bool eat_remainder(struct span *text, bool *above)
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
    if (!eat_digits(&text, STAMPEDE_RADIUS_KM_MAX, &km))
        return false;
    if (eat(&text, '.')) {
        struct span counted = {text.at, text.len < FRACTION_DIGITS ? text.len : FRACTION_DIGITS};
        text = span_from(text, counted.len);
        if (!eat_billionths(&counted, &fraction) || counted.len || !eat_remainder(&text, &above))
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
    if (!eat_digits(&text, max, &sum) || text.len)
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
    bool negative = eat(&text, '-');
    if (!negative && !eat(&text, '+'))
        return false;
    bool padded = text.len > 1 && text.at[0] == '0' && text.at[1] != '.';
    int64_t sum;
    if (padded || text.len <= FRACTION_DIGITS || text.at[text.len - FRACTION_DIGITS - 1] != '.' ||
        !decimal_time(text, &sum) || (negative && sum == 0))
        return false;
    *ns = negative ? -sum : sum;
    return true;
}
