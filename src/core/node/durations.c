/* durations.c — see durations.h. */
#include "core/node/private.h"

struct histogram *durations_ages(struct node *n)
{
    return &n->durations.ages;
}

void node_turn_took(struct node *n, int64_t ns)
{
    struct durations *d = &n->durations;
    uint64_t took = ns < 0 ? 0 : (uint64_t)ns;
    uint64_t iamats = n->metrics.lines_iamat - d->iamats_before;
    unsigned bucket = histogram_bucket(took); /* found once: this is on the way of every command */
    histogram_add_to(&d->turns, bucket, took, 1);
    histogram_add_to(&d->iamats, bucket, took, iamats);
    d->iamats_before += iamats;
}
