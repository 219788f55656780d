/* graph.c — edges: from names to neighbours, and whether everybody can reach everybody.
 *
 * An edge is named at one end or at both and always works in both directions. The herd must be
 * connected, or stamps do not reach every node: an error. One node whose loss would disconnect it
 * is allowed, with a warning. Holds always: every edge has two ends, and no node is its own
 * neighbour. */
#include "core/base/invariant.h"
#include "core/base/nearest.h"
#include "core/topology/draft.h"
#include <stdlib.h>

/* Room for one edge more. false: there is none; reported once, so that a list without end does not
 * keep other faults from being reported. */
static bool make_room(struct topology_draft *d, int line)
{
    if (d->edges_count < d->edges_room)
        return true;
    unsigned room = d->edges_room ? 2 * d->edges_room : 64;
    bool too_many = room > TOPOLOGY_EDGES_MAX;
    void *grown = too_many ? NULL : realloc(d->edges, room * sizeof *d->edges);
    if (grown) {
        d->edges = grown;
        d->edges_room = room;
        return true;
    }
    if (!d->edges_full && too_many)
        draft_error(d, line, "there are too many names in talks_to; %d are possible in all",
            TOPOLOGY_EDGES_MAX);
    else if (!d->edges_full)
        draft_error(d, 0, "memory has run out");
    d->edges_full = d->edges_unsure = true;
    return false;
}

void draft_edge_add(struct topology_draft *d, int line, struct span name)
{
    ASSERT(d->nodes_count > 0 && d->nodes_count <= TOPOLOGY_NODES_MAX && line > 0);
    if (!make_room(d, line))
        return;
    ASSERT(d->edges_count < d->edges_room && d->edges_room <= TOPOLOGY_EDGES_MAX);
    struct draft_edge *e = &d->edges[d->edges_count++];
    *e = (struct draft_edge){.from = d->nodes_count - 1, .line = line};
    e->cut_short = name.len >= sizeof e->to;
    memcpy(e->to, name.at, e->cut_short ? sizeof e->to - 1 : name.len);
}

/* -- names to neighbours ----------------------------------------------------------------------- */

static void report_unknown(struct topology_draft *d, const struct draft_edge *e)
{
    struct draft_node *from = &d->nodes[e->from];
    from->unsure = true;
    d->edges_unsure = true;
    if (d->cut)
        return;
    int retired_line = e->cut_short ? 0 : draft_retired_line(d, span_of(e->to));
    if (retired_line) {
        draft_error(d, e->line, "%s talks to %s, which is retired, by line %d", from->name, e->to,
            retired_line);
        return;
    }
    struct nearest near = nearest_to(span_of(e->to));
    for (unsigned i = 0; i < d->nodes_count && !e->cut_short; i++)
        if (i != e->from)
            nearest_offer(&near, d->nodes[i].name);
    if (near.best)
        draft_error(d, e->line, "%s talks to \"%s\", which is no node; did you mean \"%s\"?",
            from->name, e->to, near.best);
    else
        draft_error(d, e->line, "%s talks to \"%s%s\", which is no node", from->name, e->to,
            e->cut_short ? "..." : "");
}

/* linked: nodes_count squared, row by row. */
static void link_edges(struct topology_draft *d, bool *linked)
{
    for (unsigned i = 0; i < d->edges_count; i++) {
        const struct draft_edge *e = &d->edges[i];
        int to = e->cut_short ? -1 : draft_find(d, e->to);
        if (to < 0) {
            report_unknown(d, e);
        } else if (strcmp(d->nodes[e->from].name, e->to) == 0) {
            draft_error(d, e->line, "%s talks to itself; leave its own name out", e->to);
        } else {
            ASSERT(e->from < d->nodes_count && (unsigned)to < d->nodes_count);
            linked[e->from * d->nodes_count + (unsigned)to] = true;
            linked[(unsigned)to * d->nodes_count + e->from] = true;
        }
    }
}

bool draft_edges_resolve(struct topology_draft *d)
{
    size_t n = d->nodes_count, total = 0;
    ASSERT(d->t.nodes && d->t.nodes_count == n && !d->t.neighbours);
    if (n == 0)
        return true;
    bool *linked = calloc(n, n);
    if (!linked)
        return false;
    link_edges(d, linked);
    for (size_t i = 0; i < n * n; i++)
        total += linked[i];
    d->t.neighbours = malloc((total ? total : 1) * sizeof *d->t.neighbours);
    if (!d->t.neighbours) {
        free(linked);
        return false;
    }
    uint16_t *next = d->t.neighbours;
    for (size_t i = 0; i < n; i++) {
        struct topology_node *node = &d->t.nodes[i];
        node->neighbours = next;
        for (size_t j = 0; j < n; j++)
            if (linked[i * n + j])
                *next++ = (uint16_t)j;
        node->neighbours_count = (unsigned)(next - node->neighbours);
        if (node->neighbours_count > TOPOLOGY_NEIGHBOURS_MAX)
            draft_error(d, node->line, "%s has %u neighbours; %d are possible", node->name,
                node->neighbours_count, TOPOLOGY_NEIGHBOURS_MAX);
    }
    ASSERT(next == d->t.neighbours + total && total % 2 == 0); /* each edge has two ends */
    d->t.edges_count = (unsigned)(total / 2);
    free(linked);
    return true;
}

/* -- parts of the herd ------------------------------------------------------------------------- */

enum { NOBODY = TOPOLOGY_NODES_MAX };

/* The herd without the node `left_out`, as the parts into which it falls. */
struct parts {
    unsigned of[TOPOLOGY_NODES_MAX]; /* which part each node is in, from 1 */
    unsigned size[TOPOLOGY_NODES_MAX + 1];
    unsigned count;
};

static void part_fill(const struct topology *t, struct parts *p, unsigned first, unsigned left_out)
{
    unsigned waiting[TOPOLOGY_NODES_MAX], count = 0;
    unsigned part = ++p->count;
    p->size[part] = 0;
    p->of[first] = part;
    waiting[count++] = first;
    ASSERT(first != left_out && part <= TOPOLOGY_NODES_MAX);
    while (count) {
        const struct topology_node *node = &t->nodes[waiting[--count]];
        p->size[part]++;
        for (unsigned i = 0; i < node->neighbours_count; i++) {
            unsigned next = node->neighbours[i];
            if (p->of[next] == 0 && next != left_out) {
                ASSERT(count < TOPOLOGY_NODES_MAX); /* each waits once */
                p->of[next] = part;
                waiting[count++] = next;
            }
        }
    }
}

static void parts_find(const struct topology_draft *d, struct parts *p, unsigned left_out)
{
    p->count = 0;
    memset(p->of, 0, sizeof p->of);
    for (unsigned i = 0; i < d->nodes_count; i++)
        if (p->of[i] == 0 && i != left_out && !d->nodes[i].doubled)
            part_fill(&d->t, p, i, left_out);
}

static unsigned largest_part(const struct parts *p)
{
    unsigned largest = 1;
    ASSERT(p->count > 0);
    for (unsigned i = 2; i <= p->count; i++)
        if (p->size[i] > p->size[largest])
            largest = i;
    return largest;
}

/* The nodes in other parts than `keep`: the names of the first, and how many more there are. */
static void put_cut_off(
    struct buf *b, const struct topology *t, const struct parts *p, unsigned keep)
{
    enum { NAMED_MAX = 3 };
    unsigned cut_off = 0, named = 0;
    for (unsigned i = 0; i < t->nodes_count; i++)
        cut_off += p->of[i] != 0 && p->of[i] != keep;
    for (unsigned i = 0; i < t->nodes_count && named < NAMED_MAX; i++) {
        if (p->of[i] == 0 || p->of[i] == keep)
            continue;
        buf_text(b, named == 0 ? "" : named + 1 == cut_off ? " and " : ", ");
        buf_text(b, t->nodes[i].name);
        named++;
    }
    if (cut_off > NAMED_MAX) {
        buf_text(b, " and ");
        buf_u64(b, cut_off - NAMED_MAX);
        buf_text(b, " more");
    }
}

static void warn_of_bridges(struct topology_draft *d, struct parts *p)
{
    for (unsigned i = 0; i < d->nodes_count; i++) {
        if (d->t.nodes[i].neighbours_count < 2)
            continue;
        parts_find(d, p, i);
        if (p->count < 2)
            continue;
        char memory[TOPOLOGY_FAULT_BYTES_MAX];
        struct buf b = buf_over(memory, sizeof memory);
        put_cut_off(&b, &d->t, p, largest_part(p));
        topology_draft_fault(d, d->nodes[i].line, true,
            "the loss of %s would cut %.*s off from the others; another edge around it would help",
            d->nodes[i].name, (int)b.len, b.at);
    }
}

/* A part with a node whose edges are in doubt may well be linked to any other. */
static bool part_is_sure(const struct topology_draft *d, const struct parts *p, unsigned part)
{
    for (unsigned i = 0; i < d->nodes_count; i++)
        if (p->of[i] == part && d->nodes[i].unsure)
            return false;
    return true;
}

static void report_unreachable(struct topology_draft *d, const struct parts *p)
{
    unsigned keep = largest_part(p), reported = 0;
    unsigned kept = 0;
    while (p->of[kept] != keep)
        kept++;
    if (!part_is_sure(d, p, keep))
        return;
    for (unsigned i = 0; i < d->nodes_count; i++) {
        if (p->of[i] == 0 || p->of[i] == keep || p->of[i] <= reported ||
            !part_is_sure(d, p, p->of[i]))
            continue;
        reported = p->of[i];
        const char *name = d->nodes[i].name, *example = d->nodes[kept].name;
        if (p->size[reported] == 1)
            draft_error(d, d->nodes[i].line,
                "%s talks to nobody and nobody to it; add an edge, like: talks_to = {%s}", name,
                example);
        else
            draft_error(d, d->nodes[i].line,
                "%s and %u more are not linked to the others; add an edge, like: talks_to = {%s}",
                name, p->size[reported] - 1, example);
    }
}

void draft_graph_check(struct topology_draft *d)
{
    struct parts *p = malloc(sizeof *p);
    if (!p) {
        draft_error(d, 0, "memory has run out");
        return;
    }
    parts_find(d, p, NOBODY);
    if (p->count > 1 && !d->cut)
        report_unreachable(d, p);
    else if (p->count == 1 && !d->edges_unsure && !d->cut)
        warn_of_bridges(d, p);
    free(p);
}
