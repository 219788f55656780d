/* wait.c — `stampede wait`: waits until nodes hold what their neighbours hold, as after a restart.
 *
 * It asks for STATUS again and again, WAIT_PAUSE_MS apart, and keeps what each answer proves
 * (progress.h). A node that does not answer may be about to start, so it is asked again until the
 * time is over. */
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/survey.h"
#include "files/clock.h"
#include <inttypes.h>
#include <stdlib.h>

enum { WAIT_PAUSE_MS = 200 };

static const char help[] =
    "Usage: stampede wait [-n NODE] [-c FILE] [--timeout TIME]\n\n"
    "Wait until a node holds what its neighbours hold: each of its links has been\n"
    "level since the call, which means that both ends had confirmed everything and\n"
    "their digests agreed. For restarting a herd node by node: wait for each node\n"
    "before the next is stopped. The node need not be up yet.\n\n"
    "  -n, --node NODE      wait for this node only; default: all of the topology\n"
    "  -c, --topology FILE  the herd's description; default: topology.conf\n"
    "  -w, --timeout TIME   how long, such as 500ms, 60s or 5min; default: 60s\n"
    "  -h, --help           print this text\n\n"
    "Digests are compared when a link has been silent for 3 s, and every 30 s under\n"
    "load, but only if nothing is under way at that moment: under steady load that\n"
    "may never be so, and the time runs out. A neighbour that has refused or evicted\n"
    "stamps (limits.stamps, limits.future) is named and left out once it has\n"
    "confirmed everything.\n\n"
    "Exit codes: 0 all links have been level, 1 not in time (standard error says\n"
    "why), 2 wrong command line, or there is no such node.\n\n"
    "Example: stampede wait -n Hands --timeout 2min\n";

struct wait {
    const struct herd *herd;
    const struct options *options;
    int only; /* the node to wait for; below 0: all */
    int64_t began_ns;
    struct progress *each; /* of the nodes that are waited for */
    char why[PROGRESS_REASON_BYTES];
};

static int64_t elapsed_ms(const struct wait *w)
{
    return (clock_now().mono_ns - w->began_ns) / MS_NS;
}

static void name_those_left_out(const struct progress *p)
{
    const struct topology *t = p->topology;
    const struct topology_node *n = &t->nodes[p->node];
    for (unsigned i = 0; i < n->neighbours_count; i++)
        if (p->left_out[i] && !p->level[i])
            printf("left out: %s has refused or evicted stamps, so its digest is not that of %s\n",
                t->nodes[n->neighbours[i]].name, n->name);
}

/* Take what all answers say. Whether each node is done; if not, w->why is the first reason. */
static bool take_answers(struct wait *w, const struct survey *s, uint64_t asked_ms)
{
    bool done = true;
    for (unsigned i = 0; i < s->count; i++) {
        struct report r;
        struct progress *p = &w->each[i];
        char why[PROGRESS_REASON_BYTES];
        report_read(&r, p->topology, p->node, s->asks[i].answer, s->asks[i].why, NULL);
        progress_note(p, &r, asked_ms);
        if (!progress_done(p, &r, why) && done) {
            done = false;
            memcpy(w->why, why, sizeof why);
        }
    }
    return done;
}

/* Ask all once. -1: ask again. */
static int ask_round(struct wait *w)
{
    struct survey s;
    int64_t asked_ms = elapsed_ms(w);
    int code = -1;
    if (!survey_run(&s, w->herd, w->only, SPAN("STATUS")))
        code = EXIT_SAID_NO;
    else if (take_answers(w, &s, (uint64_t)asked_ms))
        code = EXIT_WELL;
    for (unsigned i = 0; code == EXIT_WELL && i < s.count; i++)
        name_those_left_out(&w->each[i]);
    survey_end(&s);
    return code;
}

static int wait_for_all(struct wait *w, unsigned count)
{
    w->each = calloc(count, sizeof *w->each);
    if (!w->each) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    for (unsigned i = 0; i < count; i++)
        w->each[i] = (struct progress){.topology = &w->herd->topology,
            .node = w->only < 0 ? i : (unsigned)w->only};
    int code;
    while ((code = ask_round(w)) < 0) {
        int64_t left_ms = (int64_t)w->options->timeout_ms - elapsed_ms(w);
        if (left_ms <= 0) {
            complain("not level within %" PRIu64 " ms: %s", w->options->timeout_ms, w->why);
            code = EXIT_SAID_NO;
            break;
        }
        poll(NULL, 0, left_ms < WAIT_PAUSE_MS ? (int)left_ms : WAIT_PAUSE_MS);
    }
    free(w->each);
    return code;
}

int cli_wait(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cnw", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("wait takes no argument \"%s\"; see `stampede wait --help`", o.words[0]);
        return EXIT_USAGE;
    }
    struct wait w = {.herd = &herd, .options = &o, .only = -1, .began_ns = clock_now().mono_ns};
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    if (o.node)
        w.only = herd_node(&herd.topology, &o, o.node);
    if (o.node && w.only < 0)
        code = EXIT_USAGE;
    else if (herd_observes(&herd, &o))
        code = wait_for_all(&w, w.only < 0 ? herd.topology.nodes_count : 1);
    else
        code = EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
