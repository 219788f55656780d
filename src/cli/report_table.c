/* report_table.c — see report.h: reports as tables. A herd that is well takes one table of 80 to
 * 100 columns. What is wrong follows in a few sentences, worst first. */
#include "cli/report.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { TROUBLES_MAX = 20, DIGITS_SHOWN_OF_BOOT = 6, DIGITS_SHOWN_OF_DIGEST = 8 };

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

/* A duration that is usually short: 0, 87ms, 4.2s, then as in report_span. */
static const char *span_text(uint64_t ms, char *out)
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
    (void)span_text(ms, out);
    memcpy(span, out, sizeof span - 1);
    span[sizeof span - 1] = '\0';
    snprintf(out, REPORT_SPAN_BYTES, "%c%s", us < 0 ? '-' : '+', span);
    return out;
}

static int name_width(const struct topology *t, const unsigned *nodes, unsigned count, int least)
{
    int width = least;
    for (unsigned i = 0; i < count; i++) {
        int len = (int)strlen(t->nodes[nodes[i]].name);
        width = len > width ? len : width;
    }
    return width;
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

static void node_row(FILE *out, const struct report *r, const char *usual)
{
    char up[REPORT_SPAN_BYTES], since[REPORT_SPAN_BYTES], clock[REPORT_SPAN_BYTES];
    report_span(r->uptime_ms, up);
    fprintf(out, "%7s  %-6.*s  %7" PRIu64 "  %8" PRIu64 "  %7.0f  %.*s%s  %6" PRIu64 "  %6s  %7s  ",
        up, DIGITS_SHOWN_OF_BOOT, r->boot, r->clients, r->stamps, round(r->updates_per_s),
        DIGITS_SHOWN_OF_DIGEST, r->digest, strcmp(r->digest, usual) == 0 ? " " : "!", r->lag,
        span_text(r->lag_ms, since), clock_text(r->clock_known, r->clock_us, clock));
}

void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    int width = name_width(t, nodes, count, (int)strlen("NODE"));
    const char *usual = usual_digest(reports, count);
    fprintf(out, "%-*s  %7s  %-6s  %7s  %8s  %7s  %-9s  %6s  %6s  %7s  LINKS\n", width, "NODE",
        "UP", "BOOT", "CLIENTS", "STAMPS", "UPD/S", "DIGEST", "LAG", "SINCE", "CLOCK");
    for (unsigned i = 0; i < count; i++) {
        const struct report *r = &reports[i];
        fprintf(out, "%-*s  ", width, t->nodes[nodes[i]].name);
        if (r->why) {
            fprintf(out, "%7s  %s\n", "down", r->why);
            continue;
        }
        node_row(out, r, usual);
        fprintf(out, "%u/%u\n", r->links_up, t->nodes[nodes[i]].neighbours_count);
    }
    say_whether_equal(out, reports, count, usual);
}

/* -- what is wrong ----------------------------------------------------------------------------- */

enum trouble {
    TROUBLE_DIVERGED,
    TROUBLE_INCOMPLETE,
    TROUBLE_DOWN,
    TROUBLE_FULL_SEND,
    TROUBLE_CLOCK,
    TROUBLES
};

static bool has_trouble(const struct report_link *l, enum trouble kind, bool other_is_down)
{
    switch (kind) {
    case TROUBLE_DIVERGED:
        return l->diverged;
    case TROUBLE_INCOMPLETE:
        return l->incomplete;
    case TROUBLE_DOWN:
        return !l->up && !other_is_down;
    case TROUBLE_FULL_SEND:
        return l->full_send && !l->diverged; /* the alarm says it, too */
    case TROUBLE_CLOCK:
        return l->up && l->clock_off;
    case TROUBLES:
        break;
    }
    return false;
}

static void say_trouble(
    FILE *out, const char *name, const char *other, const struct report_link *l, enum trouble kind)
{
    char span[REPORT_SPAN_BYTES];
    if (kind == TROUBLE_DIVERGED) {
        fprintf(out,
            "ALARM: %s and %s hold different stamps although all were exchanged (alarm %" PRIu64
            "); all are sent again.\n",
            name, other, l->divergences);
    } else if (kind == TROUBLE_INCOMPLETE) {
        fprintf(out, "%s has refused stamps of %s and lacks them: ", name, other);
        if (*l->unknown_origin)
            fprintf(out, "its topology.conf neither has a node %s nor retires it.\n",
                l->unknown_origin);
        else
            fputs("they were received later than any right clock can show by now.\n", out);
    } else if (kind == TROUBLE_DOWN) {
        fprintf(out, "%s has had no link to %s for %s (tries: %" PRIu64 ")%s%s.\n", name, other,
            span_text(l->since_ms, span), l->tries, *l->error ? ": " : "", l->error);
    } else if (kind == TROUBLE_FULL_SEND) {
        fprintf(out, "%s is sending all its stamps to %s; %" PRIu64 " are not confirmed.\n", name,
            other, l->lag);
    } else {
        (void)span_text((uint64_t)llabs(l->clock_us) / 1000, span);
        fprintf(out, "%s's clock is %s %s %s's.\n", other, span,
            l->clock_us < 0 ? "behind" : "ahead of", name);
    }
}

static bool is_down(
    const unsigned *nodes, const struct report *reports, unsigned count, unsigned node)
{
    for (unsigned i = 0; i < count; i++)
        if (nodes[i] == node)
            return reports[i].why != NULL;
    return false;
}

/* All nodes share one service, so there is one line. */
static void say_places(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    unsigned down = 0, up = 0, one = 0;
    for (unsigned i = 0; i < count; i++) {
        up += reports[i].why == NULL;
        one = reports[i].places_down && !down ? i : one;
        down += reports[i].places_down;
    }
    if (down)
        fprintf(out, "\nThe places service is down for %u of %u nodes; %s says: %s.\n", down, up,
            t->nodes[nodes[one]].name, reports[one].places_error);
}

/* Of the node that has least left. Nothing if no node has a budget. */
static void say_budget(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    const struct report *least = NULL;
    uint64_t asked = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct report *r = &reports[i];
        if (r->why || !r->places_budget)
            continue;
        asked += r->places_asked;
        if (!least || r->places_left < least->places_left)
            least = r;
    }
    if (!least)
        return;
    fprintf(out,
        "\nThe places service was asked %" PRIu64 " times; %s has %" PRIu64 " of its %" PRIu64
        " left.\n",
        asked, t->nodes[nodes[least - reports]].name, least->places_left, least->places_budget);
}

/* Worst of all: what such a node says of stamps or clocks means little. */
static void say_wrong_clocks(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    char span[REPORT_SPAN_BYTES];
    const char *before = "\n";
    for (unsigned i = 0; i < count; i++) {
        const struct report *r = &reports[i];
        if (r->why || !r->clock_wrong)
            continue;
        fprintf(out, "%sERROR: the clock of %s is %s %s most of its neighbours'; set it right.\n",
            before, t->nodes[nodes[i]].name, span_text((uint64_t)llabs(r->clock_us) / 1000, span),
            r->clock_us < 0 ? "behind" : "ahead of");
        before = "";
    }
}

/* As far as nodes say it. */
static void say_topologies(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    char ours[REPORT_HEX_DIGITS + 1];
    unsigned others = 0;
    snprintf(ours, sizeof ours, "%016" PRIx64, topology_hash(t));
    for (unsigned i = 0; i < count; i++)
        if (*reports[i].topology && strcmp(reports[i].topology, ours) != 0)
            fprintf(out, "%s%s", others++ ? ", " : "\n", t->nodes[nodes[i]].name);
    if (others)
        fprintf(out,
            " go%s by another topology.conf than this file; bring it there, and send SIGHUP.\n",
            others == 1 ? "es" : "");
}

void report_troubles(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    unsigned told = 0;
    say_wrong_clocks(out, t, nodes, reports, count);
    say_topologies(out, t, nodes, reports, count);
    for (enum trouble kind = 0; kind < TROUBLES; kind++)
        for (unsigned i = 0; i < count; i++) {
            const struct topology_node *n = &t->nodes[nodes[i]];
            for (unsigned k = 0; !reports[i].why && k < n->neighbours_count; k++) {
                const struct report_link *l = &reports[i].links[k];
                unsigned other = n->neighbours[k];
                if (!has_trouble(l, kind, is_down(nodes, reports, count, other)) ||
                    told++ >= TROUBLES_MAX)
                    continue;
                if (told == 1)
                    fputc('\n', out);
                say_trouble(out, n->name, t->nodes[other].name, l, kind);
            }
        }
    if (told > TROUBLES_MAX)
        fprintf(out, "And %u more; --json has them all.\n", told - TROUBLES_MAX);
    say_places(out, t, nodes, reports, count);
    say_budget(out, t, nodes, reports, count);
}

/* -- one node's links -------------------------------------------------------------------------- */

void report_links_table(FILE *out, const struct topology *t, unsigned node, const struct report *r)
{
    const struct topology_node *n = &t->nodes[node];
    char since[REPORT_SPAN_BYTES], age[REPORT_SPAN_BYTES], clock[REPORT_SPAN_BYTES];
    unsigned neighbours[TOPOLOGY_NEIGHBOURS_MAX];
    for (unsigned i = 0; i < n->neighbours_count; i++)
        neighbours[i] = n->neighbours[i];
    int width = name_width(t, neighbours, n->neighbours_count, (int)strlen("LINK TO"));
    fprintf(out, "\n%-*s  %-4s  %6s  %6s  %6s  %7s  %7s  %7s  %7s  %7s  LAST ERROR\n", width,
        "LINK TO", "IS", "FOR", "LAG", "SINCE", "TRIP", "CLOCK", "SENT", "GOT", "NEW");
    for (unsigned i = 0; i < n->neighbours_count; i++) {
        const struct report_link *l = &r->links[i];
        fprintf(out,
            "%-*s  %-4s  %6s  %6" PRIu64 "  %6s  %5.1fms  %7s  %7" PRIu64 "  %7" PRIu64
            "  %7" PRIu64 "  %s\n",
            width, t->nodes[neighbours[i]].name, l->up ? "up" : "down",
            span_text(l->since_ms, since), l->lag, span_text(l->lag_ms, age),
            (double)l->round_trip_us / 1000, clock_text(l->clock_known, l->clock_us, clock),
            l->sent, l->got, l->got_new, *l->error ? l->error : "-");
    }
    report_troubles(out, t, &node, r, 1);
}
