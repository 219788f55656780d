/* histogram.c — see histogram.h. */
#include "load/histogram.h"

int64_t histogram_upper(unsigned place)
{
    const unsigned whole = 2 << HISTOGRAM_HALF_BITS;
    if (place < whole)
        return place;
    unsigned shift = (place >> HISTOGRAM_HALF_BITS) - 1;
    int64_t part = place - (shift << HISTOGRAM_HALF_BITS);
    return ((part + 1) << shift) - 1;
}

int64_t histogram_percentile(const struct histogram *h, double fraction)
{
    uint64_t wanted = (uint64_t)((double)h->total * fraction + 0.5), seen = 0;
    if (wanted == 0)
        wanted = 1;
    for (unsigned place = 0; place < HISTOGRAM_PLACES; place++) {
        seen += h->counts[place];
        if (seen >= wanted) {
            int64_t upper = histogram_upper(place);
            return upper < h->max ? upper : h->max;
        }
    }
    return h->max;
}
