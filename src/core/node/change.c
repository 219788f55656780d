/* change.c — see change.h. What may fail comes first, so that nothing has changed where it does. */
#include "core/node/private.h"

void change_know_origins(struct node *n)
{
    const struct topology *t = n->topology;
    enum { ORIGINS = TOPOLOGY_NODES_MAX + TOPOLOGY_RETIRED_MAX };
    _Static_assert(ORIGINS + STORE_ORIGINS_RESTORED_MAX <= STORE_ORIGINS_MAX, "all fit");
    for (unsigned i = 0; i < t->nodes_count; i++)
        store_know_origin(n->store, span_of(t->nodes[i].name));
    for (unsigned i = 0; i < t->retired_count; i++)
        store_know_origin(n->store, span_of(t->retired[i].name));
}

/* Only names that are new take room among the origins. */
static bool knows_too_many(const struct node *n, const struct topology *t)
{
    unsigned more = 0;
    for (unsigned i = 0; i < t->nodes_count; i++)
        more += !store_knows_origin(n->store, span_of(t->nodes[i].name));
    for (unsigned i = 0; i < t->retired_count; i++)
        more += !store_knows_origin(n->store, span_of(t->retired[i].name));
    return store_origins(n->store) + more > STORE_ORIGINS_MAX;
}

/* What may fail comes first; with more room than before, the old topology holds as well. NULL, or
 * why it fails. */
static const char *make_room(struct node *n, const struct topology *t, unsigned self,
    uint32_t connections_max, struct edges_plan *plan)
{
    enum store_when_full when_full = t->limits.stamps_evict ? STORE_EVICTS : STORE_REFUSES;
    if (knows_too_many(n, t))
        return "this node has known too many names of nodes since its start; restart it";
    if (!connections_grow(&n->connections, connections_max) ||
        !durable_grow(n, connections_max) ||
        !quotas_take_limits(&n->quotas, &t->limits))
        return "memory has run out";
    const char *why = edges_plan(n, t, self, plan);
    if (!why && !edges_keep_names(n, t, plan))
        why = "this node has had too many neighbours since its start; restart it";
    if (!why && !store_take_limits(n->store, t->limits.stamps, when_full))
        why = "memory has run out";
    return why;
}

const char *change_begin(struct node *n, const struct topology *t, unsigned self,
    uint32_t connections_max, struct edges_plan *plan)
{
    const char *why = make_room(n, t, self, connections_max, plan);
    if (!why)
        return NULL;
    bool as_before = quotas_take_limits(&n->quotas, &n->topology->limits);
    ASSERT(as_before);
    edges_forget(plan);
    return why;
}

void change_spread(struct node *n, struct edges_plan *plan, struct instant now)
{
    const struct topology_limits *limits = &n->topology->limits;
    change_know_origins(n);
    connections_take_limits(&n->connections, limits, now);
    clients_take_limits(n);
    durable_take_limits(n, now);
    inputs_take_limits(n);
    links_take_topology(n, plan, now);
    budget_log(n, now);
}
