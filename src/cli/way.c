/* way.c — see way.h. Stamps are validated like those from a peer, by stamp_parse. An invalid
 * answer is reported as that node's error. */
#include "cli/way.h"
#include "core/base/decimal.h"
#include <math.h>

static const char not_an_answer[] = "its answer to TRACE is invalid";

/* -- reading ----------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *of, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, key));
}

static bool read_time(const cJSON *of, const char *key, int64_t *ns)
{
    const char *text = text_of(of, key);
    uint64_t value;
    if (!text || !decimal_count(span_of(text), INT64_MAX, &value))
        return false;
    *ns = (int64_t)value;
    return true;
}

static bool read_stamp(struct sight *s, struct span id)
{
    static const char *const keys[] = {"origin", "skew", NULL, "position", "time"};
    struct span fields[6] = {SPAN("AT")};
    for (unsigned i = 0; i < 5; i++) {
        const char *text = keys[i] ? text_of(s->json, keys[i]) : NULL;
        if (keys[i] && !text)
            return false;
        fields[i + 1] = text ? span_of(text) : id;
    }
    return stamp_parse(fields, &s->stamp);
}

static bool read_when(struct sight *s)
{
    const cJSON *within = cJSON_GetObjectItemCaseSensitive(s->json, "taken_within_ns");
    s->late = read_time(s->json, "taken_before_ns", &s->taken_ns);
    if (s->late)
        return true;
    if (!read_time(s->json, "taken_ns", &s->taken_ns) || !cJSON_IsNumber(within) ||
        !(within->valuedouble >= 0 && within->valuedouble < 1e18))
        return false;
    s->within_ns = (int64_t)within->valuedouble;
    return true;
}

static bool read_via(struct sight *s, const struct topology *t)
{
    const cJSON *via = cJSON_GetObjectItemCaseSensitive(s->json, "via"), *each;
    s->parent = -1;
    if (!cJSON_IsArray(via))
        return false;
    cJSON_ArrayForEach(each, via)
    {
        const char *name = cJSON_GetStringValue(each);
        if (!name || !stamp_node_name_valid(span_of(name)))
            return false;
        s->parent = topology_find(t, span_of(name));
        s->hops++;
    }
    return true;
}

/* Clock differences of more than a century are ignored. */
static void read_clocks(struct sight *s, const struct topology *t, const struct topology_node *node)
{
    const cJSON *link;
    cJSON_ArrayForEach(link, cJSON_GetObjectItemCaseSensitive(s->json, "links"))
    {
        const char *peer = text_of(link, "peer");
        const cJSON *ahead = cJSON_GetObjectItemCaseSensitive(link, "clock_ahead_us");
        if (!peer || !cJSON_IsNumber(ahead) || !(fabs(ahead->valuedouble) < 3.2e15))
            continue;
        for (unsigned i = 0; i < node->neighbours_count; i++)
            if (strcmp(t->nodes[node->neighbours[i]].name, peer) == 0) {
                s->clocks[i].known = true;
                s->clocks[i].ahead_ns = (int64_t)ahead->valuedouble * 1000;
            }
    }
}

static const char *read_all(struct way *w, unsigned node, struct sight *s)
{
    const struct topology *t = w->topology;
    const char *name = text_of(s->json, "node");
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(s->json, "known");
    if (!name || !cJSON_IsBool(known))
        return not_an_answer;
    if (strcmp(name, t->nodes[node].name) != 0)
        return "another node answered";
    s->known = cJSON_IsTrue(known);
    if (s->known && (!read_stamp(s, w->id) || !read_when(s) || !read_via(s, t)))
        return not_an_answer;
    read_clocks(s, t, &t->nodes[node]);
    return NULL;
}

void way_begin(struct way *w, const struct topology *t, struct span id, struct sight *sights)
{
    *w = (struct way){.topology = t, .id = id, .sights = sights};
}

void way_end(struct way *w)
{
    for (unsigned i = 0; i < w->topology->nodes_count; i++)
        cJSON_Delete(w->sights[i].json);
}

void way_read(struct way *w, unsigned node, const char *answer, const char *why)
{
    struct sight *s = &w->sights[node];
    *s = (struct sight){.why = why, .parent = -1};
    if (!answer)
        return;
    s->json = cJSON_ParseWithOpts(answer, NULL, true);
    s->why = s->json ? read_all(w, node, s) : not_an_answer;
    if (s->why)
        *s = (struct sight){.why = s->why, .parent = -1, .json = s->json};
}

/* -- putting together -------------------------------------------------------------------------- */

/* How far node b's clock is ahead of node a's: the mean of what both measured, in which the delay
 * of their messages cancels out. false: neither has measured it. */
static bool clock_between(const struct way *w, unsigned a, unsigned b, int64_t *ns)
{
    const struct topology_node *nodes = w->topology->nodes;
    int64_t sum_ns = 0, said = 0;
    for (unsigned i = 0; i < nodes[a].neighbours_count; i++)
        if (nodes[a].neighbours[i] == b && w->sights[a].clocks[i].known) {
            sum_ns += w->sights[a].clocks[i].ahead_ns;
            said++;
        }
    for (unsigned i = 0; i < nodes[b].neighbours_count; i++)
        if (nodes[b].neighbours[i] == a && w->sights[b].clocks[i].known) {
            sum_ns -= w->sights[b].clocks[i].ahead_ns;
            said++;
        }
    *ns = said ? sum_ns / said : 0;
    return said > 0;
}

/* Find each node's clock by a breadth-first search from the origin over links whose ends have
 * compared clocks. Differences add up, and so do their errors. */
static void find_clocks(struct way *w, unsigned origin)
{
    const struct topology *t = w->topology;
    unsigned queue[TOPOLOGY_NODES_MAX], count = 0;
    w->sights[origin].clock_known = true;
    queue[count++] = origin;
    for (unsigned next = 0; next < count; next++) {
        unsigned a = queue[next];
        for (unsigned i = 0; i < t->nodes[a].neighbours_count; i++) {
            unsigned b = t->nodes[a].neighbours[i];
            int64_t ahead_ns, clock_ns;
            if (w->sights[b].clock_known || !clock_between(w, a, b, &ahead_ns) ||
                __builtin_add_overflow(w->sights[a].clock_ns, ahead_ns, &clock_ns))
                continue;
            w->sights[b].clock_ns = clock_ns;
            w->sights[b].clock_known = true;
            queue[count++] = b;
        }
    }
}

void way_find(struct way *w)
{
    unsigned count = w->topology->nodes_count;
    for (unsigned i = 0; i < count; i++) {
        const struct sight *s = &w->sights[i];
        if (s->known && (!w->newest || stamp_compare(&s->stamp, w->newest) > 0))
            w->newest = &s->stamp;
    }
    if (!w->newest)
        return;
    int origin = topology_find(w->topology, w->newest->origin);
    if (origin >= 0)
        find_clocks(w, (unsigned)origin);
    for (unsigned i = 0; i < count; i++) {
        struct sight *s = &w->sights[i];
        s->newest = s->known && stamp_compare(&s->stamp, w->newest) == 0;
        w->holders += s->newest;
        if (!s->newest)
            continue;
        int64_t received_ns = s->stamp.time_ns + s->stamp.skew_ns; /* stamp_parse checked it */
        int64_t apart_ns = s->taken_ns - received_ns; /* both are >= 0 */
        if (!__builtin_sub_overflow(apart_ns, s->clock_ns, &s->delay_ns))
            continue;
        s->delay_ns = apart_ns;
        s->clock_ns = 0;
        s->clock_known = false;
    }
}
