/* scene.c — see run.h. What a seed decides. */
#include "sim/run.h"
#include <inttypes.h>

enum {
    CLIENTS = 6,
    LINKED_MS = 800,
    LINKED_LATE_MS = 3000, /* who is not there yet is dialled again */
    IDS_MAX = 40,
    CROWD_IDS_MAX = 1000, /* more than a link sends in one batch */
    OUTPUT_BYTES = 16384, /* the least that limits.output may be */
    TWIN_ABOVE = 1000, /* at those below, what they have found is found again */
    NAMES_EACH = 8, /* in so many seeds above NAMES_ABOVE one, nodes have names, and move */
    NAMES_ABOVE = 1000,
    TLS_IN = 50, /* one herd in so many; a handshake costs real milliseconds */
    SERVICE_IN = 6, /* the same; there places is a service on the network */
    IMPATIENT_MS = 3000, /* places.timeout */
    RELOAD_EACH = 8, /* in so many seeds above RELOAD_ABOVE one, topology.conf changes */
    RELOAD_ABOVE = 1000,
    REMEMBER_EACH = 4, /* in so many seeds above REMEMBER_ABOVE one, nodes keep what they hold */
    REMEMBER_ABOVE = 1000,
    JOURNAL_EACH = 8, /* likewise, they have journals: */
    JOURNAL_ABOVE = 10000,
    OPERATOR_EACH = 8, /* the same; there somebody dumps and loads */
    OPERATOR_ABOVE = 1000,
    DRAIN_EACH = 8, /* likewise, nodes are drained: */
    DRAIN_ABOVE = 1000,
};

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

void scene_plan(uint64_t seed)
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
    run.journals = options.journals || (seed > JOURNAL_ABOVE && seed % JOURNAL_EACH == 7);
    run.remembers = options.remembers || run.journals ||
                    (seed > REMEMBER_ABOVE && seed % REMEMBER_EACH == 3);
}

void scene_set_paths(int64_t most_ns)
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

/* What goes wrong with all disks of a run; the last: all of it. */
enum disk_trouble {
    DISKS_WELL,
    DISKS_SHORT,
    DISKS_WRITE,
    DISKS_SYNC,
    DISKS_NAMES,
    DISKS_FLIP,
    DISKS_MIXED,
    DISK_TROUBLES,
};

static void set_faults(struct disk_host *d, enum disk_trouble trouble)
{
    static const struct {
        enum disk_trouble trouble;
        enum disk_fault fault;
        unsigned one_in;
    } each[] = {{DISKS_SHORT, DISK_SHORT, 3}, {DISKS_WRITE, DISK_WRITE_EIO, 200},
        {DISKS_SYNC, DISK_SYNC_EIO, 60}, {DISKS_SYNC, DISK_SYNC_FULL, 60},
        {DISKS_NAMES, DISK_NAME_EIO, 8}, {DISKS_NAMES, DISK_FOLDER_EIO, 8}};
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++)
        if (trouble == each[i].trouble || (trouble == DISKS_MIXED && once_in(2)))
            d->disk.one_in[each[i].fault] = each[i].one_in * (trouble == DISKS_MIXED ? 3 : 1);
    d->flips_in = trouble == DISKS_FLIP ? 3 : trouble == DISKS_MIXED ? 20 : 0;
    /* Where a header that tells a late write from what was before may be lost, none is. */
    d->disk.punctual = d->flips_in || d->disk.one_in[DISK_SYNC_EIO] ||
                       d->disk.one_in[DISK_SYNC_FULL] || d->disk.one_in[DISK_FOLDER_EIO];
}

static void set_disks(void)
{
    static const enum journal_mode modes[] = {
        JOURNAL_ALWAYS, JOURNAL_ALWAYS, JOURNAL_INTERVAL, JOURNAL_INTERVAL, JOURNAL_NONE};
    static const int64_t slowest_ms[] = {1, 5, 30};
    static const unsigned flushes_ms[] = {10, 50, 200, 1000}, percents[] = {50, 100, 200, 1000};
    enum disk_trouble trouble = once_in(3) ? DISKS_WELL : (enum disk_trouble)draw(DISK_TROUBLES);
    bool alike = once_in(2);
    enum journal_mode mode = modes[draw(5)];
    int64_t slowest_ns = slowest_ms[draw(3)] * MS_NS;
    for (unsigned i = 0; i < run.herd.hosts_count; i++) {
        struct topology_journal how = {.mode = alike ? mode : modes[draw(5)],
            .flush_ns = flushes_ms[draw(4)] * MS_NS,
            .compact_percent = percents[draw(4)]};
        if (once_in(10))
            continue;
        disk_host_add(&run.herd.hosts[i], draw(UINT64_MAX), &how);
        run.herd.hosts[i].disk->disk.slowest_ns = slowest_ns;
        if (!run.calm)
            set_faults(run.herd.hosts[i].disk, trouble);
    }
}

void scene_set(void)
{
    static const size_t windows[] = {400, 3000, 65536};
    static const int64_t lags_ns[] = {20000, 200000, 3 * MS_NS};
    struct network *n = &run.herd.network;
    scene_set_paths(once_in(3) ? 20 * MS_NS : MS_NS);
    n->window_min = windows[draw(3)];
    n->split_in = (unsigned)draw(5);
    n->lag_ns = lags_ns[draw(3)];
    for (unsigned i = 0; i < run.herd.hosts_count; i++)
        run.herd.judge.clock_ahead_ns[i] = (int64_t)draw(4 * SECOND_NS) - 2 * SECOND_NS;
    if (run.journals)
        set_disks();
    for (unsigned i = 0; run.remembers && !run.journals && i < run.herd.hosts_count; i++)
        set_kept(&run.herd.hosts[i].kept);
}

bool scene_start(void)
{
    struct herd *h = &run.herd;
    if (run.together) {
        herd_start(h);
        char why[JUDGE_VERDICT_BYTES_MAX];
        int64_t most_ms = run.journals ? LINKED_LATE_MS : LINKED_MS;
        if (!herd_run_ns(h, most_ms * MS_NS))
            return false;
        if (!herd_linked(h, why) && !(run.journals && !run.calm)) /* a disk may be no good */
            judge_violated(
                &h->judge, "not linked %" PRId64 " ms after the start: %s", most_ms, why);
        return !h->judge.violated;
    }
    for (unsigned i = 0; i < h->topology.nodes_count; i++) {
        host_start(&h->hosts[i]);
        if (!herd_run_ns(h, about(300 * MS_NS)))
            return false;
    }
    return herd_run_ns(h, SECOND_NS);
}
