/* links_stop.c — see links_stop.h. Called by stop.c and links.c. */
#include "core/node/links_stop.h"
#include "core/node/private.h"

/* When a link on which nothing moves from now on is given up. */
static int64_t given_up_ns(const struct node *n, const struct link *l)
{
    ASSERT(n->stopping && n->stop.since_ns);
    int64_t moved_ns = l->connection->active_ns;
    if (moved_ns < n->stop.since_ns)
        moved_ns = n->stop.since_ns;
    return moved_ns + LINKS_STOP_MS * MS_NS;
}

int64_t links_stop_wait_ns(const struct node *n, struct instant now)
{
    int64_t soonest = NEVER_NS;
    for (const struct link *l = n->links.first; l; l = l->next) {
        if (!link_is_live(l) || peering_confirmed(&l->peering))
            continue;
        if (now.mono_ns < given_up_ns(n, l))
            soonest = earlier_ns(soonest, given_up_ns(n, l));
    }
    return soonest == NEVER_NS ? 0 : soonest;
}

bool links_stop_hear_others(const struct node *n, const struct link *l, struct instant now)
{
    ASSERT(link_is_live(l));
    for (const struct link *o = n->links.first; l->peering.peer->in_tree && o; o = o->next)
        if (o != l && link_is_live(o) && o->peering.peer->in_tree &&
            !peering_heard_out(&o->peering) && now.mono_ns < given_up_ns(n, o))
            return true;
    return false;
}

uint64_t links_confirmed(const struct node *n)
{
    uint64_t most = 0;
    for (const struct link *l = n->links.first; l; l = l->next)
        if (link_is_live(l) && l->peering.ping_answered && !l->peering.link.peer_stops &&
            most < l->peering.peer->acked)
            most = l->peering.peer->acked;
    ASSERT(most <= store_change(n->store));
    return most;
}
