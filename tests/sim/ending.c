/* ending.c — see run.h. What must be true in the end, and within which time. */
#include "core/node/replies.h"
#include "sim/run.h"
#include <inttypes.h>

enum {
    SETTLE_MS = 90000, /* for finding the last link dead, dialling it again and comparing digests */
    SETTLE_STEADY_MS = 45000, /* where no node ever restarted */
    ANSWERED_MS = 120000,
    QUIET_MS = 45000,
    STILL_MS = 5000, /* until all that spare links cause has happened, including leases */
    FULL_SLACK = 1000,
    START_STAMPS = 60, /* stamps that each link may send twice even in calm runs */
};

static bool clients_are_away(char why[JUDGE_VERDICT_BYTES_MAX])
{
    for (unsigned i = 0; i < run.herd.clients_count; i++) {
        const struct client *c = &run.herd.clients[i];
        if (c->state == CLIENT_AWAY)
            continue;
        snprintf(why, JUDGE_VERDICT_BYTES_MAX, "client %u still waits for %u replies", i,
            c->asked_count);
        return false;
    }
    return true;
}

static bool all_is_well(char why[JUDGE_VERDICT_BYTES_MAX])
{
    bool agrees = run.herd.judge.forgetful || herd_agrees(&run.herd, why);
    return agrees && herd_linked(&run.herd, why);
}

/* Neither accidents nor operators end a link. */
static bool is_steady(void)
{
    return run.calm && !run.reload_gap_ns && !run.drain_gap_ns;
}

/* How long all ids may take over one hop. */
static int64_t hop_takes_ns(void)
{
    const struct network *n = &run.herd.network;
    int64_t round_trips = 4 + (int64_t)(run.ids * 150 / n->window_min);
    return round_trips * (run.slowest_hop_ns + 4 * n->lag_ns);
}

/* How long it may take if nothing goes wrong: what is in transit passes one hop after the other. */
static int64_t calm_bound_ns(void)
{
    return 2 * SECOND_NS + run.herd.topology.nodes_count * hop_takes_ns();
}

/* A client of a crashed machine would wait for ever. */
static void send_clients_away(void)
{
    for (unsigned i = 0; i < run.herd.clients_count; i++) {
        struct client *c = &run.herd.clients[i];
        if (c->state == CLIENT_AWAY)
            continue;
        if (c->host->node && c->life == c->host->life)
            client_leave(c, once_in(2));
        else
            client_vanish(c);
    }
}

bool end_settle(void)
{
    struct herd *h = &run.herd;
    int64_t began_ns = h->network.now_ns;
    int64_t bound_ns = (run.restarted ? SETTLE_MS : SETTLE_STEADY_MS) * MS_NS;
    if (run.together && is_steady())
        bound_ns = calm_bound_ns();
    char why[JUDGE_VERDICT_BYTES_MAX];
    send_clients_away();
    while (!all_is_well(why)) {
        run.settled_ns = h->network.now_ns - began_ns;
        if (run.settled_ns > bound_ns)
            judge_violated(
                &h->judge, "%.1f s after the last accident: %s", (double)run.settled_ns / 1e9, why);
        if (!herd_run_ns(h, 100 * MS_NS))
            return false;
    }
    return true;
}

/* Places answers late, and only a limited number of a client's questions wait at a time: of each
 * such batch one may be answered by places.timeout alone. */
static int64_t answers_take_ns(void)
{
    struct herd *h = &run.herd;
    unsigned most = 0;
    for (unsigned i = 0; i < h->clients_count; i++)
        if (h->clients[i].state != CLIENT_AWAY && most < h->clients[i].asked_count)
            most = h->clients[i].asked_count;
    int64_t batches = 1 + most / (CLIENT_QUESTIONS_MAX / 2);
    return ANSWERED_MS * MS_NS + batches * (int64_t)h->topology.places.timeout_ms * MS_NS;
}

bool end_all_are_answered(void)
{
    struct herd *h = &run.herd;
    char why[JUDGE_VERDICT_BYTES_MAX];
    int64_t until_ns = h->network.now_ns + answers_take_ns();
    while (!clients_are_away(why)) {
        if (h->network.now_ns > until_ns)
            judge_violated(&h->judge, "%s", why);
        if (!herd_run_ns(h, SECOND_NS))
            return false;
    }
    return true;
}

/* Every fourth run stays quiet; the others run only to the end of their time. */
bool end_stay_quiet(void)
{
    struct herd *h = &run.herd;
    uint64_t made_up = herd_made_up(h);
    if (!herd_run_ns(h, STILL_MS * MS_NS))
        return false;
    uint64_t before = herd_messages(h), alarms = herd_divergences(h);
    uint64_t accepted = herd_accepted(h); /* IAMATs of clients that have left may still be read */
    char why[JUDGE_VERDICT_BYTES_MAX];
    if (!herd_run_ns(h, QUIET_MS * MS_NS))
        return false;
    if (!all_is_well(why))
        judge_violated(&h->judge, "the nodes agreed, but do no longer: %s", why);
    /* Where digests show nothing, each link may send all stamps once more: PROTOCOL.md, "AT". */
    uint64_t most = before + (herd_made_up(h) - made_up) * h->judge.subjects_count;
    if (!run.restarted && herd_messages(h) > most && herd_accepted(h) == accepted)
        judge_violated(
            &h->judge, "%" PRIu64 " AT lines although nothing changed", herd_messages(h) - before);
    if (herd_divergences(h) != alarms)
        judge_violated(&h->judge, "an alarm although all nodes agree");
    if (!herd_clocks_agree(h, why))
        judge_violated(&h->judge, "%s, but all are right", why);
    return !h->judge.violated;
}

/* A promise that was told is kept by one of those that run: what is too new for others is not held
 * by all. */
static void check_told(const struct host *host)
{
    const struct herd *h = &run.herd;
    for (size_t i = 0; i < host->disk->told.count; i++) {
        const struct promise *p = &host->disk->told.each[i];
        bool kept = false;
        for (unsigned at = 0; at < h->hosts_count && !kept; at++)
            kept = h->hosts[at].node && promise_is_kept(p, node_store(h->hosts[at].node));
        if (!kept)
            judge_violated(&run.herd.judge,
                "a client of %s was told %.*s of %.*s, and nobody holds it",
                host->topology.nodes[host->self].name, (int)p->stamp.time.len, p->stamp.time.at,
                (int)p->stamp.id.len, p->stamp.id.at);
    }
}

/* Of two twins the one that ran runs again; what the other has on its disk nobody asks for. */
bool end_die_and_start(void)
{
    struct herd *h = &run.herd;
    bool cut = once_in(2), ran[TOPOLOGY_NODES_MAX + 1];
    run.restarted = true;
    for (unsigned i = 0; i < h->hosts_count; i++) {
        ran[i] = h->hosts[i].node;
        if (ran[i])
            host_kill(&h->hosts[i], cut ? DEATH_OF_MACHINE : DEATH_OF_PROCESS);
    }
    for (unsigned i = 0; i < h->hosts_count; i++)
        if (ran[i])
            host_start(&h->hosts[i]);
    if (!end_settle())
        return false;
    for (unsigned i = 0; i < h->hosts_count; i++)
        if (h->hosts[i].node && h->hosts[i].disk)
            check_told(&h->hosts[i]);
    return !h->judge.violated;
}

/* AT lines. Flooding by time alone sends a stamp twice over each edge outside the tree. */
static uint64_t messages_most(void)
{
    const struct herd *h = &run.herd;
    uint64_t edges = h->topology.edges_count, tree_edges = h->topology.nodes_count - 1;
    if (h->judge.forgetful) /* ids come and go, but must not circulate */
        return 4 * edges * (h->judge.accepted + FULL_SLACK);
    /* Spare links help where the tree is slow, and a node that starts later than its neighbours is
     * sent everything. */
    if (is_steady())
        return tree_edges * herd_accepted(h) * 3 / 2 + 2 * edges * START_STAMPS;
    if (run.reload_gap_ns)
        edges = h->topology.nodes_count * (h->topology.nodes_count - 1) / 2; /* at most */
    /* A new link may send everything once more. */
    return 2 * edges * h->judge.said + herd_hellos(h) * h->judge.subjects_count;
}

/* The AT lines that the bound is of. Where a link may take longer for all ids than a lease lasts,
 * the tree falls seconds behind. Notices wait for the sender's own links alone and overtake it;
 * GRAFT follows, and spare links rightly bring what is said in their leases (PROTOCOL.md, "Spare
 * links"). There the bound is of what they say beside the leases, and of the tree. */
static uint64_t messages_that_count(void)
{
    bool slow = is_steady() && hop_takes_ns() > PEERING_LEASE_FIRST_MS * MS_NS;
    return slow ? herd_messages_unleased(&run.herd) : herd_messages(&run.herd);
}

void end_check_costs(void)
{
    struct herd *h = &run.herd;
    uint64_t messages = messages_that_count();
    if (!run.restarted && herd_divergences(h))
        judge_violated(
            &h->judge, "%" PRIu64 " alarms, but no node ever restarted", herd_divergences(h));
    if (run.remembers && !run.plan.twin && herd_divergences(h))
        judge_violated(&h->judge, "%" PRIu64 " alarms, but nodes know what they have of each other",
            herd_divergences(h));
    if (is_steady() && run.secrets_gap_ns && herd_links_lost(h))
        judge_violated(
            &h->judge, "%" PRIu64 " links lost while only secrets changed", herd_links_lost(h));
    if (messages > messages_most())
        judge_violated(&h->judge, "%" PRIu64 " AT lines for %" PRIu64 " stamps on %u edges",
            messages, herd_accepted(h), h->topology.edges_count);
}
