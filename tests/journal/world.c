/* world.c — see world.h. */
#include "journal/world.h"
#include "core/base/invariant.h"
#include <inttypes.h>

static const char *const words[] = {"none", "late", "slow", "short", "full", "write", "sync",
    "sync_full", "names", "folder", "lies", "flips", "unreadable", "gone", "mixed", NULL};

const char *trouble_word(unsigned t)
{
    return t < TROUBLES ? words[t] : NULL;
}

static uint32_t dice(struct world *w, uint32_t below)
{
    return random_below(&w->dice, below);
}

static bool one_in(struct world *w, uint32_t n)
{
    return dice(w, n) == 0;
}

static struct instant now(const struct world *w)
{
    return (struct instant){w->now_ns, w->now_ns + 1700000000 * SECOND_NS};
}

/* -- the plan ---------------------------------------------------------------------------------- */

static void plan_mode(struct world *w)
{
    static const uint64_t flushes[] = {10, 50, 200, 1000};
    static const uint32_t percents[] = {50, 100, 200, 1000};
    w->how.mode = (enum journal_mode[]){
        JOURNAL_ALWAYS, JOURNAL_INTERVAL, JOURNAL_INTERVAL, JOURNAL_NONE}[dice(w, 4)];
    w->how.flush_ns = flushes[dice(w, 4)] * MS_NS;
    w->how.compact_percent = percents[dice(w, 4)];
}

static void plan_faults(struct world *w)
{
    static const struct {
        enum trouble trouble;
        enum disk_fault fault;
        unsigned one_in;
    } each[] = {{TROUBLE_SHORT, DISK_SHORT, 3}, {TROUBLE_WRITE, DISK_WRITE_EIO, 60},
        {TROUBLE_SYNC, DISK_SYNC_EIO, 12}, {TROUBLE_SYNC_FULL, DISK_SYNC_FULL, 12},
        {TROUBLE_NAMES, DISK_NAME_EIO, 6}, {TROUBLE_FOLDER, DISK_FOLDER_EIO, 3}};
    for (unsigned i = 0; i < sizeof each / sizeof *each; i++)
        if (w->trouble == each[i].trouble || (w->trouble == TROUBLE_MIXED && one_in(w, 3)))
            w->disk.one_in[each[i].fault] = each[i].one_in * (w->trouble == TROUBLE_MIXED ? 4 : 1);
    if (one_in(w, 3) && w->trouble != TROUBLE_SHORT)
        w->disk.one_in[DISK_SHORT] = 20;
    /* Where the header that says so is harmed, nothing tells a late write from what was before. */
    w->disk.punctual = (w->trouble >= TROUBLE_LIES && w->trouble <= TROUBLE_UNREADABLE) ||
                       w->disk.one_in[DISK_SYNC_EIO] || w->disk.one_in[DISK_SYNC_FULL] ||
                       w->disk.one_in[DISK_FOLDER_EIO];
    w->disk.slowest_ns = (int64_t[]){MS_NS, 5 * MS_NS, 30 * MS_NS}[dice(w, 3)];
}

void world_init(struct world *w, uint64_t seed, int trouble)
{
    *w = (struct world){.seed = seed, .dice = {seed}, .clock = 1600000000};
    w->trouble = trouble >= 0 ? (enum trouble)trouble : (enum trouble)dice(w, TROUBLES);
    disk_init(&w->disk, random_next(&w->dice));
    w->lives = 2 + dice(w, 6);
    w->ids = (uint32_t[]){3, 20, 200, WORLD_IDS_MAX}[dice(w, 4)];
    w->id_bytes = one_in(w, 4) ? STAMPEDE_CLIENT_ID_BYTES_MAX : 8;
    w->bursts = one_in(w, 2);
    w->config = (struct store_config){.stamps_max = 2 * WORLD_IDS_MAX, .when_full = STORE_REFUSES};
    if (one_in(w, 3))
        w->config = (struct store_config){.stamps_max = 2 + w->ids / 3,
            .when_full = one_in(w, 2) ? STORE_EVICTS : STORE_REFUSES};
    w->bounds = (struct journal_bounds){.buffer_bytes = (6 + dice(w, 4)) * SYNC_ALIGN_BYTES,
        .write_bytes = 4096 + dice(w, 8192),
        .base_items = 1 + dice(w, 300),
        .compact_bytes = (uint64_t[]){8 << 10, 64 << 10, 64 << 20}[dice(w, 3)],
        .logs_max = 2 + dice(w, 5)};
    plan_mode(w);
    plan_faults(w);
    w->mates_count = dice(w, WORLD_MATES_MAX + 1);
    for (unsigned i = 0; i < w->mates_count; i++)
        w->mates[i].boot = random_next(&w->dice) | 1;
}

void world_deinit(struct world *w)
{
    journal_destroy(w->journal);
    store_destroy(w->store);
    disk_deinit(&w->disk);
    free(w->puts);
    free(w->ends);
    for (unsigned i = 0; i < w->mates_count; i++)
        free(w->mates[i].sent);
}

/* -- stamps ------------------------------------------------------------------------------------ */

struct span world_id(const struct world *w, uint32_t id, char *text)
{
    int len = snprintf(text, STAMPEDE_CLIENT_ID_BYTES_MAX + 1, "client%u", id);
    if ((unsigned)len < w->id_bytes && id % 2)
        for (; (unsigned)len < w->id_bytes; len++)
            text[len] = (char)('a' + id % 26);
    return (struct span){text, (size_t)len};
}

static void remember(struct world *w, uint32_t id, uint64_t hash)
{
    uint64_t change = store_change(w->store);
    if (change >= w->puts_room) {
        w->puts_room = 2 * change + 64;
        w->puts = realloc(w->puts, w->puts_room * sizeof *w->puts);
        ASSERT(w->puts);
    }
    w->puts[change] = (struct put){id, hash, w->now_ns};
}

/* Put a stamp of that time, which no other one has. */
static enum store_verdict put(struct world *w, uint32_t id, int64_t time_ns, unsigned route)
{
    static const char *const places[] = {"+34.068930-118.445127", "+0+0", "-9.5+179.99"};
    static const char *const origins[] = {"Alford", "Bolden", "a-node_of.sixty-three"};
    char name[STAMPEDE_CLIENT_ID_BYTES_MAX + 1], time[64];
    int len = snprintf(time, sizeof time, "%" PRId64 ".%09" PRId64, time_ns / SECOND_NS,
        time_ns % SECOND_NS);
    struct stamp s = {.id = world_id(w, id, name),
        .position = span_of(places[time_ns % 3]),
        .time = {time, (size_t)len},
        .origin = span_of(origins[(uint64_t)time_ns / 7 % 3]),
        .time_ns = time_ns,
        .skew_ns = time_ns % 1000 - 500};
    uint64_t hash = store_hash(w->store, s.id);
    enum store_verdict v = route ? store_put(w->store, &s, hash, (uint16_t)route)
                                 : store_put_later(w->store, &s, hash, 0);
    if (v == STORE_NEW)
        remember(w, id, stamp_hash(&s));
    return v;
}

static int64_t next_time(struct world *w)
{
    w->clock++;
    int64_t back = one_in(w, 8) ? dice(w, 50) : 0; /* some are older than what is held */
    return (w->clock - back) * SECOND_NS + w->clock % 1000000000;
}

static void mate_sends(struct world *w, struct mate *m, unsigned route)
{
    if (m->next > m->change) {
        if (m->count == m->room) {
            m->room = 2 * m->room + 64;
            m->sent = realloc(m->sent, m->room * sizeof *m->sent);
            ASSERT(m->sent);
        }
        m->sent[m->count++] = (struct sent){m->boot, ++m->change, dice(w, w->ids), next_time(w)};
    }
    const struct sent *s = &m->sent[m->count - 1 - (m->change - m->next)];
    ASSERT(s->change == m->next && s->boot == m->boot);
    (void)put(w, s->id, s->time_ns, route);
    m->next++;
}

static void mate_marks(struct world *w, struct mate *m)
{
    if (m->next > 1 && one_in(w, 2))
        m->had = (struct had){.boot = m->boot, .change = m->next - 1, .by = w->boot};
    if (store_change(w->store) && one_in(w, 3))
        m->confirmed = (struct had){.boot = w->boot,
            .change = 1 + dice(w, (uint32_t)store_change(w->store)),
            .by = m->boot};
    if (one_in(w, 400)) {
        m->boot = random_next(&w->dice) | 1;
        m->change = 0;
        m->next = 1;
        m->had = (struct had){0};
    }
}

static void work(struct world *w)
{
    unsigned count = 1 + dice(w, 4);
    if (w->bursts && one_in(w, 6))
        count = 50 + dice(w, 900);
    for (unsigned i = 0; i < count; i++) {
        unsigned who = dice(w, 2 + w->mates_count);
        if (who < 2)
            (void)put(w, dice(w, w->ids), next_time(w), 0);
        else
            mate_sends(w, &w->mates[who - 2], who);
    }
    for (unsigned i = 0; i < w->mates_count; i++)
        mate_marks(w, &w->mates[i]);
    int64_t gap_ns = one_in(w, 40) ? 2 * SECOND_NS : one_in(w, 3) ? 20 * MS_NS : 3 * MS_NS;
    w->next_work_ns = w->now_ns + 1000 + (int64_t)dice(w, (uint32_t)gap_ns);
    if (one_in(w, 300)) {
        plan_mode(w);
        journal_take_limits(w->journal, &w->how, now(w));
        w->how_ns = w->now_ns;
    }
}

/* -- turns ------------------------------------------------------------------------------------- */

static void note_past(const struct world *w, struct past *past)
{
    static const char *const names[] = {"Hands", "Holiday", "Welsh"};
    *past = (struct past){.partial = w->found.past.partial || store_refused(w->store) ||
                                     store_evicted(w->store),
        .peers_count = w->mates_count};
    for (unsigned i = 0; i < w->mates_count; i++) {
        snprintf(past->peers[i].name, sizeof past->peers[i].name, "%s", names[i]);
        past->peers[i].had = w->mates[i].had;
        past->peers[i].confirmed = w->mates[i].confirmed;
    }
}

static struct world *played;

void world_past(struct past *past)
{
    note_past(played, past);
}

void world_opens_existing(void)
{
    played->disk.opens_existing = true;
}

static void end_feed(struct world *w)
{
    if (w->ends_count == w->ends_room) {
        w->ends_room = 2 * w->ends_room + 64;
        w->ends = realloc(w->ends, w->ends_room * sizeof *w->ends);
        ASSERT(w->ends);
    }
    struct ended *e = &w->ends[w->ends_count++];
    *e = (struct ended){.change = store_change(w->store),
        .digest = store_digest(w->store),
        .count = store_count(w->store)};
    note_past(w, &e->past);
    journal_end(w->journal, &e->past, now(w));
}

static void turn(struct world *w)
{
    struct journal_answer answer;
    struct journal_order order;
    unsigned orders = 0;
    w->turns++;
    while (disk_answer(&w->disk, &answer, w->now_ns))
        journal_done(w->journal, &answer, now(w));
    if (!w->quiet && journal_is_open(w->journal) && w->now_ns >= w->next_work_ns)
        work(w);
    if (journal_turn(w->journal, now(w)))
        end_feed(w);
    for (; journal_order(w->journal, &order, now(w)); orders++)
        disk_begin(&w->disk, &order, w->now_ns);
    w->log.pending.len = 0;
    w->spins = orders ? 0 : w->spins + 1;
    if (w->spins > 5000 && journal_deadline(w->journal) <= w->now_ns)
        judge_violated(w, "it turns without an order and without a pause");
}

/* -- what goes wrong while it runs ------------------------------------------------------------- */

static void probe(struct world *w)
{
    struct disk *copy = malloc(sizeof *copy);
    struct store *store = NULL;
    struct found found;
    ASSERT(copy);
    w->probes++;
    disk_copy(copy, &w->disk);
    copy->dice.state ^= random_next(&w->dice);
    disk_crash(copy);
    copy->gone = false;
    if (world_recover(w, copy, &store, &found))
        judge_recovered(w, copy, store, &found);
    free(found.files);
    store_destroy(store);
    disk_deinit(copy);
    free(copy);
}

static void go_wrong(struct world *w)
{
    struct disk *d = &w->disk;
    bool mixed = w->trouble == TROUBLE_MIXED;
    int64_t long_ns = w->now_ns + 1 + (int64_t)dice(w, 3) * SECOND_NS;
    w->next_fault_ns = w->now_ns + (int64_t)dice(w, 4000) * MS_NS;
    if (w->trouble == TROUBLE_FULL || (mixed && one_in(w, 4)))
        d->full_until_ns = long_ns;
    if (w->trouble == TROUBLE_SLOW || (mixed && one_in(w, 4)))
        d->stands_until_ns = long_ns;
    if (w->trouble == TROUBLE_LIES) {
        d->lies_until_ns = long_ns;
        w->excused = true;
    }
    if (w->trouble == TROUBLE_GONE && w->gone_ns == NEVER_NS && one_in(w, 3)) {
        disk_remove_all(d);
        w->gone_ns = w->now_ns;
        w->excused = true;
    }
}

static void run_until(struct world *w, int64_t until_ns)
{
    while (w->now_ns < until_ns && !w->violated) {
        turn(w);
        judge_runs(w);
        if (w->journal && journal_gives_up(w->journal, now(w)) && !w->quiet)
            return;
        if (journal_is_over(w->journal))
            return;
        if (w->now_ns >= w->next_probe_ns) {
            probe(w);
            w->next_probe_ns = w->now_ns + (int64_t)dice(w, 1500) * MS_NS;
        }
        if (!w->quiet && w->now_ns >= w->next_fault_ns)
            go_wrong(w);
        int64_t next = earlier_ns(disk_due_ns(&w->disk), journal_deadline(w->journal));
        if (!w->quiet)
            next = earlier_ns(next, journal_is_open(w->journal) ? w->next_work_ns : NEVER_NS);
        next = earlier_ns(next, earlier_ns(until_ns, w->next_probe_ns));
        w->now_ns = next > w->now_ns ? next : w->now_ns + 20000;
    }
}

/* -- recovery ---------------------------------------------------------------------------------- */

bool world_recover(struct world *w, struct disk *d, struct store **store, struct found *found)
{
    struct found_file files[DISK_FILES_MAX];
    struct recovery_config config = {.store = w->config,
        .herd = SPAN("a-herd"),
        .node = SPAN("Goloman"),
        .files = files,
        .files_count = disk_list(d, files, DISK_FILES_MAX)};
    struct recovery_want want;
    enum recovery_step step;
    struct recovery *r = recovery_begin(&config);
    ASSERT(r);
    *found = (struct found){0};
    while ((step = recovery_next(r, &want)) == RECOVERY_READS) {
        struct journal_name name = journal_name_of(want.file.kind, want.file.seq, false);
        size_t bytes = want.bytes > 1 && one_in(w, 10) ? 1 + dice(w, (uint32_t)want.bytes - 1)
                                                        : want.bytes;
        long got = disk_read(d, name.text, want.offset, want.into, bytes);
        if (got < 0)
            recovery_unreadable(r);
        else
            recovery_filled(r, (size_t)got);
    }
    if (step == RECOVERY_DONE)
        *store = recovery_take(r, found);
    else
        judge_violated(w, "recovery refuses: %s", recovery_why(r));
    recovery_end(r);
    return step == RECOVERY_DONE;
}

/* A byte of one of the files is not what it was any more. */
static bool harm(struct world *w, struct disk *d, uint64_t *offset, int *file)
{
    unsigned files = disk_count(d), at = files ? dice(w, files) : 0;
    if (d->bad_file >= 0)
        return false;
    for (*file = 0; *file < DISK_FILES_MAX; (*file)++) {
        struct disk_file *f = &d->files[*file];
        if (!f->used || !f->name[0] || at--)
            continue;
        if (f->len == 0)
            return false;
        *offset = dice(w, (uint32_t)f->len);
        if (w->trouble == TROUBLE_FLIPS) {
            disk_flip(d, (unsigned)*file, *offset * 8 + dice(w, 8));
        } else {
            *offset = *offset / 4096 * 4096;
            d->bad_file = *file;
            d->bad_offset = *offset;
        }
        return true;
    }
    return false;
}

/* Recover, and once more after some harm. */
static void recover_harmed(struct world *w)
{
    struct store *whole = NULL;
    struct found was;
    uint64_t offset;
    int file;
    if (!world_recover(w, &w->disk, &whole, &was))
        return;
    judge_recovered(w, &w->disk, whole, &was);
    if (!w->violated && harm(w, &w->disk, &offset, &file)) {
        w->excused = true;
        if (world_recover(w, &w->disk, &w->store, &w->found))
            judge_damaged(w, &w->disk, w->store, &w->found, whole, &was, offset, file);
    } else if (!w->violated && world_recover(w, &w->disk, &w->store, &w->found)) {
        judge_recovered(w, &w->disk, w->store, &w->found);
    }
    free(was.files);
    store_destroy(whole);
}

static void recover(struct world *w)
{
    bool harms = w->trouble == TROUBLE_FLIPS || w->trouble == TROUBLE_UNREADABLE;
    if (harms && one_in(w, 2))
        recover_harmed(w);
    else if (world_recover(w, &w->disk, &w->store, &w->found))
        judge_recovered(w, &w->disk, w->store, &w->found);
}

/* -- lives ------------------------------------------------------------------------------------- */

/* What recovery has found is the truth from now on. */
static void adopt(struct world *w)
{
    w->began = w->found.change;
    w->was_damaged = w->found.figures.damaged || w->found.figures.digest_differs;
    bool forgets = w->was_damaged || w->excused;
    w->boots_count = w->excused ? 0 : w->boots_count;
    w->excused = disk_pretends(&w->disk); /* nobody could know that who reads */
    w->stopped = w->disk.late_tears = false;
    w->told = w->began;
    w->base_ns = NEVER_NS;
    w->files = disk_count(&w->disk);
    memset(w->held, 0, sizeof w->held);
    unsigned cursor = store_cursor_open(w->store);
    struct feed_item item;
    while (store_cursor_glance(w->store, cursor, &item)) {
        w->held[w->puts[item.change].id] = item.change;
        store_cursor_pass(w->store, cursor);
    }
    store_cursor_close(w->store, cursor);
    size_t kept = 0;
    while (kept < w->ends_count && w->ends[kept].change <= w->began)
        kept++;
    w->ends_count = w->ends_began = forgets ? 0 : kept;
    for (unsigned i = 0; i < w->mates_count; i++) {
        struct mate *m = &w->mates[i];
        m->had = m->confirmed = (struct had){0};
        for (unsigned p = 0; p < w->found.past.peers_count; p++)
            if (w->found.past.peers[p].name[0] == "HHW"[i] &&
                w->found.past.peers[p].name[1] == "aoe"[i]) {
                m->had = w->found.past.peers[p].had;
                m->confirmed = w->found.past.peers[p].confirmed;
            }
        m->next = m->had.boot == m->boot ? m->had.change + 1 : 1;
    }
}

static void begin_life(struct world *w)
{
    adopt(w);
    w->boot = random_next(&w->dice) | 1;
    w->disk.gone = false;
    w->gone_ns = NEVER_NS;
    w->how_ns = w->now_ns;
    log_init(&w->log, LOG_DEBUG, SPAN("Goloman"), w->log_memory, sizeof w->log_memory);
    w->journal = journal_create(&(struct journal_config){.store = w->store,
                                    .log = &w->log,
                                    .how = &w->how,
                                    .herd = SPAN("a-herd"),
                                    .node = SPAN("Goloman"),
                                    .boot = w->boot,
                                    .random = random_next(&w->dice),
                                    .found = &w->found,
                                    .bounds = &w->bounds},
        now(w));
    ASSERT(w->journal);
    free(w->found.files);
    w->found.files = NULL;
    w->next_work_ns = w->next_fault_ns = w->now_ns;
    w->next_probe_ns = w->now_ns + (int64_t)dice(w, 500) * MS_NS;
}

static void end_life(struct world *w)
{
    struct journal_status s = journal_status(w->journal);
    w->told = s.change;
    if (journal_is_open(w->journal) || w->last < store_change(w->store))
        w->last = store_change(w->store);
    w->broken = judge_may_be_damaged(w);
    ASSERT(w->boots_count < WORLD_BOOTS_MAX);
    w->opened[w->boots_count] = journal_is_open(w->journal);
    w->boots[w->boots_count++] = w->boot;
    bool busy[JOURNAL_FILES];
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        busy[i] = w->disk.each[i].busy;
    if (one_in(w, w->trouble == TROUBLE_LATE ? 6 : 2))
        disk_crash(&w->disk);
    else
        disk_kill(&w->disk, w->now_ns);
    for (unsigned i = 0; i < JOURNAL_FILES; i++) /* or its memory would stay */
        if (busy[i])
            journal_done(w->journal,
                &(struct journal_answer){.file = i, .outcome = JOURNAL_FAILED, .why = "killed"},
                now(w));
    w->disk.full_until_ns = w->disk.stands_until_ns = w->disk.lies_until_ns = 0;
    disk_sync_all(&w->disk); /* as whoever reads a journal has to */
    journal_destroy(w->journal);
    store_destroy(w->store);
    w->journal = NULL;
    w->store = NULL;
}

static void stop(struct world *w)
{
    for (unsigned i = 0; i < w->mates_count && journal_is_open(w->journal); i++)
        mate_marks(w, &w->mates[i]);
    journal_stop(w->journal);
    w->quiet = true;
    run_until(w, w->now_ns + 60 * SECOND_NS);
    if (!w->violated && !journal_is_over(w->journal))
        judge_violated(w, "it was told to stop a minute ago, and is not over");
    struct journal_status s = journal_status(w->journal);
    w->stopped = s.change == store_change(w->store) && !s.why[0];
}

static void live(struct world *w)
{
    static const uint32_t most_ms[] = {5, 100, 2000, 12000};
    begin_life(w);
    w->quiet = false;
    run_until(w, w->now_ns + (int64_t)dice(w, most_ms[dice(w, 4)]) * MS_NS);
    if (!w->violated && one_in(w, 4))
        stop(w);
    if (w->violated)
        return;
    end_life(w);
    recover(w);
}

/* Nothing goes wrong any more. All becomes durable, and the last life ends in order. */
static void settle(struct world *w)
{
    memset(w->disk.one_in, 0, sizeof w->disk.one_in);
    begin_life(w);
    w->quiet = false;
    w->next_fault_ns = NEVER_NS;
    run_until(w, w->now_ns + SECOND_NS);
    w->quiet = true;
    if (!w->violated && w->how.mode != JOURNAL_NONE)
        run_until(w, w->now_ns + 10 * SECOND_NS);
    if (!w->violated && w->how.mode != JOURNAL_NONE &&
        journal_durable(w->journal) != store_change(w->store))
        judge_violated(w, "%" PRIu64 " changes are durable of %" PRIu64 ", and nothing is wrong",
            journal_durable(w->journal), store_change(w->store));
    if (!w->violated)
        stop(w);
    if (!w->violated && !w->stopped)
        judge_violated(w, "it has stopped, and not all is durable");
    if (w->violated)
        return;
    uint64_t digest = store_digest(w->store);
    end_life(w);
    recover(w);
    if (!w->violated && store_digest(w->store) != digest && !w->excused)
        judge_violated(w, "it was stopped in order, and other stamps were found than it had");
}

bool world_play(struct world *w)
{
    played = w;
    recover(w);
    for (unsigned i = 0; i < w->lives && !w->violated; i++) {
        live(w);
        /* What a lie had hidden may come back later, and then nothing can be said. */
        if (w->trouble == TROUBLE_LIES && w->found.figures.damaged)
            break;
    }
    if (!w->violated && !(w->trouble == TROUBLE_LIES && w->found.figures.damaged))
        settle(w);
    free(w->found.files);
    return !w->violated;
}
