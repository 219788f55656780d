/* near.c — `stampede near`: the newest positions around one, by NEAR of the client port. */
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/live_line.h"
#include "cli/news.h"
#include "cli/port.h"
#include "cli/refusals.h"
#include "cli/stamp_row.h"
#include "cli/stream.h"
#include "files/clock.h"
#include "files/topology_file.h"
#include "io/reason.h"
#include <inttypes.h>
#include <stdlib.h>

enum { NEAR_WORDS_MIN = 3, NEAR_WORDS_MAX = 4, SILENCE_MS = 30000, DISTANCE_COLUMNS = 9 };

static const char help[] =
    "Usage: stampede near [-n NODE] [-c FILE] POSITION KM COUNT [AGE]\n\n"
    "Show the clients within KM kilometres of a position, at most COUNT, the nearest\n"
    "first; with AGE only those whose newest stamp was received at most so many\n"
    "seconds ago.\n\n"
    "  -n, --node NODE      the node to ask; default: the first of the topology\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "A position is written as in IAMAT: +34.068930-118.445127. On a terminal each\n"
    "client has a row, with the local time at which its stamp was received, and its\n"
    "age; elsewhere the reply is printed as it is (stampede-protocol(7)).\n\n"
    "Exit codes: 0 answered, 1 refused or not reached, 2 wrong command line.\n\n"
    "Example: stampede near +34.068930-118.445127 5 10 3600\n";

struct nearing {
    struct port port;
    struct printer printer;
    const struct topology_limits *limits;
    struct span line; /* what was asked, without LF */
    bool begun, refused, bad;
    uint64_t found, left;
};

static void hear_head(struct nearing *n, struct span line)
{
    struct news news;
    news_read(line, &news);
    n->refused = news.kind == NEWS_REFUSED;
    n->begun = !n->refused && news_near(line, &n->found);
    n->bad = !n->refused && !n->begun;
    n->left = n->found;
    if (!n->begun)
        return;
    if (!n->printer.to_terminal)
        printer_line(&n->printer, line);
    else if (n->found)
        stamp_row_heads(&n->printer, "KM", DISTANCE_COLUMNS);
    else
        stamp_row_text(&n->printer, SPAN("nobody is there"));
}

static void hear(struct nearing *n, struct span line)
{
    struct span distance;
    struct stamp stamp;
    if (!n->begun) {
        hear_head(n, line);
        return;
    }
    n->left--;
    n->bad = !news_found(line, &distance, &stamp);
    if (n->bad)
        return;
    if (n->printer.to_terminal)
        stamp_row(&n->printer, distance, DISTANCE_COLUMNS, stamp.id, &stamp);
    else
        printer_line(&n->printer, line);
}

static bool is_answered(const struct nearing *n)
{
    return n->refused || n->bad || (n->begun && !n->left);
}

static void converse(struct nearing *n)
{
    struct span line;
    while (!stream_interrupted && !n->printer.closed) {
        while (!is_answered(n) && printer_has_room(&n->printer) && port_line(&n->port, &line)) {
            hear(n, line);
            port_pass(&n->port);
        }
        if (!n->printer.len && (is_answered(n) || n->port.over))
            return;
        port_wait(&n->port, &n->printer, n->printer.len ? -1 : SILENCE_MS);
        if (!n->printer.len && clock_mono_ns() - n->port.since_ns >= SILENCE_MS * MS_NS)
            return;
    }
}

static int judge(const struct nearing *n, const struct topology_node *node)
{
    char why[REFUSAL_TEXT_BYTES];
    if (n->printer.closed && n->printer.error)
        complain("cannot write the reply: %s", reason_of(n->printer.error));
    if (stream_interrupted || n->printer.closed)
        return EXIT_SAID_NO;
    if (n->refused) {
        refusal_explain(n->limits, n->line, clock_now().real_ns, why);
        complain("%s refuses this: %s", node->name, why);
    } else if (n->bad) {
        complain("%s says something else than a reply to NEAR", node->name);
    } else if (!is_answered(n)) {
        complain("%s: %s", node->name, *n->port.why ? n->port.why : "does not answer");
    }
    return is_answered(n) && !n->refused && !n->bad ? EXIT_WELL : EXIT_SAID_NO;
}

static int ask(const struct topology *t, unsigned node, struct span line)
{
    struct nearing *n = calloc(1, sizeof *n);
    if (!n) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    stream_catch_interrupt();
    n->limits = &t->limits;
    n->line = (struct span){line.at, line.len - 1};
    printer_begin(&n->printer);
    port_begin(&n->port, &t->nodes[node], line);
    n->port.half_closes = true;
    converse(n);
    port_end(&n->port);
    int code = judge(n, &t->nodes[node]);
    free(n);
    return code;
}

int cli_near(int argc, char **argv)
{
    struct options o;
    struct topology topology;
    const char *words[NEAR_WORDS_MAX], *south = live_line_take_south(&argc, argv);
    int code = options_read(&o, argc, argv, "cn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    int count = o.words_count + (south != NULL);
    if (count < NEAR_WORDS_MIN || count > NEAR_WORDS_MAX) {
        complain("usage: stampede near [-n NODE] [-c FILE] POSITION KM COUNT [AGE]");
        return EXIT_USAGE;
    }
    words[0] = south;
    size_t bytes = sizeof "NEAR\n" + (south ? strlen(south) + 1 : 0);
    for (int i = 0; i < o.words_count; i++) {
        words[i + (south != NULL)] = o.words[i];
        bytes += strlen(o.words[i]) + 1;
    }
    char *memory = malloc(bytes);
    struct buf line = buf_over(memory, memory ? bytes : 0);
    if (!memory) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    code = EXIT_SAID_NO;
    if (!live_line_put(&line, "near", "NEAR", words, (unsigned)count)) {
        code = EXIT_USAGE;
    } else if (topology_load(o.topology_file, &topology)) {
        int node = o.node ? herd_node(&topology, &o, o.node) : 0;
        if (node >= 0)
            code = ask(&topology, (unsigned)node, buf_span(&line));
        topology_destroy(&topology);
    }
    free(memory);
    return code;
}
