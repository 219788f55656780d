/* position.h — a place on Earth in ISO 6709 decimal degrees. PROTOCOL.md, "Client port". */
#ifndef CORE_PROTOCOL_POSITION_H
#define CORE_PROTOCOL_POSITION_H

#include "core/base/span.h"
#include "stampede/protocol.h"
#include <stdint.h>

/* Exact: an integer number of 1e-15 degrees holds every valid text. */
struct position {
    int64_t latitude_fdeg;  /* -90e15 to 90e15, north positive */
    int64_t longitude_fdeg; /* -180e15 to 180e15, east positive */
};

#define FDEG_PER_DEGREE INT64_C(1000000000000000)

static inline double position_degrees(int64_t fdeg)
{
    return (double)fdeg / (double)FDEG_PER_DEGREE;
}

/* `±D[DD][.d…]±D[DD][.d…]`: both signs, one to three digits before a point, one to fifteen
 * behind it, latitude then longitude within bounds. Nothing before or after it. false: not such a
 * text. */
MUST_USE bool position_parse(struct span text, struct position *out);

/* Whether it is such a text: most positions are only kept and passed on as they came, and this
 * takes a fraction of reading one. */
MUST_USE bool position_valid(struct span text);

#endif
