/* drain.c — `stampede drain NODE`: takes a node out of service, clients first (PROTOCOL.md,
 * "Draining").
 *
 * The node does it all by itself, by what it is told once; this command then watches by STATUS, so
 * it may end at any time. When the node does not answer any more, it is gone if no neighbour is
 * linked with it. */
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/survey.h"
#include "files/clock.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LOOK_PAUSE_MS = 250,
    LINGER_MS = 15000, /* beside limits.stop, for its neighbours to see that it is gone */
    GRACE_MS_MAX = 3600000,
};

static const char help[] =
    "Usage: stampede drain [-c FILE] [--grace TIME] [--timeout TIME] NODE\n"
    "       stampede drain [-c FILE] --undo NODE\n\n"
    "Take a node out of service without cutting off clients. At once its /ready says\n"
    "503, so that load balancers send it no more clients. Who comes nevertheless is\n"
    "served until the grace is over; then its client port closes. When its last\n"
    "client has gone, or the time is over, the node stops as on SIGTERM: its\n"
    "neighbours confirm what it holds, and it ends with exit code 0.\n\n"
    "  -g, --grace TIME     how long the client port stays open, longer than a\n"
    "                       balancer takes to notice; default: 10s, at most an hour\n"
    "  -w, --timeout TIME   when the node stops although clients are left, from now\n"
    "                       on; default: 60s, at most a day\n"
    "  -u, --undo           end the drain: the client port opens again\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n" OPERATOR_OPTIONS
    "  -h, --help           print this text\n\n"
    "The command waits until the node has stopped. Ctrl-C ends the command, and the\n"
    "drain goes on. The herd must have a secret_file or TLS, by which the node knows\n"
    "who may drain it; with TLS, the key of some node has to be on this machine, or\n"
    "--cert and --key name an operator's.\n\n"
    "Exit codes: 0 the node has stopped, or the drain is undone; 1 it has not, or\n"
    "does not obey (standard error says why); 2 wrong command line, or there is no\n"
    "such node.\n\n"
    "Example: stampede drain Hands --timeout 5min\n";

struct drain_watch {
    const struct herd *herd;
    const struct options *options;
    unsigned node;
    const char *name;
    int64_t ends_ns; /* then it must be gone */
    char boot[REPORT_HEX_DIGITS + 1];
    struct report report; /* its last answer */
    char why[ASK_WHY_BYTES_MAX + 1]; /* report.why, if it gave none */
    bool on_terminal, shown; /* a line is to be written over */
    bool was_closed;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* -- asking ------------------------------------------------------------------------------------ */

/* false: no memory. */
static bool ask(struct drain_watch *w, const char *question)
{
    struct survey s;
    bool well = survey_run(&s, w->herd, (int)w->node, span_of(question));
    if (well) {
        snprintf(w->why, sizeof w->why, "%s", s.asks[0].why);
        report_read(&w->report, &w->herd->topology, w->node, s.asks[0].answer,
            s.asks[0].answer ? NULL : w->why, NULL);
    }
    survey_end(&s);
    return well;
}

/* Whether no neighbour that answers is linked with it. */
static bool is_gone(const struct drain_watch *w)
{
    const struct topology *t = &w->herd->topology;
    const struct topology_node *n = &t->nodes[w->node];
    unsigned nodes[TOPOLOGY_NEIGHBOURS_MAX], linked = 0;
    struct survey s;
    struct report *r = malloc(sizeof *r);
    for (unsigned i = 0; i < n->neighbours_count; i++)
        nodes[i] = n->neighbours[i];
    bool well = r && (!n->neighbours_count ||
                         survey_some(&s, w->herd, nodes, n->neighbours_count, SPAN("STATUS")));
    for (unsigned i = 0; well && i < n->neighbours_count; i++) {
        const struct topology_node *other = &t->nodes[nodes[i]];
        report_read(r, t, nodes[i], s.asks[i].answer, s.asks[i].why, NULL);
        for (unsigned k = 0; !r->why && k < other->neighbours_count; k++)
            linked += other->neighbours[k] == w->node && r->links[k].up;
    }
    if (well && n->neighbours_count)
        survey_end(&s);
    free(r);
    return well && !linked;
}

/* -- what is shown ----------------------------------------------------------------------------- */

static void end_line(struct drain_watch *w)
{
    if (w->shown)
        putchar('\n');
    w->shown = false;
    fflush(stdout);
}

/* On a terminal in one line that changes; else a line for each phase. */
static void show_progress(struct drain_watch *w)
{
    const struct report *r = &w->report;
    char left[REPORT_SPAN_BYTES];
    bool closed = r->drain_closes_ms == 0, news = closed != w->was_closed || !w->shown;
    if (!w->on_terminal && !news)
        return;
    report_span(closed ? r->drain_stops_ms : r->drain_closes_ms, left);
    fputs(w->on_terminal ? "\r" : w->shown ? "\n" : "", stdout);
    printf("%s has %" PRIu64 " client%s; ", w->name, r->clients, r->clients == 1 ? "" : "s");
    printf(closed ? "its client port is closed, it stops in %s at the latest"
                  : "its client port closes in %s", left);
    fputs(w->on_terminal ? "\033[K" : "", stdout);
    w->shown = true;
    w->was_closed = closed;
    fflush(stdout);
}

/* -- watching ---------------------------------------------------------------------------------- */

static int64_t left_ns(const struct drain_watch *w)
{
    return w->ends_ns - clock_now().mono_ns;
}

/* -1: look again. */
static int look(struct drain_watch *w)
{
    const struct report *r = &w->report;
    if (!ask(w, "STATUS"))
        return EXIT_SAID_NO;
    if (!r->why && r->draining && strcmp(r->boot, w->boot) == 0) {
        show_progress(w);
        return -1;
    }
    if (!r->why) {
        end_line(w);
        complain(strcmp(r->boot, w->boot) == 0 ? "the drain of %s was undone"
                                               : "%s was started again", w->name);
        return EXIT_SAID_NO;
    }
    if (!is_gone(w))
        return -1;
    end_line(w);
    printf("%s has stopped\n", w->name);
    return EXIT_WELL;
}

static int watch(struct drain_watch *w)
{
    int code = -1;
    uint64_t after_ms = w->options->timeout_ms + w->herd->topology.limits.stop_ms + LINGER_MS;
    w->ends_ns = clock_now().mono_ns + (int64_t)after_ms * MS_NS;
    memcpy(w->boot, w->report.boot, sizeof w->boot);
    signal(SIGINT, on_interrupt);
    show_progress(w);
    while (code < 0 && !interrupted && left_ns(w) > 0) {
        poll(NULL, 0, LOOK_PAUSE_MS);
        if (!interrupted)
            code = look(w);
    }
    end_line(w);
    if (code >= 0)
        return code;
    if (interrupted)
        complain("the drain of %s goes on; end it with: %s --undo", w->name,
            options_command(w->options, "drain", w->name));
    else
        complain("%s should have stopped by now; it %s", w->name,
            w->report.why ? w->report.why : "still answers");
    return EXIT_SAID_NO;
}

/* -- the command ------------------------------------------------------------------------------- */

/* Nodes that do not know the order do not say whether they drain. */
static bool is_able(struct drain_watch *w)
{
    if (!ask(w, "STATUS"))
        return false;
    if (w->report.why)
        complain("%s: %s", w->name, w->report.why);
    else if (!w->report.drain_known)
        complain("%s runs an older version, which cannot be drained; stop it with SIGTERM",
            w->name);
    return !w->report.why && w->report.drain_known;
}

static int drain(struct drain_watch *w)
{
    char order[64];
    const struct options *o = w->options;
    if (!is_able(w))
        return EXIT_SAID_NO;
    snprintf(order, sizeof order, "DRAIN %" PRIu64 " %" PRIu64, o->grace_ms, o->timeout_ms);
    if (!ask(w, o->undo ? "UNDRAIN" : order))
        return EXIT_SAID_NO;
    if (w->report.why) {
        complain("%s: %s", w->name, w->report.why);
        return EXIT_SAID_NO;
    }
    if (!o->undo)
        return watch(w);
    printf("%s takes clients\n", w->name);
    return EXIT_WELL;
}

static bool can_prove(const struct herd *herd, const char *name)
{
    if (herd->secret_file.secrets.count || herd->tls)
        return true;
    complain("%s cannot know who may drain it, as this herd has neither secret_file nor tls; give "
             "it one of them, or stop %s with SIGTERM", name, name);
    return false;
}

int cli_drain(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cwgua", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count != 1) {
        complain("drain needs one argument, the name of a node; see `stampede drain --help`");
        return EXIT_USAGE;
    }
    if (!o.undo && (o.grace_ms > o.timeout_ms || o.grace_ms > GRACE_MS_MAX)) {
        complain("drain: --grace is at most an hour, and no longer than --timeout");
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    int node = herd_node(&herd.topology, &o, o.words[0]);
    if (node < 0)
        code = EXIT_USAGE;
    else if (!herd_observes(&herd, &o) || !can_prove(&herd, o.words[0]))
        code = EXIT_SAID_NO;
    else
        code = drain(&(struct drain_watch){.herd = &herd,
            .options = &o,
            .node = (unsigned)node,
            .name = herd.topology.nodes[node].name,
            .on_terminal = isatty(STDOUT_FILENO)});
    herd_close(&herd);
    return code;
}
