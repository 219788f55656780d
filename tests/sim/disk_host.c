/* disk_host.c — see disk_host.h. What a node or its journal does allocates in the host's account;
 * the disk is the simulator's. */
#include "sim/disk_host.h"
#include "core/journal/inside.h"
#include "core/journal/recovery.h"
#include "core/node/private.h"
#include "sim/host.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    /* From a stamp to its sync, at most, where a log comes to its end meanwhile: what is under way,
     * the last write, sync and close, four orders to begin the next log, a look, write and sync. */
    ORDERS_MOST = 14,
    TURNS_US = 1000, /* all turns in between */
    LATE_MS = 1000, /* after JOURNAL_GIVES_UP_MS */
    STATUS_BYTES = 65536,
};

static const char *name_of(const struct host *h)
{
    return h->topology.nodes[h->self].name;
}

static struct store *store_of(const struct host *h)
{
    return (struct store *)node_store(h->node);
}

static struct journal *journal_of(const struct host *h)
{
    return h->node->durable.journal;
}

void disk_host_add(struct host *h, uint64_t seed, const struct topology_journal *how)
{
    struct disk_host *d = h->disk = calloc(1, sizeof *d);
    if (!d)
        abort();
    disk_init(&d->disk, seed);
    d->bounds = (struct journal_bounds){
        .write_bytes = 4096, .base_items = 20, .compact_bytes = 32 << 10, .logs_max = 4};
    h->topology.journal = *how;
}

void disk_host_remove(struct host *h)
{
    if (!h->disk)
        return;
    disk_deinit(&h->disk->disk);
    promises_drop(&h->disk->noted);
    promises_drop(&h->disk->told);
    free(h->disk);
    h->disk = NULL;
}

/* -- a process begins -------------------------------------------------------------------------- */

/* A bit of one of the files is another one. */
static bool is_harmed(struct disk *d, unsigned in)
{
    unsigned files = disk_count(d);
    if (!in || !files || random_below(&d->dice, in))
        return false;
    unsigned which = random_below(&d->dice, files);
    for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
        const struct disk_file *f = &d->files[i];
        if (!f->used || !f->name[0] || which--)
            continue;
        if (f->len)
            disk_flip(d, i, random_below(&d->dice, (uint32_t)f->len) * UINT64_C(8) + 3);
        return f->len > 0;
    }
    return false;
}

static void recover(struct host *h, struct node_config *config)
{
    struct disk *disk = &h->disk->disk;
    struct found_file files[DISK_FILES_MAX];
    struct recovery_config with = {.store = node_store_config(config),
        .herd = span_of(config->topology->herd),
        .node = span_of(name_of(h)),
        .files = files,
        .files_count = disk_list(disk, files, DISK_FILES_MAX)};
    struct recovery_want want;
    enum recovery_step step;
    struct recovery *r = recovery_begin(&with);
    while ((step = recovery_next(r, &want)) == RECOVERY_READS) {
        struct journal_name name = journal_name_of(want.file.kind, want.file.seq, false);
        long got = disk_read(disk, name.text, want.offset, want.into, want.bytes);
        if (got < 0)
            recovery_unreadable(r);
        else
            recovery_filled(r, (size_t)got);
    }
    h->disk->found = (struct found){0};
    if (step == RECOVERY_DONE)
        config->store = recovery_take(r, &h->disk->found);
    else
        judge_violated(h->judge, "%s does not start on its files: %s", name_of(h), recovery_why(r));
    recovery_end(r);
}

static bool has_damage(const struct disk_host *d)
{
    return d->found.figures.damaged || d->found.figures.digest_differs;
}

static void say_broken(
    struct host *h, const struct promises *list, const struct promise *p, const char *what)
{
    judge_violated(h->judge,
        "%s has lost %.*s of %.*s (change %" PRIu64 ", at %.6f s), of %zu that %s", name_of(h),
        (int)p->stamp.time.len, p->stamp.time.at, (int)p->stamp.id.len, p->stamp.id.at, p->change,
        (double)p->at_ns / 1e9, list->count, what);
}

static bool is_former(const struct disk_host *d, uint64_t boot)
{
    unsigned i = 0;
    while (i < d->found.formers && d->found.former[i].boot != boot)
        i++;
    return i < d->found.formers;
}

/* What was promised is there, and no damage that nothing explains. */
static void check_found(struct host *h, const struct store *store)
{
    struct disk_host *d = h->disk;
    const struct promise *p;
    if (has_damage(d) && !d->may_be_damaged)
        judge_violated(
            h->judge, "%s finds damage, and its disk has kept all it had to", name_of(h));
    if (!d->found.figures.damaged && d->kept_boot && !is_former(d, d->kept_boot))
        judge_violated(h->judge, "%s does not know its last process", name_of(h));
    if (h->judge->forgetful)
        return;
    if ((p = promises_broken(&d->noted, store, d->kept_change, d->kept_ns)) != NULL)
        say_broken(h, &d->noted, p, "it had stored");
    if ((p = promises_broken(&d->told, store, UINT64_MAX, 0)) != NULL)
        say_broken(h, &d->told, p, "its clients were told");
}

void disk_host_begins(struct host *h, struct node_config *config)
{
    struct disk_host *d = h->disk;
    if (!d)
        return;
    struct account *node = memory_of(NULL);
    disk_sync_all(&d->disk); /* as whoever reads a journal has to */
    bool harmed = is_harmed(&d->disk, d->flips_in);
    memory_of(node);
    recover(h, config);
    if (!config->store)
        return;
    config->past = &d->found.past;
    config->found = &d->found;
    node = memory_of(NULL);
    d->is_void |= harmed;
    if (d->is_void) {
        promises_drop(&d->told);
        d->void_life = h->life - 1;
        d->kept_boot = 0;
    } else {
        check_found(h, config->store);
    }
    promises_drop(&d->noted);
    memory_of(node);
    d->pretends = disk_pretends(&d->disk);
    d->was_damaged = has_damage(d);
    d->recoveries++;
    d->recovered += store_count(config->store);
    d->damaged += d->was_damaged;
}

void disk_host_began(struct host *h)
{
    struct disk_host *d = h->disk;
    if (!d)
        return;
    struct account *before = memory_of(&h->memory);
    free(d->found.files);
    memory_of(before);
    d->found.files = NULL;
    struct journal *j = journal_of(h);
    j->bounds.write_bytes = d->bounds.write_bytes;
    j->bounds.base_items = j->base.items = d->bounds.base_items;
    j->bounds.compact_bytes = d->bounds.compact_bytes;
    j->bounds.logs_max = d->bounds.logs_max;
    d->boot = h->node->links.peering.boot;
    if (is_former(d, d->boot))
        judge_violated(h->judge, "%s has the boot of a former process", name_of(h));
    d->open = d->told_of = false;
    d->clean = !d->disk.one_in[DISK_SHORT];
    d->cursor = store_cursor_open(store_of(h));
}

/* -- it runs ----------------------------------------------------------------------------------- */

bool disk_host_is_open(const struct host *h)
{
    return !h->disk || h->disk->open;
}

void disk_host_answers(struct host *h, struct instant now)
{
    struct journal_answer answer;
    if (!h->disk)
        return;
    for (;;) {
        struct account *node = memory_of(NULL);
        bool answers = disk_answer(&h->disk->disk, &answer, h->network->now_ns);
        memory_of(node);
        if (!answers)
            return;
        node_journal_done(h->node, &answer, now);
    }
}

void disk_host_orders(struct host *h, struct instant now)
{
    struct journal_order order;
    while (h->disk && node_journal_order(h->node, &order, now)) {
        struct account *node = memory_of(NULL);
        disk_begin(&h->disk->disk, &order, h->network->now_ns);
        memory_of(node);
    }
}

void disk_host_wakes(struct host *h)
{
    if (h->disk)
        network_wake(h->network, h->party, disk_due_ns(&h->disk->disk));
}

void disk_host_opens(struct host *h, struct instant now, bool *failed)
{
    const char *why;
    memory_of(&h->memory);
    disk_host_answers(h, now);
    node_turn(h->node, now);
    disk_host_orders(h, now);
    memory_of(NULL);
    h->disk->open = node_journal_is_open(h->node, &why);
    *failed = !h->disk->open && why;
}

/* The status says that the journal fails, as soon as it does. */
static void check_status(struct host *h, const struct journal_status *s)
{
    static char text[STATUS_BYTES];
    struct buf out = buf_over(text, sizeof text);
    h->disk->told_of = true;
    host_status(h, &out);
    const char *says = s->state == JOURNAL_FULL ? "\"state\":\"full\"" : "\"state\":\"broken\"";
    if (out.overflow || !memmem(text, out.len, says, strlen(says)))
        judge_violated(
            h->judge, "the status of %s does not say that its journal fails", name_of(h));
}

/* A node ends for its disk only where replies wait for it, and soon then. */
static void check_failing(struct host *h, struct instant now)
{
    const struct journal_status s = journal_status(journal_of(h));
    struct disk_host *d = h->disk;
    bool fails = s.state == JOURNAL_FULL || s.state == JOURNAL_BROKEN;
    bool always = h->topology.journal.mode == JOURNAL_ALWAYS;
    int64_t waited_ns = s.behind_since_ns == NEVER_NS ? 0 : now.mono_ns - s.behind_since_ns;
    if (!fails)
        d->told_of = false;
    else if (!d->told_of)
        check_status(h, &s);
    if (node_gives_up(h->node) && !always)
        judge_violated(h->judge, "%s ends for its disk although no reply waits", name_of(h));
    if (fails && always && waited_ns > (JOURNAL_GIVES_UP_MS + LATE_MS) * MS_NS && !h->stopping &&
        !node_gives_up(h->node))
        judge_violated(h->judge, "replies of %s have waited for %.1f s for a disk that fails",
            name_of(h), (double)waited_ns / 1e9);
}

/* All that it stores is noted, but what is replaced in the same turn. */
void disk_host_looks(struct host *h, struct instant now)
{
    struct disk_host *d = h->disk;
    struct feed_item item;
    struct stamp_text text;
    if (!d)
        return;
    struct store *store = store_of(h);
    for (; store_cursor_peek(store, d->cursor, &item, &text); store_cursor_pass(store, d->cursor))
        promises_add(&d->noted, &item.stamp, item.change, h->network->now_ns);
    check_failing(h, now);
}

/* -- it ends ----------------------------------------------------------------------------------- */

/* The change up to which all must be found again. */
static uint64_t kept_change(struct host *h, bool in_order, bool power_cut)
{
    const struct journal *j = journal_of(h);
    uint64_t durable = journal_durable(j), written = j->out.written.whole;
    if (in_order && journal_is_over(j) && !j->why[0])
        return store_change(store_of(h));
    return power_cut || j->hole || written < durable ? durable : written;
}

/* The time until which all must be found again. */
static int64_t kept_ns(struct host *h, bool power_cut)
{
    const struct topology_journal *how = &h->topology.journal;
    struct disk_host *d = h->disk;
    if (!d->clean || journal_status(journal_of(h)).counts.failures ||
        (power_cut && how->mode == JOURNAL_NONE))
        return 0;
    int64_t took_ns = ORDERS_MOST * (d->disk.slowest_ns + 10000) + TURNS_US * 1000;
    if (how->mode == JOURNAL_INTERVAL && power_cut)
        took_ns += (int64_t)how->flush_ns;
    return h->network->now_ns - took_ns - JOURNAL_WRITE_MS * MS_NS;
}

/* Whoever stops waits for the last sync, for DURABLE_STOP_MS at most. */
static void check_left(struct host *h, struct instant now)
{
    const struct durable *durable = &h->node->durable;
    if (!journal_is_over(durable->journal) &&
        (!durable->stop_ns || now.mono_ns < durable->stop_ns + DURABLE_STOP_MS * MS_NS))
        judge_violated(h->judge, "%s ends before its journal has", name_of(h));
}

static void end_disk(struct host *h, bool power_cut, struct instant now)
{
    struct disk *disk = &h->disk->disk;
    bool busy[JOURNAL_FILES];
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        busy[i] = disk->each[i].busy;
    if (power_cut)
        disk_crash(disk);
    else
        disk_kill(disk, h->network->now_ns);
    memory_of(&h->memory);
    for (unsigned i = 0; i < JOURNAL_FILES; i++) /* or its memory would stay */
        if (busy[i])
            node_journal_done(h->node,
                &(struct journal_answer){.file = i, .outcome = JOURNAL_FAILED, .why = "killed"},
                now);
    memory_of(NULL);
}

void disk_host_ends(struct host *h, bool in_order, bool power_cut, struct instant now)
{
    struct disk_host *d = h->disk;
    if (!d)
        return;
    struct journal *j = journal_of(h);
    bool based = j->base_ns != NEVER_NS;
    if (in_order) {
        check_left(h, now);
        power_cut = random_below(&d->disk.dice, 3) == 0; /* soon after */
    }
    d->kept_change = kept_change(h, in_order, power_cut);
    d->kept_ns = kept_ns(h, power_cut);
    d->kept_boot = journal_is_open(j) ? d->boot : d->kept_boot;
    d->may_be_damaged = j->hole || (j->phase == PHASE_OVER && j->why[0]) ||
                        (d->was_damaged && !based) || d->pretends;
    d->is_void = d->pretends && !based;
    d->gave_up += node_gives_up(h->node);
    d->bases += based;
    end_disk(h, power_cut, now);
}

/* -- what others do ---------------------------------------------------------------------------- */

void disk_host_tells(struct host *h, unsigned life, const struct stamp *stamp)
{
    struct disk_host *d = h->disk;
    if (!d || h->topology.journal.mode != JOURNAL_ALWAYS || h->judge->forgetful ||
        life <= d->void_life)
        return;
    promises_add(&d->told, stamp, 0, h->network->now_ns);
    const struct promise *p = &d->told.each[d->told.count - 1];
    if (h->node && !promise_is_kept(p, store_of(h)))
        say_broken(h, &d->told, p, "its clients were told");
}

void disk_host_full(struct host *h, int64_t ns)
{
    h->disk->clean = false;
    h->disk->disk.full_until_ns = h->network->now_ns + ns;
}

void disk_host_stands(struct host *h, int64_t ns)
{
    h->disk->clean = false;
    h->disk->disk.stands_until_ns = h->network->now_ns + ns;
}

void disk_host_heals(struct host *h)
{
    struct disk *disk = &h->disk->disk;
    memset(disk->one_in, 0, sizeof disk->one_in);
    disk->full_until_ns = disk->stands_until_ns = 0;
    h->disk->flips_in = 0;
}
