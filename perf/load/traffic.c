/* traffic.c — see traffic.h. */
#include "load/traffic.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ZIPF_SKEW 0.99 /* as in YCSB: 100 of a million clients get a third */

/* Draw ranks by the inverse of the distribution (Gray et al., Quickly generating billion-record
 * synthetic databases, SIGMOD 1994), then spread the ranks over the clients by a multiplicative
 * permutation. */
static bool draw_zipf(struct traffic *t)
{
    t->draws = malloc(TRAFFIC_DRAWS * sizeof *t->draws);
    if (!t->draws)
        return false;
    double zeta = 0, n = (double)t->ids;
    for (uint64_t i = 1; i <= t->ids; i++)
        zeta += pow((double)i, -ZIPF_SKEW);
    double second = pow(0.5, ZIPF_SKEW), alpha = 1 / (1 - ZIPF_SKEW);
    double eta = (1 - pow(2 / n, 1 - ZIPF_SKEW)) / (1 - (1 + second) / zeta);
    for (unsigned i = 0; i < TRAFFIC_DRAWS; i++) {
        double u = (double)(traffic_random(t) >> 11) / (double)(1ull << 53), uz = u * zeta;
        uint64_t rank = uz < 1            ? 0
                        : uz < 1 + second ? 1
                                          : (uint64_t)(n * pow(eta * u - eta + 1, alpha));
        t->draws[i] = (uint32_t)((rank < t->ids ? rank : t->ids - 1) * 2654435761u % t->ids);
    }
    return true;
}

bool traffic_init(
    struct traffic *t, uint64_t ids, uint64_t first, enum ids_order order, uint64_t seed)
{
    *t = (struct traffic){.ids = ids, .first = first, .order = order};
    t->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char text[2 * TRAFFIC_TIME_BYTES];
    snprintf(text, sizeof text, "%010ld.%09ld", (long)now.tv_sec, now.tv_nsec);
    memcpy(t->time_head, text, sizeof t->time_head);
    memcpy(&t->time_tail, text + sizeof t->time_head, 8);
    return order != IDS_ZIPF || draw_zipf(t);
}

void traffic_carry_time(struct traffic *t)
{
    char text[TRAFFIC_TIME_BYTES];
    memcpy(text, t->time_head, sizeof t->time_head);
    memcpy(text + sizeof t->time_head, &t->time_tail, 8);
    for (int i = TRAFFIC_TIME_BYTES - 1; text[i] > '9'; text[i]++) {
        text[i--] = '0';
        if (text[i] == '.')
            i--;
    }
    memcpy(t->time_head, text, sizeof t->time_head);
    memcpy(&t->time_tail, text + sizeof t->time_head, 8);
}

void traffic_release(struct traffic *t)
{
    free(t->draws);
    t->draws = NULL;
}
