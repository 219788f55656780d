/* inside.c — see inside.h. */
#include "sim/inside.h"
#include "core/node/private.h"
#include "core/places/exchange_private.h"

uint64_t inside_unread_bytes(const struct host *h)
{
    return pool_held(&h->node->connections.chunks);
}

uint64_t inside_dropped_unread(const struct host *h)
{
    return h->node->metrics.clients_dropped_unread;
}

uint64_t inside_made_up(const struct host *h)
{
    const struct peering_node *node = &h->node->links.peering;
    uint64_t sum = 0;
    for (unsigned i = 0; i < node->peers_count; i++)
        sum += node->peers[i].made_up;
    return sum;
}

static struct peering *link_to(const struct host *h, const char *neighbour)
{
    struct link *l = h->node->links.first;
    while (l && !(link_is_live(l) && span_equal(l->peering.peer->name, span_of(neighbour))))
        l = l->next;
    ASSERT(l && l->peering.lease.end_ns != NEVER_NS);
    return &l->peering;
}

/* As if it had just been linked with nothing had of the other's feed. */
void inside_says_graft_0(struct host *h, const char *neighbour)
{
    struct peering *p = link_to(h, neighbour);
    if (p->lease.state == LEASE_ASKED)
        return;
    p->lease.state = LEASE_ASKED;
    p->lease.graft_due = true;
    p->lease.graft_change = p->link.mark_heard = p->link.mark_taken = 0;
    p->peer->have_change = 0;
    p->link.ack_due = false;
    network_wake(h->network, h->party, h->network->now_ns);
}

void inside_budget(struct host *h, unsigned questions)
{
    budget_begin(&h->caller.exchange->budget, questions, 3600);
}

static struct instant now_of(const struct host *h)
{
    struct instant now = h->node->now;
    now.mono_ns = h->network->now_ns + h->mono_ahead_ns - h->awake.slept_ns;
    return now;
}

void inside_drain(struct host *h, int64_t grace_ms, int64_t timeout_ms)
{
    struct instant now = now_of(h);
    if (node_listens(h->node)) /* else its grace is over */
        h->grace_ends_ns = now.mono_ns + grace_ms * MS_NS;
    h->drain_ends_ns = now.mono_ns + timeout_ms * MS_NS;
    drain_begin(h->node, grace_ms, timeout_ms, "an operator", now);
    network_wake(h->network, h->party, h->network->now_ns);
}

void inside_undrain(struct host *h)
{
    bool undone = drain_undo(h->node, "an operator", now_of(h));
    ASSERT(undone);
    h->grace_ends_ns = h->drain_ends_ns = NEVER_NS;
    network_wake(h->network, h->party, h->network->now_ns);
}
