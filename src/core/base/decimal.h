/* decimal.h — exact decimal text <-> 64-bit integers. No floating point anywhere.
 *
 * Times are nanoseconds since 1970; skews are signed nanoseconds. PROTOCOL.md, "Client port" and
 * "Replies". */
#ifndef CORE_BASE_DECIMAL_H
#define CORE_BASE_DECIMAL_H

#include "core/base/buf.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum { DECIMAL_SLACK = 16 };

/* 10 to the power of its place. */
extern const uint64_t decimal_powers[STAMPEDE_FRACTION_DIGITS_POSITION_MAX + 1];

/* Digits at the beginning of *text, taken off it: how many, leading zeros included; 0 when there
 * are none or their value is above max (*text and *value are then of no use). */
MUST_USE size_t decimal_take_digits(struct span *text, uint64_t max, uint64_t *value);

/* 1 to digits_max (at most 15) digits behind a point, as a number of 10 ** -digits_max; false when
 * there are more, or none. */
MUST_USE bool decimal_take_fraction(struct span *text, unsigned digits_max, uint64_t *value);

/* Whether *text begins with `byte`; then it is taken off. */
MUST_USE bool decimal_take_byte(struct span *text, char byte);

/* `d...[.d...]`: POSIX seconds, no sign, no exponent, a digit on each side of a point, at most 9
 * fraction digits, value in signed 64-bit nanoseconds. Leading zeros are allowed, any number.
 * false: not such a text; *ns is then untouched. */
MUST_USE bool decimal_time(struct span text, int64_t *ns);

/* Write a time in `bytes` bytes, `decimals` (0 to 9) of its nine fraction digits behind a point, or
 * without one; zeros in front fill it up. bytes: at least what that takes. There must be room for
 * DECIMAL_SLACK more, which may be written to. */
void decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals);

/* `d...[.d...]` kilometres, 0 to STAMPEDE_RADIUS_KM_MAX, any number of digits: whole micrometres
 * (nine fraction digits; further ones count for the bound only). false: not such a text. */
MUST_USE bool decimal_radius(struct span text, uint64_t *um);

/* `d...`, 0 to max. false: not such a text. Leading zeros are allowed. */
MUST_USE bool decimal_count(struct span text, uint64_t max, uint64_t *value);

/* Seconds with sign and exactly nine fraction digits: +0.263873386. How many bytes that is; all of
 * the STAMPEDE_SKEW_BYTES_MAX that there must be room for may be written to. ns > INT64_MIN. */
size_t decimal_skew_put(char *out, int64_t ns);

/* How many digits a number below 10 ** 15 has: 1 for 0. */
unsigned decimal_digits(uint64_t value);

/* Its inverse: a sign, digits without superfluous leading zeros, a point, nine digits; as written
 * by decimal_skew_put and nothing else, so that a skew has one text ("-0.000000000" is refused). */
MUST_USE bool decimal_skew(struct span text, int64_t *ns);

#endif
