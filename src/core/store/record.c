/* record.c — see record.h. What is kept of a time's text, for example:
 *
 *     text                    time_ns                  length   decimals
 *     1520023934.918963998    1520023934918963998          20          9
 *     0007.50                 7500000000                    7          2
 *     12                      12000000000                   2          0 */
#include "core/store/record.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"
#include "core/base/wide.h"

/* How many digits stand behind the point of a time's text; 0: there is no point. */
static unsigned decimals_of(struct span time)
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

/* Whether the text is long enough for the digits of the time's seconds, which are ten at most. */
static bool is_long_enough(const struct stamp *s, unsigned decimals)
{
    enum { SECONDS_DIGITS = 10 };
    unsigned fraction = decimals ? 1 + decimals : 0;
    if (s->time_ns < 0 || s->time.len <= fraction)
        return false;
    size_t digits = s->time.len - fraction;
    return digits >= SECONDS_DIGITS ||
           (uint64_t)s->time_ns < decimal_powers[digits] * (uint64_t)SECOND_NS;
}

void record_name(struct record *r, struct span id)
{
    ASSERT(id.len >= 1 && id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX);
    r->id_len = id.len & 0xff;
    memcpy(r->bytes, id.at, id.len);
}

void record_write(
    struct record *r, const struct stamp *s, uint64_t hash, uint16_t origin, uint16_t route)
{
    ASSERT(s->position.len <= STAMPEDE_POSITION_BYTES_MAX);
    unsigned decimals = decimals_of(s->time);
    ASSERT(s->time.len <= STAMPEDE_LINE_BYTES_MAX && is_long_enough(s, decimals));
    r->hash = hash;
    r->time_ns = s->time_ns;
    r->skew_ns = s->skew_ns;
    r->route = route;
    r->origin = origin & 0xfffu;
    r->position_len = s->position.len & 0x3f;
    r->time_len = s->time.len & 0x3fff;
    r->time_decimals = decimals & 0xf;
    packed_put(r->bytes + r->id_len, s->position);
}

_Static_assert(
    STAMP_TIME_ROOM_BYTES == STAMPEDE_LINE_BYTES_MAX + DECIMAL_SLACK, "decimal_time_put");
_Static_assert(STAMPEDE_POSITION_BYTES_MAX % 8 == 0, "packed_get writes no more than that");

void record_read(const struct record *r, struct stamp *out, char *position, char *time)
{
    packed_get(r->bytes + r->id_len, r->position_len, position);
    decimal_time_put(time, r->time_len, r->time_ns, r->time_decimals);
    out->id = record_id(r);
    out->position = (struct span){position, r->position_len};
    out->time = (struct span){time, r->time_len};
    out->time_ns = r->time_ns;
    out->skew_ns = r->skew_ns;
}
