/* watch.c — `stampede watch`: shows what changes, as the client port's WATCH tells it, and goes on
 * at another node when its node ends.
 *
 *   state      event                                      next
 *   BEGINS     every WATCH has had its WATCHING           WATCHES
 *   BEGINS     a refusal                                  ends, exit code 1
 *   any        the node closes, or cannot be reached;     BEGINS at the next node, after a pause
 *              BEGINS: it says nothing for 10 s           when all were tried
 *   any        FULL                                       BEGINS at the same node
 *
 * shown.h decides what of it is shown. News are read only while they can be printed, so a reader
 * that stands still costs the node's memory for what has changed, and none here. */
#include "cli/commands.h"
#include "cli/herd.h"
#include "cli/live_line.h"
#include "cli/port.h"
#include "cli/refusals.h"
#include "cli/shown.h"
#include "cli/stamp_row.h"
#include "cli/stream.h"
#include "core/protocol/command.h"
#include "files/clock.h"
#include "files/topology_file.h"
#include "io/reason.h"
#include <stdlib.h>

enum {
    SILENCE_MS = 10000, /* of a node that is to begin */
    LIVED_MS = 1000, /* a connection that has watched for less has failed */
    PAUSE_MS = 250, /* the first; each next one is twice as long */
    PAUSE_MS_MAX = 8000,
    WORD_COLUMNS = 5,
};

static const char help[] =
    "Usage: stampede watch [-n NODE] [-c FILE] [CLIENT-ID...]\n"
    "       stampede watch [-n NODE] [-c FILE] --near POSITION KM\n\n"
    "Show each newer stamp of these clients, of all clients, or what enters, moves\n"
    "and leaves within KM kilometres of a position; first what is known now. Ctrl-C\n"
    "ends it.\n\n"
    "  -n, --node NODE      the first node; default: the first of the topology\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "      --near           watch a circle\n"
    "  -h, --help           print this text\n\n"
    "On a terminal each stamp has a row, with the local time at which it was\n"
    "received, and its age; elsewhere the node's lines are printed\n"
    "(stampede-protocol(7)). When the node ends, the next one of the topology is\n"
    "watched, as standard error says; nothing that is older than what was shown is\n"
    "shown then, or the same again. Who was within a circle, and is not by the next\n"
    "node, is shown as GONE.\n\n"
    "Exit codes: 0 ended by Ctrl-C, 1 refused or the output is closed, 2 wrong\n"
    "command line.\n\n"
    "Example: stampede watch --near +34.068930-118.445127 5\n";

static const char usage[] = "usage: stampede watch [-n NODE] [-c FILE] [CLIENT-ID...], or with "
                            "--near POSITION KM";

struct watching {
    struct port port;
    struct printer printer;
    struct shown shown;
    const struct topology *topology;
    unsigned node;
    struct span lines; /* all that is said to a node, with `commands` LFs */
    unsigned commands, begun; /* WATCHING has come for so many */
    int64_t begun_ns; /* for all of them; monotonic */
    unsigned failures; /* one after the other */
    bool told; /* that a node has failed, and not yet where it goes on */
    bool full; /* the watch was ended by FULL */
    bool over; /* exit code 1; a message was written */
};

/* -- what the node says ------------------------------------------------------------------------ */

/* Only if printer_has_room. */
static void show(struct watching *w, enum news_kind as, const struct news *news)
{
    static const char *const words[] = {"now", "in", "enter", "move", "exit", "gone"};
    char memory[PRINTER_LINE_BYTES_MAX];
    struct buf line = buf_over(memory, sizeof memory);
    bool gone = as == NEWS_GONE;
    if (w->printer.to_terminal) {
        stamp_row(&w->printer, span_of(words[as]), WORD_COLUMNS, news->id,
            gone ? NULL : &news->stamp);
        return;
    }
    buf_text(&line, "! ");
    buf_span_put(&line, news->number);
    buf_byte(&line, ' ');
    buf_span_put(&line, news_word(as));
    buf_byte(&line, ' ');
    buf_span_put(&line, gone ? news->id : news->at);
    if (!line.overflow)
        printer_line(&w->printer, buf_span(&line));
}

static void hear_news(struct watching *w, const struct news *news)
{
    enum news_kind as;
    if (!shown_judge(&w->shown, news, &as)) {
        complain("out of memory");
        w->over = true;
    } else if (as != NEWS_NONE) {
        show(w, as, news);
    }
}

static void tell_unknown(struct watching *w, struct span line)
{
    struct span field[3];
    char text[STAMPEDE_CLIENT_ID_BYTES_MAX + 64];
    struct buf out = buf_over(text, sizeof text);
    if (w->shown.fence || command_split(line, field, 3) != 3 || shown_has(&w->shown, field[2]))
        return;
    buf_text(&out, "no stamp is known yet of ");
    buf_span_put(&out, field[2]);
    stamp_row_text(&w->printer, buf_span(&out));
}

/* false: there was no room for all of it; it is to be said once more. */
static bool hear_watching(struct watching *w, struct span line, const struct news *news)
{
    struct news lost = {.kind = NEWS_GONE, .number = news->number};
    while (w->shown.fence) {
        if (!printer_has_room(&w->printer))
            return false;
        if (!shown_lost(&w->shown, &lost.id))
            break;
        show(w, NEWS_GONE, &lost);
    }
    if (!printer_has_room(&w->printer))
        return false;
    if (!w->printer.to_terminal)
        printer_line(&w->printer, line);
    else if (w->shown.connection == 1)
        tell_unknown(w, line);
    w->begun++;
    if (w->begun < w->commands)
        return true;
    w->begun_ns = clock_mono_ns();
    if (w->told)
        complain("watching at %s", w->topology->nodes[w->node].name);
    w->told = false;
    return true;
}

static void hear_refusal(struct watching *w, struct span line)
{
    char why[REFUSAL_TEXT_BYTES];
    struct span said = span_from(line, line.len < 2 ? line.len : 2);
    refusal_explain(&w->topology->limits, said, clock_now().real_ns, why);
    complain("%s refuses \"%.*s\": %s", w->topology->nodes[w->node].name, (int)said.len, said.at,
        why);
    w->over = true;
}

/* false: the line is to be heard once more, when there is room. */
static bool hear(struct watching *w, struct span line)
{
    struct news news;
    news_read(line, &news);
    switch (news.kind) {
    case NEWS_WATCHING:
        return hear_watching(w, line, &news);
    case NEWS_REFUSED:
        hear_refusal(w, line);
        break;
    case NEWS_FULL:
        w->full = true;
        if (!w->printer.to_terminal)
            printer_line(&w->printer, line);
        break;
    case NEWS_OTHER:
        break; /* of a later version */
    default:
        hear_news(w, &news);
    }
    return true;
}

/* -- connections ------------------------------------------------------------------------------- */

static void begin(struct watching *w)
{
    w->begun = 0;
    w->full = false;
    port_begin(&w->port, &w->topology->nodes[w->node], w->lines);
}

static void pause_for(struct watching *w, int64_t ms)
{
    int64_t until_ns = clock_mono_ns() + ms * MS_NS, left_ns;
    while (!stream_interrupted && !w->printer.closed &&
           (left_ns = until_ns - clock_mono_ns()) > 0)
        port_wait(&w->port, &w->printer, (int)(left_ns / MS_NS) + 1);
}

/* Go on elsewhere. */
static void go_on(struct watching *w)
{
    unsigned nodes = w->topology->nodes_count;
    const char *name = w->topology->nodes[w->node].name;
    bool watched = w->begun == w->commands;
    port_end(&w->port);
    shown_reconnect(&w->shown);
    if (w->full) {
        complain("%s has ended the watch, as too much changed for whoever reads this; watching "
                 "again", name);
        begin(w);
        return;
    }
    if (watched && clock_mono_ns() - w->begun_ns >= LIVED_MS * MS_NS)
        w->failures = 0;
    else
        w->failures++;
    if (watched || w->failures <= nodes)
        complain("%s: %s", name, *w->port.why ? w->port.why : "does not answer");
    if (w->failures == nodes)
        complain("no node can be watched; trying until one can");
    w->told = true;
    w->node = (w->node + 1) % nodes;
    if (w->failures && w->failures % nodes == 0) {
        unsigned rounds = w->failures / nodes - 1;
        int64_t pause_ms = rounds < 6 ? PAUSE_MS << rounds : PAUSE_MS_MAX;
        pause_for(w, pause_ms < PAUSE_MS_MAX ? pause_ms : PAUSE_MS_MAX);
    }
    if (!stream_interrupted && !w->printer.closed)
        begin(w);
}

static void hear_all(struct watching *w)
{
    struct span line;
    while (!w->over && !w->full && printer_has_room(&w->printer) && port_line(&w->port, &line) &&
           hear(w, line))
        port_pass(&w->port);
}

/* Whether the node has not begun and says nothing, which is not for want of room here. */
static bool is_silent(const struct watching *w)
{
    return w->begun < w->commands && !w->printer.len &&
           clock_mono_ns() - w->port.since_ns >= SILENCE_MS * MS_NS;
}

static void watch_on(struct watching *w)
{
    begin(w);
    while (!w->over && !stream_interrupted && !w->printer.closed) {
        hear_all(w);
        if (w->full || ((w->port.over || is_silent(w)) && !w->printer.len))
            go_on(w);
        else if (!w->over)
            port_wait(&w->port, &w->printer, w->begun < w->commands ? SILENCE_MS : -1);
    }
    while (w->over && w->printer.len && !w->printer.closed && !stream_interrupted)
        port_wait(&w->port, &w->printer, -1);
}

/* -- the command ------------------------------------------------------------------------------- */

static int watch(
    const struct topology *t, unsigned node, struct span lines, unsigned commands, bool fence)
{
    if (t->client_close == CLIENT_CLOSE_REPLY) {
        complain("the nodes of this herd close connections after a reply (client_close = reply), "
                 "so nothing can be watched");
        return EXIT_SAID_NO;
    }
    struct watching *w = calloc(1, sizeof *w);
    if (!w) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    stream_catch_interrupt();
    w->topology = t;
    w->node = node;
    w->lines = lines;
    w->commands = commands;
    shown_begin(&w->shown, fence);
    printer_begin(&w->printer);
    if (w->printer.to_terminal)
        stamp_row_heads(&w->printer, "NEWS", WORD_COLUMNS);
    watch_on(w);
    port_end(&w->port);
    shown_end(&w->shown);
    if (w->printer.error)
        complain("cannot write the news: %s", reason_of(w->printer.error));
    int code = stream_interrupted && !w->over && !w->printer.closed ? EXIT_WELL : EXIT_SAID_NO;
    free(w);
    return code;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sort the ids and leave out those that come twice: with a stamp of each connection, each id has
 * one watch. Returns how many are left. */
static unsigned unique(char **words, unsigned count)
{
    unsigned kept = 0;
    qsort(words, count, sizeof *words, compare_words);
    for (unsigned i = 0; i < count; i++)
        if (!kept || strcmp(words[kept - 1], words[i]) != 0)
            words[kept++] = words[i];
    return kept;
}

/* false: a message was written. */
static bool put_lines(struct buf *out, const struct options *o, const char *south, bool fence,
    unsigned *commands)
{
    *commands = 1;
    if (fence) {
        const char *circle[] = {south ? south : o->words[0], o->words[south ? 0 : 1]};
        return live_line_put(out, "watch", "WATCH NEAR", circle, 2);
    }
    if (!o->words_count)
        return live_line_put(out, "watch", "WATCH", NULL, 0);
    *commands = unique(o->words, (unsigned)o->words_count);
    for (unsigned i = 0; i < *commands; i++)
        if (!live_line_put(out, "watch", "WATCH", (const char *const *)&o->words[i], 1))
            return false;
    return true;
}

int cli_watch(int argc, char **argv)
{
    struct options o;
    struct topology topology;
    unsigned commands;
    bool fence = options_take_word(&argc, argv, "--near");
    const char *south = fence ? live_line_take_south(&argc, argv) : NULL;
    int code = options_read(&o, argc, argv, "cn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (fence && o.words_count + (south != NULL) != 2) {
        complain("%s", usage);
        return EXIT_USAGE;
    }
    size_t bytes = sizeof "WATCH NEAR\n" + (south ? strlen(south) + 1 : 0);
    for (int i = 0; i < o.words_count; i++)
        bytes += strlen(o.words[i]) + sizeof "WATCH \n";
    char *memory = malloc(bytes);
    struct buf lines = buf_over(memory, memory ? bytes : 0);
    code = EXIT_SAID_NO;
    if (!memory) {
        complain("out of memory");
    } else if (!put_lines(&lines, &o, south, fence, &commands)) {
        code = EXIT_USAGE;
    } else if (topology_load(o.topology_file, &topology)) {
        int node = o.node ? herd_node(&topology, &o, o.node) : 0;
        if (node >= 0)
            code = watch(&topology, (unsigned)node, buf_span(&lines), commands, fence);
        topology_destroy(&topology);
    }
    free(memory);
    return code;
}
