/* decimal.h — converts between decimal text and 64-bit integers, exactly: no floating point.
 *
 * Times are nanoseconds since 1970; skews are signed nanoseconds. PROTOCOL.md, "Client port" and
 * "Replies". Called by protocol, store's records, http, peering and node. */
#ifndef CORE_BASE_DECIMAL_H
#define CORE_BASE_DECIMAL_H

#include "core/base/buf.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum { DECIMAL_SLACK = 16 }; /* bytes that decimal_time_put may write behind its text */

/* decimal_powers[n] is 10 to the power of n. */
extern const uint64_t decimal_powers[STAMPEDE_FRACTION_DIGITS_POSITION_MAX + 1];

/* Take the digits at the beginning of *text. Returns how many, leading zeros included; 0: there are
 * none, or their value is above max (*text and *value are then undefined). */
MUST_USE size_t decimal_take_digits(struct span *text, uint64_t max, uint64_t *value);

/* Take the 1 to digits_max (at most 15) digits behind a point; *value is a multiple of
 * 10 ** -digits_max. false: there are none, or more. */
MUST_USE bool decimal_take_fraction(struct span *text, unsigned digits_max, uint64_t *value);

/* Take `byte` off the beginning of *text. false: *text does not begin with it. */
MUST_USE bool decimal_take_byte(struct span *text, char byte);

/* Parse `d...[.d...]`: POSIX seconds without sign or exponent, with a digit on each side of the
 * point and at most 9 behind it, whose value fits in signed 64-bit nanoseconds. There may be any
 * number of leading zeros. false: not such a text; *ns is then unchanged. */
MUST_USE bool decimal_time(struct span text, int64_t *ns);

/* Write a time in exactly `bytes` bytes: `decimals` (1 to 9) of its fraction digits behind a point,
 * or for 0 neither fraction nor point, and leading zeros to fill it up. `bytes` is at least what
 * that takes. DECIMAL_SLACK bytes more may be written to. */
void decimal_time_put(char *out, size_t bytes, int64_t ns, unsigned decimals);

/* Parse `d...[.d...]` kilometres, 0 to km_max (1,000,000 at most), any number of digits. *um is
 * whole micrometres: further fraction digits are dropped, but count when the value is compared with
 * the bound. false: not such a text. */
MUST_USE bool decimal_km(struct span text, uint64_t km_max, uint64_t *um);

/* The same, 0 to STAMPEDE_RADIUS_KM_MAX. */
MUST_USE bool decimal_radius(struct span text, uint64_t *um);

/* Parse `d...`, 0 to max; leading zeros are allowed. false: not such a text. */
MUST_USE bool decimal_count(struct span text, uint64_t max, uint64_t *value);

/* Write seconds with a sign and exactly nine fraction digits: +0.263873386. Returns the length of
 * the text; all STAMPEDE_SKEW_BYTES_MAX bytes of `out` may be written to. ns > INT64_MIN. */
size_t decimal_skew_put(char *out, int64_t ns);

/* The inverse: parse what decimal_skew_put writes and nothing else, so that each skew has one text
 * only: no superfluous zeros, no "-0.000000000". false: not such a text. */
MUST_USE bool decimal_skew(struct span text, int64_t *ns);

/* How many digits a number below 10 ** 15 has: 1 for 0. */
unsigned decimal_digits(uint64_t value);

#endif
