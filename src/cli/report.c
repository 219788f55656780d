/* report.c — see report.h: reads an answer to STATUS, field by field. Fields that every report
 * must have are required. In a link, a missing or invalid field counts as 0, so that nodes of an
 * older version can be shown. */
#include "cli/report.h"
#include <stdlib.h>

/* Up to this value a double, which is how numbers of JSON are stored, is exact. */
#define WHOLE_MAX 9007199254740992.0

static const char not_a_status[] = "its answer to STATUS is invalid";

static bool read_between(const cJSON *of, const char *key, double least, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= least && item->valuedouble <= WHOLE_MAX))
        return false;
    *out = item->valuedouble;
    return true;
}

static bool read_whole(const cJSON *of, const char *key, uint64_t *out)
{
    double value;
    if (!read_between(of, key, 0, &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool read_signed(const cJSON *of, const char *key, int64_t *out)
{
    double value;
    if (!read_between(of, key, -WHOLE_MAX, &value))
        return false;
    *out = (int64_t)value;
    return true;
}

static bool read_true(const cJSON *of, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(of, key));
}

static const char *read_text(const cJSON *of, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, key));
}

static bool has_key(const cJSON *of, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(of, key) != NULL;
}

static bool read_hex(const cJSON *of, const char *key, char out[REPORT_HEX_DIGITS + 1])
{
    const char *text = read_text(of, key);
    if (!text || strlen(text) != REPORT_HEX_DIGITS ||
        strspn(text, "0123456789abcdef") != REPORT_HEX_DIGITS)
        return false;
    memcpy(out, text, REPORT_HEX_DIGITS + 1);
    return true;
}

static void read_printable(const cJSON *of, const char *key, char *out, size_t room)
{
    const char *text = read_text(of, key);
    size_t len = text ? strnlen(text, room - 1) : 0;
    for (size_t i = 0; i < len; i++)
        out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    out[len] = '\0';
}

/* Fields that an older version does not send stay 0. */
static struct report_link read_link_fields(const cJSON *link)
{
    struct report_link l = {.up = read_true(link, "up") && read_whole(link, "lag", &l.lag)};
    const struct {
        const char *key;
        uint64_t *to;
    } wholes[] = {{l.up ? "up_ms" : "down_ms", &l.since_ms}, {"tries", &l.tries}, {"lag", &l.lag},
        {"lag_ms", &l.lag_ms}, {"round_trip_us", &l.round_trip_us}, {"sent", &l.sent},
        {"got", &l.got}, {"got_new", &l.got_new}, {"divergences", &l.divergences},
        {"unequal", &l.unequal}, {"error_ms", &l.error_ms}};
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
        if (!read_whole(link, wholes[i].key, wholes[i].to))
            *wholes[i].to = 0;
    l.clock_known = read_signed(link, "clock_ahead_us", &l.clock_us);
    l.clock_off = l.clock_known && read_true(link, "clock_off");
    l.full_send = l.up && read_true(link, "full_send");
    l.peer_partial = read_true(link, "peer_partial");
    l.incomplete = l.up && read_true(link, "incomplete");
    read_printable(link, "unknown_origin", l.unknown_origin, sizeof l.unknown_origin);
    l.agreed = read_whole(link, "agreed_ms", &l.agreed_ms);
    l.in_tree = read_true(link, "in_tree");
    l.marked = read_hex(link, "peer_boot", l.peer_boot) && read_whole(link, "acked", &l.acked) &&
               read_whole(link, "have", &l.have);
    l.diverged = read_true(link, "diverged");
    read_printable(link, l.up ? "last_error" : "error", l.error, sizeof l.error);
    return l;
}

static void read_link(
    struct report *r, const struct topology *t, const struct topology_node *node, const cJSON *link)
{
    const char *peer = read_text(link, "peer");
    for (unsigned i = 0; peer && i < node->neighbours_count; i++)
        if (!r->links[i].up && strcmp(t->nodes[node->neighbours[i]].name, peer) == 0) {
            struct report_link *l = &r->links[i];
            *l = read_link_fields(link);
            if (!l->up)
                return;
            r->links_up++;
            if (!l->in_tree && has_key(link, "in_tree"))
                return;
            r->lag = l->lag > r->lag ? l->lag : r->lag;
            r->lag_ms = l->lag_ms > r->lag_ms ? l->lag_ms : r->lag_ms;
        }
}

static int compare_us(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The median of the differences that its links report; of two in the middle, the one nearer to 0.
 * So a clock that is off shows at its own node, not at each of its neighbours. */
static void judge_clock(struct report *r)
{
    int64_t each[TOPOLOGY_NEIGHBOURS_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < TOPOLOGY_NEIGHBOURS_MAX; i++)
        if (r->links[i].up && r->links[i].clock_known)
            each[count++] = -r->links[i].clock_us;
    if (!count)
        return;
    qsort(each, count, sizeof *each, compare_us);
    int64_t low = each[(count - 1) / 2], high = each[count / 2];
    r->clock_known = true;
    r->clock_us = llabs(low) < llabs(high) ? low : high;
}

static void read_journal(struct report *r, const cJSON *journal)
{
    const char *state = read_text(journal, "state");
    r->journal_failing = state && (!strcmp(state, "full") || !strcmp(state, "broken"));
    if (!read_whole(journal, "state_ms", &r->journal_failing_ms))
        r->journal_failing_ms = 0;
    read_printable(journal, "error", r->journal_error, sizeof r->journal_error);
    r->journal_damaged = read_true(journal, "found_damaged");
}

static const char *read_all(
    struct report *r, const struct topology *t, const struct topology_node *node, const cJSON *json)
{
    const char *name = read_text(json, "node");
    const cJSON *links = cJSON_GetObjectItemCaseSensitive(json, "links"), *link;
    if (!name || !cJSON_IsArray(links) || !read_whole(json, "uptime_ms", &r->uptime_ms) ||
        !read_whole(json, "clients", &r->clients) || !read_whole(json, "stamps", &r->stamps) ||
        !read_between(json, "updates_per_s", 0, &r->updates_per_s) ||
        !read_hex(json, "digest", r->digest))
        return not_a_status;
    if (strcmp(name, node->name) != 0)
        return "another node answered";
    if (!read_hex(json, "boot", r->boot))
        strcpy(r->boot, "-");
    if (!read_hex(json, "topology", r->topology))
        r->topology[0] = '\0';
    read_printable(json, "version", r->version, sizeof r->version);
    if (!*r->version)
        strcpy(r->version, "-");
    r->certified = read_signed(json, "certificate_ends_s", &r->certificate_ends_s);
    r->http_certified = read_signed(json, "http_certificate_ends_s", &r->http_certificate_ends_s);
    if (!read_whole(json, "stamps_max", &r->stamps_max))
        r->stamps_max = 0;
    if (!read_whole(json, "change", &r->change))
        r->change = REPORT_NO_CHANGE;
    r->partial = read_true(json, "partial");
    r->drain_known = cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(json, "draining"));
    r->draining = read_whole(json, "drain_closes_ms", &r->drain_closes_ms) &&
                  read_whole(json, "drain_stops_ms", &r->drain_stops_ms) &&
                  read_true(json, "draining");
    r->clock_wrong = read_true(json, "clock_wrong");
    const cJSON *places = cJSON_GetObjectItemCaseSensitive(json, "places");
    r->places_down = read_true(places, "down");
    if (!read_whole(places, "asked", &r->places_asked) ||
        !read_whole(places, "budget", &r->places_budget) ||
        !read_whole(places, "left", &r->places_left))
        r->places_budget = 0;
    read_printable(places, "last_error", r->places_error, sizeof r->places_error);
    read_journal(r, cJSON_GetObjectItemCaseSensitive(json, "journal"));
    cJSON_ArrayForEach(link, links) read_link(r, t, node, link);
    judge_clock(r);
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
