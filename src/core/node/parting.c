/* parting.c — see parting.h. */
#include "core/node/parting.h"
#include "core/node/private.h"
#include <stdio.h>

bool parting_look(struct node *n, struct link *l, struct instant now)
{
    bool gone = n->edges.peers[l->peering.peer->number].gone;
    if (gone == l->parting.on)
        return false;
    l->parting =
        (struct parting){.on = gone, .since_ns = now.mono_ns, .change = store_change(n->store)};
    return gone && link_is_live(l) && !l->peering.rival;
}

static int64_t over_ns(const struct node *n, const struct link *l)
{
    int64_t since_ns = l->parting.since_ns, moved_ns = l->connection->active_ns;
    if (moved_ns < since_ns)
        moved_ns = since_ns;
    return earlier_ns(moved_ns + PARTING_SILENT_MS * MS_NS,
        since_ns + (int64_t)n->topology->limits.stop_ms * MS_NS);
}

bool parting_waits(const struct node *n, const struct link *l, struct instant now)
{
    ASSERT(l->parting.on && l->peering.peer);
    if (!link_is_live(l) || l->peering.rival)
        return false;
    return !peering_parted(&l->peering, l->parting.change) && now.mono_ns < over_ns(n, l);
}

void parting_why(const struct node *n, const struct link *l, char out[PEERING_REASON_BYTES_MAX + 1])
{
    bool named = topology_find(n->topology, l->peering.peer->name) >= 0;
    snprintf(out, PEERING_REASON_BYTES_MAX + 1, "%s" PEERING_OTHER_TOPOLOGY "%s %s", n->name_text,
        named ? "has no edge to" : "does not name", l->peering.peer->name.at);
}

int64_t partings_deadline(const struct node *n)
{
    int64_t soonest = NEVER_NS;
    for (const struct link *l = n->links.first; l; l = l->next)
        if (l->parting.on && link_is_live(l))
            soonest = earlier_ns(soonest, over_ns(n, l));
    return soonest;
}
