/* report_table.c — see report.h: reports as tables, and in a sentence whether digests are
 * equal. */
#include "cli/grid.h"
#include "cli/report.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { DIGITS_SHOWN_OF_DIGEST = 8 };

/* -- cells ------------------------------------------------------------------------------------- */

void report_span(uint64_t ms, char *out)
{
    uint64_t s = ms / 1000, m = s / 60, h = m / 60, d = h / 24;
    if (d)
        snprintf(out, REPORT_SPAN_BYTES, "%" PRIu64 "d%02uh", d, (unsigned)(h % 24));
    else if (h)
        snprintf(out, REPORT_SPAN_BYTES, "%uh%02um", (unsigned)h, (unsigned)(m % 60));
    else if (m)
        snprintf(out, REPORT_SPAN_BYTES, "%um%02us", (unsigned)m, (unsigned)(s % 60));
    else
        snprintf(out, REPORT_SPAN_BYTES, "%us", (unsigned)s);
}

const char *report_short_span(uint64_t ms, char *out)
{
    if (ms < 1000)
        snprintf(out, REPORT_SPAN_BYTES, ms ? "%ums" : "%u", (unsigned)ms);
    else if (ms < 10000)
        snprintf(
            out, REPORT_SPAN_BYTES, "%u.%us", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
    else
        report_span(ms, out);
    return out;
}

static const char *clock_text(bool known, int64_t us, char *out)
{
    char span[REPORT_SPAN_BYTES - 1];
    uint64_t ms = (uint64_t)(llabs(us) + 500) / 1000;
    if (!known)
        return "-";
    if (!ms)
        return "0";
    (void)report_short_span(ms, out);
    memcpy(span, out, sizeof span - 1);
    span[sizeof span - 1] = '\0';
    snprintf(out, REPORT_SPAN_BYTES, "%c%s", us < 0 ? '-' : '+', span);
    return out;
}

void report_links(FILE *out, const struct topology *t, unsigned node, const struct report *r)
{
    const struct topology_node *n = &t->nodes[node];
    const char *between = ", not ";
    fprintf(out, "%u/%u", r->links_up, n->neighbours_count);
    for (unsigned i = 0; i < n->neighbours_count; i++)
        if (!r->links[i].up) {
            fprintf(out, "%s%s", between, t->nodes[n->neighbours[i]].name);
            between = ", ";
        }
}

/* -- the herd ---------------------------------------------------------------------------------- */

static uint64_t stamps_most(const struct report *reports, unsigned count)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < count; i++)
        most = reports[i].stamps > most ? reports[i].stamps : most;
    return most;
}

/* The digest that most nodes have; the first of equals. Empty nodes do not count if others hold
 * stamps: four that have lost all are not right, and the fifth wrong. NULL: no node is up. */
static const char *usual_digest(const struct report *reports, unsigned count)
{
    const char *usual = NULL;
    unsigned most = 0;
    bool held = stamps_most(reports, count) > 0;
    for (unsigned i = 0; i < count && 2 * most <= count; i++) {
        if (held && !reports[i].stamps)
            continue;
        unsigned equal = 0;
        for (unsigned k = i; k < count && !reports[i].why; k++)
            equal += !reports[k].why && strcmp(reports[k].digest, reports[i].digest) == 0;
        if (equal > most) {
            most = equal;
            usual = reports[i].digest;
        }
    }
    return usual;
}

/* All are empty. Nobody knows whether the herd had stamps before they were started. */
static void say_empty(FILE *out, const struct report *reports, unsigned count, unsigned up)
{
    char span[REPORT_SPAN_BYTES];
    uint64_t oldest_ms = 0;
    for (unsigned i = 0; i < count; i++)
        oldest_ms = reports[i].uptime_ms > oldest_ms ? reports[i].uptime_ms : oldest_ms;
    report_span(oldest_ms, span);
    fprintf(
        out, "\nThese %u nodes hold no stamps; the first of them was started %s ago.", up, span);
    if (up < count)
        fprintf(out, " If the herd has any, they are at the %s that did not answer.",
            count - up == 1 ? "node" : "nodes");
    fputc('\n', out);
}

static void say_whether_equal(
    FILE *out, const struct report *reports, unsigned count, const char *usual)
{
    unsigned up = 0, equal = 0, partial = 0, empty = 0;
    uint64_t most = stamps_most(reports, count);
    for (unsigned i = 0; i < count; i++) {
        if (reports[i].why)
            continue;
        up++;
        equal += strcmp(reports[i].digest, usual) == 0;
        partial += reports[i].partial;
        empty += reports[i].stamps == 0;
    }
    if (up < 2)
        return;
    if (empty == up)
        say_empty(out, reports, count, up);
    else if (empty)
        fprintf(out,
            "\nDigests differ: %u of %u nodes hold no stamps, another holds %" PRIu64
            ". They get them when they are linked; until then, do not stop those that have them.\n",
            empty, up, most);
    else if (equal == up)
        fprintf(out, "\nAll %u digests are equal: these nodes hold the same stamps.\n", up);
    else if (partial)
        fprintf(out,
            "\nDigests differ, and %u of %u nodes have refused or lost stamps (limits.stamps, "
            "limits.future, limits.clock, retired).\n",
            partial, up);
    else
        fputs("\nDigests differ, as they do while updates spread; they agree soon afterwards.\n",
            out);
}

enum { HERD_NODE, HERD_UP, HERD_VERSION, HERD_CLIENTS, HERD_STAMPS, HERD_UPDATES, HERD_DIGEST,
    HERD_LAG, HERD_AGE, HERD_CLOCK, HERD_LINKS, HERD_COLUMNS };

static const struct grid_column herd_columns[HERD_COLUMNS] = {
    [HERD_NODE] = {"NODE", true, 0},
    [HERD_UP] = {"UP", false, 1},
    [HERD_VERSION] = {"VERSION", true, 2},
    [HERD_CLIENTS] = {"CLIENTS", false, 3},
    [HERD_STAMPS] = {"STAMPS", false, 1},
    [HERD_UPDATES] = {"UPD/S", false, 4},
    [HERD_DIGEST] = {"DIGEST", true, 1},
    [HERD_LAG] = {"LAG", false, 1},
    [HERD_AGE] = {"AGE", false, 1},
    [HERD_CLOCK] = {"CLOCK", false, 5},
    [HERD_LINKS] = {"LINKS", true, 1},
};

static void put_node(struct grid *g, unsigned row, const struct report *r, const char *usual,
    unsigned neighbours)
{
    char text[REPORT_SPAN_BYTES];
    report_span(r->uptime_ms, text);
    grid_put(g, row, HERD_UP, "%s", text);
    grid_put(g, row, HERD_VERSION, "%s", r->version);
    grid_put(g, row, HERD_CLIENTS, "%" PRIu64, r->clients);
    grid_put(g, row, HERD_STAMPS, "%" PRIu64, r->stamps);
    grid_put(g, row, HERD_UPDATES, "%.0f", round(r->updates_per_s));
    grid_put(g, row, HERD_DIGEST, "%.*s%s", DIGITS_SHOWN_OF_DIGEST, r->digest,
        strcmp(r->digest, usual) == 0 ? "" : "!");
    grid_put(g, row, HERD_LAG, "%" PRIu64, r->lag);
    grid_put(g, row, HERD_AGE, "%s", report_short_span(r->lag_ms, text));
    grid_put(g, row, HERD_CLOCK, "%s", clock_text(r->clock_known, r->clock_us, text));
    grid_put(g, row, HERD_LINKS, "%u/%u", r->links_up, neighbours);
}

void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    struct grid g;
    const char *usual = usual_digest(reports, count);
    bool well = grid_begin(&g, herd_columns, HERD_COLUMNS, count);
    for (unsigned i = 0; well && i < count; i++) {
        grid_put(&g, i, HERD_NODE, "%s", t->nodes[nodes[i]].name);
        if (reports[i].why) {
            grid_put(&g, i, HERD_UP, "down");
            snprintf(g.rows[i].note, sizeof g.rows[i].note, "%s", reports[i].why);
        } else {
            put_node(&g, i, &reports[i], usual, t->nodes[nodes[i]].neighbours_count);
        }
    }
    if (well)
        grid_print(&g, out, 0, count, GRID_WIDTH, "\n");
    grid_end(&g);
    say_whether_equal(out, reports, count, usual);
}

/* -- one node's links -------------------------------------------------------------------------- */

enum { LINK_TO, LINK_IS, LINK_WAY, LINK_FOR, LINK_LAG, LINK_AGE, LINK_TRIP, LINK_CLOCK, LINK_SENT,
    LINK_GOT, LINK_NEW, LINK_COLUMNS };

static const struct grid_column link_columns[LINK_COLUMNS] = {
    [LINK_TO] = {"LINK TO", true, 0},
    [LINK_IS] = {"IS", true, 1},
    [LINK_WAY] = {"WAY", true, 1},
    [LINK_FOR] = {"FOR", false, 1},
    [LINK_LAG] = {"LAG", false, 1},
    [LINK_AGE] = {"AGE", false, 1},
    [LINK_TRIP] = {"TRIP", false, 2},
    [LINK_CLOCK] = {"CLOCK", false, 3},
    [LINK_SENT] = {"SENT", false, 4},
    [LINK_GOT] = {"GOT", false, 5},
    [LINK_NEW] = {"NEW", false, 6},
};

static void put_link(struct grid *g, unsigned row, const char *name, const struct report_link *l)
{
    char text[REPORT_SPAN_BYTES];
    grid_put(g, row, LINK_TO, "%s", name);
    grid_put(g, row, LINK_IS, "%s", l->up ? "up" : "down");
    grid_put(g, row, LINK_WAY, "%s", l->in_tree ? "tree" : "spare");
    grid_put(g, row, LINK_FOR, "%s", report_short_span(l->since_ms, text));
    grid_put(g, row, LINK_LAG, "%" PRIu64, l->lag);
    grid_put(g, row, LINK_AGE, "%s", report_short_span(l->lag_ms, text));
    grid_put(g, row, LINK_TRIP, "%.1fms", (double)l->round_trip_us / 1000);
    grid_put(g, row, LINK_CLOCK, "%s", clock_text(l->clock_known, l->clock_us, text));
    grid_put(g, row, LINK_SENT, "%" PRIu64, l->sent);
    grid_put(g, row, LINK_GOT, "%" PRIu64, l->got);
    grid_put(g, row, LINK_NEW, "%" PRIu64, l->got_new);
}

static void say_last_errors(
    FILE *out, const struct topology *t, const struct topology_node *n, const struct report *r)
{
    char span[REPORT_SPAN_BYTES];
    for (unsigned i = 0; i < n->neighbours_count; i++)
        if (*r->links[i].error)
            fprintf(out, "Last error of %s, %s ago: %s.\n", t->nodes[n->neighbours[i]].name,
                report_short_span(r->links[i].error_ms, span), r->links[i].error);
}

void report_links_table(FILE *out, const struct topology *t, unsigned node, const struct report *r)
{
    const struct topology_node *n = &t->nodes[node];
    struct grid g;
    bool well = grid_begin(&g, link_columns, LINK_COLUMNS, n->neighbours_count), lazy = false;
    fputc('\n', out);
    for (unsigned i = 0; well && i < n->neighbours_count; i++) {
        put_link(&g, i, t->nodes[n->neighbours[i]].name, &r->links[i]);
        lazy |= r->links[i].up && !r->links[i].in_tree && r->links[i].lag;
    }
    if (well)
        grid_print(&g, out, 0, n->neighbours_count, GRID_WIDTH, "\n");
    grid_end(&g);
    if (lazy)
        fputs("A spare link is behind by design: it only tells late what others brought.\n", out);
    say_last_errors(out, t, n, r);
}
