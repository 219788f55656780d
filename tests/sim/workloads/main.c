/* main.c — the program of the workloads: figures of herds in virtual time.
 *
 *     sim_workloads COMMAND [--seeds A-B] [--nodes N] [--topology WORD] [--delay MS]
 *                           [--warm SECONDS] [--seconds N]
 *
 *     table       stamps per update and time to reach all nodes, by topology and size
 *     broadcast   Maelstrom's broadcast workload, next to published figures
 *     set         Jepsen's set-full workload under partitions, and under deaths of nodes
 *     accidents   how long a stamp takes when a link or a node of the tree fails
 *     check       a little of each, for the test suite
 *
 * Exit code: 0 all bounds were kept, 1 one was not ("violated: ..." is printed), 2 wrong usage. */
#include "core/base/invariant.h"
#include "sim/workloads/workload.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

enum { WARM_S_MAX = 3600, SECONDS_MAX = 60 };

static bool check(const struct workload_options *o)
{
    (void)o; /* fixed sizes, so that it always takes equally long */
    static const struct workload_options few[] = {{.shape = shipped}, {.shape = ring, .nodes = 12},
        {.shape = grid, .nodes = 12}, {.shape = regular, .nodes = 25},
        {.shape = mesh, .nodes = 12, .delay_ms = 100}};
    const struct workload_options small = {
        .first = 1, .last = 1, .nodes = 9, .shape = grid, .seconds = 12};
    bool well = true;
    for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
        struct workload_options row = few[i];
        row.first = row.last = 1;
        row.updates = 40;
        well &= workload_table(&row);
    }
    well &= workload_set(&small);
    return workload_accidents(&small) && well;
}

static const struct command_word {
    const char *word;
    bool (*run)(const struct workload_options *o);
} commands[] = {
    {"table", workload_table},
    {"broadcast", workload_broadcast},
    {"set", workload_set},
    {"accidents", workload_accidents},
    {"check", check},
};

static void on_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "violated: %s:%d: %s\n", file, line, what);
    abort();
}

static int usage(void)
{
    fprintf(stderr,
        "usage: sim_workloads COMMAND [--seeds A-B] [--nodes N] [--topology WORD] [--delay MS]\n"
        "                     [--warm SECONDS] [--seconds N]\n"
        "commands:");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stderr, " %s", commands[i].word);
    fprintf(stderr, "\ntopologies:");
    for (unsigned i = 0; shape_word(i); i++)
        fprintf(stderr, " %s", shape_word(i));
    fprintf(stderr, "\n");
    return 2;
}

static bool take_option(struct workload_options *o, int option)
{
    enum shape shape;
    switch (option) {
    case 's':
        return sscanf(optarg, "%" SCNu64 "-%" SCNu64, &o->first, &o->last) == 2;
    case 'n':
        return sscanf(optarg, "%u", &o->nodes) == 1 && o->nodes >= 3 &&
               o->nodes <= TOPOLOGY_NODES_MAX;
    case 'g':
        if (!shape_find(optarg, &shape))
            return false;
        o->shape = (int)shape;
        return true;
    case 'd':
        return sscanf(optarg, "%u", &o->delay_ms) == 1;
    case 'w':
        return sscanf(optarg, "%u", &o->warm_s) == 1 && o->warm_s <= WARM_S_MAX;
    case 't':
        return sscanf(optarg, "%u", &o->seconds) == 1 && o->seconds <= SECONDS_MAX;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    invariant_hook = on_broken;
    static const struct option words[] = {{"seeds", required_argument, NULL, 's'},
        {"nodes", required_argument, NULL, 'n'}, {"topology", required_argument, NULL, 'g'},
        {"delay", required_argument, NULL, 'd'}, {"warm", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 't'}, {0}};
    struct workload_options o = {.first = 1, .last = 1, .shape = -1};
    for (int option; (option = getopt_long(argc, argv, "", words, NULL)) != -1;)
        if (!take_option(&o, option))
            return usage();
    for (size_t i = 0; optind + 1 == argc && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[optind], commands[i].word) == 0)
            return commands[i].run(&o) ? 0 : 1;
    return usage();
}
