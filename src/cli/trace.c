/* trace.c — `stampede trace ID`: shows the path of a client's newest stamp and how long it took.
 *
 * All nodes are asked; way.h combines their answers. The result is a tree: below each node are
 * those that received the stamp from it. */
#include "cli/commands.h"
#include "cli/show.h"
#include "cli/survey.h"
#include "cli/way.h"
#include "core/protocol/command.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: stampede trace [-c FILE] [--json | --table] CLIENT-ID\n\n"
    "Ask all nodes for the stamp that they hold of a client, and show the path of the\n"
    "newest one: which node received it from which other, and when.\n\n"
    "  -c, --topology FILE  the herd's description; default: topology.conf\n"
    "  -j, --json           print JSON; this is the default if standard output is no\n"
    "                       terminal\n"
    "  -t, --table          print the tree even if standard output is no terminal\n"
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

enum { DELAY_BYTES = 40, QUESTION_BYTES_MAX = 6 + STAMPEDE_CLIENT_ID_BYTES_MAX, INDENT_MAX = 20 };

/* -- as a tree --------------------------------------------------------------------------------- */

static const char *delay_text(const struct sight *s, int64_t ns, char out[DELAY_BYTES])
{
    const char *about = s->late ? "<" : s->within_ns > MS_NS ? "~" : "";
    const char *doubt = s->clock_known ? "" : "?";
    double ms = round((double)ns / 1e5) / 10 + 0.0; /* + 0.0 makes 0 of -0 */
    bool short_one = ms < 9999.95 && ms > -9999.95;
    snprintf(out, DELAY_BYTES, short_one ? "%s%.1f ms%s" : "%s%.0f s%s", about,
        short_one ? ms : ms / 1000, doubt);
    return out;
}

struct tree {
    const struct way *way;
    bool *shown;
    int width; /* of the first column */
};

static void show_row(const struct tree *tree, unsigned node, unsigned depth)
{
    const struct topology_node *nodes = tree->way->topology->nodes;
    const struct sight *s = &tree->way->sights[node];
    const struct sight *from = s->parent >= 0 ? &tree->way->sights[s->parent] : NULL;
    char after[DELAY_BYTES], hop[DELAY_BYTES] = "-";
    int indent = (int)(2 * (depth < INDENT_MAX ? depth : INDENT_MAX));
    if (from && from->newest && !from->late)
        delay_text(s, s->delay_ns - from->delay_ns, hop);
    printf("%*s%-*s  %4u  %12s  %12s  %s\n", indent, "", tree->width - indent, nodes[node].name,
        s->hops, delay_text(s, s->delay_ns, after), hop,
        s->hops == 0 ? "a client"
        : from       ? nodes[s->parent].name
                     : "a former node");
}

static void show_branch(struct tree *tree, unsigned node, unsigned depth)
{
    tree->shown[node] = true;
    show_row(tree, node, depth);
    for (unsigned i = 0; i < tree->way->topology->nodes_count; i++) {
        const struct sight *s = &tree->way->sights[i];
        if (s->newest && s->parent == (int)node && !tree->shown[i])
            show_branch(tree, i, depth + 1);
    }
}

/* First come nodes that received it from a client, or from a node that no longer has it. Nodes that
 * received it from each other, which is possible after a restart, come last, below the first of
 * them. */
static void show_tree(struct tree *tree)
{
    unsigned count = tree->way->topology->nodes_count;
    printf("%-*s  %4s  %12s  %12s  FROM\n", tree->width, "NODE", "HOPS", "AFTER", "HOP");
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < count; i++) {
            const struct sight *s = &tree->way->sights[i];
            bool root = s->parent < 0 || !tree->way->sights[s->parent].newest;
            if (s->newest && !tree->shown[i] && (root || pass == 1))
                show_branch(tree, i, 0);
        }
}

static void show_others(const struct tree *tree)
{
    const struct way *w = tree->way;
    for (unsigned i = 0; i < w->topology->nodes_count; i++) {
        const struct sight *s = &w->sights[i];
        if (!s->newest)
            printf("%-*s  %s\n", tree->width, w->topology->nodes[i].name,
                s->why     ? s->why
                : s->known ? "holds an older stamp"
                           : "does not know this client");
    }
}

static unsigned depth_of(const struct way *w, unsigned node)
{
    unsigned depth = 0;
    int parent = w->sights[node].parent;
    while (parent >= 0 && w->sights[parent].newest && depth < INDENT_MAX) {
        depth++;
        parent = w->sights[parent].parent;
    }
    return depth;
}

static int show_table(const struct way *w)
{
    struct tree tree = {.way = w, .width = (int)strlen("NODE")};
    unsigned count = w->topology->nodes_count;
    tree.shown = calloc(count, sizeof *tree.shown);
    if (!tree.shown) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    for (unsigned i = 0; i < count; i++) {
        int len = (int)(strlen(w->topology->nodes[i].name) + 2 * depth_of(w, i));
        tree.width = len > tree.width ? len : tree.width;
    }
    char memory[STAMPEDE_LINE_BYTES_MAX * 2];
    struct buf line = buf_over(memory, sizeof memory);
    stamp_at_put(&line, w->newest);
    show_text(stdout, buf_span(&line));
    putchar('\n');
    line.len = 0;
    log_time_put(&line, w->newest->time_ns + w->newest->skew_ns);
    printf("received by %.*s at %.*s\n\n", (int)w->newest->origin.len, w->newest->origin.at,
        (int)line.len, line.at);
    show_tree(&tree);
    show_others(&tree);
    free(tree.shown);
    return w->holders == count ? EXIT_WELL : EXIT_SAID_NO;
}

/* -- as JSON ----------------------------------------------------------------------------------- */

static void add_number_text(cJSON *to, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    cJSON_AddStringToObject(to, key, text);
}

static cJSON *sight_object(const struct way *w, unsigned node)
{
    const struct sight *s = &w->sights[node];
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "node", w->topology->nodes[node].name);
    cJSON_AddBoolToObject(one, "up", !s->why);
    if (s->why) {
        cJSON_AddStringToObject(one, "error", s->why);
        return one;
    }
    cJSON_AddBoolToObject(one, "known", s->known);
    cJSON_AddBoolToObject(one, "newest", s->newest);
    if (!s->newest)
        return one;
    cJSON_AddNumberToObject(one, "hops", s->hops);
    cJSON_AddItemToObject(
        one, "via", cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(s->json, "via"), true));
    add_number_text(one, s->late ? "taken_before_ns" : "taken_ns", s->taken_ns);
    cJSON_AddNumberToObject(one, "within_ns", (double)s->within_ns);
    cJSON_AddNumberToObject(
        one, s->late ? "delay_at_most_ms" : "delay_ms", (double)s->delay_ns / 1e6);
    cJSON_AddBoolToObject(one, "clock_known", s->clock_known);
    cJSON_AddNumberToObject(one, "clock_ahead_ms", (double)s->clock_ns / 1e6);
    return one;
}

static int show_object(const struct way *w)
{
    unsigned count = w->topology->nodes_count;
    char memory[STAMPEDE_LINE_BYTES_MAX * 2];
    struct buf line = buf_over(memory, sizeof memory - 1);
    cJSON *all = cJSON_CreateObject();
    stamp_at_put(&line, w->newest);
    memory[line.len] = '\0';
    cJSON_AddStringToObject(all, "stamp", memory);
    add_number_text(all, "received_ns", w->newest->time_ns + w->newest->skew_ns);
    cJSON *nodes = cJSON_AddArrayToObject(all, "nodes");
    for (unsigned i = 0; i < count; i++)
        cJSON_AddItemToArray(nodes, sight_object(w, i));
    char *text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    if (!text) {
        complain("out of memory");
        return EXIT_SAID_NO;
    }
    show_json(stdout, text);
    putchar('\n');
    cJSON_free(text);
    return w->holders == count ? EXIT_WELL : EXIT_SAID_NO;
}

/* -- the command ------------------------------------------------------------------------------- */

static int show(const struct options *o, const struct way *w)
{
    unsigned silent = 0;
    for (unsigned i = 0; i < w->topology->nodes_count; i++)
        silent += w->sights[i].why != NULL;
    if (w->newest)
        return options_json(o) ? show_object(w) : show_table(w);
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
    int code = options_read(&o, argc, argv, "cjt", help);
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
