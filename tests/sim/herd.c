/* herd.c — see herd.h. */
#include "sim/herd.h"
#include "core/base/invariant.h"
#include "sim/inside.h"
#include "sim/tls_fixture.h"
#include "unit/secrets.h"
#include <cjson/cJSON.h>
#include <stdlib.h>

enum { STATUS_BYTES = 65536, CLOCK_ERROR_MS = 150 };

/* Once in four steps, then in three: an old secret, old and new, new and old, new; a newer one. */
struct secrets herd_secrets(unsigned step)
{
    static const unsigned first[] = {0, 0, 1, 1, 1}, then[] = {0, 1, 0, 1, 2};
    enum { STEPS = sizeof first / sizeof *first };
    unsigned past = step / STEPS * 2;
    char list[128];
    snprintf(list, sizeof list,
        "the secret number %u of this herd|the secret number %u of this herd",
        past + first[step % STEPS], past + then[step % STEPS]);
    return secrets_of(list);
}

/* -- life -------------------------------------------------------------------------------------- */

static void add_service(struct herd *h, const struct herd_plan *plan)
{
    if (plan->service == SERVICE_NONE)
        return;
    h->service = calloc(1, sizeof *h->service);
    if (!h->service)
        abort();
    unsigned nodes = h->hosts_count;
    service_init(h->service, &h->network, &h->judge, h->hosts, nodes,
        nodes + plan->clients + plan->strangers, plan->service, plan->seed);
    for (unsigned i = 0; i < nodes; i++)
        h->hosts[i].caller.service = h->service;
}

static void add_operator(struct herd *h, unsigned party)
{
    h->operator = calloc(1, sizeof *h->operator);
    if (!h->operator)
        abort();
    operator_init(h->operator, &h->network, &h->judge, party);
}

void herd_create(struct herd *h, const struct herd_plan *plan)
{
    *h = (struct herd){.clients_count = plan->clients, .strangers_count = plan->strangers};
    struct shape_plan shape = {plan->shape, plan->nodes, plan->children, plan->seed};
    shape_build(&h->topology, &shape);
    h->topology.limits.stamps = plan->stamps ? plan->stamps : 10000;
    h->topology.limits.stamps_evict = plan->evicts;
    if (plan->output_bytes)
        h->topology.limits.output_bytes = plan->output_bytes;
    if (plan->places_timeout_ms)
        h->topology.places.timeout_ms = plan->places_timeout_ms;
    unsigned nodes = h->hosts_count = h->topology.nodes_count + plan->twin;
    unsigned others = plan->clients + plan->strangers + (plan->service != SERVICE_NONE);
    network_init(&h->network, plan->seed, nodes, nodes + others + plan->operator);
    judge_init(&h->judge, &h->network, &h->topology);
    h->judge.forgetful = plan->stamps != 0;
    h->hosts = calloc(nodes, sizeof *h->hosts);
    h->clients = calloc(plan->clients + 1, sizeof *h->clients);
    h->strangers = calloc(plan->strangers + 1, sizeof *h->strangers);
    if (!h->hosts || !h->clients || !h->strangers)
        abort();
    struct secrets secrets = plan->secret ? herd_secrets(plan->secrets_step) : (struct secrets){0};
    directory_init(&h->directory, &h->topology, plan->seed);
    for (unsigned i = 0; plan->names && i < h->topology.nodes_count; i++)
        if (random_below(&h->directory.dice, 3))
            directory_give(&h->directory, &h->topology, i);
    for (unsigned i = 0; i < nodes; i++) {
        host_init(&h->hosts[i], &h->network, &h->judge, &h->topology, i, secrets);
        h->hosts[i].directory = &h->directory;
        h->hosts[i].tls = plan->tls ? tls_fixture() : NULL;
        h->hosts[i].tapes = plan->strangers ? &h->tapes : NULL;
    }
    for (unsigned i = 0; i < plan->clients; i++)
        client_init(&h->clients[i], &h->network, &h->judge, nodes + i);
    /* without a secret, replaying the right words makes a stranger a peer; with one it must not
     * help */
    const struct tapes *tapes = plan->secret || plan->tls ? &h->tapes : NULL;
    for (unsigned i = 0; i < plan->strangers; i++)
        stranger_init(&h->strangers[i], &h->network, &h->judge, tapes, nodes + plan->clients + i);
    add_service(h, plan);
    if (plan->operator)
        add_operator(h, nodes + others);
}

void herd_destroy(struct herd *h)
{
    for (unsigned i = 0; i < h->hosts_count; i++)
        host_deinit(&h->hosts[i]);
    for (unsigned i = 0; i < h->clients_count; i++)
        client_deinit(&h->clients[i]);
    if (h->service)
        service_deinit(h->service);
    free(h->service);
    if (h->operator)
        operator_deinit(h->operator);
    free(h->operator);
    free(h->hosts);
    free(h->clients);
    free(h->strangers);
    judge_deinit(&h->judge);
    network_deinit(&h->network);
    directory_deinit(&h->directory);
    topology_destroy(&h->topology);
}

void herd_start(struct herd *h)
{
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        host_start(&h->hosts[i]);
}

void herd_start_twin(struct herd *h, unsigned node)
{
    struct host *twin = &h->hosts[h->topology.nodes_count];
    ASSERT(h->hosts_count > h->topology.nodes_count && !twin->node);
    ASSERT(node < h->topology.nodes_count && (!twin->life || twin->self == node));
    twin->self = h->judge.twin_of = node;
    host_start(twin);
}

/* Who runs under the name of `node`, as far as one process does; NULL: none, or two. */
static const struct host *only_host(const struct herd *h, unsigned node)
{
    const struct host *host = &h->hosts[node], *twin = NULL;
    if (h->hosts_count > h->topology.nodes_count && h->judge.twin_of == node)
        twin = &h->hosts[h->topology.nodes_count];
    bool twin_runs = twin && twin->node;
    if (host->node)
        return twin_runs ? NULL : host;
    return twin_runs ? twin : NULL;
}

static bool runs_under_name(const struct herd *h, unsigned node)
{
    return h->hosts[node].node || only_host(h, node);
}

/* Exit code 1, as a service manager sees it. PROTOCOL.md, "Twins". */
static void let_act(struct herd *h, struct host *host)
{
    host_act(host);
    bool has_left = !host->node && (host->was_twin || host->failed);
    if (h->restarts && has_left && !runs_under_name(h, host->self))
        host_start(host);
}

bool herd_step(struct herd *h, int64_t until_ns, unsigned *party)
{
    if (h->judge.violated || !network_next(&h->network, until_ns, party))
        return false;
    unsigned nodes = h->hosts_count;
    if (*party < nodes)
        let_act(h, &h->hosts[*party]);
    else if (*party < nodes + h->clients_count)
        client_act(&h->clients[*party - nodes]);
    else if (*party < nodes + h->clients_count + h->strangers_count)
        stranger_act(&h->strangers[*party - nodes - h->clients_count]);
    else if (h->operator && *party == h->operator->party)
        operator_act(h->operator);
    else
        service_act(h->service);
    return true;
}

bool herd_run_ns(struct herd *h, int64_t ns)
{
    int64_t until_ns = h->network.now_ns + ns;
    unsigned party;
    while (herd_step(h, until_ns, &party))
        ;
    return !h->judge.violated;
}

/* A twin that stops goes on no more than a node that does. */
static bool lacks_process(const struct herd *h, unsigned node)
{
    const struct host *only = only_host(h, node);
    return !runs_under_name(h, node) || (only && only != &h->hosts[node] && only->stopping);
}

void herd_heal(struct herd *h)
{
    for (unsigned a = 0; a < h->hosts_count; a++) {
        for (unsigned b = a + 1; b < h->hosts_count; b++)
            network_heal(&h->network, a, b);
        struct host *host = &h->hosts[a];
        host_starve(host, 0, 0);
        if (host->disk)
            disk_host_heals(host);
        int64_t error_ns = (int64_t)network_draw(&h->network, 2 * CLOCK_ERROR_MS * MS_NS + 1);
        host_set_clock(host, error_ns - CLOCK_ERROR_MS * MS_NS);
        if (host->node && host->stopping)
            host_kill(host, DEATH_OF_PROCESS);
        if (a < h->topology.nodes_count && lacks_process(h, a))
            host_start(host);
        else if (host->node && host->paused)
            host_pause(host, false);
    }
    for (unsigned i = 0; i < h->strangers_count; i++)
        stranger_goes(&h->strangers[i]);
    h->directory.fails_in = 0;
    if (h->service)
        service_heals(h->service);
    if (h->operator)
        operator_leaves(h->operator);
    h->restarts = true;
}

/* -- what is so -------------------------------------------------------------------------------- */

static bool digests_equal(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    const struct host *first = NULL;
    for (unsigned i = 0; i < h->hosts_count; i++) {
        const struct host *host = &h->hosts[i];
        if (!host->node)
            continue;
        if (!first)
            first = host;
        const struct store *a = node_store(first->node), *b = node_store(host->node);
        if (store_digest(a) == store_digest(b) && store_count(a) == store_count(b))
            continue;
        snprintf(why, JUDGE_VERDICT_BYTES_MAX, "digests of %s and %s differ",
            h->topology.nodes[first->self].name, h->topology.nodes[host->self].name);
        return false;
    }
    return true;
}

bool herd_agrees(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    bool down[TOPOLOGY_NODES_MAX + 1] = {false};
    for (unsigned i = 0; i < h->hosts_count; i++)
        down[i] = !h->hosts[i].node;
    bool left_out;
    return judge_agreed(&h->judge, down, &left_out, why) && (left_out || digests_equal(h, why));
}

static bool has_edge(const struct herd *h, unsigned a, unsigned b)
{
    return h->file.nodes ? file_has_edge(&h->file, a, b) : judge_has_edge(&h->judge, a, b);
}

bool herd_linked(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    for (unsigned a = 0; a < h->topology.nodes_count; a++) {
        const struct topology_node *node = &h->topology.nodes[a];
        const struct host *host = only_host(h, a);
        if (h->file.nodes && h->file.lacks[a])
            continue;
        if (!host || !node_linked(host->node)) {
            snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%s lacks a link, or has a twin", node->name);
            return false;
        }
        for (unsigned b = 0; b < h->topology.nodes_count; b++) {
            const struct host *other = only_host(h, b);
            unsigned links =
                other ? network_wires_between(&h->network, host->party, other->party) : 0;
            if (a == b || !has_edge(h, a, b) || links == 1)
                continue;
            snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%u connections between %s and %s", links,
                node->name, h->topology.nodes[b].name);
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

/* Whether the status of `a` says that its link to `b` is `key`. */
static bool link_is(const struct herd *h, unsigned a, unsigned b, const char *key)
{
    if (!h->hosts[a].node)
        return false;
    struct span text = status_of(&h->hosts[a]);
    struct cJSON *status = cJSON_ParseWithLength(text.at, text.len), *link;
    bool is = false;
    if (!status)
        abort();
    cJSON_ArrayForEach(link, cJSON_GetObjectItem(status, "links"))
    {
        const char *peer = cJSON_GetStringValue(cJSON_GetObjectItem(link, "peer"));
        if (strcmp(peer, h->topology.nodes[b].name) == 0)
            is = cJSON_IsTrue(cJSON_GetObjectItem(link, key));
    }
    cJSON_Delete(status);
    return is;
}

bool herd_thinks_linked(const struct herd *h, unsigned a, unsigned b)
{
    return link_is(h, a, b, "up");
}

bool herd_thinks_incomplete(const struct herd *h, unsigned a, unsigned b)
{
    return link_is(h, a, b, "incomplete");
}

bool herd_status_says(const struct herd *h, unsigned node, const char *text)
{
    struct span status = h->hosts[node].node ? status_of(&h->hosts[node]) : SPAN("");
    return memmem(status.at, status.len, text, strlen(text)) != NULL;
}

bool herd_links_by_tls(const struct herd *h, unsigned a, unsigned b)
{
    return link_is(h, a, b, "tls");
}

bool herd_thinks_clock_off(const struct herd *h, unsigned node)
{
    return herd_status_says(h, node, "\"clock_off\":true");
}

bool herd_clocks_agree(const struct herd *h, char why[JUDGE_VERDICT_BYTES_MAX])
{
    for (unsigned i = 0; i < h->topology.nodes_count; i++) {
        if (!herd_thinks_clock_off(h, i))
            continue;
        snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%s finds that a clock is off",
            h->topology.nodes[i].name);
        return false;
    }
    return true;
}

uint64_t herd_messages(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h->hosts_count; a++)
        for (unsigned b = 0; b < h->hosts_count; b++)
            sum += h->hosts[a].said[b].ats;
    return sum;
}

uint64_t herd_messages_unleased(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h->hosts_count; a++)
        for (unsigned b = 0; b < h->hosts_count; b++) {
            const struct tally *t = &h->hosts[a].said[b];
            sum += h->hosts[b].said[a].prunes ? t->ats_lazy : t->ats;
        }
    return sum;
}

uint64_t herd_hellos(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < h->hosts_count; a++)
        for (unsigned b = 0; b < h->hosts_count; b++)
            sum += h->hosts[a].said[b].hellos;
    return sum;
}

uint64_t herd_links_lost(const struct herd *h)
{
    uint64_t lost = 0;
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        lost += h->hosts[i].node ? node_metrics(h->hosts[i].node)->links_lost : 0;
    return lost;
}

uint64_t herd_divergences(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < h->hosts_count; i++)
        sum += host_divergences(&h->hosts[i]);
    return sum;
}

uint64_t herd_made_up(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < h->hosts_count; i++)
        sum += h->hosts[i].node ? inside_made_up(&h->hosts[i]) : 0;
    return sum;
}

uint64_t herd_accepted(const struct herd *h)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < h->hosts_count; i++)
        if (h->hosts[i].node)
            sum += node_metrics(h->hosts[i].node)->stamps_new;
    return sum;
}
