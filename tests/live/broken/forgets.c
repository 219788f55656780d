/* forgets.c — an index that does not keep where a stamp was before. */
#include "core/live/spots.h"

enum spots_put __real_spots_put(struct spots *s, uint32_t slot, struct point to, struct point *old);
enum spots_put __wrap_spots_put(struct spots *s, uint32_t slot, struct point to, struct point *old);

enum spots_put __wrap_spots_put(struct spots *s, uint32_t slot, struct point to, struct point *old)
{
    enum spots_put put = __real_spots_put(s, slot, to, old);
    return put == SPOTS_MOVED ? SPOTS_NEW : put;
}
