/* top.c — `stampede top`: the whole herd, once a second, in place.
 *
 * All nodes are asked for STATUS each second; rates are those of the time between two answers
 * (rates.h). Plain ANSI: the screen is written over from its upper left corner, each line's rest
 * and what is below is erased, so nothing flickers. The terminal is as it was when this ends, by q
 * or a signal. */
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/health.h"
#include "cli/rates.h"
#include "cli/survey.h"
#include "files/clock.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TOP_PERIOD_MS = 1000, TOP_ONCE_ROWS = 10000 };

static const char help[] =
    "Usage: stampede top [-c FILE] [--once]\n\n"
    "Show the whole herd, once a second, in place: nodes, what is not well, links.\n\n"
    "  -c, --topology FILE  the herd's description; " TOPOLOGY_DEFAULT "\n" OPERATOR_OPTIONS
    "      --once           print it once, after a second, and end; for no terminal\n"
    "  -h, --help           print this text\n\n"
    "  IAMAT/S, WHATSAT/S  commands since the last look\n"
    "  P50, P99            half of these IAMATs, and 99 of 100, took at most so long,\n"
    "                      from the turn that reads one to the send of its reply\n"
    "  LAG, AGE            as in `stampede status`\n"
    "  MEMORY              of stamps, of unsent output, of unfinished lines\n"
    "  ERR/S               what clients were refused, and clients that were dropped\n\n"
    "Keys: n i w p l c m e sort by NODE, IAMAT/S, WHATSAT/S, P99, LAG, CLIENTS,\n"
    "MEMORY, ERR/S; r turns the order round; q ends.\n\n"
    "Exit codes: 0 ended by q or Ctrl-C, or --once has printed; 1 standard output is\n"
    "no terminal, or the herd cannot be asked; 2 wrong command line.\n\n"
    "Example: stampede top\n";

/* One node, as of the last two looks. */
struct row {
    unsigned index; /* among the reports */
    const char *name;
    const struct report *report;
    const struct rates_counts *counts;
    struct rates rates;
};

struct top {
    const struct topology *topology;
    unsigned nodes[TOPOLOGY_NODES_MAX];
    struct report *reports; /* by node, as the rest */
    struct rates_counts *before, *after;
    struct row *rows; /* sorted */
    unsigned links;
    char key; /* by which it is sorted */
    bool reversed;
};

/* -- looking ----------------------------------------------------------------------------------- */

static bool look(struct top *t, const struct herd *herd)
{
    struct survey s;
    bool well = survey_run(&s, herd, -1, SPAN("STATUS"));
    struct rates_counts *older = t->before;
    t->before = t->after;
    t->after = older;
    for (unsigned i = 0; well && i < s.count; i++) {
        cJSON *json = NULL;
        const char *why = s.asks[i].why;
        report_read(&t->reports[i], t->topology, i, s.asks[i].answer, why, &json);
        rates_read(&t->after[i], &t->reports[i], json);
        cJSON_Delete(json);
        if (t->reports[i].why == why) /* of the ask, which ends here */
            t->reports[i].why = t->reports[i].why ? "does not answer" : NULL;
    }
    survey_end(&s);
    return well;
}

/* -- sorting ----------------------------------------------------------------------------------- */

static double value_of(const struct row *row, char key)
{
    switch (key) {
    case 'i':
        return row->rates.iamats;
    case 'w':
        return row->rates.whatsats;
    case 'p':
        return row->rates.p99_us;
    case 'l':
        return (double)row->report->lag;
    case 'c':
        return (double)row->report->clients;
    case 'm':
        return (double)row->counts->memory_bytes;
    case 'e':
        return row->rates.errors;
    default:
        return 0;
    }
}

/* The largest first; equals by name. */
static int compare_rows(const void *a, const void *b, void *of)
{
    const struct row *left = a, *right = b;
    const struct top *t = of;
    double x = value_of(left, t->key), y = value_of(right, t->key);
    int order = x == y ? strcmp(left->name, right->name) : x < y ? 1 : -1;
    return t->reversed ? -order : order;
}

static void sort(struct top *t)
{
    for (unsigned i = 0; i < t->topology->nodes_count; i++)
        t->rows[i] = (struct row){.index = i,
            .name = t->topology->nodes[i].name,
            .report = &t->reports[i],
            .counts = &t->after[i],
            .rates = rates_between(&t->before[i], &t->after[i])};
    qsort_r(t->rows, t->topology->nodes_count, sizeof *t->rows, compare_rows, t);
}

/* -- showing ----------------------------------------------------------------------------------- */

enum { NODE, UP, IAMAT, WHATSAT, P50, P99, LAG, AGE, CLIENTS, STAMPS, MEMORY, ERRORS, LINKS,
    NODE_COLUMNS };

static const struct grid_column node_columns[NODE_COLUMNS] = {
    [NODE] = {"NODE", true, 0},
    [UP] = {"UP", false, 1},
    [IAMAT] = {"IAMAT/S", false, 1},
    [WHATSAT] = {"WHATSAT/S", false, 3},
    [P50] = {"P50", false, 2},
    [P99] = {"P99", false, 1},
    [LAG] = {"LAG", false, 1},
    [AGE] = {"AGE", false, 5},
    [CLIENTS] = {"CLIENTS", false, 4},
    [STAMPS] = {"STAMPS", false, 6},
    [MEMORY] = {"MEMORY", false, 4},
    [ERRORS] = {"ERR/S", false, 1},
    [LINKS] = {"LINKS", true, 1},
};

static void put_us(struct grid *g, unsigned row, unsigned column, bool known, double us)
{
    if (!known)
        grid_put(g, row, column, "-");
    else if (us < 1000)
        grid_put(g, row, column, "%.0fus", us);
    else
        grid_put(g, row, column, "%.1fms", us / 1000);
}

static void put_rate(struct grid *g, unsigned row, unsigned column, bool known, double rate)
{
    if (known)
        grid_put(g, row, column, "%.0f", rate);
    else
        grid_put(g, row, column, "-");
}

static void put_node(struct grid *g, unsigned i, const struct row *row, unsigned neighbours)
{
    const struct report *r = row->report;
    char text[REPORT_SPAN_BYTES];
    report_span(r->uptime_ms, text);
    grid_put(g, i, UP, "%s", text);
    put_rate(g, i, IAMAT, row->rates.known, row->rates.iamats);
    put_rate(g, i, WHATSAT, row->rates.known, row->rates.whatsats);
    put_us(g, i, P50, row->rates.timed, row->rates.p50_us);
    put_us(g, i, P99, row->rates.timed, row->rates.p99_us);
    grid_put(g, i, LAG, "%" PRIu64, r->lag);
    grid_put(g, i, AGE, "%s", report_short_span(r->lag_ms, text));
    grid_put(g, i, CLIENTS, "%" PRIu64, r->clients);
    grid_put(g, i, STAMPS, "%" PRIu64, r->stamps);
    grid_put(g, i, MEMORY, "%.1fM", (double)row->counts->memory_bytes / 1e6);
    put_rate(g, i, ERRORS, row->rates.known, row->rates.errors);
    grid_put(g, i, LINKS, "%u/%u", r->links_up, neighbours);
}

static void show_nodes(FILE *out, const struct top *t, unsigned width, const char *ends)
{
    struct grid g;
    unsigned count = t->topology->nodes_count;
    bool well = grid_begin(&g, node_columns, NODE_COLUMNS, count);
    for (unsigned i = 0; well && i < count; i++) {
        const struct row *row = &t->rows[i];
        grid_put(&g, i, NODE, "%s", row->name);
        if (row->report->why) {
            grid_put(&g, i, UP, "down");
            snprintf(g.rows[i].note, sizeof g.rows[i].note, "%s", row->report->why);
        } else {
            put_node(&g, i, row, t->topology->nodes[row->index].neighbours_count);
        }
    }
    if (well)
        grid_print(&g, out, 0, count, width, ends);
    grid_end(&g);
}

static const struct grid_column link_columns[] = {{"LINK", true, 0}, {"TO", true, 1},
    {"IS", true, 1}, {"WAY", true, 1}, {"FOR", false, 4}, {"LAG", false, 1}, {"AGE", false, 2},
    {"TRIP", false, 3}};

/* Of nodes that answer, in their order. */
static void show_links(FILE *out, const struct top *t, unsigned width, const char *ends)
{
    struct grid g;
    char text[REPORT_SPAN_BYTES];
    unsigned at = 0;
    bool well = grid_begin(&g, link_columns, sizeof link_columns / sizeof *link_columns, t->links);
    for (unsigned i = 0; well && i < t->topology->nodes_count; i++) {
        const struct row *row = &t->rows[i];
        const struct topology_node *n = &t->topology->nodes[row->index];
        for (unsigned k = 0; !row->report->why && k < n->neighbours_count; k++, at++) {
            const struct report_link *l = &row->report->links[k];
            grid_put(&g, at, 0, "%s", n->name);
            grid_put(&g, at, 1, "%s", t->topology->nodes[n->neighbours[k]].name);
            grid_put(&g, at, 2, "%s", l->up ? "up" : "down");
            grid_put(&g, at, 3, "%s", l->in_tree ? "tree" : "spare");
            grid_put(&g, at, 4, "%s", report_short_span(l->since_ms, text));
            grid_put(&g, at, 5, "%" PRIu64, l->lag);
            grid_put(&g, at, 6, "%s", report_short_span(l->lag_ms, text));
            grid_put(&g, at, 7, "%.1fms", (double)l->round_trip_us / 1000);
        }
    }
    if (well)
        grid_print(&g, out, 0, at, width, ends);
    grid_end(&g);
}

/* Everything, as text. NULL: no memory. */
static char *text_of(struct top *t, unsigned width)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    sort(t);
    fprintf(out, "herd %s: %u nodes\n", t->topology->herd, t->topology->nodes_count);
    show_nodes(out, t, width, "\n");
    health_print(out, t->topology, t->nodes, t->reports, t->topology->nodes_count,
        clock_now().real_ns / SECOND_NS);
    fputc('\n', out);
    show_links(out, t, width, "\n");
    return fclose(out) == 0 ? text : NULL;
}

/* Each line erases what was behind it; what does not fit is not written. */
static void paint(struct top *t)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    char *text = text_of(t, size.ws_col), *rest = text;
    fputs("\x1b[H", stdout);
    for (unsigned row = 0; rest && *rest && row < size.ws_row; row++) {
        size_t len = strcspn(rest, "\n");
        printf("%s%.*s\x1b[K", row ? "\n" : "", (int)(len < size.ws_col ? len : size.ws_col), rest);
        rest += len + (rest[len] == '\n');
    }
    fputs("\x1b[J", stdout);
    fflush(stdout);
    free(text);
}

/* -- the terminal ------------------------------------------------------------------------------ */

static volatile sig_atomic_t ends, resized;

static void on_signal(int number)
{
    if (number == SIGWINCH)
        resized = 1;
    else
        ends = 1;
}

static void take_key(struct top *t, char key)
{
    if (key == 'q')
        ends = 1;
    else if (key == 'r')
        t->reversed = !t->reversed;
    else if (strchr("niwplcme", key))
        t->key = key;
}

/* Until the next look is due; keys and a new size are shown at once. Signals are blocked but here,
 * so that none is missed. */
static void wait_for_keys(struct top *t, int64_t until_ns, const sigset_t *unblocked)
{
    int64_t left_ns;
    while (!ends && (left_ns = until_ns - clock_now().mono_ns) > 0) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        struct timespec left = {left_ns / SECOND_NS, left_ns % SECOND_NS};
        char key = '\0';
        if (ppoll(&in, 1, &left, unblocked) > 0 && read(STDIN_FILENO, &key, 1) <= 0)
            ends = 1; /* the terminal is gone */
        if (key)
            take_key(t, key);
        if (key || resized) {
            resized = 0;
            paint(t);
        }
    }
}

static int show_until_end(struct top *t, const struct herd *herd)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
    struct termios before, raw;
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked, unblocked;
    sigemptyset(&blocked);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaddset(&blocked, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return EXIT_SAID_NO;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\x1b[?1049h\x1b[?25l", stdout); /* another screen, without a cursor */
    int code = EXIT_WELL;
    while (!ends && code == EXIT_WELL) {
        int64_t next_ns = clock_now().mono_ns + TOP_PERIOD_MS * MS_NS;
        if (!look(t, herd))
            code = EXIT_SAID_NO;
        paint(t);
        wait_for_keys(t, next_ns, &unblocked);
    }
    fputs("\x1b[?25h\x1b[?1049l", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return code;
}

static int show_once(struct top *t, const struct herd *herd)
{
    if (!look(t, herd))
        return EXIT_SAID_NO;
    poll(NULL, 0, TOP_PERIOD_MS);
    if (!look(t, herd))
        return EXIT_SAID_NO;
    char *text = text_of(t, GRID_WIDTH);
    fputs(text ? text : "", stdout);
    free(text);
    return text ? EXIT_WELL : EXIT_SAID_NO;
}

/* -- the command ------------------------------------------------------------------------------- */

static int run(const struct herd *herd, bool once)
{
    static struct top t;
    unsigned count = herd->topology.nodes_count;
    t = (struct top){.topology = &herd->topology, .key = 'n'};
    t.reports = calloc(count, sizeof *t.reports);
    t.before = calloc(count, sizeof *t.before);
    t.after = calloc(count, sizeof *t.after);
    t.rows = calloc(count, sizeof *t.rows);
    for (unsigned i = 0; i < count; i++) {
        t.nodes[i] = i;
        t.links += herd->topology.nodes[i].neighbours_count;
    }
    int code = EXIT_SAID_NO;
    if (!t.reports || !t.before || !t.after || !t.rows)
        complain("out of memory");
    else
        code = once ? show_once(&t, herd) : show_until_end(&t, herd);
    free(t.reports);
    free(t.before);
    free(t.after);
    free(t.rows);
    return code;
}

int cli_top(int argc, char **argv)
{
    struct options o;
    struct herd herd;
    bool once = options_take_word(&argc, argv, "--once");
    int code = options_read(&o, argc, argv, "ca", help);
    if (code != OPTIONS_GO_ON)
        return code;
    if (o.words_count) {
        complain("top takes no argument \"%s\"; see `stampede top --help`", o.words[0]);
        return EXIT_USAGE;
    }
    if (!once && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
        complain("top needs a terminal; without one: stampede top --once");
        return EXIT_SAID_NO;
    }
    if (!herd_open(&herd, &o))
        return EXIT_SAID_NO;
    code = herd_observes(&herd, &o) ? run(&herd, once) : EXIT_SAID_NO;
    herd_close(&herd);
    return code;
}
