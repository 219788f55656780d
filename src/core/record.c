/* record.c — see record.h. A time's text, by way of example:
 *
 *     text                    time_ns                  length   decimals
 *     1520023934.918963998    1520023934918963998          20          9
 *     0007.50                 7500000000                    7          2
 *     12                      12000000000                   2          0 */
#include "core/record.h"
#include "core/decimal.h"
#include "core/invariant.h"
#include "core/wide.h"

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

/* What the time's text takes up without leading zeros. */
static unsigned time_len_min(int64_t time_ns, unsigned decimals)
{
    unsigned fraction = decimals ? 1 + decimals : 0;
    return decimal_digits((uint64_t)(time_ns / SECOND_NS)) + fraction;
}

void record_write(
    struct record *r, const struct stamp *s, uint64_t hash, uint16_t origin, uint16_t route)
{
    ASSERT(s->id.len >= 1 && s->id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX);
    ASSERT(s->position.len <= STAMPEDE_POSITION_BYTES_MAX);
    unsigned decimals = decimals_of(s->time);
    ASSERT(s->time_ns >= 0 && s->time.len >= time_len_min(s->time_ns, decimals));
    ASSERT(s->time.len <= STAMPEDE_LINE_BYTES_MAX);
    r->hash = hash;
    r->time_ns = s->time_ns;
    r->skew_ns = s->skew_ns;
    r->route = route;
    r->origin = origin & 0xfffu;
    r->id_len = s->id.len & 0xff;
    r->position_len = s->position.len & 0x3f;
    r->time_len = s->time.len & 0x3fff;
    r->time_decimals = decimals & 0xf;
    memcpy(r->bytes, s->id.at, s->id.len);
    packed_put(r->bytes + s->id.len, s->position);
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
