/* durations.c — see durations.h. */
#include "core/node/private.h"

struct histogram *durations_ages(struct node *n)
{
    return &n->durations.ages;
}

void durations_turn(struct node *n, int64_t ns)
{
    struct durations *d = &n->durations;
    uint64_t iamats = n->metrics.lines_iamat - d->iamats_before;
    histogram_add(&d->turns, ns, 1);
    if (iamats)
        histogram_add(&d->iamats, ns, iamats);
    d->iamats_before = n->metrics.lines_iamat;
}
