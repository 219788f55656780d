/* wait.c — `stampede wait`: waits until nodes hold what their neighbours hold, as after a
 * restart.
 *
 * It asks both ends of each link for STATUS again and again, WAIT_PAUSE_MS apart, and keeps what
 * the answers prove (progress.h). A node that does not answer may be about to start, so it is asked
 * again until the time is over. */
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
    "level since the call, which means that each end has confirmed what the other\n"
    "held when it was first asked, and that their digests were equal, then or at a\n"
    "later mark. For restarting a herd node by node: wait for each node before the\n"
    "next is stopped. Clients may go on telling stamps. The node need not be up yet.\n\n"
    "  -n, --node NODE      wait for this node only; default: all of the topology\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n" OPERATOR_OPTIONS
    "  -w, --timeout TIME   how long, such as 500ms, 60s or 5min; default: 60s\n"
    "  -h, --help           print this text\n\n"
    "The node and its neighbours are asked, so all of them have to answer. On spare\n"
    "links digests are not needed, as stamps come by the others. A neighbour that has\n"
    "refused or evicted stamps (limits.stamps, limits.future) is named and left out\n"
    "once it has confirmed everything; one that refuses stamps by its clock or for an\n"
    "unknown origin (limits.clock, retired) does not confirm them, and is waited\n"
    "for.\n\n"
    "Exit codes: 0 all links have been level, 1 not in time (standard error says\n"
    "why), 2 wrong command line, or there is no such node.\n\n"
    "Example: stampede wait -n Hands --timeout 2min\n";

struct wait {
    const struct herd *herd;
    const struct options *options;
    int only; /* the node to wait for; below 0: all */
    int64_t began_ns;
    unsigned count; /* of the nodes that are waited for, and how far each has come: */
    struct progress *each;
    struct report *reports; /* by node: the last answers of those that are asked */
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
        if (p->links[i].left_out && !p->links[i].level)
            printf("left out: %s has refused or evicted stamps, so its digest is not that of %s\n",
                t->nodes[n->neighbours[i]].name, n->name);
}

/* Take what all answers say. Whether each node is done; if not, w->why is the first reason. */
static bool take_answers(struct wait *w, const struct survey *s, uint64_t asked_ms)
{
    const struct topology *t = &w->herd->topology;
    bool done = true;
    for (unsigned i = 0; i < s->count; i++)
        report_read(
            &w->reports[s->nodes[i]], t, s->nodes[i], s->asks[i].answer, s->asks[i].why, NULL);
    for (unsigned i = 0; i < w->count; i++) {
        struct progress *p = &w->each[i];
        const struct topology_node *n = &t->nodes[p->node];
        struct progress_answers a = {.node = &w->reports[p->node]};
        char why[PROGRESS_REASON_BYTES];
        for (unsigned k = 0; k < n->neighbours_count; k++)
            a.neighbours[k] = &w->reports[n->neighbours[k]];
        progress_note(p, &a, asked_ms);
        if (!progress_done(p, &a, why) && done) {
            done = false;
            memcpy(w->why, why, sizeof why);
        }
    }
    return done;
}

/* A node that is waited for is asked, and so are its neighbours. */
static bool ask_all(const struct wait *w, struct survey *s)
{
    if (w->only < 0)
        return survey_run(s, w->herd, -1, SPAN("STATUS"));
    const struct topology_node *n = &w->herd->topology.nodes[w->only];
    unsigned nodes[1 + TOPOLOGY_NEIGHBOURS_MAX] = {(unsigned)w->only};
    for (unsigned i = 0; i < n->neighbours_count; i++)
        nodes[1 + i] = n->neighbours[i];
    return survey_some(s, w->herd, nodes, 1 + n->neighbours_count, SPAN("STATUS"));
}

/* Ask all once. -1: ask again. */
static int ask_round(struct wait *w)
{
    struct survey s;
    int64_t asked_ms = elapsed_ms(w);
    int code = -1;
    if (!ask_all(w, &s))
        code = EXIT_SAID_NO;
    else if (take_answers(w, &s, (uint64_t)asked_ms))
        code = EXIT_WELL;
    for (unsigned i = 0; code == EXIT_WELL && i < w->count; i++)
        name_those_left_out(&w->each[i]);
    survey_end(&s);
    return code;
}

static int wait_for_all(struct wait *w)
{
    const struct topology *t = &w->herd->topology;
    w->each = calloc(w->count, sizeof *w->each);
    w->reports = calloc(t->nodes_count, sizeof *w->reports);
    if (!w->each || !w->reports) {
        free(w->each);
        free(w->reports);
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    for (unsigned i = 0; i < w->count; i++)
        w->each[i] = (struct progress){.topology = t, .node = w->only < 0 ? i : (unsigned)w->only};
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
    free(w->reports);
    return code;
}

int cli_wait(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cnwa", help);
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
    w.count = w.only < 0 ? herd.topology.nodes_count : 1;
    if (o.node && w.only < 0)
        code = EXIT_USAGE;
    else if (herd_observes(&herd, &o))
        code = wait_for_all(&w);
    else
        code = EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
