/* status.c — `stampede status`: asks all nodes at once, and shows what they said. */
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/report.h"
#include "io/clock.h"
#include <stdlib.h>

enum { STATUS_WAIT_MS = 2000 };

static const char help[] =
    "Usage: stampede status [-n NODE] [-c FILE] [--json]\n\n"
    "Ask every node of the herd how it is, all at once, for two seconds at most.\n\n"
    "  -n, --node NODE      only this one\n"
    "  -c, --topology FILE  the herd's description (topology.conf)\n"
    "  -j, --json           all there is to know, as one JSON array\n"
    "  -h, --help           this text\n\n"
    "UPDATES/S counts stamps that were new to the node, DIGEST is equal where nodes hold the same\n"
    "stamps, LAG counts changes that a neighbour has not yet confirmed.\n\n"
    "Exit code: 0 when all answer, 1 when a node is down, 2 for a wrong command line.\n\n"
    "Example: stampede status -n Goloman --json\n";

static void wait_for_answers(struct ask *asks, struct pollfd *polls, unsigned count)
{
    int64_t until_ns = clock_now().mono_ns + STATUS_WAIT_MS * MS_NS;
    for (;;) {
        unsigned open = 0;
        for (unsigned i = 0; i < count; i++) {
            polls[i] = ask_poll(&asks[i]);
            open += asks[i].state != ASK_OVER;
        }
        int64_t left_ns = until_ns - clock_now().mono_ns;
        if (!open || left_ns <= 0)
            break;
        if (poll(polls, count, (int)(left_ns / MS_NS) + 1) > 0)
            for (unsigned i = 0; i < count; i++)
                if (polls[i].revents)
                    ask_step(&asks[i]);
    }
    for (unsigned i = 0; i < count; i++)
        ask_give_up(&asks[i], "no answer within 2 s");
}

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
        printf("%s%s", i ? ",\n" : "[", text ? text : "null");
        free(text);
        cJSON_Delete(answer);
    }
    puts("]");
}

struct survey {
    struct ask *asks;
    struct pollfd *polls;
    struct report *reports;
    cJSON **answers; /* print_json takes them over */
};

static int ask_and_show(struct survey *s, const struct options *o, const struct herd *herd,
    const unsigned *nodes, unsigned count)
{
    const struct topology *t = &herd->topology;
    int code = EXIT_WELL;
    for (unsigned i = 0; i < count; i++)
        ask_begin(&s->asks[i], t, nodes[i], herd->secret, herd->tls);
    wait_for_answers(s->asks, s->polls, count);
    for (unsigned i = 0; i < count; i++) {
        report_read(&s->reports[i], t, nodes[i], s->asks[i].answer, s->asks[i].why,
            o->json ? &s->answers[i] : NULL);
        if (s->reports[i].why)
            code = EXIT_SAID_NO;
    }
    if (o->json)
        print_json(t, nodes, s->reports, s->answers, count);
    else
        report_table(stdout, t, nodes, s->reports, count);
    for (unsigned i = 0; i < count; i++)
        ask_end(&s->asks[i]);
    return code;
}

static int survey(const struct options *o, const struct herd *herd, int only)
{
    unsigned nodes[TOPOLOGY_NODES_MAX], count = 0;
    for (unsigned i = 0; i < herd->topology.nodes_count; i++)
        if (only < 0 || (unsigned)only == i)
            nodes[count++] = i;
    struct survey s = {calloc(count, sizeof *s.asks), calloc(count, sizeof *s.polls),
        calloc(count, sizeof *s.reports), calloc(count, sizeof *s.answers)};
    int code = EXIT_SAID_NO;
    if (s.asks && s.polls && s.reports && s.answers)
        code = ask_and_show(&s, o, herd, nodes, count);
    else
        complain("out of memory");
    free(s.asks);
    free(s.polls);
    free(s.reports);
    free(s.answers);
    return code;
}

int cli_status(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    int only = -1, code = options_read(&o, argc, argv, "cnj", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("status takes no argument \"%s\"; see `stampede status --help`", o.words[0]);
        return EXIT_USAGE;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    if (o.node)
        only = herd_node(&herd.topology, &o, o.node);
    files_limit_raise();
    bool well = (!o.node || only >= 0) && herd_observes(&herd, &o, only);
    code = well ? survey(&o, &herd, only) : EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
