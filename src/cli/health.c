/* health.c — see health.h. What both ends of a link say is told once, as the first of them says
 * it. */
#include "cli/health.h"
#include <inttypes.h>
#include <stdlib.h>

enum fault {
    NODE_DOWN,
    CLOCK_WRONG,
    DIVERGED,
    PARTIAL,
    FULL,
    INCOMPLETE, /* each end for itself */
    LINK_DOWN,
    JOURNAL,
    CLOCK_OFF,
    OLD_VERSION,
    CERTIFICATE,
    HTTP_CERTIFICATE,
    FAULTS
};

struct herd_view {
    const struct topology *topology;
    const unsigned *nodes;
    const struct report *reports;
    unsigned count;
    int64_t now_s;
    const char *newest; /* version */
};

/* -- what is wrong ----------------------------------------------------------------------------- */

/* Below, equal or above 0, as of strcmp. What is no version is the oldest. */
static int compare_versions(const char *a, const char *b)
{
    for (unsigned part = 0; part < 3; part++) {
        char *a_end, *b_end;
        unsigned long left = strtoul(a, &a_end, 10), right = strtoul(b, &b_end, 10);
        if (left != right)
            return left < right ? -1 : 1;
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return 0;
}

static bool node_has(const struct herd_view *h, const struct report *r, enum fault kind)
{
    switch (kind) {
    case NODE_DOWN:
        return r->why != NULL;
    case CLOCK_WRONG:
        return r->clock_wrong;
    case PARTIAL:
        return r->partial;
    case FULL:
        return r->stamps_max && r->stamps >= r->stamps_max;
    case JOURNAL:
        return r->journal_failing;
    case OLD_VERSION:
        return !r->why && compare_versions(r->version, h->newest) < 0;
    case CERTIFICATE:
        return r->certified && r->certificate_ends_s - h->now_s < HEALTH_CERTIFICATE_S;
    case HTTP_CERTIFICATE:
        return r->http_certified && r->http_certificate_ends_s - h->now_s < HEALTH_CERTIFICATE_S;
    default:
        return false;
    }
}

static bool link_has(const struct report *r, const struct report_link *l, enum fault kind)
{
    switch (kind) {
    case DIVERGED:
        return l->diverged || (l->up && l->unequal && !r->partial && !l->peer_partial);
    case INCOMPLETE:
        return l->incomplete;
    case LINK_DOWN:
        return !l->up && l->since_ms > HEALTH_LINK_DOWN_MS;
    case CLOCK_OFF:
        return l->up && l->clock_off;
    default:
        return false;
    }
}

/* NULL: it was not asked. */
static const struct report *report_of(const struct herd_view *h, unsigned node)
{
    for (unsigned i = 0; i < h->count; i++)
        if (h->nodes[i] == node)
            return &h->reports[i];
    return NULL;
}

/* Whether the other end of link k of node i says the same, and comes first. */
static bool told_by_other(const struct herd_view *h, unsigned i, unsigned k, enum fault kind)
{
    const struct topology_node *n = &h->topology->nodes[h->nodes[i]];
    unsigned other = n->neighbours[k];
    const struct report *there = report_of(h, other);
    if (kind == INCOMPLETE || !there || there->why || there > &h->reports[i])
        return false;
    const struct topology_node *peer = &h->topology->nodes[other];
    for (unsigned b = 0; b < peer->neighbours_count; b++)
        if (peer->neighbours[b] == h->nodes[i])
            return link_has(there, &there->links[b], kind);
    return false;
}

/* That a node is down says more than that it has no links. */
static bool link_counts(const struct herd_view *h, unsigned i, unsigned k, enum fault kind)
{
    const struct report *r = &h->reports[i];
    unsigned other = h->topology->nodes[h->nodes[i]].neighbours[k];
    const struct report *there = report_of(h, other);
    return link_has(r, &r->links[k], kind) && !told_by_other(h, i, k, kind) &&
           !(kind == LINK_DOWN && there && there->why);
}

/* -- in words ---------------------------------------------------------------------------------- */

static void say_certificate(FILE *out, const char *what, const char *name, int64_t left_s)
{
    char span[REPORT_SPAN_BYTES];
    report_span((uint64_t)llabs(left_s) * 1000, span);
    if (left_s < 0)
        fprintf(out, "The %s of %s ended %s ago.\n", what, name, span);
    else
        fprintf(out, "The %s of %s ends in %s.\n", what, name, span);
}

static void say_node(FILE *out, const struct herd_view *h, unsigned i, enum fault kind)
{
    const struct report *r = &h->reports[i];
    const char *name = h->topology->nodes[h->nodes[i]].name;
    char span[REPORT_SPAN_BYTES];
    if (kind == NODE_DOWN)
        fprintf(out, "%s is down: %s.\n", name, r->why);
    else if (kind == CLOCK_WRONG)
        fprintf(out, "ERROR: the clock of %s is %s %s most of its neighbours'; set it right.\n",
            name, report_short_span((uint64_t)llabs(r->clock_us) / 1000, span),
            r->clock_us < 0 ? "behind" : "ahead of");
    else if (kind == PARTIAL)
        fprintf(out, "%s lacks stamps that it has refused or evicted.\n", name);
    else if (kind == FULL)
        fprintf(out, "%s holds limits.stamps (%" PRIu64 ") stamps: no room for new ids.\n", name,
            r->stamps_max);
    else if (kind == JOURNAL)
        fprintf(out, "%s has not kept its stamps on the disk for %s: %s.\n", name,
            report_short_span(r->journal_failing_ms, span), r->journal_error);
    else if (kind == OLD_VERSION)
        fprintf(out, "%s runs version %s, others %s.\n", name, r->version, h->newest);
    else if (kind == CERTIFICATE)
        say_certificate(out, "certificate", name, r->certificate_ends_s - h->now_s);
    else
        say_certificate(out, "HTTP certificate", name, r->http_certificate_ends_s - h->now_s);
}

static void say_link(FILE *out, const char *name, const char *other, const struct report_link *l,
    enum fault kind)
{
    char span[REPORT_SPAN_BYTES];
    if (kind == DIVERGED && l->diverged) {
        fprintf(out,
            "ALARM: %s and %s hold different stamps although all were exchanged (alarm %" PRIu64
            "); all are sent again.\n",
            name, other, l->divergences);
    } else if (kind == DIVERGED) {
        fprintf(out, "The digests of %s and %s differ although all was exchanged.\n", name, other);
    } else if (kind == INCOMPLETE) {
        fprintf(out, "%s has refused stamps of %s and lacks them: ", name, other);
        if (*l->unknown_origin)
            fprintf(out, "its topology.conf neither has a node %s nor retires it.\n",
                l->unknown_origin);
        else
            fputs("they were received later than any right clock can show by now.\n", out);
    } else if (kind == LINK_DOWN) {
        fprintf(out, "%s has had no link to %s for %s (tries: %" PRIu64 ")%s%s.\n", name, other,
            report_short_span(l->since_ms, span), l->tries, *l->error ? ": " : "", l->error);
    } else {
        (void)report_short_span((uint64_t)llabs(l->clock_us) / 1000, span);
        fprintf(out, "%s's clock is %s %s %s's.\n", other, span,
            l->clock_us < 0 ? "behind" : "ahead of", name);
    }
}

/* Whether there is still room for a line; the first is set apart from the table. */
static bool has_room(FILE *out, unsigned *told)
{
    if (!(*told)++)
        fputc('\n', out);
    return *told <= HEALTH_LINES_MAX;
}

/* One line for all that go by another topology than this one, as far as nodes say it. */
static unsigned say_topologies(FILE *out, const struct herd_view *h)
{
    char ours[REPORT_HEX_DIGITS + 1];
    unsigned others = 0;
    snprintf(ours, sizeof ours, "%016" PRIx64, topology_hash(h->topology));
    for (unsigned i = 0; i < h->count; i++)
        if (*h->reports[i].topology && strcmp(h->reports[i].topology, ours) != 0)
            fprintf(out, "%s%s", others++ ? ", " : "\n", h->topology->nodes[h->nodes[i]].name);
    if (others)
        fprintf(out,
            " go%s by another topology.conf than this file; bring it there, and send SIGHUP.\n",
            others == 1 ? "es" : "");
    return others > 0;
}

/* All nodes share one service, so there is one line. */
static unsigned say_places(FILE *out, const struct herd_view *h)
{
    unsigned down = 0, up = 0, one = 0;
    for (unsigned i = 0; i < h->count; i++) {
        up += h->reports[i].why == NULL;
        one = h->reports[i].places_down && !down ? i : one;
        down += h->reports[i].places_down;
    }
    if (down)
        fprintf(out, "\nThe places service is down for %u of %u nodes; %s says: %s.\n", down, up,
            h->topology->nodes[h->nodes[one]].name, h->reports[one].places_error);
    return down > 0;
}

unsigned health_print(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count, int64_t now_s)
{
    struct herd_view h = {t, nodes, reports, count, now_s, ""};
    unsigned told = 0;
    for (unsigned i = 0; i < count; i++)
        if (!reports[i].why && compare_versions(reports[i].version, h.newest) > 0)
            h.newest = reports[i].version;
    for (enum fault kind = 0; kind < FAULTS; kind++)
        for (unsigned i = 0; i < count; i++) {
            const struct topology_node *n = &t->nodes[nodes[i]];
            if (node_has(&h, &reports[i], kind) && has_room(out, &told))
                say_node(out, &h, i, kind);
            for (unsigned k = 0; !reports[i].why && k < n->neighbours_count; k++)
                if (link_counts(&h, i, k, kind) && has_room(out, &told))
                    say_link(out, n->name, t->nodes[n->neighbours[k]].name, &reports[i].links[k],
                        kind);
        }
    if (told > HEALTH_LINES_MAX)
        fprintf(out, "And %u more; --json has them all.\n", told - HEALTH_LINES_MAX);
    told += say_topologies(out, &h);
    return told + say_places(out, &h);
}

/* -- what will pass ---------------------------------------------------------------------------- */

/* Of the node that has least left. Nothing if no node has a budget. */
static void say_budget(FILE *out, const struct herd_view *h)
{
    const struct report *least = NULL;
    uint64_t asked = 0;
    for (unsigned i = 0; i < h->count; i++) {
        const struct report *r = &h->reports[i];
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
        asked, h->topology->nodes[h->nodes[least - h->reports]].name, least->places_left,
        least->places_budget);
}

static void say_drains(FILE *out, const struct herd_view *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        const struct report *r = &h->reports[i];
        char left[REPORT_SPAN_BYTES];
        if (r->why || !r->draining)
            continue;
        report_span(r->drain_stops_ms, left);
        fprintf(out, "\n%s is drained: its client port %s, it stops in %s at the latest.\n",
            h->topology->nodes[h->nodes[i]].name, r->drain_closes_ms ? "will close" : "is closed",
            left);
    }
}

void health_notes(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    struct herd_view h = {t, nodes, reports, count, 0, ""};
    unsigned told = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct topology_node *n = &t->nodes[nodes[i]];
        for (unsigned k = 0; !reports[i].why && k < n->neighbours_count; k++) {
            const struct report_link *l = &reports[i].links[k];
            const struct report *there = report_of(&h, n->neighbours[k]);
            const char *other = t->nodes[n->neighbours[k]].name;
            if (l->full_send && !l->diverged && has_room(out, &told))
                fprintf(out,
                    "%s is sending all its stamps to %s; %" PRIu64 " are not confirmed.\n",
                    n->name, other, l->lag);
            else if (!l->up && l->since_ms <= HEALTH_LINK_DOWN_MS && !(there && there->why) &&
                     has_room(out, &told))
                say_link(out, n->name, other, l, LINK_DOWN);
        }
    }
    for (unsigned i = 0; i < count; i++)
        if (reports[i].journal_damaged && has_room(out, &told))
            fprintf(out, "The journal of %s was damaged when it started; its log says how.\n",
                t->nodes[nodes[i]].name);
    say_drains(out, &h);
    say_budget(out, &h);
}
