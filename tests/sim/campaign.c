/* campaign.c — random runs: each seed decides a herd, a network, clients and accidents.
 *
 *     sim_campaign [--seeds A-B] [--seconds N] [--nodes N] [--topology WORD] [--service WORD]
 *                  [--reloads] [--drains] [--remembers] [--names] [-kv]
 *
 * Each run has a time of trouble; then everything is healed, and within a bounded virtual time all
 * nodes must hold the same stamps. judge.h says what must hold all the time. A run lasts at least
 * 60 virtual seconds. One run in four is calm, without trouble; there the cost of a stamp and the
 * time it takes are bounded, too. A violation prints the seed and how to run it again; -k continues
 * with the next seed. STAMPEDE_SIM_LOG=1 prints the nodes' logs. */
#include "core/base/invariant.h"
#include "core/node/replies.h"
#include "core/peering/peer.h"
#include "sim/herd.h"
#include "sim/inside.h"
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>

enum {
    CLIENTS = 6,
    SETTLE_MS = 90000, /* for finding the last link dead, dialling it again and comparing digests */
    SETTLE_STEADY_MS = 45000, /* where no node ever restarted */
    ANSWERED_MS = 120000,
    QUIET_MS = 45000,
    STILL_MS = 5000, /* until all that spare links cause has happened, including leases */
    RUN_MS = 60000, /* at least */
    LINKED_MS = 800,
    IDS_MAX = 40,
    FULL_SLACK = 1000,
    START_STAMPS = 60, /* stamps that each link may send twice even in calm runs */
    TWICE_EACH = 30, /* of so many seeds one is run again, and nothing may be different */
    CROWD_IDS_MAX = 1000, /* more than a link sends in one batch */
    OUTPUT_BYTES = 16384, /* the least that limits.output may be */
    FLOOD_LINES = 3000, /* whose replies are far larger than that */
    QUESTION_OF_FLOOD_IN = 100, /* small output windows hold two at a time, and places is slow */
    TWIN_EACH = 8, /* in so many seeds one, a node may have a twin: */
    TWIN_ABOVE = 1000, /* at those below, what they have found is found again */
    NAMES_EACH = 8, /* in so many seeds above NAMES_ABOVE one, nodes have names, and move */
    NAMES_ABOVE = 1000,
    STEP_MS = 3000, /* between two steps of secrets, in rough runs: a handshake is over then */
    TLS_IN = 50, /* one herd in so many; a handshake costs real milliseconds */
    SERVICE_IN = 6, /* the same; there places is a service on the network */
    IMPATIENT_MS = 3000, /* places.timeout */
    RELOAD_EACH = 8, /* in so many seeds above RELOAD_ABOVE one, topology.conf changes */
    RELOAD_ABOVE = 1000,
    REMEMBER_EACH = 4, /* in so many seeds above REMEMBER_ABOVE one, nodes keep what they hold */
    REMEMBER_ABOVE = 1000,
    OPERATOR_EACH = 8, /* the same; there somebody dumps and loads */
    OPERATOR_ABOVE = 1000,
    OPERATOR_GAP_MS = 1000,
    DRAIN_EACH = 8, /* likewise, nodes are drained: */
    DRAIN_ABOVE = 1000,
    GRACE_MS = 5000, /* at most, as: */
    DRAIN_MS = 15000,
    DAY_S = 86400,
};

struct options {
    uint64_t first, last;
    unsigned seconds; /* of trouble; 0: the seed decides, 15 to 40 */
    unsigned nodes; /* 0: the seed decides */
    int shape; /* -1: the seed decides */
    int service; /* its temper; -1: the seed decides */
    bool verbose, keeps_on, reloads, drains, remembers, names;
};

/* What the seed decided. */
struct run {
    struct herd herd;
    struct herd_plan plan;
    uint64_t seed;
    int64_t trouble_ns;
    bool calm; /* no accidents */
    bool together; /* all nodes start at once */
    bool restarted; /* some node did, so an alarm is possible */
    unsigned secrets_step; /* of herd_secrets: what nodes have, or are told to have */
    unsigned secrets_lag; /* a bit for each host that is to be told */
    int64_t secrets_gap_ns; /* 0: they stay as they are */
    int64_t step_ns; /* when the next step may begin */
    int64_t drain_gap_ns; /* 0: no node is drained */
    int64_t reload_gap_ns; /* 0: topology.conf stays as it is */
    unsigned versions[FILE_NODES_MAX]; /* of it, by node; the newest is: */
    unsigned version;
    unsigned stubborn; /* a bit for each host that does not reload before all is healed */
    int leaver; /* the node that is to be removed, and was told to stop; -1: none */
    bool remembers; /* most nodes keep what they hold */
    bool jumpy; /* clocks jump by days: then most of what is said there is of the future */
    unsigned ids;
    unsigned burst; /* lines sent at once, at most */
    int64_t say_gap_ns, fault_gap_ns;
    int64_t slowest_hop_ns; /* round trip of the slowest path */
    int64_t settled_ns; /* how long it took all to agree once it was quiet */
};

static struct run run; /* of the present seed */
static struct options options = {.first = 1, .last = 20, .shape = -1, .service = -1};

static uint64_t draw(uint64_t below)
{
    return network_draw(&run.herd.network, below);
}

static bool once_in(unsigned in)
{
    return network_once_in(&run.herd.network, in);
}

/* A random number between 0 and twice `mean`. */
static int64_t about(int64_t mean)
{
    return (int64_t)draw(2 * (uint64_t)mean + 1);
}

/* -- setting the scene ------------------------------------------------------------------------- */

/* With the shorter time-out, a service that stalls is given up before its connection is. */
static void plan_service(struct random *dice)
{
    bool asks = random_below(dice, SERVICE_IN) == 0, impatient = random_below(dice, 2);
    enum service_temper temper = random_below(dice, 2) ? SERVICE_WILLING : SERVICE_MOODY;
    run.plan.service = asks ? temper : SERVICE_NONE;
    if (options.service >= 0)
        run.plan.service = (enum service_temper)options.service;
    if (run.plan.service != SERVICE_NONE && impatient)
        run.plan.places_timeout_ms = IMPATIENT_MS;
}

static void plan_run(uint64_t seed)
{
    struct random dice = {seed};
    unsigned shape = random_below(&dice, 2) ? shipped : random_below(&dice, SHAPES);
    unsigned nodes = 3 + random_below(&dice, 7);
    bool secret = random_below(&dice, 2), evicts = random_below(&dice, 2);
    uint64_t few = 2 + random_below(&dice, 10);
    bool full = random_below(&dice, 10) == 0;
    run.plan = (struct herd_plan){.seed = seed,
        .shape = options.shape >= 0 ? (enum shape)options.shape : (enum shape)shape,
        .nodes = options.nodes ? options.nodes : nodes,
        .clients = CLIENTS,
        .secret = secret,
        .stamps = full ? few : 0,
        .evicts = evicts,
        .output_bytes = random_below(&dice, 4) ? 0 : OUTPUT_BYTES,
        .strangers = random_below(&dice, 3),
        .tls = random_below(&dice, TLS_IN) == 0};
    if (run.plan.tls)
        run.plan.shape = shipped;
    run.plan.twin = seed > TWIN_ABOVE && seed % TWIN_EACH == 5;
    run.plan.names = options.names || (seed > NAMES_ABOVE && seed % NAMES_EACH == 3);
    run.calm = random_below(&dice, 4) == 0;
    run.together = random_below(&dice, 2);
    unsigned seconds = options.seconds ? options.seconds : 15 + random_below(&dice, 26);
    run.trouble_ns = seconds * SECOND_NS;
    bool crowd = random_below(&dice, 12) == 0;
    run.ids = crowd ? CROWD_IDS_MAX : 1 + random_below(&dice, IDS_MAX);
    run.burst = crowd ? 300 : 30;
    if (run.plan.output_bytes && random_below(&dice, 3) == 0)
        run.burst = FLOOD_LINES;
    run.jumpy = random_below(&dice, 4) == 0;
    run.say_gap_ns = (20 + random_below(&dice, 300)) * MS_NS;
    run.fault_gap_ns = (300 + random_below(&dice, 4000)) * MS_NS;
    if (secret && random_below(&dice, 2)) {
        run.secrets_gap_ns = (10 + random_below(&dice, 1000)) * MS_NS;
        run.secrets_step = run.plan.secrets_step = random_below(&dice, 5);
    }
    plan_service(&dice);
    run.plan.operator = !run.plan.tls && seed > OPERATOR_ABOVE && seed % OPERATOR_EACH == 3;
    if (options.reloads || (seed > RELOAD_ABOVE && seed % RELOAD_EACH == 2)) {
        run.plan.twin = false;
        run.reload_gap_ns = (100 + random_below(&dice, 3000)) * MS_NS;
    } else if (options.drains || (seed > DRAIN_ABOVE && seed % DRAIN_EACH == 4)) {
        run.drain_gap_ns = (200 + random_below(&dice, 4000)) * MS_NS;
        run.plan.strangers += run.plan.strangers == 0; /* one to look at the pages of the nodes */
    }
    run.remembers = options.remembers || (seed > REMEMBER_ABOVE && seed % REMEMBER_EACH == 3);
}

static void set_paths(int64_t most_ns)
{
    struct herd *h = &run.herd;
    run.slowest_hop_ns = 0;
    for (unsigned a = 0; a < h->hosts_count; a++)
        for (unsigned b = a + 1; b < h->hosts_count; b++) {
            struct path *path = network_path(&h->network, a, b);
            path->delay_ns = 50000 + (int64_t)draw((uint64_t)most_ns);
            path->jitter_ns = (int64_t)draw((uint64_t)path->delay_ns);
            int64_t hop_ns = 2 * (path->delay_ns + path->jitter_ns);
            if (run.slowest_hop_ns < hop_ns)
                run.slowest_hop_ns = hop_ns;
        }
}

/* Some lose nothing that they have told, others seconds of it. */
static void set_kept(struct kept *k)
{
    static const int64_t lags_ms[] = {0, 5, 100, 1000, 4000}, gaps_ms[] = {0, 5, 50, 1000};
    static const unsigned items_most[] = {0, 3, 50};
    *k = (struct kept){.on = !once_in(8),
        .lag_ns = lags_ms[draw(5)] * MS_NS,
        .gap_ns = gaps_ms[draw(4)] * MS_NS,
        .items_most = items_most[draw(3)]};
}

static void set_scene(void)
{
    static const size_t windows[] = {400, 3000, 65536};
    static const int64_t lags_ns[] = {20000, 200000, 3 * MS_NS};
    struct network *n = &run.herd.network;
    set_paths(once_in(3) ? 20 * MS_NS : MS_NS);
    n->window_min = windows[draw(3)];
    n->split_in = (unsigned)draw(5);
    n->lag_ns = lags_ns[draw(3)];
    for (unsigned i = 0; i < run.herd.hosts_count; i++)
        run.herd.judge.clock_ahead_ns[i] = (int64_t)draw(4 * SECOND_NS) - 2 * SECOND_NS;
    for (unsigned i = 0; run.remembers && i < run.herd.hosts_count; i++)
        set_kept(&run.herd.hosts[i].kept);
}

static bool start(void)
{
    struct herd *h = &run.herd;
    if (run.together) {
        herd_start(h);
        char why[JUDGE_VERDICT_BYTES_MAX];
        if (!herd_run_ns(h, LINKED_MS * MS_NS))
            return false;
        if (!herd_linked(h, why))
            judge_violated(&h->judge, "not linked %d ms after the start: %s", LINKED_MS, why);
        return !h->judge.violated;
    }
    for (unsigned i = 0; i < h->topology.nodes_count; i++) {
        host_start(&h->hosts[i]);
        if (!herd_run_ns(h, about(300 * MS_NS)))
            return false;
    }
    return herd_run_ns(h, SECOND_NS);
}

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
 * run, what was said before may still be on its way. */
static void change_secrets(void)
{
    struct herd *h = &run.herd;
    unsigned nodes = h->hosts_count, at = (unsigned)draw(nodes); /* a twin has them, too */
    if (!run.secrets_lag) {
        if (!run.calm && h->network.now_ns < run.step_ns)
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

static void begin_files(void)
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
static void end_files(void)
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
static void end_drains(void)
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

static void accident(void)
{
    struct herd *h = &run.herd;
    unsigned a = (unsigned)draw(h->topology.nodes_count);
    const struct topology_node *node = &h->topology.nodes[a];
    unsigned b = node->neighbours[draw(node->neighbours_count)];
    struct host *host = &h->hosts[a];
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

static bool trouble(void)
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

/* -- the end ----------------------------------------------------------------------------------- */

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

static bool settle(void)
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

static bool all_are_answered(void)
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
static bool stay_quiet(void)
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

static void check_costs(void)
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

static bool play(void)
{
    begin_files();
    if (!start() || !trouble())
        return false;
    end_drains();
    herd_heal(&run.herd);
    end_files();
    if (!run.calm)
        set_paths(MS_NS);
    if (!settle() || !all_are_answered() || (run.seed % 4 == 0 && !stay_quiet()))
        return false;
    int64_t left_ns = RUN_MS * MS_NS - run.herd.network.now_ns;
    if (left_ns > 0 && !herd_run_ns(&run.herd, left_ns))
        return false;
    check_costs();
    for (unsigned i = 0; i < run.herd.hosts_count; i++)
        if (run.herd.hosts[i].node)
            judge_inspects(&run.herd.judge, i, node_store(run.herd.hosts[i].node));
    return !run.herd.judge.violated;
}

/* -- the program ------------------------------------------------------------------------------- */

static void tell_how_to_repeat(void)
{
    fprintf(stderr, "again: sim_campaign --seeds %" PRIu64 "-%" PRIu64, run.seed, run.seed);
    if (options.seconds)
        fprintf(stderr, " --seconds %u", options.seconds);
    if (options.nodes)
        fprintf(stderr, " --nodes %u", options.nodes);
    if (options.shape >= 0)
        fprintf(stderr, " --topology %s", shape_word((unsigned)options.shape));
    if (options.service >= 0)
        fprintf(stderr, " --service %s", service_word((unsigned)options.service));
    fprintf(stderr, "%s%s%s%s\n", options.reloads ? " --reloads" : "",
        options.drains ? " --drains" : "", options.remembers ? " --remembers" : "",
        options.names ? " --names" : "");
}

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "seed %" PRIu64 " violated: %s:%d: %s\n", run.seed, file, line, what);
    abort();
}

/* Print the seed, whether an invariant or a sanitizer ends the program. */
static void on_abort(int signal)
{
    (void)signal;
    tell_how_to_repeat();
}

static void say_run(void)
{
    struct herd *h = &run.herd;
    char service[96] = "";
    if (h->service)
        snprintf(service, sizeof service, " %s service (%" PRIu64 " asked, %" PRIu64 " reset)",
            service_word(run.plan.service), h->service->asked, h->service->resets);
    printf("seed %" PRIu64 ": %s %u%s%s%s%s%s%s%s%s%s%s%s, %.0f s, %" PRIu64 " events, %" PRIu64
           " stamps, %" PRIu64 " AT, settled in %.1f s, %" PRIu64 " alarms, trace %016" PRIx64 "\n",
        run.seed, shape_word(run.plan.shape), h->topology.nodes_count, run.calm ? " calm" : "",
        run.plan.stamps ? " full" : "", run.plan.tls ? " tls" : "",
        run.plan.twin       ? " twin"
        : run.plan.operator ? " operator"
                            : "",
        run.plan.names ? " names" : "", run.burst == FLOOD_LINES ? " flood" : "",
        run.jumpy ? " jumpy" : "",
        run.secrets_gap_ns  ? " secrets"
        : run.reload_gap_ns ? " reloads"
        : run.drain_gap_ns  ? " drains"
                            : "",
        run.restarted ? " restarts" : "", run.remembers ? " remembers" : "", service,
        (double)h->network.now_ns / 1e9,
        h->network.events, h->judge.accepted, herd_messages(h), (double)run.settled_ns / 1e9,
        herd_divergences(h), h->network.trace);
}

struct sums {
    uint64_t runs, events, stamps, messages, alarms, trace;
    int64_t virtual_ns, slowest_ns;
};

static void add_up(struct sums *s)
{
    struct herd *h = &run.herd;
    s->runs++;
    s->events += h->network.events;
    s->stamps += h->judge.accepted;
    s->messages += herd_messages(h);
    s->alarms += herd_divergences(h);
    s->trace = s->trace * UINT64_C(0x100000001b3) ^ h->network.trace;
    s->virtual_ns += h->network.now_ns;
    if (s->slowest_ns < run.settled_ns)
        s->slowest_ns = run.settled_ns;
}

static bool begin_and_play(uint64_t seed)
{
    run = (struct run){.seed = seed};
    plan_run(seed);
    herd_create(&run.herd, &run.plan);
    run.herd.judge.late = !run.calm;
    set_scene();
    return play();
}

static bool run_seed(uint64_t seed, struct sums *sums)
{
    bool well = begin_and_play(seed);
    if (well && seed % TWICE_EACH == 0) {
        uint64_t trace = run.herd.network.trace;
        herd_destroy(&run.herd);
        well = begin_and_play(seed) && run.herd.network.trace == trace;
        if (!well)
            judge_violated(&run.herd.judge, "a second run of the same seed differs");
    }
    if (options.verbose)
        say_run();
    if (!well) {
        printf("seed %" PRIu64 " violated: %s\n", seed, run.herd.judge.verdict);
        fflush(stdout);
        tell_how_to_repeat();
    }
    add_up(sums);
    herd_destroy(&run.herd);
    return well;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim_campaign [--seeds A-B] [--seconds N] [--nodes N] [--topology WORD] "
                    "[--service WORD] [--reloads] [--drains] [--remembers] [--names] [-k] "
                    "[-v]\ntopologies:");
    for (unsigned i = 0; shape_word(i); i++)
        fprintf(stderr, " %s", shape_word(i));
    fprintf(stderr, "\nservices:");
    for (unsigned i = 0; service_word(i); i++)
        fprintf(stderr, " %s", service_word(i));
    fprintf(stderr, "\n");
    return 2;
}

static bool take_option(int option)
{
    switch (option) {
    case 's':
        return sscanf(optarg, "%" SCNu64 "-%" SCNu64, &options.first, &options.last) == 2;
    case 't':
        return sscanf(optarg, "%u", &options.seconds) == 1;
    case 'n':
        return sscanf(optarg, "%u", &options.nodes) == 1 && options.nodes >= 3;
    case 'g':
        for (options.shape = 0; options.shape < SHAPES; options.shape++)
            if (strcmp(optarg, shape_word((unsigned)options.shape)) == 0)
                return true;
        return false;
    case 'p':
        for (options.service = 0; service_word((unsigned)options.service); options.service++)
            if (strcmp(optarg, service_word((unsigned)options.service)) == 0)
                return true;
        return false;
    case 'r':
        options.reloads = true;
        return true;
    case 'd':
        options.drains = true;
        return true;
    case 'm':
        options.remembers = true;
        return true;
    case 'N':
        options.names = true;
        return true;
    case 'k':
        options.keeps_on = true;
        return true;
    case 'v':
        options.verbose = true;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    invariant_hook = on_broken;
    static const struct option words[] = {{"seeds", required_argument, NULL, 's'},
        {"seconds", required_argument, NULL, 't'}, {"nodes", required_argument, NULL, 'n'},
        {"topology", required_argument, NULL, 'g'}, {"service", required_argument, NULL, 'p'},
        {"reloads", no_argument, NULL, 'r'}, {"drains", no_argument, NULL, 'd'},
        {"remembers", no_argument, NULL, 'm'}, {"names", no_argument, NULL, 'N'},
        {"keep-on", no_argument, NULL, 'k'}, {"verbose", no_argument, NULL, 'v'}, {0}};
    for (int option; (option = getopt_long(argc, argv, "kv", words, NULL)) != -1;)
        if (!take_option(option))
            return usage();
    signal(SIGABRT, on_abort);
    struct sums sums = {0};
    bool well = true;
    for (uint64_t seed = options.first; (well || options.keeps_on) && seed <= options.last; seed++)
        well &= run_seed(seed, &sums);
    printf("%" PRIu64 " runs, %.0f virtual s, %" PRIu64 " events, %" PRIu64 " stamps, %" PRIu64
           " AT lines, slowest settled in %.1f s, %" PRIu64 " alarms, trace %016" PRIx64 "\n",
        sums.runs, (double)sums.virtual_ns / 1e9, sums.events, sums.stamps, sums.messages,
        (double)sums.slowest_ns / 1e9, sums.alarms, sums.trace);
    return well ? 0 : 1;
}
