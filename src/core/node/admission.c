/* admission.c — see admission.h. Called by links.c, node.c and tls.c.
 *
 * A budget is a bucket of microseconds, which come back slower than they are spent: of each second,
 * so many milliseconds. Holds always: in any time, a rank has spent at most what came back in it,
 * one bucket, and one flight. */
#include "core/node/admission.h"
#include "core/base/bucket.h"
#include "core/node/private.h"

static const int64_t budget_ms[ADMISSION_RANKS] = {
    [ADMISSION_KNOWN] = ADMISSION_KNOWN_MS, [ADMISSION_OTHER] = ADMISSION_OTHER_MS};

enum { FLIGHT_MS_MAX = 10000 }; /* what is taken to be longer was not all computed here */

static struct bucket bucket_of(enum admission_rank rank)
{
    ASSERT(rank == ADMISSION_KNOWN || rank == ADMISSION_OTHER);
    int64_t us = budget_ms[rank] * 1000;
    int64_t each_ns = (SECOND_NS + us - 1) / us; /* rounded up: never more than the budget */
    return (struct bucket){.each_ns = each_ns, .whole_ns = us * each_ns};
}

static bool was_proved(const struct admission *a, const struct address *other)
{
    for (unsigned i = 0; i < ADMISSION_PROVED_MAX && i < a->proved_count; i++)
        if (address_same_host(&a->proved[i], other))
            return true;
    return false;
}

/* Of a name other than localhost, named.c knows. */
static bool is_there(const struct host_port *peer, const struct address *other)
{
    if (host_port_is_name(peer))
        return host_port_is_loopback(peer) && address_is_loopback(other);
    return address_same_host(&peer->address, other);
}

enum admission_rank admission_of(const struct node *n, const struct address *other)
{
    const struct topology *t = n->topology;
    for (unsigned i = 0; i < t->nodes_count; i++)
        if (is_there(&t->nodes[i].peer, other))
            return ADMISSION_KNOWN;
    bool known = named_know(n, other) || was_proved(&n->admission, other);
    return known ? ADMISSION_KNOWN : ADMISSION_OTHER;
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

void admission_spend(
    struct node *n, enum admission_rank rank, int64_t processor_ns, struct instant now)
{
    if (rank == ADMISSION_DIALLED)
        return;
    int64_t most_ns = FLIGHT_MS_MAX * MS_NS;
    int64_t ns = processor_ns < most_ns ? processor_ns : most_ns;
    unsigned us = ns > 0 ? (unsigned)((ns + 999) / 1000) : 1;
    int64_t *spent_ns = &n->admission.spent_ns[rank];
    *spent_ns = bucket_take(bucket_of(rank), *spent_ns, us, now);
    ASSERT(*spent_ns > now.mono_ns);
}
