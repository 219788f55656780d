/* edges.c — see edges.h.
 *
 * Holds always: of the numbers below `count` each is a neighbour's, or gone; no two neighbours have
 * one number. */
#include "core/node/edges.h"
#include "core/node/private.h"
#include "core/topology/tree.h"
#include <stdlib.h>

#define NO_MEMORY "memory has run out"

const struct topology_node *edge_node(const struct node *n, unsigned number)
{
    ASSERT(number < n->edges.count && !n->edges.peers[number].gone);
    return &n->topology->nodes[n->edges.node_of[number]];
}

/* -- a plan ------------------------------------------------------------------------------------ */

/* Whether a link or a rival still goes by the number. */
static bool in_use(const struct node *n, unsigned number)
{
    for (const struct link *l = n->links.first; l; l = l->next)
        if (l->peering.peer && l->peering.peer->number == number)
            return true;
    return false;
}

/* The number of a neighbour, present or gone, as long as its number is its own; -1: none. */
static int number_of(const struct node *n, struct span name)
{
    for (unsigned i = 0; i < n->edges.count; i++)
        if (span_equal(n->edges.peers[i].name, name))
            return (int)i;
    return -1;
}

/* A number for one that has none: one that is free again, or that nobody ever had. -1: none is. */
static int take_number(const struct node *n, struct edges_plan *plan)
{
    for (unsigned i = 0; i < n->edges.count; i++)
        if (n->edges.peers[i].gone && !(plan->here >> i & 1) && !in_use(n, i))
            return (int)i;
    return plan->count < EDGES_MAX ? (int)plan->count++ : -1;
}

/* Those that stay are numbered first, so that nobody is given their numbers. */
static bool number_all(const struct node *n, const struct topology_node *me,
    const struct topology *t, struct edges_plan *plan, const uint16_t *hops)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < me->neighbours_count; i++) {
            const struct topology_node *node = &t->nodes[me->neighbours[i]];
            int number = number_of(n, span_of(node->name));
            bool known = number >= 0;
            if (known != (pass == 0))
                continue;
            if (!known)
                number = take_number(n, plan);
            if (number < 0)
                return false;
            uint64_t bit = UINT64_C(1) << number;
            ASSERT(!(plan->here & bit));
            plan->here |= bit;
            bool stays = known && !n->edges.peers[number].gone;
            plan->fresh |= stays ? 0 : bit;
            if (stays && !host_port_equal(&edge_node(n, (unsigned)number)->peer, &node->peer))
                plan->moved |= bit;
            plan->node_of[number] = me->neighbours[i];
            plan->hops[number] = hops[i];
        }
    return true;
}

static struct span *list_names(const struct topology *t)
{
    struct span *names = calloc(t->nodes_count, sizeof *names);
    for (unsigned i = 0; names && i < t->nodes_count; i++)
        names[i] = span_of(t->nodes[i].name);
    return names;
}

void edges_forget(struct edges_plan *plan)
{
    free(plan->herd_names);
    spare_links_destroy(plan->spare_links);
    *plan = (struct edges_plan){0};
}

const char *edges_plan(
    const struct node *n, const struct topology *t, unsigned self, struct edges_plan *out)
{
    const struct topology_node *me = &t->nodes[self];
    uint16_t hops[TOPOLOGY_NEIGHBOURS_MAX];
    bool spare = false;
    *out = (struct edges_plan){.count = n->edges.count};
    if (!tree_hops(t, self, hops))
        return NO_MEMORY;
    if (!number_all(n, me, t, out, hops)) {
        *out = (struct edges_plan){0};
        return "links of neighbours that were removed have not ended yet; try again in some "
               "seconds";
    }
    for (unsigned i = 0; i < me->neighbours_count; i++)
        spare |= hops[i] != 1;
    out->herd_names = list_names(t);
    if (spare && !n->links.peering.spare_links)
        out->spare_links = spare_links_create(t->limits.stamps);
    bool well = out->herd_names && (out->spare_links || n->links.peering.spare_links || !spare);
    if (!well)
        edges_forget(out);
    return well ? NULL : NO_MEMORY;
}

/* -- taken ------------------------------------------------------------------------------------- */

/* A number's new neighbour. Its cursor is there already if the number was another's. */
static void begin_edge(
    struct node *n, unsigned number, const struct topology_node *node, bool reused)
{
    struct peer *peer = &n->edges.peers[number];
    unsigned cursor = reused ? peer->cursor : store_cursor_open(n->store);
    *peer = (struct peer){.number = number, .cursor = cursor};
    memcpy(peer->name_text, node->name, sizeof peer->name_text);
    peer->name = span_of(peer->name_text);
    peer->settled_evictions = reused ? store_evicted(n->store) : 0;
    n->edges.neighbour_of[number].peer = peer;
}

/* Whether the driver still tries to reach it. A handshake that has begun goes on or is ended. */
static bool is_dialled(const struct node *n, const struct neighbour *who)
{
    for (const struct link *l = n->links.first; l; l = l->next)
        if (l->dialled == who && !l->settled && !l->up)
            return false;
    return who->dialling;
}

static void dial_anew(struct node *n, unsigned number, struct instant now)
{
    struct neighbour *who = &n->edges.neighbour_of[number];
    if (is_dialled(n, who))
        n->edges.unwanted |= UINT64_C(1) << number;
    else if (who->dialling)
        return;
    neighbour_dials_anew(who, now);
}

/* The number is, or stays, that of a neighbour. */
static void become(
    struct node *n, const struct edges_plan *plan, unsigned number, struct instant now)
{
    struct edges *e = &n->edges;
    struct peer *peer = &e->peers[number];
    struct neighbour *who = &e->neighbour_of[number];
    const struct topology_node *node = &n->topology->nodes[plan->node_of[number]];
    uint64_t bit = UINT64_C(1) << number;
    bool same = number < e->count && span_equal(peer->name, span_of(node->name));
    if (!same) {
        if (number < e->count)
            alarms_forget(n, peer);
        begin_edge(n, number, node, number < e->count);
        neighbour_begin(who, now);
    }
    peer->gone = false;
    e->node_of[number] = plan->node_of[number];
    peer->in_tree = plan->hops[number] == 1;
    peer->tree_hops = plan->hops[number];
    if (same && (plan->fresh | plan->moved) & bit)
        dial_anew(n, number, now);
}

static void go(struct node *n, unsigned number)
{
    struct peer *peer = &n->edges.peers[number];
    struct neighbour *who = &n->edges.neighbour_of[number];
    if (peer->gone)
        return;
    peer->gone = true;
    peer->in_tree = false;
    if (is_dialled(n, who))
        n->edges.unwanted |= UINT64_C(1) << number;
    else if (who->dialling)
        return; /* links.c ends the handshake */
    neighbour_goes(who);
}

void edges_take(struct node *n, struct edges_plan *plan, struct instant now)
{
    struct edges *e = &n->edges;
    ASSERT(plan->herd_names && plan->count <= EDGES_MAX);
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->here >> i & 1)
            become(n, plan, i, now);
        else
            go(n, i);
    e->count = plan->count;
    free(e->herd_names);
    e->herd_names = plan->herd_names;
    plan->herd_names = NULL;
}

bool edges_begin(struct node *n, struct spare_links **spare_links, struct instant now)
{
    struct edges *e = &n->edges;
    struct edges_plan plan;
    e->peers = calloc(EDGES_MAX, sizeof *e->peers);
    e->neighbour_of = calloc(EDGES_MAX, sizeof *e->neighbour_of);
    unsigned self = (unsigned)(n->self - n->topology->nodes);
    if (!e->peers || !e->neighbour_of || edges_plan(n, n->topology, self, &plan))
        return false;
    *spare_links = plan.spare_links;
    edges_take(n, &plan, now);
    return true;
}

void edges_end(struct node *n)
{
    free(n->edges.peers);
    free(n->edges.neighbour_of);
    free(n->edges.herd_names);
}

void edges_names(const struct node *n, struct span names[EDGES_MAX])
{
    for (unsigned i = 0; i < n->edges.count; i++)
        names[i] = n->edges.peers[i].name;
}

bool edges_keep_names(struct node *n, const struct topology *t, const struct edges_plan *plan)
{
    struct span names[EDGES_MAX] = {{0}};
    edges_names(n, names);
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->here >> i & 1)
            names[i] = span_of(t->nodes[plan->node_of[i]].name);
    return route_table_take_peers(n->links.peering.routes, names, plan->count);
}

struct spare_links *edges_spare_links(struct edges_plan *plan)
{
    struct spare_links *spare_links = plan->spare_links;
    plan->spare_links = NULL;
    return spare_links;
}

const struct neighbour *edges_next(const struct node *n, unsigned *at)
{
    const struct edges *e = &n->edges;
    while (*at < e->count && e->peers[*at].gone)
        ++*at;
    return *at < e->count ? &e->neighbour_of[(*at)++] : NULL;
}

bool edges_all_linked(const struct node *n)
{
    const struct neighbour *who;
    for (unsigned at = 0; (who = edges_next(n, &at));)
        if (who->linked == NEIGHBOUR_NO_LINK)
            return false;
    return true;
}

bool edges_dial_cancel(struct node *n, unsigned *dial)
{
    uint64_t unwanted = n->edges.unwanted;
    if (!unwanted)
        return false;
    *dial = (unsigned)__builtin_ctzll(unwanted);
    n->edges.unwanted = unwanted & (unwanted - 1);
    return true;
}
