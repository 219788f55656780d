/* load.c — `stampede load`: brings AT lines into a herd by one of its nodes (PROTOCOL.md, "Dumps
 * and loads").
 *
 * A line counts when the node has counted it. Up to then its place in the files is remembered, so
 * that each stamp that is refused can be named; there are LOAD_WINDOW such lines at most. What is
 * wrong never stops the rest: it is told, counted, and makes the exit code 1. */
#include "cli/commands.h"
#include "cli/dump_file.h"
#include "cli/load_lines.h"
#include "cli/stream.h"
#include "cli/ticker.h"
#include "core/base/decimal.h"
#include "core/protocol/command.h"
#include "files/clock.h"
#include "io/reason.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LOAD_WINDOW = 1024, /* lines ahead of what the node has counted */
    LINES_MAX = LOAD_LINES_BYTES_MAX + 2,
    TOLD_MAX = 10, /* lines that are told of each reason; the others are only counted */
    KEEP_ALIVE_MS = 5000, /* while the input pauses */
    SILENCE_MS = 30000, /* of the node, while it owes an answer */
};

static const char help[] =
    "Usage: stampede load [-n NODE] [-c FILE] [--retired] [FILE...]\n\n"
    "Bring stamps into the herd: AT lines as `stampede dump` writes them, from files\n"
    "or standard input (-). Each keeps its origin, its skew and its time, and is\n"
    "flooded to all nodes. A node never replaces a newer stamp, so this harms no\n"
    "living herd, and doing it twice changes nothing. Lines that begin with # and\n"
    "empty lines are skipped.\n\n"
    "  -n, --node NODE      the node that takes them; default: the first of the\n"
    "                       topology\n"
    "      --retired        take stamps whose origin is no node of the herd; all\n"
    "                       nodes must name it in `retired` of their topology.conf\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n"
    "  -h, --help           print this text\n\n"
    "Standard error names what was not taken, with file and line: stamps that the\n"
    "node refuses, lines that are no stamps, and dumps that are not whole.\n\n"
    "Exit codes: 0 all was taken, or the node holds a newer stamp; 1 some was not, or\n"
    "the node cannot be reached; 2 wrong command line.\n\n"
    "Example: zcat herd.gz | stampede load -n Hands\n";

enum problem {
    NOT_A_STAMP,
    NO_NODE, /* its origin is none, and --retired was not given */
    FUTURE,
    AHEAD,
    UNKNOWN,
    NO_ROOM,
    PROBLEMS
};

static const char *const problems[] = {
    [NOT_A_STAMP] = "lines that are no stamps",
    [NO_NODE] = "stamps not sent, as their origin is no node of the herd",
    [FUTURE] = "stamps refused, as their time is too far ahead (limits.future)",
    [AHEAD] = "stamps refused, as they were received later than it is now (limits.clock)",
    [UNKNOWN] = "stamps refused, as the node does not know their origin",
    [NO_ROOM] = "stamps refused, as the node is full (limits.stamps)",
};

/* A line that was said and is not counted yet. */
struct place {
    const char *file;
    uint64_t line;
    char origin[STAMPEDE_NODE_NAME_BYTES_MAX + 1];
};

struct loading {
    struct stream stream;
    struct load_lines lines;
    struct dump_check check;
    const struct topology *topology;
    const struct options *options;
    bool retired;
    bool input_ended, waits; /* for input */
    bool begun; /* LOADED 0 has come */
    uint64_t said, counted; /* stamps; places[n % LOAD_WINDOW] is that of number n, from 0 on */
    struct place places[LOAD_WINDOW];
    uint64_t fresh, old, found[PROBLEMS];
    uint64_t files_broken, dumps_broken;
    char known[STAMPEDE_NODE_NAME_BYTES_MAX + 1]; /* the origin that was looked up last */
    int64_t heard_ns, said_ns;
    char why[ASK_WHY_BYTES_MAX + 64]; /* it cannot go on */
};

/* -- what is wrong ----------------------------------------------------------------------------- */

/* Whether this one is to be told as well. */
static bool counts(struct loading *l, enum problem which)
{
    l->found[which]++;
    if (l->found[which] == TOLD_MAX + 1)
        complain("further lines of this kind are only counted");
    return l->found[which] <= TOLD_MAX;
}

static void tell_line(struct loading *l, const char *why)
{
    if (counts(l, NOT_A_STAMP))
        complain("%s:%" PRIu64 ": %s", l->lines.name, l->lines.line, why);
}

static void tell_dump(struct loading *l, const char *why)
{
    l->dumps_broken++;
    complain("%s:%" PRIu64 ": %s", l->lines.name, l->lines.line, why);
}

static void tell_no_node(struct loading *l, struct span origin)
{
    if (!counts(l, NO_NODE))
        return;
    complain("%s:%" PRIu64 ": its origin %.*s is no node of %s; if it was one, name it in retired "
             "there, at all nodes, reload them, and say --retired",
        l->lines.name, l->lines.line, (int)origin.len, origin.at, l->options->topology_file);
}

static void tell_refused(struct loading *l, const struct place *p, enum problem which)
{
    if (!counts(l, which))
        return;
    if (which == UNKNOWN)
        complain("%s:%" PRIu64 ": %s does not know its origin %s; name it in retired of every "
                 "node's topology.conf, reload them, and load again",
            p->file, p->line, l->stream.name, p->origin);
    else
        complain("%s:%" PRIu64 ": %s refuses this stamp: %s", p->file, p->line, l->stream.name,
            which == FUTURE  ? "its time is further ahead than limits.future allows"
            : which == AHEAD ? "it was received later than any right clock can show by now"
                             : "it holds limits.stamps stamps already");
}

static void fail(struct loading *l, const char *why)
{
    if (!*l->why)
        snprintf(l->why, sizeof l->why, "%s %s", l->stream.name, why);
}

/* -- what the node says ------------------------------------------------------------------------ */

/* false: there is no such letter. */
static bool take_verdict(struct loading *l, char letter)
{
    static const char letters[] = {
        [FUTURE] = 'f', [AHEAD] = 'a', [UNKNOWN] = 'u', [NO_ROOM] = 'r'};
    const struct place *p = &l->places[l->counted++ % LOAD_WINDOW];
    l->fresh += letter == 'n';
    l->old += letter == 'o';
    if (letter == 'n' || letter == 'o')
        return true;
    for (enum problem which = FUTURE; which < PROBLEMS; which++)
        if (letters[which] == letter) {
            tell_refused(l, p, which);
            return true;
        }
    return false;
}

static void hear(struct loading *l, struct span line)
{
    struct span words[3];
    uint64_t counted;
    int count = command_split(line, words, 3);
    bool well = (count == 2 || count == 3) && span_equal(words[0], SPAN("LOADED")) &&
                decimal_count(words[1], UINT64_MAX, &counted);
    struct span letters = count == 3 ? words[2] : SPAN("");
    well = well && counted <= l->said && counted == l->counted + letters.len;
    for (size_t i = 0; well && i < letters.len; i++)
        well = take_verdict(l, letters.at[i]);
    l->begun = true;
    if (!well)
        fail(l, "says something else than what it has taken");
}

static void hear_all(struct loading *l)
{
    struct span line;
    while (!*l->why && stream_line(&l->stream, &line)) {
        l->heard_ns = clock_mono_ns();
        hear(l, line);
    }
    if (l->stream.over)
        fail(l, l->stream.why);
}

/* -- what is said ------------------------------------------------------------------------------ */

/* Of the herd's nodes; the answer for the last one is kept, as most lines in a row have it. */
static bool is_node(struct loading *l, struct span origin)
{
    if (span_equal(origin, span_of(l->known)))
        return true;
    if (topology_find(l->topology, origin) < 0)
        return false;
    memcpy(l->known, origin.at, origin.len);
    l->known[origin.len] = '\0';
    return true;
}

static void say(struct loading *l, struct buf *out, const struct stamp *stamp)
{
    struct place *p = &l->places[l->said++ % LOAD_WINDOW];
    p->file = l->lines.name;
    p->line = l->lines.line;
    memcpy(p->origin, stamp->origin.at, stamp->origin.len);
    p->origin[stamp->origin.len] = '\0';
    stamp_at_put(out, stamp); /* with single spaces, whatever the file has */
    buf_byte(out, '\n');
}

static void take_line(struct loading *l, struct buf *out, struct span line)
{
    struct stamp stamp;
    const char *why = NULL;
    if (line.len && *line.at == '#') {
        if ((why = dump_check_comment(&l->check, line)))
            tell_dump(l, why);
        return;
    }
    if (!line.len)
        return;
    if ((why = dump_file_stamp(line, &stamp))) {
        tell_line(l, why);
        return;
    }
    dump_check_stamp(&l->check, &stamp);
    if (!l->retired && !is_node(l, stamp.origin))
        tell_no_node(l, stamp.origin);
    else
        say(l, out, &stamp);
}

static void end_file(struct loading *l, bool broken)
{
    const char *why = dump_check_end(&l->check);
    if (broken) {
        l->files_broken++;
        complain("%s: %s", l->lines.name, reason_of(l->lines.error));
    }
    if (why)
        tell_dump(l, why);
}

/* As many lines as the node allows and there is room for. */
static void say_lines(struct loading *l)
{
    struct buf out = stream_room(&l->stream);
    struct span line;
    l->waits = false;
    while (l->begun && !l->input_ended && !l->waits && buf_room(&out) >= LINES_MAX &&
           l->said - l->counted < LOAD_WINDOW)
        switch (load_lines_next(&l->lines, &line)) {
        case LOAD_LINES_LINE:
            take_line(l, &out, line);
            break;
        case LOAD_LINES_LONG:
            tell_line(l, "this line is too long");
            break;
        case LOAD_LINES_WAITS:
            l->waits = true;
            break;
        case LOAD_LINES_FILE_END:
        case LOAD_LINES_BROKEN:
            end_file(l, l->lines.error != 0);
            break;
        case LOAD_LINES_END:
            l->input_ended = true;
        }
    stream_said(&l->stream, out);
}

static void keep_alive(struct loading *l)
{
    struct buf out = stream_room(&l->stream);
    if (out.len || clock_mono_ns() - l->said_ns < KEEP_ALIVE_MS * MS_NS)
        return;
    buf_text(&out, "#\n");
    stream_said(&l->stream, out);
    l->said_ns = clock_mono_ns();
}

/* -- the command ------------------------------------------------------------------------------- */

static bool is_done(const struct loading *l)
{
    return l->input_ended && l->counted == l->said;
}

static bool is_owed(const struct loading *l)
{
    return !l->begun || l->counted < l->said;
}

static void converse(struct loading *l)
{
    struct ticker ticker;
    ticker_begin(&ticker, true);
    l->heard_ns = l->said_ns = clock_mono_ns();
    while (!is_done(l) && !*l->why && !stream_interrupted) {
        uint64_t said = l->said;
        say_lines(l);
        if (l->said > said)
            l->said_ns = clock_mono_ns();
        keep_alive(l);
        if (is_done(l))
            break;
        bool owed = is_owed(l);
        if (!owed)
            l->heard_ns = clock_mono_ns();
        if (stream_wait(&l->stream, l->waits ? l->lines.fd : -1, TICKER_PAUSE_MS))
            load_lines_fill(&l->lines);
        hear_all(l);
        if (owed && clock_mono_ns() - l->heard_ns > SILENCE_MS * MS_NS)
            fail(l, "has said nothing for 30 s");
        ticker_show(&ticker, l->counted, 0);
    }
    ticker_end(&ticker);
}

static int conclude(struct loading *l)
{
    uint64_t bad = l->files_broken + l->dumps_broken;
    const struct place *next = &l->places[l->counted % LOAD_WINDOW];
    if (stream_interrupted && !is_done(l))
        snprintf(l->why, sizeof l->why, "the load was interrupted");
    printf("%s has taken %" PRIu64 " stamps: %" PRIu64 " are new, %" PRIu64
           " are not newer than what it holds\n",
        l->stream.name, l->fresh + l->old, l->fresh, l->old);
    for (enum problem i = 0; i < PROBLEMS; i++) {
        bad += l->found[i];
        if (l->found[i])
            complain("%s: %" PRIu64, problems[i], l->found[i]);
    }
    if (*l->why && is_owed(l) && l->counted < l->said)
        complain("%s; the first line that it has not taken is %s:%" PRIu64
                 "; load again: what it holds is not replaced",
            l->why, next->file, next->line);
    else if (*l->why)
        complain("%s", l->why);
    return bad || *l->why ? EXIT_SAID_NO : EXIT_WELL;
}

static int load(struct loading *l, const struct herd *herd, unsigned node)
{
    int code = EXIT_SAID_NO;
    stream_catch_interrupt();
    if (!load_lines_begin(&l->lines, l->options->words, l->options->words_count)) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    if (stream_open(&l->stream, herd, node, SPAN("LOAD"))) {
        converse(l);
        stream_end(&l->stream);
        code = conclude(l);
    }
    load_lines_end(&l->lines);
    return code;
}

int cli_load(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    bool retired = options_take_word(&argc, argv, "--retired");
    int code = options_read(&o, argc, argv, "cn", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    int node = o.node ? herd_node(&herd.topology, &o, o.node) : 0;
    struct loading *l = calloc(1, sizeof *l);
    if (node < 0 || !l || !herd_observes(&herd, &o)) {
        code = EXIT_SAID_NO;
    } else {
        l->topology = &herd.topology;
        l->options = &o;
        l->retired = retired;
        code = load(l, &herd, (unsigned)node);
    }
    free(l);
    herd_close(&herd);
    return code;
}
