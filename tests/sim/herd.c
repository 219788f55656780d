/* herd.c — see herd.h. The topology is made by the same rules as a file's: as a draft. */
#include "sim/herd.h"
#include "sim/tls_fixture.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

enum { STATUS_BYTES = 65536, CLOCK_ERROR_MS = 150 };

static const char *const shape_words[] = {
    "shipped", "line", "ring", "tree", "star", "grid", "mesh", "regular"};

const char *shape_word(unsigned shape)
{
    return shape < SHAPES ? shape_words[shape] : NULL;
}

/* -- shapes ------------------------------------------------------------------------------------ */

struct draft {
    struct topology_draft *d;
    const struct herd_plan *plan;
    unsigned nodes;
};

static void name_node(const struct draft *draft, unsigned node, char name[16])
{
    static const char *const names[] = {"Goloman", "Hands", "Holiday", "Welsh", "Wilkes"};
    if (draft->plan->shape == shipped)
        snprintf(name, 16, "%s", names[node % 5]);
    else
        snprintf(name, 16, "n%02u", node);
}

static void add_value(const struct draft *draft, const char *section, const char *key, char *value)
{
    topology_draft_value(draft->d, 1, section, span_of(key), span_of(value));
}

static void add_edge(const struct draft *draft, unsigned to)
{
    char name[16];
    name_node(draft, to, name);
    add_value(draft, "node", "talks_to", name);
}

static unsigned common_divisor(unsigned a, unsigned b)
{
    return b ? common_divisor(b, a % b) : a;
}

/* A second ring through all nodes, in steps that meet each: every node has four neighbours, or
 * fewer where the rings touch. */
static void add_second_ring(const struct draft *draft, unsigned node)
{
    unsigned n = draft->nodes, step = 2 + (unsigned)(draft->plan->seed % 5);
    while (common_divisor(step, n) != 1)
        step++;
    if (step % n > 1)
        add_edge(draft, (node + step) % n);
}

static void add_shipped_edges(const struct draft *draft, unsigned node)
{
    static const struct {
        unsigned from, to;
    } edges[] = {{0, 1}, {0, 2}, {0, 4}, {1, 4}, {2, 3}, {2, 4}};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        if (edges[i].from == node)
            add_edge(draft, edges[i].to);
}

static void add_grid_edges(const struct draft *draft, unsigned node)
{
    unsigned width = 1;
    while (width * width < draft->nodes)
        width++;
    if ((node + 1) % width && node + 1 < draft->nodes)
        add_edge(draft, node + 1);
    if (node + width < draft->nodes)
        add_edge(draft, node + width);
}

static void add_edges(const struct draft *draft, unsigned node)
{
    unsigned n = draft->nodes;
    switch (draft->plan->shape) {
    case shipped:
        add_shipped_edges(draft, node);
        return;
    case in_line:
        if (node + 1 < n)
            add_edge(draft, node + 1);
        return;
    case regular:
        add_second_ring(draft, node);
        /* fall through */
    case ring:
        add_edge(draft, (node + 1) % n);
        return;
    case tree:
        if (node)
            add_edge(draft, (node - 1) / 2);
        return;
    case star:
        if (node)
            add_edge(draft, 0);
        return;
    case grid:
        add_grid_edges(draft, node);
        return;
    case mesh:
        for (unsigned i = node + 1; i < n; i++)
            add_edge(draft, i);
        return;
    case SHAPES:
        abort();
    }
}

static void draft_node(const struct draft *draft, unsigned node)
{
    char name[16], client[32], peer[32];
    name_node(draft, node, name);
    snprintf(client, sizeof client, "127.0.0.1:%u", 12000 + node);
    snprintf(peer, sizeof peer, "127.0.0.1:%u", 14000 + node);
    topology_draft_node(draft->d, 1, span_of(name));
    add_value(draft, "node", "client", client);
    add_value(draft, "node", "peer", peer);
    add_edges(draft, node);
}

static void build_topology(struct topology *out, const struct herd_plan *plan)
{
    struct draft draft = {topology_draft_create(), plan, plan->shape == shipped ? 5 : plan->nodes};
    struct topology_faults faults;
    char herd[] = "demo";
    add_value(&draft, "", "herd", herd);
    for (unsigned i = 0; i < draft.nodes; i++)
        draft_node(&draft, i);
    if (!topology_finish(draft.d, out, &faults)) {
        fprintf(stderr, "no herd of %u nodes: %s\n", draft.nodes, faults.each[0].text);
        abort();
    }
    topology_faults_destroy(&faults);
    topology_draft_destroy(draft.d);
    out->limits.stamps = plan->stamps ? plan->stamps : 10000;
    out->limits.stamps_evict = plan->evicts;
    if (plan->output_bytes)
        out->limits.output_bytes = plan->output_bytes;
}

/* -- life -------------------------------------------------------------------------------------- */

void herd_create(struct herd *h, const struct herd_plan *plan)
{
    *h = (struct herd){.clients_count = plan->clients, .strangers_count = plan->strangers};
    build_topology(&h->topology, plan);
    unsigned nodes = h->topology.nodes_count;
    network_init(&h->network, plan->seed, nodes, nodes + plan->clients + plan->strangers);
    judge_init(&h->judge, &h->network, &h->topology);
    h->judge.forgetful = plan->stamps != 0;
    h->hosts = calloc(nodes, sizeof *h->hosts);
    h->clients = calloc(plan->clients + 1, sizeof *h->clients);
    h->strangers = calloc(plan->strangers + 1, sizeof *h->strangers);
    if (!h->hosts || !h->clients || !h->strangers)
        abort();
    struct span secret = plan->secret ? SPAN("a secret of the whole herd") : SPAN("");
    for (unsigned i = 0; i < nodes; i++) {
        host_init(&h->hosts[i], &h->network, &h->judge, &h->topology, i, secret);
        h->hosts[i].tls = plan->tls ? tls_fixture() : NULL;
        h->hosts[i].tapes = plan->strangers ? &h->tapes : NULL;
    }
    for (unsigned i = 0; i < plan->clients; i++)
        client_init(&h->clients[i], &h->network, &h->judge, nodes + i);
    /* without a secret whoever says the right words is a peer; with one they must not help him */
    const struct tapes *tapes = plan->secret || plan->tls ? &h->tapes : NULL;
    for (unsigned i = 0; i < plan->strangers; i++)
        stranger_init(&h->strangers[i], &h->network, &h->judge, tapes, nodes + plan->clients + i);
}

void herd_destroy(struct herd *h)
{
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        host_deinit(&h->hosts[i]);
    for (unsigned i = 0; i < h->clients_count; i++)
        client_deinit(&h->clients[i]);
    free(h->hosts);
    free(h->clients);
    free(h->strangers);
    judge_deinit(&h->judge);
    network_deinit(&h->network);
    topology_destroy(&h->topology);
}

void herd_start(struct herd *h)
{
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        host_start(&h->hosts[i]);
}

bool herd_run_ns(struct herd *h, int64_t ns)
{
    int64_t until_ns = h->network.now_ns + ns;
    unsigned party, nodes = h->topology.nodes_count;
    while (!h->judge.violated && network_next(&h->network, until_ns, &party)) {
        if (party < nodes)
            host_act(&h->hosts[party]);
        else if (party < nodes + h->clients_count)
            client_act(&h->clients[party - nodes]);
        else
            stranger_act(&h->strangers[party - nodes - h->clients_count]);
    }
    return !h->judge.violated;
}

void herd_heal(struct herd *h)
{
    for (unsigned a = 0; a < h->topology.nodes_count; a++) {
        for (unsigned b = a + 1; b < h->topology.nodes_count; b++)
            network_heal(&h->network, a, b);
        struct host *host = &h->hosts[a];
        host_starve(host, 0, 0);
        int64_t error_ns = (int64_t)network_draw(&h->network, 2 * CLOCK_ERROR_MS * MS_NS + 1);
        host_set_clock(host, error_ns - CLOCK_ERROR_MS * MS_NS);
        if (host->node && host->stopping)
            host_kill(host, DEATH_OF_PROCESS);
        if (!host->node)
            host_start(host);
        else if (host->paused)
            host_pause(host, false);
    }
    for (unsigned i = 0; i < h->strangers_count; i++)
        stranger_goes(&h->strangers[i]);
}

/* -- what is so -------------------------------------------------------------------------------- */

static bool digests_equal(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    const struct host *first = NULL;
    for (unsigned i = 0; i < h->topology.nodes_count; i++) {
        const struct host *host = &h->hosts[i];
        if (!host->node)
            continue;
        if (!first)
            first = host;
        const struct store *a = node_store(first->node), *b = node_store(host->node);
        if (store_digest(a) == store_digest(b) && store_count(a) == store_count(b))
            continue;
        snprintf(why, JUDGE_VERDICT_BYTES_MAX, "digests of %s and %s differ",
            h->topology.nodes[first->self].name, h->topology.nodes[i].name);
        return false;
    }
    return true;
}

bool herd_agrees(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    bool down[TOPOLOGY_NODES_MAX] = {false};
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        down[i] = !h->hosts[i].node;
    return judge_agreed(&h->judge, down, why) && digests_equal(h, why);
}

bool herd_linked(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    for (unsigned a = 0; a < h->topology.nodes_count; a++) {
        const struct topology_node *node = &h->topology.nodes[a];
        if (!h->hosts[a].node || !node_linked(h->hosts[a].node)) {
            snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%s lacks a link", node->name);
            return false;
        }
        for (unsigned i = 0; i < node->neighbours_count; i++) {
            unsigned links = network_wires_between(&h->network, a, node->neighbours[i]);
            if (links == 1)
                continue;
            snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%u connections between %s and %s", links,
                node->name, h->topology.nodes[node->neighbours[i]].name);
            return false;
        }
    }
    return true;
}

static struct span status_of(const struct host *host)
{
    static char text[STATUS_BYTES];
    struct buf out = buf_over(text, sizeof text);
    host_status(host, &out);
    if (out.overflow)
        abort();
    return buf_span(&out);
}

bool herd_thinks_linked(const struct herd *h, unsigned a, unsigned b)
{
    if (!h->hosts[a].node)
        return false;
    struct span text = status_of(&h->hosts[a]);
    struct cJSON *status = cJSON_ParseWithLength(text.at, text.len), *link;
    bool up = false;
    if (!status)
        abort();
    cJSON_ArrayForEach(link, cJSON_GetObjectItem(status, "links"))
    {
        const char *peer = cJSON_GetStringValue(cJSON_GetObjectItem(link, "peer"));
        if (strcmp(peer, h->topology.nodes[b].name) == 0)
            up = cJSON_IsTrue(cJSON_GetObjectItem(link, "up"));
    }
    cJSON_Delete(status);
    return up;
}

bool herd_thinks_clock_off(const struct herd *h, unsigned node)
{
    static const char off[] = "\"clock_off\":true";
    struct span text = h->hosts[node].node ? status_of(&h->hosts[node]) : SPAN("");
    return memmem(text.at, text.len, off, sizeof off - 1) != NULL;
}

bool herd_clocks_agree(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    for (unsigned i = 0; i < h->topology.nodes_count; i++) {
        if (!herd_thinks_clock_off(h, i))
            continue;
        snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%s thinks that a clock is off",
            h->topology.nodes[i].name);
        return false;
    }
    return true;
}

uint64_t herd_messages(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h->topology.nodes_count; a++)
        for (unsigned b = 0; b < h->topology.nodes_count; b++)
            sum += h->hosts[a].said[b].ats;
    return sum;
}

uint64_t herd_hellos(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h->topology.nodes_count; a++)
        for (unsigned b = 0; b < h->topology.nodes_count; b++)
            sum += h->hosts[a].said[b].hellos;
    return sum;
}

uint64_t herd_divergences(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        sum += host_divergences(&h->hosts[i]);
    return sum;
}

uint64_t herd_accepted(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        if (h->hosts[i].node)
            sum += node_metrics(h->hosts[i].node)->stamps_new;
    return sum;
}
