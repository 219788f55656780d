/* status.c — `stampede status`: asks all nodes at once and shows their answers. */
#include "cli/commands.h"
#include "cli/health.h"
#include "cli/show.h"
#include "cli/survey.h"
#include "files/clock.h"
#include <stdlib.h>

static const char help[] =
    "Usage: stampede status [-n NODE] [-c FILE] [--json]\n\n"
    "Ask all nodes of the herd for their state, all at once, for two seconds at most.\n"
    "Print a table, and a line for each thing that is not well.\n\n"
    "  -n, --node NODE      ask only this node, and print a row for each of its links\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n" OPERATOR_OPTIONS
    "  -j, --json           print everything, as a JSON array; what is not well goes\n"
    "                       to standard error\n"
    "  -t, --table          print the table, as is done without it, too\n"
    "  -h, --help           print this text\n\n"
    "  UP      time since the node was started\n"
    "  UPD/S   stamps a second that were new to the node\n"
    "  DIGEST  equal on nodes that hold the same stamps; ! where most nodes have\n"
    "          another\n"
    "  LAG     stamps that a neighbour has not acknowledged, on the slowest link of\n"
    "          the tree; spare links are behind by design\n"
    "  AGE     of the oldest of these\n"
    "  CLOCK   how far the node's clock is ahead of its neighbours'; - if not\n"
    "          compared yet\n"
    "  LINKS   links that are up, of all that there should be\n\n"
    "Columns are left out, CLOCK first, where 80 do not suffice.\n\n"
    "Not well is: a node that is down; a link that is down for more than 10 s;\n"
    "digests that differ although both ends of a link have confirmed everything;\n"
    "stamps that were refused or evicted; limits.stamps reached; a clock that is off;\n"
    "another topology.conf than this; a version older than another node's; a\n"
    "certificate, that of HTTP too, that ends within 14 days; places down.\n"
    "With -n, only what that node knows is judged.\n\n"
    "Exit codes: 0 all is well, 1 something is not, 2 wrong command line.\n\n"
    "Example: stampede status -n Goloman --json\n";

static void print_json(const struct topology *t, const unsigned *nodes,
    const struct report *reports, cJSON **answers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct report *r = &reports[i];
        cJSON *answer = r->why ? cJSON_CreateObject() : answers[i];
        if (r->why) {
            cJSON_Delete(answers[i]);
            cJSON_AddStringToObject(answer, "node", t->nodes[nodes[i]].name);
            cJSON_AddStringToObject(answer, "error", r->why);
        }
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "up");
        cJSON_AddBoolToObject(answer, "up", !r->why);
        char *text = cJSON_PrintUnformatted(answer);
        fputs(i ? ",\n" : "[", stdout);
        show_json(stdout, text ? text : "null");
        free(text);
        cJSON_Delete(answer);
    }
    puts("]");
}

static void print_tables(
    const struct topology *t, const struct survey *s, const struct report *reports, bool detail)
{
    report_table(stdout, t, s->nodes, reports, s->count);
    if (detail && !reports[0].why)
        report_links_table(stdout, t, s->nodes[0], &reports[0]);
    health_notes(stdout, t, s->nodes, reports, s->count);
}

static int show(const struct options *o, const struct topology *t, const struct survey *s)
{
    int code = EXIT_SAID_NO;
    bool json = o->json;
    struct report *reports = calloc(s->count, sizeof *reports);
    cJSON **answers = calloc(s->count, sizeof *answers); /* print_json frees them */
    if (reports && answers) {
        for (unsigned i = 0; i < s->count; i++)
            report_read(&reports[i], t, s->nodes[i], s->asks[i].answer, s->asks[i].why,
                json ? &answers[i] : NULL);
        if (json)
            print_json(t, s->nodes, reports, answers, s->count);
        else
            print_tables(t, s, reports, o->node != NULL);
        fflush(stdout);
        if (!health_print(json ? stderr : stdout, t, s->nodes, reports, s->count,
                clock_now().real_ns / SECOND_NS))
            code = EXIT_WELL;
    } else {
        complain("out of memory");
    }
    free(reports);
    free(answers);
    return code;
}

static int ask_and_show(const struct options *o, const struct herd *herd)
{
    struct survey s;
    int only = o->node ? herd_node(&herd->topology, o, o->node) : -1, code = EXIT_SAID_NO;
    if (o->node && only < 0)
        return EXIT_SAID_NO;
    if (survey_run(&s, herd, only, SPAN("STATUS")))
        code = show(o, &herd->topology, &s);
    survey_end(&s);
    return code;
}

int cli_status(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int code = options_read(&o, argc, argv, "cnjta", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("status takes no argument \"%s\"; see `stampede status --help`", o.words[0]);
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    code = herd_observes(&herd, &o) ? ask_and_show(&o, &herd) : EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
