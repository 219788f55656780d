/* campaign.c — seeds of a world.
 *
 *     live_campaign [--seeds A-B] [-v]     -v: what happened in all of them
 *
 * STAMPEDE_TEST_SEED=<seed> plays that one. */
#include "core/base/invariant.h"
#include "live/world.h"
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>

static uint64_t first = 1, last = 2000, playing;
static bool verbose;

static void tell_how_to_repeat(void)
{
    fprintf(stderr, "again: live_campaign --seeds %" PRIu64 "-%" PRIu64 "\n", playing, playing);
}

static void on_broken(const char *what, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "seed %" PRIu64 " violated: %s:%d: %s\n", playing, file, line, what);
    tell_how_to_repeat();
    _Exit(1);
}

static void on_abort(int signal)
{
    (void)signal;
    tell_how_to_repeat();
}

static bool play(uint64_t seed, struct world *sum)
{
    static struct world w;
    playing = seed;
    bool well = world_play(&w, seed);
    sum->lines += w.lines;
    sum->near += w.near;
    sum->parts += w.parts;
    sum->full += w.full;
    sum->gone += w.gone;
    sum->caught_up += w.caught_up;
    sum->waited += w.waited;
    if (!well) {
        printf("seed %" PRIu64 " violated: %s\n", seed, w.verdict);
        fflush(stdout);
        tell_how_to_repeat();
    }
    return well;
}

static bool take_option(int option)
{
    verbose |= option == 'v';
    return option == 'v' ||
           (option == 's' && sscanf(optarg, "%" SCNu64 "-%" SCNu64, &first, &last) == 2);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seeds", required_argument, NULL, 's'}, {0}};
    static struct world sum;
    for (int option; (option = getopt_long(argc, argv, "v", options, NULL)) != -1;)
        if (!take_option(option)) {
            fprintf(stderr, "usage: live_campaign [--seeds A-B] [-v]\n");
            return 2;
        }
    const char *wanted = getenv("STAMPEDE_TEST_SEED");
    if (wanted)
        first = last = strtoull(wanted, NULL, 0);
    invariant_hook = on_broken;
    signal(SIGABRT, on_abort);
    for (uint64_t seed = first; seed <= last; seed++)
        if (!play(seed, &sum))
            return 1;
    printf("%" PRIu64 " seeds\n", last - first + 1);
    if (verbose)
        printf("%" PRIu64 " lines, %" PRIu64 " GONE, %" PRIu64 " FULL; %" PRIu64
               " answers, %" PRIu64 " in parts; %" PRIu64 " times caught up, %" PRIu64
               " waited for the index\n",
            sum.lines, sum.gone, sum.full, sum.near, sum.parts, sum.caught_up, sum.waited);
    return 0;
}
