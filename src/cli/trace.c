/* trace.c — `stampede trace ID`: shows the path of a client's newest stamp and how long it took.
 *
 * All nodes are asked; way.h combines their answers and shows the result. */
#include "cli/commands.h"
#include "cli/survey.h"
#include "cli/way.h"
#include "core/protocol/command.h"
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: stampede trace [-c FILE] [--json] CLIENT-ID\n\n"
    "Ask all nodes for the stamp that they hold of a client, and show the path of the\n"
    "newest one: which node received it from which other, and when.\n\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n" OPERATOR_OPTIONS
    "  -j, --json           print JSON\n"
    "  -t, --table          print the tree, as is done without it, too\n"
    "  -h, --help           print this text\n\n"
    "  HOPS   how many nodes had the stamp before\n"
    "  AFTER  time since the origin received it from the client, corrected by the\n"
    "         clock differences that neighbours have measured. ? a difference was not\n"
    "         measured; ~ known only roughly, because long ago; < an upper bound\n"
    "  HOP    the part of AFTER since the node above received it\n"
    "  FROM   the node above, or a client\n\n"
    "Exit codes: 0 all nodes hold this stamp, 1 a node does not, does not answer, or\n"
    "no node knows the client, 2 wrong command line.\n\n"
    "Example: stampede trace kiwi.cs.ucla.edu\n";

enum { QUESTION_BYTES_MAX = 6 + STAMPEDE_CLIENT_ID_BYTES_MAX };

/* -- the command ------------------------------------------------------------------------------- */

static int show(const struct options *o, const struct way *w)
{
    unsigned silent = 0;
    for (unsigned i = 0; i < w->topology->nodes_count; i++)
        silent += w->sights[i].why != NULL;
    if (w->newest) {
        if (!(o->json ? way_json(stdout, w) : way_table(stdout, w))) {
            complain("out of memory");
            return EXIT_SAID_NO;
        }
        return w->holders == w->topology->nodes_count ? EXIT_WELL : EXIT_SAID_NO;
    }
    if (silent == w->topology->nodes_count)
        complain("no node answers; the first says: %s", w->sights[0].why);
    else if (silent)
        complain("no node that answers knows \"%s\"; %u of %u do not answer", o->words[0], silent,
            w->topology->nodes_count);
    else
        complain("no node of the herd knows \"%s\"", o->words[0]);
    return EXIT_SAID_NO;
}

static int trace(const struct options *o, const struct herd *herd, struct span question)
{
    struct survey s;
    struct way w;
    struct sight *sights = calloc(herd->topology.nodes_count, sizeof *sights);
    int code = EXIT_SAID_NO;
    if (!sights) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    if (survey_run(&s, herd, -1, question)) {
        way_begin(&w, &herd->topology, span_of(o->words[0]), sights);
        for (unsigned i = 0; i < s.count; i++)
            way_read(&w, s.nodes[i], s.asks[i].answer, s.asks[i].why);
        way_find(&w);
        code = show(o, &w);
        way_end(&w);
    }
    survey_end(&s);
    free(sights);
    return code;
}

/* Whether a node would take it as one word. */
static bool is_id(struct span id)
{
    struct span word;
    return id.len <= STAMPEDE_CLIENT_ID_BYTES_MAX && command_split(id, &word, 1) == 1 &&
           word.len == id.len;
}

int cli_trace(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    char question[QUESTION_BYTES_MAX];
    int code = options_read(&o, argc, argv, "cjta", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count != 1 || !is_id(span_of(o.words[0]))) {
        complain("trace takes one client id, 1 to %d bytes without white space; see "
                 "`stampede trace --help`",
            STAMPEDE_CLIENT_ID_BYTES_MAX);
        return EXIT_USAGE;
    }
    struct buf line = buf_over(question, sizeof question);
    buf_text(&line, "TRACE ");
    buf_text(&line, o.words[0]);
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    code = herd_observes(&herd, &o) ? trace(&o, &herd, buf_span(&line)) : EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
