/* trouble.c — see run.h. What clients say, what operators do, and what goes wrong meanwhile. */
#include "sim/inside.h"
#include "sim/run.h"
#include <inttypes.h>

enum {
    QUESTION_OF_FLOOD_IN = 100, /* small output windows hold two at a time, and places is slow */
    STEP_MS = 3000, /* between two steps of secrets, where links are slow: AUTHs are over then */
    OPERATOR_GAP_MS = 1000,
    GRACE_MS = 5000, /* at most, as: */
    DRAIN_MS = 15000,
    DAY_S = 86400,
};

/* -- what clients do --------------------------------------------------------------------------- */

/* Many are equal, some of these in another text; few are new everywhere. */
static void time_text(char *text, size_t room)
{
    int64_t now_ns = EPOCH_NS + run.herd.network.now_ns;
    int64_t time_ns = now_ns - about(SECOND_NS);
    if (once_in(2))
        time_ns = now_ns / SECOND_NS * SECOND_NS;
    if (once_in(4))
        time_ns += about(4); /* nanoseconds apart, which no double can distinguish */
    if (once_in(20))
        time_ns += about(3600 * SECOND_NS);
    int len = snprintf(text, room, "%s%" PRId64 ".%09" PRId64, once_in(9) ? "00" : "",
        time_ns / SECOND_NS, time_ns % SECOND_NS);
    if (once_in(2)) {
        while (text[len - 1] == '0')
            len--;
        len -= text[len - 1] == '.';
    }
    text[len] = '\0';
}

static void make_line(char *text, size_t room)
{
    static const char *const places[] = {
        "+34.068930-118.445127", "+0+0", "-89.999999999999999+180", "+1.5-1.25", "+48.2+016.37"};
    static const char *const nonsense[] = {"", "   ", "IAMAT kiwi +1+1", "WHATSAT c1 51 3",
        "iamat c1 +1+1 1", "IAMAT c1 91-1 5", "AT Goloman +0.5 c1 +1+1 5 Goloman",
        "WHATSAT nobody 1 1", "HELLO stampede/1 herd=demo from=Hands to=Goloman",
        "IAMAT c1 +1+1 99999999999999999999"};
    char time[48];
    unsigned id = (unsigned)draw(run.ids), number = (unsigned)draw(51 * 21);
    const char *pad = once_in(20) ? "-with-a-much-longer-name-than-the-others-have" : "";
    const char *place = places[draw(sizeof places / sizeof *places)];
    if (once_in(12)) {
        snprintf(text, room, "%s", nonsense[draw(sizeof nonsense / sizeof *nonsense)]);
    } else if (once_in(run.burst == FLOOD_LINES ? QUESTION_OF_FLOOD_IN : 4)) {
        snprintf(text, room, "WHATSAT c%u%s %u %u", id, pad, number / 21, number % 21);
    } else {
        time_text(time, sizeof time);
        const char *lead = once_in(9) ? " \t" : "";
        snprintf(text, room, "%sIAMAT c%u%s %s %s", lead, id, pad, place, time);
    }
}

static void clients_do(void)
{
    struct herd *h = &run.herd;
    struct client *c = &h->clients[draw(h->clients_count)];
    if (c->state == CLIENT_AWAY) {
        client_join(c, &h->hosts[draw(h->hosts_count)]);
    } else if (c->leaves || once_in(40)) {
        if (c->leaves && !once_in(10))
            return; /* give it time to receive its replies */
        client_vanish(c);
        return;
    }
    char line[256];
    for (unsigned burst = once_in(6) ? 2 + (unsigned)draw(run.burst) : 1; burst; burst--) {
        make_line(line, sizeof line);
        client_say(c, line);
    }
    if (once_in(15))
        client_dawdle(c, about((run.burst == FLOOD_LINES ? 8 : 2) * SECOND_NS));
    if (once_in(10))
        client_leave(c, once_in(2));
}

/* -- secrets ----------------------------------------------------------------------------------- */

/* One node reads its file anew. The next step begins when all have made the last one; in a rough
 * run, and behind a flood's backlog, what was said before may still be on its way. Steps that go on
 * faster than AUTHs travel would leave neighbours unproved for good: PROTOCOL.md, "AUTH". */
static void change_secrets(void)
{
    struct herd *h = &run.herd;
    unsigned nodes = h->hosts_count, at = (unsigned)draw(nodes); /* a twin has them, too */
    if (!run.secrets_lag) {
        bool slow = !run.calm || run.burst == FLOOD_LINES;
        if (slow && h->network.now_ns < run.step_ns)
            return;
        run.secrets_step++;
        run.secrets_lag = (1u << nodes) - 1;
    }
    while (!(run.secrets_lag & 1u << at))
        at = (at + 1) % nodes;
    if (h->hosts[at].paused)
        return;
    struct secrets secrets = herd_secrets(run.secrets_step);
    host_changes_secrets(&h->hosts[at], &secrets);
    run.secrets_lag &= ~(1u << at);
    run.step_ns = h->network.now_ns + STEP_MS * MS_NS;
}

/* -- topology.conf ----------------------------------------------------------------------------- */

void trouble_begin(void)
{
    struct herd *h = &run.herd;
    run.leaver = -1;
    if (!run.reload_gap_ns)
        return;
    file_plan_begin(&h->file, &h->topology);
    run.stubborn = (unsigned)draw(1u << h->file.nodes) & (unsigned)draw(1u << h->file.nodes);
}

/* An edge comes or goes. */
static bool change_edge(struct file_plan *plan)
{
    unsigned a = (unsigned)draw(plan->nodes), b = (unsigned)draw(plan->nodes);
    if (a == b)
        return false;
    plan->edges[a][b] = plan->edges[b][a] = !plan->edges[a][b];
    return true;
}

/* A node is stopped and, once it has ended, removed from the file; or it is added again. */
static bool change_node(struct file_plan *plan)
{
    struct herd *h = &run.herd;
    if (run.leaver < 0) {
        unsigned at = (unsigned)draw(plan->nodes);
        struct host *host = &h->hosts[at];
        if (!host->node || host->stopping || host->paused)
            return false;
        run.restarted = true;
        run.leaver = (int)at;
        host_stop(host);
        return false;
    }
    struct host *host = &h->hosts[run.leaver];
    bool *lacks = &plan->lacks[run.leaver];
    if (!*lacks && host->node)
        return false;
    *lacks = !*lacks;
    return true;
}

static void change_file(void)
{
    struct file_plan plan = run.herd.file;
    bool changed = once_in(3) ? change_node(&plan) : change_edge(&plan);
    if (!changed || !file_is_whole(&plan))
        return;
    if (run.leaver >= 0 && run.herd.file.lacks[run.leaver] && !plan.lacks[run.leaver])
        run.leaver = -1;
    run.herd.file = plan;
    run.version++;
}

static void take_file(unsigned at)
{
    if (run.versions[at] != run.version && host_takes_file(&run.herd.hosts[at], &run.herd.file))
        run.versions[at] = run.version;
}

static void reload(void)
{
    unsigned at = (unsigned)draw(run.herd.topology.nodes_count);
    if (once_in(5))
        change_file();
    if (!(run.stubborn >> at & 1))
        take_file(at);
}

/* In the end all nodes are there, and have the newest file. */
void trouble_end_files(void)
{
    struct herd *h = &run.herd;
    if (!run.reload_gap_ns)
        return;
    memset(h->file.lacks, 0, sizeof h->file.lacks);
    if (!file_is_whole(&h->file))
        file_plan_begin(&h->file, &h->topology);
    run.version++;
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        take_file(i);
}

/* -- drains ------------------------------------------------------------------------------------ */

/* An operator drains a node, sets other times, changes his mind, or starts it again. Others look at
 * the pages of its HTTP port. */
static void drain(void)
{
    struct herd *h = &run.herd;
    struct host *host = &h->hosts[draw(h->topology.nodes_count)];
    stranger_scrapes(&h->strangers[draw(h->strangers_count)], host);
    if (!host->node) {
        host_start(host);
        return;
    }
    if (host->stopping || host->paused)
        return;
    if (host->drain_ends_ns != NEVER_NS && once_in(2)) {
        inside_undrain(host);
        return;
    }
    int64_t grace_ms = once_in(4) ? 0 : (int64_t)draw(GRACE_MS);
    run.restarted = true;
    inside_drain(host, grace_ms, grace_ms + (int64_t)draw(DRAIN_MS));
}

/* In the end all serve. */
void trouble_end_drains(void)
{
    for (unsigned i = 0; i < run.herd.topology.nodes_count; i++) {
        struct host *host = &run.herd.hosts[i];
        if (host->node && !host->stopping && host->drain_ends_ns != NEVER_NS)
            inside_undrain(host);
    }
}

/* -- accidents --------------------------------------------------------------------------------- */

static void kill_or_revive(struct host *host)
{
    if (!host->node) {
        if (run.plan.names && directory_has(&run.herd.topology, host->self) && once_in(3))
            directory_move(&run.herd.directory, host->self);
        host_start(host);
        if (once_in(3)) /* its store allocates with the first stamp */
            host_starve(host, 1 + (unsigned)draw(3), MEMORY_LARGE_BYTES);
        return;
    }
    run.restarted = true;
    if (!host->stopping && !host->paused && once_in(3))
        host_stop(host);
    else
        host_kill(host, once_in(2) ? DEATH_OF_MACHINE : DEATH_OF_PROCESS);
}

/* A twin comes, is cut off from a node, goes on, or dies. */
static void twin_does(void)
{
    struct herd *h = &run.herd;
    unsigned nodes = h->topology.nodes_count, other = (unsigned)draw(nodes);
    struct host *twin = &h->hosts[nodes];
    run.restarted = true; /* what reached one of both only is found by digests */
    if (!twin->node)
        herd_start_twin(h, (unsigned)(run.seed / TWIN_EACH) % nodes);
    else if (once_in(3))
        network_cut(&h->network, nodes, other, (enum cut)draw(CUT_KINDS));
    else if (once_in(2))
        network_heal(&h->network, nodes, other);
    else if (once_in(2))
        host_pause(twin, !twin->stopping && !twin->paused);
    else
        host_kill(twin, DEATH_OF_PROCESS);
}

/* Partition: nodes of the two sides cannot reach each other. */
static void part_in_two(void)
{
    unsigned nodes = run.herd.hosts_count;
    enum cut how = (enum cut)draw(CUT_KINDS);
    enum cut_side way = once_in(2) ? (enum cut_side)draw(CUT_SIDES) : CUT_BOTH;
    uint64_t side = draw(UINT64_MAX);
    for (unsigned a = 0; a < nodes; a++)
        for (unsigned b = a + 1; b < nodes; b++)
            if ((side >> a % 64 & 1) != (side >> b % 64 & 1))
                network_cut_side(&run.herd.network, a, b, how, way);
}

/* A clock jumps by seconds or days. Jumps of days are rare: what is sent to a node whose clock is
 * days behind is of the future, and what is sent to one that is ahead stays for days. */
static void clock_jumps(struct host *host)
{
    int64_t most_s = run.jumpy ? 5 * DAY_S : once_in(4) ? 3600 : 5;
    host_set_clock(host, (int64_t)draw((uint64_t)(2 * most_s * SECOND_NS)) - most_s * SECOND_NS);
}

/* Power fails: many end at once, and some of them begin again at once. */
static void many_die(void)
{
    struct herd *h = &run.herd;
    uint64_t dead = once_in(2) ? UINT64_MAX : draw(UINT64_MAX);
    run.restarted = true;
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        if (h->hosts[i].node && dead >> i % 64 & 1)
            host_kill(&h->hosts[i], once_in(2) ? DEATH_OF_MACHINE : DEATH_OF_PROCESS);
    for (unsigned i = 0; i < h->topology.nodes_count; i++)
        if (!h->hosts[i].node && !once_in(4))
            host_start(&h->hosts[i]);
}

/* One of the present strangers acts, or all leave. */
static void strangers_do(struct host *host)
{
    if (!run.herd.strangers_count)
        return;
    struct stranger *s = &run.herd.strangers[draw(run.herd.strangers_count)];
    if (once_in(6))
        stranger_goes(s);
    else
        stranger_comes(s, host, once_in(8) ? STRANGER_WIRES_MAX : 1 + (unsigned)draw(4));
}

/* Somebody keeps backups, and uses them for no reason. */
static void operator_does(void)
{
    struct operator *o = run.herd.operator;
    struct host *host = &run.herd.hosts[draw(run.herd.hosts_count)];
    if (!host->node)
        return;
    o->reads_at_most = once_in(2) ? 0 : 1 + (size_t)draw(4000);
    o->stands_still = once_in(8);
    if (once_in(2) || !o->kept.len)
        operator_dumps(o, host);
    else
        operator_loads(o, host);
}

/* A disk is full, or stands still. */
static void disk_goes_wrong(struct host *host)
{
    if (!host->disk)
        return;
    int64_t ns = about(4 * SECOND_NS);
    if (once_in(2))
        disk_host_full(host, 2 * ns);
    else
        disk_host_stands(host, ns / 2);
}

static void accident(void)
{
    struct herd *h = &run.herd;
    unsigned a = (unsigned)draw(h->topology.nodes_count);
    const struct topology_node *node = &h->topology.nodes[a];
    unsigned b = node->neighbours[draw(node->neighbours_count)];
    struct host *host = &h->hosts[a];
    if (run.journals && once_in(10)) {
        disk_goes_wrong(host);
        return;
    }
    if (run.remembers && once_in(5)) {
        if (once_in(4))
            many_die();
        else
            kill_or_revive(host);
        return;
    }
    if (run.plan.names && once_in(10)) {
        h->directory.fails_in = h->directory.fails_in ? 0 : 1 + (unsigned)draw(3);
        return;
    }
    switch (draw(19)) {
    case 0:
    case 1:
    case 2:
        network_cut(&h->network, a, b, (enum cut)draw(CUT_KINDS));
        return;
    case 12:
    case 13:
        network_cut_side(
            &h->network, a, b, (enum cut)draw(CUT_KINDS), (enum cut_side)draw(CUT_SIDES));
        return;
    case 14:
    case 15:
        strangers_do(host);
        return;
    case 16:
        clock_jumps(host);
        return;
    case 17:
    case 18:
        host_starve(host, host->memory.fails_in || once_in(4) ? 0 : 1 + (unsigned)draw(30),
            once_in(2) ? MEMORY_LARGE_BYTES / 64 : 0);
        return;
    case 3:
    case 4:
    case 5:
        network_heal(&h->network, a, b);
        return;
    case 6:
        network_break(&h->network, a, b, (enum cut)draw(CUT_KINDS));
        return;
    case 7:
    case 8:
        kill_or_revive(host);
        return;
    case 9:
        if (host->node && !host->stopping)
            host_pause(host, !host->paused);
        return;
    case 10:
        network_path(&h->network, a, b)->delay_ns = about(300 * MS_NS);
        return;
    default:
        if (once_in(3))
            part_in_two();
        return;
    }
}

bool trouble_run(void)
{
    struct herd *h = &run.herd;
    struct network *n = &h->network;
    int64_t end_ns = n->now_ns + run.trouble_ns;
    int64_t say_ns = n->now_ns, fault_ns = run.calm ? NEVER_NS : n->now_ns;
    int64_t secrets_ns = run.secrets_gap_ns ? n->now_ns : NEVER_NS;
    int64_t reload_ns = run.reload_gap_ns ? n->now_ns : NEVER_NS;
    int64_t operator_ns = h->operator ? n->now_ns : NEVER_NS;
    int64_t drain_ns = run.drain_gap_ns ? n->now_ns : NEVER_NS;
    while (n->now_ns < end_ns) {
        int64_t next_ns = earlier_ns(earlier_ns(end_ns, secrets_ns), earlier_ns(say_ns, fault_ns));
        next_ns = earlier_ns(next_ns, earlier_ns(reload_ns, operator_ns));
        next_ns = earlier_ns(next_ns, drain_ns);
        if (!herd_run_ns(h, next_ns - n->now_ns))
            return false;
        if (n->now_ns == say_ns) {
            clients_do();
            say_ns += 1 + about(run.say_gap_ns);
        }
        if (n->now_ns == secrets_ns) {
            change_secrets();
            secrets_ns += 1 + about(run.secrets_gap_ns);
        }
        if (n->now_ns == reload_ns) {
            reload();
            reload_ns += 1 + about(run.reload_gap_ns);
        }
        if (n->now_ns == operator_ns) {
            operator_does();
            operator_ns += 1 + about(OPERATOR_GAP_MS * MS_NS);
        }
        if (n->now_ns == drain_ns) {
            drain();
            drain_ns += 1 + about(run.drain_gap_ns);
        }
        if (n->now_ns == fault_ns) {
            if (run.plan.twin && once_in(3))
                twin_does();
            accident();
            fault_ns += 1 + about(run.fault_gap_ns);
        }
    }
    return true;
}
