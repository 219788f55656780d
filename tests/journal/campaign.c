/* campaign.c — runs seeds of world.h.
 *
 *     journal_campaign [--seeds A-B] [--trouble WORD] [-k] [-v]
 *
 * Prints what was violated, with the command that repeats it. -k goes on after that. Exit code: 1
 * if something was. */
#include "core/base/invariant.h"
#include "journal/world.h"
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>

static struct {
    uint64_t first, last, seed;
    int trouble;
    bool keeps_on, verbose;
} options = {.first = 1, .last = 400, .trouble = -1};

static void tell_how_to_repeat(void)
{
    fprintf(stderr, "again: journal_campaign --seeds %" PRIu64 "-%" PRIu64, options.seed,
        options.seed);
    if (options.trouble >= 0)
        fprintf(stderr, " --trouble %s", trouble_word((unsigned)options.trouble));
    fprintf(stderr, "\n");
}

static void on_broken(const char *what, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "seed %" PRIu64 " violated: %s:%d: %s\n", options.seed, file, line, what);
    abort();
}

static void on_abort(int signal)
{
    (void)signal;
    tell_how_to_repeat();
}

static bool run_seed(uint64_t seed)
{
    static struct world w;
    options.seed = seed;
    world_init(&w, seed, options.trouble);
    bool well = world_play(&w);
    if (options.verbose)
        printf("seed %" PRIu64 ": %s, %u lives, %u ids, %.1f s, %" PRIu64 " turns, %" PRIu64
               " changes, %" PRIu64 " power cuts\n",
            seed, trouble_word(w.trouble), w.lives, w.ids, (double)w.now_ns / 1e9, w.turns, w.last,
            w.probes);
    if (!well) {
        printf("seed %" PRIu64 " (%s) violated: %s\n", seed, trouble_word(w.trouble), w.verdict);
        fflush(stdout);
        tell_how_to_repeat();
    }
    world_deinit(&w);
    return well;
}

static int usage(void)
{
    fprintf(stderr,
        "usage: journal_campaign [--seeds A-B] [--trouble WORD] [-k] [-v]\ntroubles:");
    for (unsigned i = 0; trouble_word(i); i++)
        fprintf(stderr, " %s", trouble_word(i));
    fprintf(stderr, "\n");
    return 2;
}

static bool take_option(int option)
{
    switch (option) {
    case 's':
        return sscanf(optarg, "%" SCNu64 "-%" SCNu64, &options.first, &options.last) == 2;
    case 't':
        for (options.trouble = 0; options.trouble < TROUBLES; options.trouble++)
            if (strcmp(optarg, trouble_word((unsigned)options.trouble)) == 0)
                return true;
        return false;
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
    static const struct option long_options[] = {{"seeds", required_argument, NULL, 's'},
        {"trouble", required_argument, NULL, 't'}, {0}};
    for (int option; (option = getopt_long(argc, argv, "kv", long_options, NULL)) != -1;)
        if (!take_option(option))
            return usage();
    invariant_hook = on_broken;
    signal(SIGABRT, on_abort);
    uint64_t failed = 0;
    for (uint64_t s = options.first; s <= options.last && (!failed || options.keeps_on); s++)
        failed += !run_seed(s);
    if (!failed)
        printf("%" PRIu64 " seeds\n", options.last - options.first + 1);
    return failed != 0;
}
