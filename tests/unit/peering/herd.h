/* herd.h — a herd of links without nodes around them, in virtual time, to count what flooding
 * costs: stores, links, and byte streams with a delay each. One step is a millisecond. A node may
 * stop without a word: it then neither reads nor writes, and its links stay open. */
#ifndef TESTS_UNIT_PEERING_HERD_H
#define TESTS_UNIT_PEERING_HERD_H

#include "core/peering/peering.h"
#include "core/topology/tree.h"
#include "unit/random.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { HERD_NODES_MAX = 128, HERD_WINDOW = 4096 };

/* What one end has written and the other has not yet read, in the order of arrival. */
struct block {
    struct block *next;
    int64_t at_ns;
    size_t len;
    char bytes[HERD_WINDOW];
};

struct end {
    struct peering peering;
    struct end *other;
    unsigned node;
    int64_t delay_ns;
    struct block *first, **last; /* on the way to this end */
    char room[PEERING_LINE_BYTES_MAX + 1];
};

struct herd_node {
    struct peering_node node;
    struct peer peers[PEERING_PEERS_MAX];
    struct end *ends[PEERING_PEERS_MAX]; /* by the peer's number */
    bool stopped;
    int64_t wake_ns; /* when the node has something to do */
};

struct herd {
    struct topology topology;
    struct topology_node topology_nodes[HERD_NODES_MAX];
    uint16_t neighbours[HERD_NODES_MAX][PEERING_PEERS_MAX];
    struct herd_node nodes[HERD_NODES_MAX];
    unsigned count;
    struct instant now;
    struct random random;
};

static inline void herd_edge(struct herd *h, unsigned a, unsigned b)
{
    for (unsigned i = 0; i < h->topology_nodes[a].neighbours_count; i++)
        if (h->neighbours[a][i] == b)
            return;
    h->neighbours[a][h->topology_nodes[a].neighbours_count++] = (uint16_t)b;
    h->neighbours[b][h->topology_nodes[b].neighbours_count++] = (uint16_t)a;
}

/* A herd without edges. */
static inline struct herd *herd_create(unsigned count, uint64_t seed)
{
    struct herd *h = calloc(1, sizeof *h);
    h->count = count;
    h->random = (struct random){seed};
    h->now = (struct instant){.mono_ns = 1000 * SECOND_NS, .real_ns = 1700000000 * SECOND_NS};
    h->topology = (struct topology){.nodes = h->topology_nodes, .nodes_count = count};
    for (unsigned i = 0; i < count; i++) {
        sprintf(h->topology_nodes[i].name, "n%02u", i);
        h->topology_nodes[i].neighbours = h->neighbours[i];
    }
    return h;
}

static inline void herd_open_node(struct herd *h, unsigned self)
{
    struct herd_node *n = &h->nodes[self];
    const struct topology_node *node = &h->topology_nodes[self];
    struct store_config config = {.stamps_max = 10000, .seed = {self, 2}};
    struct span names[PEERING_PEERS_MAX];
    uint16_t hops[TOPOLOGY_NEIGHBOURS_MAX];
    n->node = (struct peering_node){
        .herd = SPAN("demo"),
        .name = span_of(node->name),
        .boot = random_next(&h->random) | 1,
        .peers = n->peers,
        .peers_count = node->neighbours_count,
        .store = store_create(&config),
        .spare_links = node->neighbours_count > 1 ? spare_links_create(config.stamps_max) : NULL,
    };
    cr_assert(tree_hops(&h->topology, self, hops));
    for (unsigned i = 0; i < node->neighbours_count; i++) {
        names[i] = span_of(h->topology_nodes[node->neighbours[i]].name);
        n->peers[i] = (struct peer){.name = names[i],
            .number = i,
            .in_tree = hops[i] == 1,
            .tree_hops = hops[i],
            .cursor = store_cursor_open(n->node.store)};
    }
    n->node.routes = route_table_create(names, node->neighbours_count);
}

static inline void herd_open_link(struct herd *h, unsigned self, unsigned number, bool dials)
{
    struct herd_node *n = &h->nodes[self];
    struct end *e = calloc(1, sizeof *e);
    unsigned char nonce[NONCE_BYTES];
    for (unsigned i = 0; i < NONCE_BYTES; i++)
        nonce[i] = (unsigned char)random_below(&h->random, 256);
    e->node = self;
    e->last = &e->first;
    n->ends[number] = e;
    peering_begin(&e->peering, &n->node, dials ? &n->peers[number] : NULL, nonce, e->room, h->now);
    unsigned peer = h->neighbours[self][number];
    for (unsigned i = 0; i < h->topology_nodes[peer].neighbours_count && !dials; i++)
        if (h->neighbours[peer][i] == self) {
            e->other = h->nodes[peer].ends[i];
            e->other->other = e;
        }
}

/* Dials all links. The delay of each is drawn from these bounds. */
static inline void herd_open(struct herd *h, int64_t delay_least_us, int64_t delay_most_us)
{
    for (unsigned i = 0; i < h->count; i++)
        herd_open_node(h, i);
    for (int dials = 1; dials >= 0; dials--)
        for (unsigned i = 0; i < h->count; i++)
            for (unsigned k = 0; k < h->topology_nodes[i].neighbours_count; k++)
                if ((i < h->neighbours[i][k]) == dials)
                    herd_open_link(h, i, k, dials);
    uint32_t spread_us = (uint32_t)(delay_most_us - delay_least_us) + 1;
    for (unsigned i = 0; i < h->count; i++)
        for (unsigned k = 0; k < h->topology_nodes[i].neighbours_count; k++)
            h->nodes[i].ends[k]->delay_ns =
                1000 * (delay_least_us + (int64_t)random_below(&h->random, spread_us));
}

static inline void herd_destroy(struct herd *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        for (unsigned k = 0; k < h->topology_nodes[i].neighbours_count; k++) {
            struct end *e = h->nodes[i].ends[k];
            for (struct block *b; (b = e->first);) {
                e->first = b->next;
                free(b);
            }
            free(e);
        }
        store_destroy(h->nodes[i].node.store);
        route_table_destroy(h->nodes[i].node.routes);
        spare_links_destroy(h->nodes[i].node.spare_links);
    }
    free(h);
}

static inline void herd_on_event(struct herd *h, struct end *e, enum peering_event event)
{
    const struct peering *p = &e->peering;
    cr_assert_neq(event, PEERING_DIVERGED);
    if (event == PEERING_UP)
        peering_peer_up(&h->nodes[e->node].node, p->peer);
    if (event == PEERING_ENDED) {
        cr_assert_str_eq(p->reason, "no byte for 10 s");
        peering_peer_down(&h->nodes[e->node].node, p->peer);
    }
}

static inline void herd_read(struct herd *h, struct end *e)
{
    for (struct block *b; (b = e->first) && b->at_ns <= h->now.mono_ns;) {
        struct span in = {b->bytes, b->len};
        for (enum peering_event event; (event = peering_take(&e->peering, &in, h->now));)
            herd_on_event(h, e, event);
        e->first = b->next;
        if (!e->first)
            e->last = &e->first;
        free(b);
    }
    if (h->now.mono_ns >= peering_deadline(&e->peering))
        herd_on_event(h, e, peering_tick(&e->peering, h->now));
}

/* true: the link has more to say. */
static inline bool herd_write(struct herd *h, struct end *e)
{
    struct block *b = malloc(sizeof *b);
    struct buf out = buf_over(b->bytes, sizeof b->bytes);
    bool more = peering_pull(&e->peering, &out, UINT32_MAX, h->now);
    cr_assert(!more || out.len);
    if (!out.len) {
        free(b);
        return false;
    }
    b->next = NULL;
    b->len = out.len;
    b->at_ns = h->now.mono_ns + e->delay_ns;
    *e->other->last = b;
    e->other->last = &b->next;
    struct herd_node *other = &h->nodes[e->other->node];
    other->wake_ns = earlier_ns(other->wake_ns, b->at_ns);
    return more;
}

static inline void herd_turn(struct herd *h, unsigned node)
{
    struct herd_node *n = &h->nodes[node];
    unsigned links = h->topology_nodes[node].neighbours_count;
    n->wake_ns = NEVER_NS;
    for (unsigned k = 0; k < links; k++)
        herd_read(h, n->ends[k]);
    for (unsigned k = 0; k < links; k++) {
        struct end *e = n->ends[k];
        bool more = herd_write(h, e);
        n->wake_ns = earlier_ns(n->wake_ns, more ? 0 : peering_pull_ns(&e->peering));
        n->wake_ns = earlier_ns(n->wake_ns, peering_deadline(&e->peering));
        n->wake_ns = earlier_ns(n->wake_ns, e->first ? e->first->at_ns : NEVER_NS);
    }
}

static inline void herd_step(struct herd *h)
{
    h->now.mono_ns += MS_NS;
    h->now.real_ns += MS_NS;
    for (unsigned i = 0; i < h->count; i++)
        if (!h->nodes[i].stopped && h->now.mono_ns >= h->nodes[i].wake_ns)
            herd_turn(h, i);
}

/* A client of node `at` says where `id` is; the time is a number that grows. */
static inline void herd_put(struct herd *h, unsigned at, unsigned id, unsigned seconds)
{
    char name[16], time[16];
    sprintf(name, "id%u", id);
    sprintf(time, "%u", seconds);
    struct stamp in = {.id = span_of(name),
        .position = SPAN("+34.068930-118.445127"),
        .time = span_of(time),
        .origin = h->nodes[at].node.name,
        .time_ns = seconds * SECOND_NS,
        .skew_ns = SECOND_NS / 2};
    struct store *store = h->nodes[at].node.store;
    cr_assert_eq(store_put(store, &in, store_hash(store, in.id), ROUTE_LOCAL), STORE_NEW);
    h->nodes[at].wake_ns = 0;
}

static inline bool herd_knows(const struct herd *h, unsigned node, unsigned id, unsigned seconds)
{
    char name[16];
    sprintf(name, "id%u", id);
    struct feed_item item;
    struct stamp_text text;
    const struct store *store = h->nodes[node].node.store;
    struct span key = span_of(name);
    return store_get(store, key, store_hash(store, key), &item, &text) &&
           item.stamp.time_ns >= seconds * SECOND_NS;
}

static inline bool herd_all_know(const struct herd *h, unsigned id, unsigned seconds)
{
    for (unsigned i = 0; i < h->count; i++)
        if (!h->nodes[i].stopped && !herd_knows(h, i, id, seconds))
            return false;
    return true;
}

struct herd_cost {
    uint64_t stamps, notices, grafts;
};

static inline struct herd_cost herd_cost(const struct herd *h)
{
    struct herd_cost cost = {0};
    for (unsigned i = 0; i < h->count; i++)
        for (unsigned k = 0; k < h->topology_nodes[i].neighbours_count; k++) {
            cost.stamps += h->nodes[i].peers[k].sent_stamps;
            cost.notices += h->nodes[i].peers[k].sent_notices;
            cost.grafts += h->nodes[i].peers[k].grafts;
        }
    return cost;
}

#endif
