/* campaign.c — random runs: each seed decides a herd, a network, clients and accidents.
 *
 *     sim_campaign [--seeds A-B] [--seconds N] [--nodes N] [--topology WORD] [--service WORD]
 *                  [--reloads] [--drains] [--remembers] [--names] [--journal] [-kv]
 *
 * Each run has a time of trouble; then everything is healed, and within a bounded virtual time all
 * nodes must hold the same stamps. judge.h says what must hold all the time. A run lasts at least
 * 60 virtual seconds. One run in four is calm, without trouble; there the cost of a stamp and the
 * time it takes are bounded, too. A violation prints the seed and how to run it again; -k continues
 * with the next seed. STAMPEDE_SIM_LOG=1 prints the nodes' logs. */
#include "core/base/invariant.h"
#include "sim/run.h"
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>

enum {
    RUN_MS = 60000, /* at least */
    TWICE_EACH = 30, /* of so many seeds one is run again, and nothing may be different */
};

struct run run;
struct options options = {.first = 1, .last = 20, .shape = -1, .service = -1};

static bool play(void)
{
    trouble_begin();
    if (!scene_start() || !trouble_run())
        return false;
    trouble_end_drains();
    herd_heal(&run.herd);
    trouble_end_files();
    if (!run.calm)
        scene_set_paths(MS_NS);
    if (!end_settle() || !end_all_are_answered() || (run.seed % 4 == 0 && !end_stay_quiet()))
        return false;
    if (run.journals && !run.calm && !end_die_and_start())
        return false;
    int64_t left_ns = RUN_MS * MS_NS - run.herd.network.now_ns;
    if (left_ns > 0 && !herd_run_ns(&run.herd, left_ns))
        return false;
    end_check_costs();
    for (unsigned i = 0; i < run.herd.hosts_count; i++)
        if (run.herd.hosts[i].node)
            judge_inspects(&run.herd.judge, i, node_store(run.herd.hosts[i].node));
    return !run.herd.judge.violated;
}

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
    fprintf(stderr, "%s%s%s%s%s\n", options.reloads ? " --reloads" : "",
        options.drains ? " --drains" : "", options.remembers ? " --remembers" : "",
        options.names ? " --names" : "", options.journals ? " --journal" : "");
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
        run.restarted ? " restarts" : "", run.journals    ? " journals"
        : run.remembers ? " remembers"
                        : "",
        service,
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
    scene_plan(seed);
    herd_create(&run.herd, &run.plan);
    run.herd.judge.late = !run.calm;
    scene_set();
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
                    "[--service WORD] [--reloads] [--drains] [--remembers] [--names] [--journal] "
                    "[-k] [-v]\ntopologies:");
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
    case 'j':
        options.journals = true;
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
        {"journal", no_argument, NULL, 'j'},
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
