/* load.c — see load.h.
 *
 * Holds always: a line is counted when its stamp was put, or refused for good, in the order in
 * which the lines came; what is told is what was counted. All bytes are the other side's. */
#include "core/node/load.h"
#include "core/node/private.h"
#include "core/protocol/command.h"

static const char letter_of[] = {[LOAD_NEW] = 'n', [LOAD_OLD] = 'o', [LOAD_FUTURE] = 'f',
    [LOAD_AHEAD] = 'a', [LOAD_UNKNOWN] = 'u', [LOAD_NO_ROOM] = 'r'};

/* Stamps that wait to be put; views of their lines. */
struct group {
    unsigned count;
    struct stamp stamps[LOAD_GROUP];
};

void load_begin(struct load *l, char *room)
{
    *l = (struct load){.lines = {.room = room, .bytes_max = PEERING_LINE_BYTES_MAX}};
}

/* -- stamps ------------------------------------------------------------------------------------ */

static void count(struct load *l, struct node *n, enum load_verdict verdict)
{
    ASSERT(l->untold < LOAD_WINDOW);
    l->letters[l->untold++] = letter_of[verdict];
    l->counts[verdict]++;
    l->taken++;
    n->metrics.stamps_loaded += verdict == LOAD_NEW;
}

static bool is_ahead(const struct node *n, const struct stamp *s, struct instant now)
{
    int64_t latest_ns;
    if (__builtin_add_overflow(now.real_ns, n->links.peering.ahead_ns, &latest_ns))
        return false;
    return s->time_ns + s->skew_ns > latest_ns;
}

/* LOAD_VERDICTS: no memory. */
static enum load_verdict put(struct node *n, const struct stamp *s, uint64_t hash,
    struct instant now)
{
    if (stamp_is_of_future(s, n->links.peering.future_ns))
        return LOAD_FUTURE;
    if (is_ahead(n, s, now))
        return LOAD_AHEAD;
    switch (store_put(n->store, s, hash, ROUTE_LOCAL)) {
    case STORE_NEW:
        return LOAD_NEW;
    case STORE_OLD:
        return LOAD_OLD;
    case STORE_FULL:
        return LOAD_NO_ROOM;
    case STORE_UNKNOWN:
        return LOAD_UNKNOWN;
    case STORE_STARVED:
        break;
    }
    return LOAD_VERDICTS;
}

static void put_group(struct load *l, struct node *n, struct group *g, struct instant now)
{
    uint64_t hashes[LOAD_GROUP];
    uint32_t likely[LOAD_GROUP];
    ASSERT(g->count <= LOAD_GROUP);
    for (unsigned i = 0; i < g->count; i++) {
        hashes[i] = store_hash(n->store, g->stamps[i].id);
        store_prefetch_table(n->store, hashes[i]);
    }
    for (unsigned i = 0; i < g->count; i++)
        likely[i] = store_prefetch_record(n->store, hashes[i]);
    for (unsigned i = 0; i < g->count; i++)
        store_prefetch_feed(n->store, likely[i]);
    for (unsigned i = 0; i < g->count && !l->why; i++) {
        enum load_verdict verdict = put(n, &g->stamps[i], hashes[i], now);
        if (verdict == LOAD_VERDICTS)
            l->why = PEERING_NO_MEMORY;
        else
            count(l, n, verdict);
    }
    g->count = 0;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* NULL, or what is wrong with it. */
static const char *add(struct group *g, struct span line)
{
    struct span fields[6];
    struct stamp *s = &g->stamps[g->count];
    if (command_split(line, fields, 6) != 6)
        return "AT that lacks a field, or holds a control byte";
    if (!stamp_parse(fields, s) || s->time.len > STAMPEDE_LINE_BYTES_MAX)
        return "AT with a bad field";
    g->count++;
    return NULL;
}

static bool begins_with(struct span line, struct span word)
{
    return line.len >= word.len && memcmp(line.at, word.at, word.len) == 0;
}

/* NULL, or why the load ends. */
static const char *hear(struct load *l, struct group *g, struct span line)
{
    if (begins_with(line, SPAN("#")))
        return NULL;
    if (span_equal(line, SPAN("BYE")) || begins_with(line, SPAN("BYE ")))
        return "";
    if (!begins_with(line, SPAN("AT ")))
        return "a load has only AT lines";
    if (l->untold + g->count == LOAD_WINDOW)
        return "more lines than LOADED allows";
    return add(g, line);
}

void load_take(struct load *l, struct node *n, struct span in, struct instant now)
{
    struct group g;
    struct span line;
    enum line_result result;
    g.count = 0;
    while (!l->why && (result = line_next(&l->lines, &in, &line)) != LINE_MORE) {
        const char *why = result == LINE_WHOLE ? hear(l, &g, line) : "a line that is too long";
        /* a line in the reader's room is overwritten when the next one is cut */
        if (why || g.count == LOAD_GROUP || l->lines.room_in_use)
            put_group(l, n, &g, now);
        if (why && !l->why)
            l->why = why;
    }
    put_group(l, n, &g, now);
    ASSERT(l->untold <= LOAD_WINDOW && l->untold <= l->taken);
}

/* -- what it is told --------------------------------------------------------------------------- */

static bool put_loaded(struct load *l, struct buf *out)
{
    size_t start = out->len;
    buf_text(out, "LOADED ");
    buf_u64(out, l->taken);
    if (l->untold)
        buf_byte(out, ' ');
    buf_put(out, l->letters, l->untold);
    buf_byte(out, '\n');
    if (!link_line_fits(out, start))
        return false;
    l->untold = 0;
    l->begun = true;
    return true;
}

static bool put_bye(const struct load *l, struct buf *out)
{
    size_t start = out->len;
    buf_text(out, "BYE ");
    buf_text(out, l->why);
    buf_byte(out, '\n');
    return link_line_fits(out, start);
}

void load_stop(struct load *l, const char *why)
{
    ASSERT(*why);
    if (!l->why)
        l->why = why;
}

bool load_put(struct load *l, struct buf *out)
{
    if ((l->untold || !l->begun) && !put_loaded(l, out))
        return true;
    return l->why && *l->why && !put_bye(l, out);
}
