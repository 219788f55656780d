/* report.c — see report.h. */
#include "cli/report.h"
#include <inttypes.h>
#include <math.h>

/* Up to here a double, which is what JSON's numbers are read into, is exact. */
#define WHOLE_MAX 9007199254740992.0

static const char not_a_status[] = "what it answered is no status";

/* -- reading ------------------------------------------------------------------------------------ */

static bool read_number(const cJSON *of, const char *key, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= WHOLE_MAX))
        return false;
    *out = item->valuedouble;
    return true;
}

static bool read_whole(const cJSON *of, const char *key, uint64_t *out)
{
    double value;
    if (!read_number(of, key, &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool read_digest(const cJSON *of, char out[17])
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, "digest"));
    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    memcpy(out, text, 17);
    return true;
}

static void read_link(
    struct report *r, const struct topology *t, const struct topology_node *node, const cJSON *link)
{
    const char *peer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(link, "peer"));
    uint64_t lag;
    if (!peer || !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(link, "up")) ||
        !read_whole(link, "lag", &lag))
        return;
    for (unsigned i = 0; i < node->neighbours_count; i++)
        if (!r->linked[i] && strcmp(t->nodes[node->neighbours[i]].name, peer) == 0) {
            r->linked[i] = true;
            r->links_up++;
            r->lag = lag > r->lag ? lag : r->lag;
        }
}

static const char *read_all(
    struct report *r, const struct topology *t, const struct topology_node *node, const cJSON *json)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "node"));
    const cJSON *links = cJSON_GetObjectItemCaseSensitive(json, "links"), *link;
    if (!name || !cJSON_IsArray(links) || !read_whole(json, "uptime_ms", &r->uptime_ms) ||
        !read_whole(json, "clients", &r->clients) || !read_whole(json, "stamps", &r->stamps) ||
        !read_number(json, "updates_per_s", &r->updates_per_s) || !read_digest(json, r->digest))
        return not_a_status;
    if (strcmp(name, node->name) != 0)
        return "another node answered";
    r->partial = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "partial"));
    cJSON_ArrayForEach(link, links) read_link(r, t, node, link);
    return NULL;
}

void report_read(struct report *r, const struct topology *t, unsigned node, const char *answer,
    const char *why, cJSON **json)
{
    cJSON *parsed = answer ? cJSON_ParseWithOpts(answer, NULL, true) : NULL;
    *r = (struct report){.why = why};
    if (answer)
        r->why = cJSON_IsObject(parsed) ? read_all(r, t, &t->nodes[node], parsed) : not_a_status;
    if (r->why)
        *r = (struct report){.why = r->why};
    if (json)
        *json = parsed;
    else
        cJSON_Delete(parsed);
}

/* -- showing ------------------------------------------------------------------------------------ */

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

void report_links(FILE *out, const struct topology *t, unsigned node, const struct report *r)
{
    const struct topology_node *n = &t->nodes[node];
    const char *between = ", not ";
    fprintf(out, "%u/%u", r->links_up, n->neighbours_count);
    for (unsigned i = 0; i < n->neighbours_count; i++)
        if (!r->linked[i]) {
            fprintf(out, "%s%s", between, t->nodes[n->neighbours[i]].name);
            between = ", ";
        }
}

static void say_whether_equal(FILE *out, const struct report *reports, unsigned count)
{
    const struct report *first = NULL;
    unsigned up = 0, equal = 0, partial = 0;
    for (unsigned i = 0; i < count; i++) {
        if (reports[i].why)
            continue;
        first = first ? first : &reports[i];
        up++;
        equal += strcmp(reports[i].digest, first->digest) == 0;
        partial += reports[i].partial;
    }
    if (up < 2)
        return;
    if (equal == up)
        fprintf(out, "\nAll %u digests are equal: these nodes hold the same stamps.\n", up);
    else if (partial)
        fprintf(
            out, "\nDigests differ, and %u of %u nodes have been at limits.stamps.\n", partial, up);
    else
        fputs("\nDigests differ. While updates are on their way they do; soon after they agree.\n",
            out);
}

void report_table(FILE *out, const struct topology *t, const unsigned *nodes,
    const struct report *reports, unsigned count)
{
    int width = (int)strlen("NODE");
    for (unsigned i = 0; i < count; i++) {
        int len = (int)strlen(t->nodes[nodes[i]].name);
        width = len > width ? len : width;
    }
    fprintf(out, "%-*s  %7s  %7s  %9s  %9s  %-16s  %5s  LINKS\n", width, "NODE", "UP", "CLIENTS",
        "STAMPS", "UPDATES/S", "DIGEST", "LAG");
    for (unsigned i = 0; i < count; i++) {
        const struct report *r = &reports[i];
        char up[REPORT_SPAN_BYTES];
        fprintf(out, "%-*s  ", width, t->nodes[nodes[i]].name);
        if (r->why) {
            fprintf(out, "%7s  %s\n", "down", r->why);
            continue;
        }
        report_span(r->uptime_ms, up);
        fprintf(out, "%7s  %7" PRIu64 "  %9" PRIu64 "  %9.0f  %-16s  %5" PRIu64 "  ", up,
            r->clients, r->stamps, round(r->updates_per_s), r->digest, r->lag);
        report_links(out, t, nodes[i], r);
        fputc('\n', out);
    }
    say_whether_equal(out, reports, count);
}
