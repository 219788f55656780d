/* edge.c — see edge.h. Called by node. */
#include "core/peering/edge.h"
#include "core/base/invariant.h"
#include "core/peering/peering.h"

void peering_take_tree(struct peering *p, struct instant now)
{
    ASSERT(p->state == PEERING_LINKED && p->peer);
    const struct peer *peer = p->peer;
    bool turns = p->theirs.lazy || peer->topology == p->node->topologies.own;
    if (!p->rival)
        lease_take_tree(&p->lease, &p->link, p->node->spare_links && turns && !peer->in_tree, now);
}

void peering_part(struct peering *p)
{
    ASSERT(p->peer->gone);
    if (p->lease.state == LEASE_LAZY)
        lease_ask_again(&p->lease, &p->link);
    peering_ask(p);
}

bool peering_parted(const struct peering *p, uint64_t change)
{
    ASSERT(p->state == PEERING_LINKED && p->peer->gone);
    return p->ping_answered && p->peer->acked >= change && p->lease.state != LEASE_ASKED;
}

void peering_know_origins(struct peering *p, struct instant now)
{
    ASSERT(p->state == PEERING_LINKED && p->peer);
    if (!p->link.incomplete || p->rival)
        return;
    if (p->theirs.topology && p->lease.state != LEASE_ASKED)
        lease_ask_again(&p->lease, &p->link);
    else
        p->link.again_ns = now.real_ns;
}
