/* judge.c — see judge.h. What a node holds is represented by an issue and the skew of its
 * receipt. */
#include "sim/judge.h"
#include "core/base/decimal.h"
#include <inttypes.h>
#include <stdarg.h>

/* What a BYE says about an edge may be of before the last reload: while the link handed over, or,
 * in a rough run, had no room to say it. */
enum { FILE_LATE_MS = 8000, FILE_LATE_ROUGH_MS = 45000 };

enum {
    TIMES = 64, /* hashes of times */
    DEATH_MS = 12000, /* a dead node is noticed after so long by the latest */
};

struct held {
    int issue; /* -1: nothing */
    int64_t skew_ns;
};

/* By how much a node's clock was ahead, until then. */
struct past_clock {
    unsigned node;
    int64_t until_ns, ahead_ns;
};

struct process {
    const char *name;
    uint64_t boot;
    uint64_t stays; /* the boot for whose sake it was told to leave; 0: it was not */
};

struct subject {
    char *id;
    struct issue *issues;
    int issues_count, issues_room;
    int last[TIMES]; /* issue, by the hash of its time; -1: none */
    struct held *held; /* by node */
    struct held died; /* the newest that died with a node lately */
    int64_t died_ns;
};

static unsigned hash_of(int64_t time_ns)
{
    return (unsigned)((uint64_t)time_ns * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

static void *grown(void *memory, size_t count, size_t bytes)
{
    memory = realloc(memory, count * bytes);
    if (!memory)
        abort();
    return memory;
}

void judge_init(struct judge *j, struct network *network, const struct topology *topology)
{
    *j = (struct judge){.network = network, .nodes_count = network->nodes, .topology = topology};
    j->clock_ahead_ns = grown(NULL, j->nodes_count, sizeof *j->clock_ahead_ns);
    memset(j->clock_ahead_ns, 0, j->nodes_count * sizeof *j->clock_ahead_ns);
    j->held_count = grown(NULL, j->nodes_count, sizeof *j->held_count);
    memset(j->held_count, 0, j->nodes_count * sizeof *j->held_count);
    size_t links = (size_t)j->nodes_count * j->nodes_count;
    j->lazy = grown(NULL, links, sizeof *j->lazy);
    memset(j->lazy, 0, links * sizeof *j->lazy);
}

void judge_deinit(struct judge *j)
{
    for (unsigned i = 0; i < j->subjects_count; i++) {
        free(j->subjects[i].id);
        free(j->subjects[i].issues);
        free(j->subjects[i].held);
    }
    free(j->subjects);
    free(j->places);
    free(j->past_clocks);
    free(j->processes);
    free(j->clock_ahead_ns);
    free(j->held_count);
    free(j->lazy);
}

void judge_violated(struct judge *j, const char *format, ...)
{
    if (j->violated)
        return;
    j->violated = true;
    int len = snprintf(j->verdict, sizeof j->verdict,
        "at %.6f s: ", (double)j->network->now_ns / (double)SECOND_NS);
    va_list args;
    va_start(args, format);
    vsnprintf(j->verdict + len, sizeof j->verdict - (size_t)len, format, args);
    va_end(args);
}

static const char *name_of(const struct judge *j, unsigned node)
{
    return j->topology->nodes[node < j->topology->nodes_count ? node : j->twin_of].name;
}

/* -- what was said ----------------------------------------------------------------------------- */

/* The id's entry, or the free one where it belongs. */
static unsigned *place_of(const struct judge *j, struct span id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)id.at[i]) * UINT64_C(0x100000001b3);
    for (unsigned at = (unsigned)(hash >> 20);; at++) {
        unsigned *place = &j->places[at & (j->places_room - 1)];
        if (!*place || span_equal(span_of(j->subjects[*place - 1].id), id))
            return place;
    }
}

static struct subject *find_subject(const struct judge *j, struct span id)
{
    unsigned *place = j->places_room ? place_of(j, id) : NULL;
    return place && *place ? &j->subjects[*place - 1] : NULL;
}

static void make_places(struct judge *j)
{
    j->places_room = j->places_room ? 2 * j->places_room : 128;
    j->places = grown(j->places, j->places_room, sizeof *j->places);
    memset(j->places, 0, j->places_room * sizeof *j->places);
    j->subjects = grown(j->subjects, j->places_room / 2, sizeof *j->subjects);
    for (unsigned i = 0; i < j->subjects_count; i++)
        *place_of(j, span_of(j->subjects[i].id)) = i + 1;
}

static struct subject *add_subject(struct judge *j, struct span id)
{
    if (2 * j->subjects_count == j->places_room)
        make_places(j);
    *place_of(j, id) = ++j->subjects_count;
    struct subject *s = &j->subjects[j->subjects_count - 1];
    *s = (struct subject){.id = strndup(id.at, id.len), .died = {.issue = -1}};
    for (unsigned i = 0; i < TIMES; i++)
        s->last[i] = -1;
    s->held = grown(NULL, j->nodes_count, sizeof *s->held);
    for (unsigned i = 0; i < j->nodes_count; i++)
        s->held[i].issue = -1;
    return s;
}

static void copy(char *to, size_t room, struct span text)
{
    if (text.len >= room)
        abort(); /* the simulator's clients send nothing that long */
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
}

void judge_said(struct judge *j, unsigned node, const struct command *iamat)
{
    struct subject *s = find_subject(j, iamat->id);
    j->said++;
    if (!s)
        s = add_subject(j, iamat->id);
    if (s->issues_count == s->issues_room) {
        s->issues_room = s->issues_room ? 2 * s->issues_room : 8;
        s->issues = grown(s->issues, (size_t)s->issues_room, sizeof *s->issues);
    }
    int *last = &s->last[hash_of(iamat->iamat.time_ns)];
    struct issue *issue = &s->issues[s->issues_count];
    *issue = (struct issue){.node = node,
        .said_ns = j->network->now_ns,
        .time_ns = iamat->iamat.time_ns,
        .before = *last};
    *last = s->issues_count++;
    copy(issue->position, sizeof issue->position, iamat->iamat.position_text);
    copy(issue->time, sizeof issue->time, iamat->iamat.time_text);
}

void judge_poisoned(struct judge *j, unsigned node, const struct command *iamat)
{
    judge_said(j, node, iamat);
    struct subject *s = find_subject(j, iamat->id);
    s->issues[s->issues_count - 1].poison = true;
}

/* -- clocks ------------------------------------------------------------------------------------ */

void judge_sets_clock(struct judge *j, unsigned node, int64_t ahead_ns)
{
    j->past_clocks = grown(j->past_clocks, j->past_clocks_count + 1, sizeof *j->past_clocks);
    j->past_clocks[j->past_clocks_count++] =
        (struct past_clock){node, j->network->now_ns, j->clock_ahead_ns[node]};
    j->clock_ahead_ns[node] = ahead_ns;
}

/* Whether a node's clock showed something between `least_ns` and `most_ns` at some time from
 * from_ns until now. */
static bool clock_said(
    const struct judge *j, unsigned node, int64_t from_ns, int64_t least_ns, int64_t most_ns)
{
    for (unsigned i = 0; i < j->past_clocks_count; i++) {
        const struct past_clock *c = &j->past_clocks[i];
        if (c->node != node || c->until_ns < from_ns)
            continue;
        if (EPOCH_NS + from_ns + c->ahead_ns <= most_ns &&
            EPOCH_NS + c->until_ns + c->ahead_ns >= least_ns)
            return true;
        from_ns = c->until_ns;
    }
    int64_t ahead_ns = EPOCH_NS + j->clock_ahead_ns[node];
    return ahead_ns + from_ns <= most_ns && ahead_ns + j->network->now_ns >= least_ns;
}

static int64_t future_ns(const struct judge *j)
{
    return (int64_t)j->topology->limits.future_ns;
}

/* How far a stamp of another node may be ahead of a node's clock. */
static int64_t ahead_ns(const struct judge *j)
{
    return future_ns(j) + 2 * (int64_t)j->topology->limits.clock_ns;
}

bool judge_finds_future(const struct judge *j, unsigned node, int64_t said_ns, int64_t time_ns)
{
    return clock_said(j, node, said_ns, INT64_MIN, time_ns - future_ns(j) - 1);
}

/* Whether `stamp` is what its origin made of this issue: received after it was sent and before
 * now. */
static bool comes_from(const struct judge *j, const struct issue *issue, const struct stamp *stamp)
{
    int64_t received_ns = stamp->time_ns + stamp->skew_ns;
    return stamp->time_ns == issue->time_ns && stamp->skew_ns >= -future_ns(j) &&
           span_equal(stamp->origin, span_of(name_of(j, issue->node))) &&
           span_equal(stamp->position, span_of(issue->position)) &&
           span_equal(stamp->time, span_of(issue->time)) &&
           (issue->poison || clock_said(j, issue->node, issue->said_ns, received_ns, received_ns));
}

static int find_issue(const struct judge *j, const struct subject *s, const struct stamp *stamp)
{
    int i = s ? s->last[hash_of(stamp->time_ns)] : -1;
    while (i >= 0 && !comes_from(j, &s->issues[i], stamp))
        i = s->issues[i].before;
    return i;
}

/* -- order ------------------------------------------------------------------------------------- */

static int order_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Above 0: `a` is newer than `b`. PROTOCOL.md, "Total order". */
static int order(
    const struct judge *j, const struct subject *s, const struct held *a, const struct held *b)
{
    const struct issue *x = &s->issues[a->issue], *y = &s->issues[b->issue];
    int by = order_numbers(x->time_ns, y->time_ns);
    if (!by)
        by = strcmp(name_of(j, x->node), name_of(j, y->node));
    if (!by)
        by = order_numbers(a->skew_ns, b->skew_ns);
    if (!by)
        by = strcmp(x->position, y->position);
    return by ? by : strcmp(x->time, y->time);
}

/* -- what nodes hold and tell ------------------------------------------------------------------ */

static void look_at(struct judge *j, unsigned node, struct subject *s, const struct stamp *stamp)
{
    struct held *before = &s->held[node];
    struct held now = {find_issue(j, s, stamp), stamp->skew_ns};
    if (now.issue < 0) {
        judge_violated(j, "%s holds a stamp of %s that nobody sent: %.*s", name_of(j, node), s->id,
            (int)stamp->time.len, stamp->time.at);
        return;
    }
    j->held_count[node] += before->issue < 0;
    if (before->issue >= 0 && !j->forgetful && order(j, s, &now, before) < 0)
        judge_violated(j, "%s went back from %s to %s for %s", name_of(j, node),
            s->issues[before->issue].time, s->issues[now.issue].time, s->id);
    const struct issue *issue = &s->issues[now.issue];
    if (issue->node != node &&
        !clock_said(j, node, issue->said_ns, issue->time_ns + now.skew_ns - ahead_ns(j), INT64_MAX))
        judge_violated(j, "%s took %s of %s, which no right clock can have received yet",
            name_of(j, node), issue->time, s->id);
    *before = now;
}

void judge_looks(struct judge *j, unsigned node, struct store *store, unsigned cursor)
{
    struct feed_item item;
    struct stamp_text text;
    for (; store_cursor_peek(store, cursor, &item, &text); store_cursor_pass(store, cursor)) {
        struct subject *s = find_subject(j, item.stamp.id);
        if (!s) {
            judge_violated(j, "%s holds %.*s, an id that nobody sent", name_of(j, node),
                (int)item.stamp.id.len, item.stamp.id.at);
            return;
        }
        look_at(j, node, s, &item.stamp);
    }
    if (store_count(store) > j->topology->limits.stamps)
        judge_violated(j, "%s holds %" PRIu64 " stamps, above limits.stamps", name_of(j, node),
            store_count(store));
    if (!j->forgetful && j->held_count[node] != store_count(store))
        judge_violated(j, "%s counts %" PRIu64 " stamps, but was seen to store %" PRIu64,
            name_of(j, node), store_count(store), j->held_count[node]);
}

void judge_inspects(struct judge *j, unsigned node, const struct store *store)
{
    for (unsigned i = 0; i < j->subjects_count && !j->violated; i++) {
        const struct subject *s = &j->subjects[i];
        struct span id = span_of(s->id);
        struct feed_item item;
        struct stamp_text text;
        const struct held *seen = &s->held[node];
        bool held = store_get(store, id, store_hash(store, id), &item, &text);
        if (!held && (seen->issue < 0 || j->forgetful))
            continue;
        struct held now = {.issue = -1};
        if (held)
            now = (struct held){find_issue(j, s, &item.stamp), item.stamp.skew_ns};
        if (now.issue < 0 || seen->issue < 0 || order(j, s, &now, seen) != 0)
            judge_violated(j, "%s holds a stamp of %s that it was not seen to store, or lost it",
                name_of(j, node), s->id);
    }
}

void judge_forgets(struct judge *j, unsigned node)
{
    for (unsigned i = 0; i < j->subjects_count; i++)
        j->subjects[i].held[node].issue = -1;
    j->held_count[node] = 0;
}

/* Of what confirmed a node's stamps shortly before it died, the node that stops may not know
 * yet. */
void judge_dies(struct judge *j, unsigned node)
{
    for (unsigned i = 0; i < j->subjects_count; i++) {
        struct subject *s = &j->subjects[i];
        const struct held *held = &s->held[node];
        bool forgotten = s->died.issue < 0 || j->network->now_ns - s->died_ns > DEATH_MS * MS_NS;
        if (held->issue < 0 || (!forgotten && order(j, s, held, &s->died) < 0))
            continue;
        s->died = *held;
        s->died_ns = j->network->now_ns;
    }
}

static bool holds_as_new(const struct judge *j, const struct subject *s, const struct held *other,
    const struct held *own)
{
    return other->issue >= 0 && order(j, s, other, own) >= 0;
}

static bool is_kept(const struct judge *j, const struct subject *s, unsigned node)
{
    const struct held *own = &s->held[node];
    for (unsigned other = 0; other < j->nodes_count; other++)
        if (other != node && holds_as_new(j, s, &s->held[other], own))
            return true;
    return j->network->now_ns - s->died_ns <= DEATH_MS * MS_NS && holds_as_new(j, s, &s->died, own);
}

void judge_leaves(struct judge *j, unsigned node)
{
    for (unsigned i = 0; i < j->subjects_count && !j->forgetful; i++) {
        const struct subject *s = &j->subjects[i];
        if (s->held[node].issue >= 0 && !is_kept(j, s, node))
            judge_violated(j, "%s stopped, all confirmed, but %s of %s is lost", name_of(j, node),
                s->issues[s->held[node].issue].time, s->id);
    }
}

void judge_starts(struct judge *j, unsigned node, uint64_t boot)
{
    j->processes = grown(j->processes, j->processes_count + 1, sizeof *j->processes);
    j->processes[j->processes_count++] = (struct process){name_of(j, node), boot, 0};
}

static struct process *find_process(const struct judge *j, unsigned node, uint64_t boot)
{
    for (unsigned i = 0; i < j->processes_count; i++)
        if (j->processes[i].boot == boot && j->processes[i].name == name_of(j, node))
            return &j->processes[i];
    return NULL;
}

void judge_yields(struct judge *j, unsigned node, uint64_t boot, uint64_t stays)
{
    find_process(j, node, boot)->stays = stays;
    for (uint64_t heir = stays; heir && !j->violated;) {
        const struct process *process = find_process(j, node, heir);
        if (!process)
            judge_violated(j, "%s was told to leave for one that never was", name_of(j, node));
        else if (heir == boot)
            judge_violated(j, "all processes of %s were told to leave", name_of(j, node));
        else
            heir = process->stays;
    }
}

/* Read an AT line that is exactly the text that its stamp has. */
static bool read_at(struct span line, struct stamp *out)
{
    struct span fields[6];
    char text[2 * STAMPEDE_LINE_BYTES_DEFAULT];
    struct buf again = buf_over(text, sizeof text);
    if (command_split(line, fields, 6) != 6 || !stamp_parse(fields, out))
        return false;
    stamp_at_put(&again, out);
    return span_equal(buf_span(&again), line);
}

bool judge_told(struct judge *j, unsigned node, bool same_life, const struct command *asked,
    struct span line, struct stamp *out)
{
    struct subject *s = find_subject(j, asked->id);
    if (!read_at(line, out) || !span_equal(out->id, asked->id)) {
        judge_violated(j, "%s answered \"%.*s\" with \"%.*s\"", name_of(j, node),
            (int)asked->line.len, asked->line.at, (int)line.len, line.at);
        return false;
    }
    struct held told = {find_issue(j, s, out), out->skew_ns};
    if (told.issue < 0) {
        judge_violated(
            j, "%s told what nobody sent: %.*s", name_of(j, node), (int)line.len, line.at);
        return false;
    }
    bool iamat = asked->kind == COMMAND_IAMAT;
    if (iamat && out->time_ns < asked->iamat.time_ns)
        judge_violated(j, "%s answered \"%.*s\" with an older stamp: %.*s", name_of(j, node),
            (int)asked->line.len, asked->line.at, (int)line.len, line.at);
    if (iamat && s->issues[told.issue].node == node &&
        span_equal(out->time, asked->iamat.time_text))
        j->accepted++;
    const struct held *held = &s->held[node];
    if (same_life && !j->forgetful && (held->issue < 0 || order(j, s, held, &told) < 0))
        judge_violated(j, "%s told \"%.*s\", but holds an older one", name_of(j, node),
            (int)line.len, line.at);
    return true;
}

void judge_takes_file(struct judge *j, unsigned node, const struct file_plan *plan)
{
    j->has_file[node] = true;
    for (unsigned other = 0; other < plan->nodes; other++) {
        bool has = file_has_edge(plan, node, other);
        if (has != j->edges[node][other])
            j->edges_ns[node][other] = j->network->now_ns;
        j->edges[node][other] = has;
    }
}

bool judge_has_edge(const struct judge *j, unsigned node, unsigned other)
{
    if (node < FILE_NODES_MAX && j->has_file[node])
        return j->edges[node][other];
    const struct topology_node *is = &j->topology->nodes[node];
    for (unsigned i = 0; i < is->neighbours_count; i++)
        if (is->neighbours[i] == other)
            return true;
    return false;
}

/* "Goloman's topology.conf has no edge to Welsh". It may be of before a reload. */
static bool lacks_edge(const struct judge *j, unsigned from, unsigned to, struct span reason)
{
    static const char says[] = "'s topology.conf ";
    if (from >= j->topology->nodes_count || to >= j->topology->nodes_count ||
        !memmem(reason.at, reason.len, says, sizeof says - 1))
        return false;
    if (!judge_has_edge(j, from, to))
        return true;
    int64_t late_ms = j->late ? FILE_LATE_ROUGH_MS : FILE_LATE_MS;
    return from < FILE_NODES_MAX && j->edges_ns[from][to] &&
           j->network->now_ns - j->edges_ns[from][to] < late_ms * MS_NS;
}

void judge_hears_bye(struct judge *j, unsigned from, unsigned to, struct span reason, bool starved)
{
    static const char *const allowed[] = {PEERING_DUPLICATE, "no byte for 10 s",
        "no handshake within 2 s", "this node stops", PEERING_ASKS_AGAIN,
        "silent, and another process of its name has come",
        "another process of this name is linked", PEERING_BY_TLS};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (span_equal(reason, span_of(allowed[i])))
            return;
    if (starved && span_equal(reason, span_of(PEERING_NO_MEMORY)))
        return;
    if ((j->late || j->parts) && span_equal(reason, SPAN(PROOF_LATE)))
        return;
    if (j->parts && (span_equal(reason, SPAN("AUTH is wrong: the secrets differ")) ||
                        span_equal(reason, SPAN("no HELLO"))))
        return;
    if (lacks_edge(j, from, to, reason))
        return;
    static const char stays[] = "another process stays: "; /* and the other was told in vain */
    if (reason.len > sizeof stays && memcmp(reason.at, stays, sizeof stays - 1) == 0)
        return;
    judge_violated(
        j, "%s sent to %s: BYE %.*s", name_of(j, from), name_of(j, to), (int)reason.len, reason.at);
}

/* -- all of them ------------------------------------------------------------------------------- */

static const char *time_of(const struct subject *s, const struct held *held)
{
    return held->issue < 0 ? "nothing" : s->issues[held->issue].time;
}

static bool same(const struct judge *j, const struct subject *s, unsigned a, unsigned b)
{
    const struct held *x = &s->held[a], *y = &s->held[b];
    if (x->issue < 0 || y->issue < 0)
        return x->issue == y->issue;
    return order(j, s, x, y) == 0;
}

/* Whether a node that runs holds a stamp that others, whose clocks are nearly right, may refuse. */
static bool is_too_far_ahead(const struct judge *j, const struct subject *s, const bool *down)
{
    for (unsigned node = 0; node < j->nodes_count; node++) {
        const struct held *held = &s->held[node];
        if (down[node] || held->issue < 0)
            continue;
        int64_t received_ns = s->issues[held->issue].time_ns + held->skew_ns;
        if (received_ns > EPOCH_NS + j->network->now_ns + ahead_ns(j) - SECOND_NS)
            return true;
    }
    return false;
}

bool judge_agreed(
    const struct judge *j, const bool *down, bool *left_out, char why[JUDGE_VERDICT_BYTES_MAX])
{
    *left_out = false;
    unsigned first = 0;
    while (first < j->nodes_count && down[first])
        first++;
    for (unsigned i = 0; i < j->subjects_count; i++) {
        const struct subject *s = &j->subjects[i];
        if (is_too_far_ahead(j, s, down)) {
            *left_out = true;
            continue;
        }
        for (unsigned node = first + 1; node < j->nodes_count; node++) {
            if (down[node] || same(j, s, first, node))
                continue;
            snprintf(why, JUDGE_VERDICT_BYTES_MAX, "%s holds %s of %s and %s holds %s",
                name_of(j, first), time_of(s, &s->held[first]), s->id, name_of(j, node),
                time_of(s, &s->held[node]));
            return false;
        }
    }
    return true;
}

const struct issue *judge_held(const struct judge *j, unsigned node, const char *id)
{
    const struct subject *s = find_subject(j, span_of(id));
    return s && s->held[node].issue >= 0 ? &s->issues[s->held[node].issue] : NULL;
}
