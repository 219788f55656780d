/* way_show.c — see way.h: the path of a stamp as a table or as JSON.
 *
 * The table is a tree: below each node are those that received the stamp from it. */
#include "cli/show.h"
#include "cli/way.h"
#include "core/base/log.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { DELAY_BYTES = 40, INDENT_MAX = 20 };

/* -- as a tree --------------------------------------------------------------------------------- */

static const char *delay_text(const struct sight *s, double ns, char out[DELAY_BYTES])
{
    const char *about = s->late ? "<" : s->within_ns > MS_NS ? "~" : "";
    const char *doubt = s->clock_known ? "" : "?";
    double ms = round(ns / 1e5) / 10 + 0.0; /* + 0.0 makes 0 of -0 */
    bool short_one = ms < 9999.95 && ms > -9999.95;
    snprintf(out, DELAY_BYTES, short_one ? "%s%.1f ms%s" : "%s%.0f s%s", about,
        short_one ? ms : ms / 1000, doubt);
    return out;
}

struct tree {
    FILE *out;
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
        delay_text(s, (double)s->delay_ns - (double)from->delay_ns, hop);
    fprintf(tree->out, "%*s%-*s  %4u  %12s  %12s  %s\n", indent, "", tree->width - indent,
        nodes[node].name, s->hops, delay_text(s, (double)s->delay_ns, after), hop,
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
    fprintf(
        tree->out, "%-*s  %4s  %12s  %12s  FROM\n", tree->width, "NODE", "HOPS", "AFTER", "HOP");
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
            fprintf(tree->out, "%-*s  %s\n", tree->width, w->topology->nodes[i].name,
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

bool way_table(FILE *out, const struct way *w)
{
    struct tree tree = {.out = out, .way = w, .width = (int)strlen("NODE")};
    unsigned count = w->topology->nodes_count;
    tree.shown = calloc(count, sizeof *tree.shown);
    if (!tree.shown)
        return false;
    for (unsigned i = 0; i < count; i++) {
        int len = (int)(strlen(w->topology->nodes[i].name) + 2 * depth_of(w, i));
        tree.width = len > tree.width ? len : tree.width;
    }
    char memory[STAMPEDE_LINE_BYTES_MAX * 2];
    struct buf line = buf_over(memory, sizeof memory);
    stamp_at_put(&line, w->newest);
    show_text(out, buf_span(&line));
    fputc('\n', out);
    line.len = 0;
    log_time_put(&line, w->newest->time_ns + w->newest->skew_ns);
    fprintf(out, "received by %.*s at %.*s\n\n", (int)w->newest->origin.len, w->newest->origin.at,
        (int)line.len, line.at);
    show_tree(&tree);
    show_others(&tree);
    free(tree.shown);
    return true;
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

bool way_json(FILE *out, const struct way *w)
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
    if (!text)
        return false;
    show_json(out, text);
    fputc('\n', out);
    cJSON_free(text);
    return true;
}
