/* record.c — see record.h. */
#include "core/store/record.h"
#include "core/base/invariant.h"
#include "core/base/time_text.h"

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
    unsigned decimals = time_text_decimals(s->time);
    ASSERT(s->time.len <= STAMPEDE_LINE_BYTES_MAX &&
           time_text_fits(s->time.len, s->time_ns, decimals));
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
