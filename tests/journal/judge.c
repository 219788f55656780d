/* judge.c — what must be true of a journal; see world.h. */
#include "core/base/invariant.h"
#include "journal/world.h"
#include <inttypes.h>
#include <stdarg.h>

void judge_violated(struct world *w, const char *format, ...)
{
    if (w->violated)
        return;
    w->violated = true;
    int len = snprintf(w->verdict, sizeof w->verdict, "%.6f s: ", (double)w->now_ns / 1e9);
    va_list args;
    va_start(args, format);
    vsnprintf(w->verdict + len, sizeof w->verdict - (size_t)len, format, args);
    va_end(args);
}

static bool is_damaged(const struct found *f)
{
    return f->figures.damaged || f->figures.digest_differs;
}

bool judge_may_be_damaged(const struct world *w)
{
    if (!w->journal)
        return w->broken;
    struct journal_status s = journal_status(w->journal);
    return s.state == JOURNAL_BROKEN || (s.state == JOURNAL_OVER && s.why[0]) ||
           (w->was_damaged && s.base_ns == NEVER_NS);
}

/* Until its log is there, a process has put nothing, and nothing says where the log of the one
 * before it ends: what that one wrote last may still land, and is found by the next. */
static uint64_t last_change(const struct world *w)
{
    uint64_t change = w->store ? store_change(w->store) : w->last;
    bool opens = w->journal && !journal_is_open(w->journal);
    return opens && change < w->last ? w->last : change;
}

/* -- stamps ------------------------------------------------------------------------------------ */

/* Each is one that was put, under the change that it had. *oldest: the first change. */
static void check_stamps(struct world *w, struct store *store, uint64_t last, uint64_t *oldest)
{
    unsigned cursor = store_cursor_open(store);
    struct feed_item item;
    *oldest = 0;
    while (!w->violated && store_cursor_glance(store, cursor, &item)) {
        if (item.change > last || w->puts[item.change].hash != item.hash)
            judge_violated(w, "change %" PRIu64 " was found to be a stamp that it never was",
                item.change);
        if (!*oldest)
            *oldest = item.change;
        store_cursor_pass(store, cursor);
    }
    store_cursor_close(store, cursor);
}

static bool look_up(const struct world *w, struct store *store, uint32_t id, struct feed_item *item,
    struct stamp_text *text)
{
    char name[STAMPEDE_CLIENT_ID_BYTES_MAX + 1];
    struct span span = world_id(w, id, name);
    return store_get(store, span, store_hash(store, span), item, text);
}

/* All that was told to be durable is there, or something newer. */
static void check_told(struct world *w, struct store *store, uint64_t told, uint64_t oldest)
{
    static uint64_t least[WORLD_IDS_MAX];
    memcpy(least, w->held, sizeof least);
    for (uint64_t c = w->began + 1; c <= told; c++)
        least[w->puts[c].id] = c;
    bool evicts = w->config.when_full == STORE_EVICTS && store_count(store) == w->config.stamps_max;
    for (uint32_t id = 0; id < w->ids && !w->violated; id++) {
        struct feed_item item;
        struct stamp_text text;
        bool there = look_up(w, store, id, &item, &text);
        if (there ? item.change < least[id] : least[id] && !(evicts && least[id] < oldest))
            judge_violated(w, "change %" PRIu64 " was told to be durable (%" PRIu64
                              " was the last), and of its client there is %" PRIu64,
                least[id], told, there ? item.change : 0);
    }
}

/* -- what was had ------------------------------------------------------------------------------ */

/* All that is said to be had of a neighbour is in the store. */
static void check_had(
    struct world *w, struct store *store, const struct mate *m, const struct had *had)
{
    for (size_t i = 0; i < m->count && !w->violated; i++) {
        const struct sent *s = &m->sent[i];
        struct feed_item item;
        struct stamp_text text;
        if (s->boot != had->boot || s->change > had->change)
            continue;
        bool there = look_up(w, store, s->id, &item, &text);
        if (there ? item.stamp.time_ns < s->time_ns : store_count(store) < w->config.stamps_max)
            judge_violated(w, "%" PRIu64 " of a neighbour is said to be had, and its stamp %" PRIu64
                              " is not there",
                had->change, s->change);
    }
}

static const struct past_peer *peer_of(const struct past *past, const char *name)
{
    for (unsigned i = 0; i < past->peers_count; i++)
        if (strcmp(past->peers[i].name, name) == 0)
            return &past->peers[i];
    return NULL;
}

/* What the last END that is surely durable said is not forgotten. */
static void check_remembers(struct world *w, const struct past *found, uint64_t told)
{
    const struct past *least = &w->found.past;
    uint64_t change = w->began;
    for (size_t i = w->ends_began; i < w->ends_count && w->ends[i].change < told; i++)
        if (w->ends[i].change > change) {
            change = w->ends[i].change;
            least = &w->ends[i].past;
        }
    if (least->partial && !found->partial)
        judge_violated(w, "it was partial at change %" PRIu64 ", and does not know it", change);
    for (unsigned i = 0; i < least->peers_count; i++) {
        const struct past_peer *was = &least->peers[i], *is = peer_of(found, was->name);
        if (was->had.change &&
            (!is || (is->had.boot == was->had.boot && is->had.change < was->had.change)))
            judge_violated(w, "at change %" PRIu64 " %" PRIu64 " was had of %s, and now %" PRIu64,
                change, was->had.change, was->name, is ? is->had.change : 0);
    }
}

static void check_past(struct world *w, struct store *store, const struct found *f, uint64_t told)
{
    if (is_damaged(f)) {
        if (f->past.peers_count)
            judge_violated(w, "there is damage, and something counts as had");
        return;
    }
    for (unsigned i = 0; i < f->past.peers_count && w->config.when_full == STORE_REFUSES; i++) {
        const char *name = f->past.peers[i].name;
        unsigned mate = name[0] == 'W' ? 2 : name[1] == 'o';
        check_had(w, store, &w->mates[mate], &f->past.peers[i].had);
    }
    if (!w->excused)
        check_remembers(w, &f->past, told);
}

/* -- files ------------------------------------------------------------------------------------- */

/* A block that says that more was durable than was found proves damage. */
static void check_synced(struct world *w, struct disk *d, const struct found *f)
{
    struct journal_name name = journal_name_of(FILE_LOG, f->predecessor.seq, false);
    int at = f->predecessor.seq ? disk_find(d, name.text) : -1;
    if (at < 0 || is_damaged(f) || d->files[at].len < FILE_HEADER_BYTES)
        return;
    const unsigned char *bytes = d->files[at].bytes;
    uint64_t salt;
    memcpy(&salt, bytes + 24, sizeof salt);
    for (size_t o = f->predecessor.end; o + BLOCK_HEADER_BYTES <= d->files[at].len; o += 8) {
        struct block_header h;
        uint32_t crc;
        uint64_t synced;
        memcpy(&synced, bytes + o + 24, sizeof synced);
        if (block_header_parse(bytes + o, o, salt, &h, &crc) && synced > f->predecessor.end)
            judge_violated(w, "the log ends at %" PRIu64 ", and its bytes up to %" PRIu64
                              " had been durable",
                f->predecessor.end, synced);
    }
}

static void check_boots(struct world *w, const struct found *f)
{
    unsigned at = 0;
    bool opens = w->journal && !journal_is_open(w->journal);
    if (w->journal && f->formers && (!opens || f->former[0].boot == w->boot)) {
        if (f->former[at++].boot != w->boot)
            judge_violated(w, "the last process is not known");
    }
    for (unsigned i = w->boots_count; i-- > 0 && at < f->formers;) {
        if (f->former[at].boot == w->boots[i])
            at++;
        else if (w->opened[i])
            judge_violated(w, "of %u former processes, the one before the last %u is not known",
                w->boots_count, w->boots_count - i - 1);
    }
}

/* It was stopped in order: all is there, and what was had in its last moment is, too. */
static void check_stopped(struct world *w, const struct found *f)
{
    if (!f->figures.clean || f->change != w->last)
        judge_violated(w, "it was stopped in order, which recovery does not see");
    for (unsigned i = 0; i < f->past.peers_count && !is_damaged(f); i++) {
        const struct past_peer *p = &f->past.peers[i];
        const struct mate *m = &w->mates[p->name[0] == 'W' ? 2 : p->name[1] == 'o'];
        if (memcmp(&p->had, &m->had, sizeof m->had) != 0 ||
            memcmp(&p->confirmed, &m->confirmed, sizeof m->confirmed) != 0)
            judge_violated(w, "it was stopped in order, and what was had of %s is %" PRIu64
                              " and not %" PRIu64 ", what was confirmed %" PRIu64
                              " and not %" PRIu64,
                p->name, p->had.change, m->had.change, p->confirmed.change, m->confirmed.change);
    }
}

/* -- the door ---------------------------------------------------------------------------------- */

static const struct ended *end_at(const struct world *w, uint64_t change)
{
    for (size_t i = w->ends_count; i-- > 0;)
        if (w->ends[i].change == change)
            return &w->ends[i];
    return NULL;
}

void judge_recovered(struct world *w, struct disk *d, struct store *store, const struct found *f)
{
    uint64_t oldest, told = w->journal ? journal_durable(w->journal) : w->told;
    const struct ended *e = end_at(w, f->change);
    w->excused |= d->late_tears;
    bool may = w->excused || judge_may_be_damaged(w);
    if (is_damaged(f) && !may)
        judge_violated(w, "a power cut or a kill was taken for damage (%" PRIu64 " holes%s)",
            f->figures.holes, f->figures.digest_differs ? ", other sums" : "");
    if (f->change > last_change(w))
        judge_violated(w, "change %" PRIu64 " was found, and %" PRIu64 " was the last", f->change,
            last_change(w));
    if (w->violated)
        return;
    check_stamps(w, store, last_change(w), &oldest);
    if (!w->violated && !w->excused)
        check_told(w, store, told, oldest);
    if (!w->violated && !is_damaged(f) && e &&
        (e->digest != store_digest(store) || e->count != store_count(store)))
        judge_violated(w, "the feed ended at change %" PRIu64 " with other stamps", f->change);
    if (!w->violated)
        check_past(w, store, f, told);
    if (!w->violated)
        check_synced(w, d, f);
    if (!w->violated && !w->excused)
        check_boots(w, f);
    if (!w->violated && w->stopped && !w->journal && !w->excused)
        check_stopped(w, f);
}

void judge_damaged(struct world *w, struct disk *d, struct store *store, const struct found *found,
    struct store *whole, const struct found *was, uint64_t offset, int file)
{
    uint64_t oldest;
    check_stamps(w, store, last_change(w), &oldest);
    if (w->violated)
        return;
    check_past(w, store, found, 0);
    check_synced(w, d, found);
    bool same = found->change == was->change && store_digest(store) == store_digest(whole);
    struct journal_name last = journal_name_of(FILE_LOG, was->predecessor.seq, false);
    if (is_damaged(found) || same)
        return;
    if (strcmp(d->files[file].name, last.text) != 0 || found->change > was->change)
        judge_violated(w, "harm to %s at %" PRIu64 " was not noticed, and something is lost",
            d->files[file].name, offset);
}

/* How late something may become durable where nothing is wrong. */
static void check_lag(struct world *w, const struct journal_status *s)
{
    bool well = w->trouble == TROUBLE_NONE || w->trouble == TROUBLE_LATE;
    if (!well || s->state != JOURNAL_READY || s->mode == JOURNAL_NONE || !s->behind)
        return;
    int64_t put_ns = w->puts[s->change + 1].at_ns;
    int64_t waits_ns = w->now_ns - (put_ns > w->how_ns ? put_ns : w->how_ns);
    if (waits_ns > (int64_t)w->how.flush_ns + 2 * SECOND_NS)
        judge_violated(w, "change %" PRIu64 " is not durable after %.1f s", s->change + 1,
            (double)waits_ns / 1e9);
}

void judge_runs(struct world *w)
{
    struct journal_status s = journal_status(w->journal);
    if (s.change != journal_durable(w->journal) || s.change + s.behind != store_change(w->store))
        judge_violated(w, "its figures of changes contradict each other");
    if (s.change < w->told)
        judge_violated(w, "%" PRIu64 " was durable, and now %" PRIu64 " is", w->told, s.change);
    w->told = s.change;
    if ((s.state == JOURNAL_FULL || s.state == JOURNAL_BROKEN) != (s.why[0] != '\0') &&
        s.state != JOURNAL_OVER)
        judge_violated(w, "it says \"%s\" in state %d", s.why, (int)s.state);
    if (w->gone_ns != NEVER_NS && w->now_ns > w->gone_ns + 3 * SECOND_NS &&
        s.state == JOURNAL_READY)
        judge_violated(w, "its folder is gone, and it does not know");
    unsigned files = disk_count(&w->disk);
    bool removes = !w->disk.one_in[DISK_NAME_EIO];
    if (s.base_ns != w->base_ns && files > 2 && removes)
        judge_violated(w, "a base stands, and there are %u files", files);
    w->base_ns = s.base_ns;
    if (removes && files > w->files + w->bounds.logs_max + 4 + s.counts.failures)
        judge_violated(w, "there are %u files", files);
    check_lag(w, &s);
}
