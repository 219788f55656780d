/* live_command.c — see live_command.h. */
#include "core/protocol/live_command.h"
#include "core/base/decimal.h"
#include "core/base/invariant.h"

static bool parse_circle(struct span position, struct span radius, struct live_command *out)
{
    out->position_text = position;
    out->radius_text = radius;
    return position_parse(position, &out->centre) &&
           decimal_km(radius, STAMPEDE_NEAR_RADIUS_KM_MAX, &out->radius_um);
}

static bool parse_near(const struct span *field, int count, struct live_command *out)
{
    uint64_t wanted;
    out->kind = LIVE_COMMAND_NEAR;
    out->count_text = field[3];
    out->age_ns = -1;
    if (!parse_circle(field[1], field[2], out) ||
        !decimal_count(field[3], STAMPEDE_NEAR_COUNT_MAX, &wanted))
        return false;
    out->count = (unsigned)wanted;
    return count == 4 || decimal_time(field[4], &out->age_ns);
}

static bool parse_watch(const struct span *field, int count, struct live_command *out)
{
    if (count == 1) {
        out->kind = LIVE_COMMAND_WATCH_ALL;
        return true;
    }
    if (count == 2) {
        out->kind = LIVE_COMMAND_WATCH_ID;
        out->id = field[1];
        return field[1].len <= STAMPEDE_CLIENT_ID_BYTES_MAX;
    }
    out->kind = LIVE_COMMAND_WATCH_NEAR;
    return count == 4 && SPAN_IS(field[1], "NEAR") && parse_circle(field[2], field[3], out);
}

bool live_command_of(const struct span *field, int count, struct live_command *out)
{
    ASSERT(count >= 0);
    if (count == 0)
        return false;
    if (SPAN_IS(field[0], "NEAR"))
        return (count == 4 || count == 5) && parse_near(field, count, out);
    if (SPAN_IS(field[0], "WATCH"))
        return parse_watch(field, count, out);
    out->kind = LIVE_COMMAND_UNWATCH;
    return SPAN_IS(field[0], "UNWATCH") && count == 2 &&
           decimal_count(field[1], UINT64_MAX, &out->number);
}
