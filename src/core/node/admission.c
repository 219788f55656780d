/* admission.c — see admission.h. Called by links.c and tls.c.
 *
 * A budget is one time: that at which it is whole again if nothing is spent. Holds always: it is
 * never further ahead than the whole budget takes to come back. */
#include "core/node/admission.h"
#include "core/base/bucket.h"
#include "core/node/private.h"

static const struct {
    unsigned burst, a_second;
} budgets[ADMISSION_RANKS] = {
    [ADMISSION_KNOWN] = {ADMISSION_KNOWN_BURST, ADMISSION_KNOWN_A_SECOND},
    [ADMISSION_OTHER] = {ADMISSION_OTHER_BURST, ADMISSION_OTHER_A_SECOND},
};

static struct bucket bucket_of(enum admission_rank rank)
{
    ASSERT(rank == ADMISSION_KNOWN || rank == ADMISSION_OTHER);
    int64_t each_ns = SECOND_NS / budgets[rank].a_second;
    return (struct bucket){.each_ns = each_ns, .whole_ns = budgets[rank].burst * each_ns};
}

static bool was_proved(const struct admission *a, const struct address *other)
{
    for (unsigned i = 0; i < ADMISSION_PROVED_MAX && i < a->proved_count; i++)
        if (address_same_host(&a->proved[i], other))
            return true;
    return false;
}

enum admission_rank admission_of(const struct node *n, const struct address *other)
{
    const struct topology *t = n->topology;
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (address_same_host(&t->nodes[i].peer, other))
            return ADMISSION_KNOWN;
    return was_proved(&n->admission, other) ? ADMISSION_KNOWN : ADMISSION_OTHER;
}

void admission_proved(struct node *n, const struct address *other)
{
    struct admission *a = &n->admission;
    if (admission_of(n, other) == ADMISSION_KNOWN)
        return;
    a->proved[a->proved_count++ % ADMISSION_PROVED_MAX] = *other;
    ASSERT(admission_of(n, other) == ADMISSION_KNOWN);
}

int64_t admission_ready_ns(const struct node *n, enum admission_rank rank)
{
    if (rank == ADMISSION_DIALLED)
        return 0;
    return bucket_ready_ns(bucket_of(rank), n->admission.spent_ns[rank]);
}

void admission_spend(struct node *n, enum admission_rank rank, struct instant now)
{
    if (rank == ADMISSION_DIALLED)
        return;
    struct bucket bucket = bucket_of(rank);
    int64_t *spent_ns = &n->admission.spent_ns[rank];
    *spent_ns = earlier_ns(bucket_take(bucket, *spent_ns, 1, now), now.mono_ns + bucket.whole_ns);
    ASSERT(*spent_ns > now.mono_ns);
}
