/* time_text.h — what is kept of the text of a time besides its value, for example:
 *
 *     text                    ns                       length   decimals
 *     1520023934.918963998    1520023934918963998          20          9
 *     0007.50                 7500000000                    7          2
 *     12                      12000000000                   2          0
 *
 * decimal_time_put makes the text again from these three, because a longer text can only begin with
 * more zeros. Called by the records of store and journal. */
#ifndef CORE_BASE_TIME_TEXT_H
#define CORE_BASE_TIME_TEXT_H

#include "core/base/decimal.h"
#include "core/base/instant.h"
#include "core/base/wide.h"

/* How many digits stand behind the point of a time's text; 0: there is no point. */
static inline unsigned time_text_decimals(struct span time)
{
    if (time.len >= WIDE_BYTES && time.len <= WIDE_LOOK_BYTES) {
        uint64_t others = ~((uint64_t)wide_digits_of(time) | ~UINT64_C(0) << time.len);
        return others ? (unsigned)time.len - 1 - (unsigned)__builtin_ctzll(others) : 0;
    }
    for (unsigned i = 1; i <= STAMPEDE_FRACTION_DIGITS_TIME_MAX && i < time.len; i++)
        if (time.at[time.len - 1 - i] == '.')
            return i;
    return 0;
}

/* Whether a text of this length has room for a time that is not negative: for a digit of its
 * seconds, of which there are ten at most, for all that are not leading zeros, and for its point
 * and `decimals` more. */
static inline bool time_text_fits(size_t len, int64_t ns, unsigned decimals)
{
    enum { SECONDS_DIGITS = 10 };
    unsigned fraction = decimals ? 1 + decimals : 0;
    if (ns < 0 || len <= fraction)
        return false;
    size_t digits = len - fraction;
    return digits >= SECONDS_DIGITS || (uint64_t)ns < decimal_powers[digits] * (uint64_t)SECOND_NS;
}

#endif
