/* journal.c — see journal.h. The log's life, and when a base is due.
 *
 * Log and base go on independently, each with one order under way at most. What joins them: a log
 * is begun before the base that it is the rest of; and a base gets its name when the log is
 * durable up to all that moved meanwhile. `phase` is what the log is up to, beside the steps of
 * its output. */
#include "core/journal/journal.h"
#include "core/base/invariant.h"
#include "core/journal/heads.h"
#include "core/journal/say.h"
#include "core/journal/snapshot.h"
#include <stdio.h>
#include <stdlib.h>

enum phase {
    PHASE_OPENS, /* a log is created, and its folder synced */
    PHASE_RUNS,
    PHASE_TURNS, /* the next log is due: this one gets a last sync, and is closed */
    PHASE_BREAKS, /* it is not believed any more: it is closed as it is */
    PHASE_RESTS, /* then, until another is tried */
    PHASE_ENDS, /* the node stops: closed, after a last sync or without */
    PHASE_OVER,
};

struct journal {
    struct store *store;
    struct log *log;
    struct topology_journal how;
    struct journal_bounds bounds;
    struct heads heads;
    enum phase phase;
    struct output out; /* the log */
    unsigned cursor;
    bool folder_synced; /* OPENS: the new name is durable */
    bool is_open; /* the first log is there, or was */
    bool stopping;
    bool failing; /* FULL or BROKEN, as the operator was told */
    int64_t failing_ns; /* since when */
    char why[128]; /* the reason */
    int64_t again_ns, pause_ns; /* when what has failed is tried again; how long that was put off */
    int64_t state_ns; /* since when journal_status tells the state that it tells */

    /* Where a log begins behind a hole, nothing counts as durable until there is a base of it. */
    uint64_t durable;
    bool hole;
    bool base_wanted; /* of this log, whatever sizes are */
    int64_t base_again_ns, base_pause_ns; /* after one has failed */
    struct snapshot base;
    struct found_file *files; /* JOURNAL_FILES_MAX; all but this log */
    unsigned files_count;
    unsigned files_before; /* that were there when the base was begun */
    uint64_t base_bytes; /* of the last base, and of the logs behind it, without this one */
    uint64_t logs_bytes;
    unsigned logs; /* how many those are */

    struct past_peer said[PAST_PEERS_MAX]; /* what this log says of neighbours */
    unsigned said_count;
    uint64_t whole; /* up to here, each change was put into a log, or one that replaced it */
    bool ended; /* its last block is an END, at: */
    uint64_t ended_change;

    int64_t synced_ns; /* when the last sync was begun, or the log */
    int64_t ordered_ns; /* when the order under way was given */
    int64_t behind_ns; /* since when something is not durable; NEVER_NS: nothing is not */
    int64_t look_ns; /* when to look for the file next */
    uint64_t syncs, writes, written_bytes, failures;
    int64_t sync_last_ns, sync_longest_ns, base_ns;
    struct found_figures found;
};

/* -- life -------------------------------------------------------------------------------------- */

static const struct journal_bounds usual_bounds = {
    .buffer_bytes = JOURNAL_BUFFER_BYTES,
    .write_bytes = JOURNAL_WRITE_BYTES,
    .base_items = JOURNAL_BASE_ITEMS,
    .compact_bytes = JOURNAL_COMPACT_BYTES,
    .logs_max = JOURNAL_LOGS_MAX,
};

static bool get_memory(struct journal *j)
{
    j->out.buffers[0] = malloc(j->bounds.buffer_bytes);
    j->out.buffers[1] = malloc(j->bounds.buffer_bytes);
    j->base.out.buffers[0] = malloc(j->bounds.buffer_bytes);
    j->files = calloc(JOURNAL_FILES_MAX, sizeof *j->files);
    return j->out.buffers[0] && j->out.buffers[1] && j->base.out.buffers[0] && j->files;
}

static void free_memory(struct journal *j)
{
    free(j->out.buffers[0]);
    free(j->out.buffers[1]);
    free(j->base.out.buffers[0]);
    free(j->files);
    free(j);
}

/* A log of all changes behind `change`. */
static void begin_log(struct journal *j, uint64_t change, struct instant now)
{
    struct file_header h = heads_log(&j->heads, change, now);
    struct journal_name name = journal_name_of(FILE_LOG, h.seq, false);
    output_begin(&j->out, name.text, &h, j->whole);
    j->phase = PHASE_OPENS;
    j->folder_synced = false;
    j->said_count = 0;
    j->ended = false;
    j->synced_ns = now.mono_ns;
    j->look_ns = now.mono_ns + JOURNAL_LOOK_MS * MS_NS;
}

static void take_past(struct journal *j, const struct found *found)
{
    ASSERT(found->files_count < JOURNAL_FILES_MAX && found->change == store_change(j->store));
    for (unsigned i = 0; i < found->files_count; i++) {
        j->files[i] = found->files[i];
        j->logs += found->files[i].kind == FILE_LOG;
    }
    j->files_count = found->files_count;
    j->base_bytes = found->base_bytes;
    j->logs_bytes = found->log_bytes;
    j->base_wanted = found->figures.damaged || found->figures.digest_differs;
    j->durable = j->whole = found->change;
    j->found = found->figures;
}

struct journal *journal_create(const struct journal_config *config, struct instant now)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->bounds = config->bounds ? *config->bounds : usual_bounds;
    if (!get_memory(j)) {
        free_memory(j);
        return NULL;
    }
    j->store = j->base.store = config->store;
    j->log = config->log;
    j->how = *config->how;
    j->out.file = JOURNAL_LOG;
    j->base.out.file = JOURNAL_BASE;
    j->out.buffer_bytes = j->base.out.buffer_bytes = j->bounds.buffer_bytes;
    j->base.items = j->bounds.base_items;
    j->cursor = store_cursor_open(j->store);
    j->base.cursor = store_cursor_open(j->store);
    store_cursor_seek(j->store, j->cursor, store_change(j->store));
    j->behind_ns = j->again_ns = j->base_ns = NEVER_NS;
    j->state_ns = now.mono_ns;
    take_past(j, config->found);
    heads_init(
        &j->heads, config->herd, config->node, config->boot, config->random, config->found);
    begin_log(j, config->found->change, now);
    return j;
}

void journal_destroy(struct journal *j)
{
    if (!j)
        return;
    static struct journal *still_read;
    store_cursor_close(j->store, j->cursor);
    store_cursor_close(j->store, j->base.cursor);
    if (j->out.ordered || j->base.out.ordered)
        still_read = j;
    else
        free_memory(j);
    (void)still_read;
}

void journal_take_limits(struct journal *j, const struct topology_journal *how, struct instant now)
{
    bool sooner = how->flush_ns < j->how.flush_ns || how->mode != j->how.mode;
    j->how = *how;
    if (sooner && j->synced_ns > now.mono_ns - (int64_t)how->flush_ns)
        j->synced_ns = now.mono_ns - (int64_t)how->flush_ns;
}

/* -- what went wrong --------------------------------------------------------------------------- */

static void put_off(struct journal *j, int64_t last_ms, struct instant now)
{
    int64_t first_ns = JOURNAL_AGAIN_FIRST_MS * MS_NS, last_ns = last_ms * MS_NS;
    j->pause_ns = j->pause_ns ? earlier_ns(2 * j->pause_ns, last_ns) : first_ns;
    j->again_ns = now.mono_ns + j->pause_ns;
}

static void fails(struct journal *j, struct instant now)
{
    snprintf(j->why, sizeof j->why, "%s", j->out.why);
    j->failures++;
    if (j->failing)
        return;
    j->failing = true;
    j->failing_ns = j->state_ns = now.mono_ns;
}

static void works(struct journal *j, struct instant now)
{
    if (!j->failing)
        return;
    say_works_again(j->log, now.mono_ns - j->failing_ns, now);
    j->failing = false;
    j->why[0] = '\0';
    j->pause_ns = 0;
    j->again_ns = NEVER_NS;
    j->state_ns = now.mono_ns;
}

/* The file goes when a base stands; where so many are there, the next process removes it. */
static void goes_later(struct journal *j, enum file_kind kind, uint64_t seq, uint64_t bytes)
{
    if (j->files_count < JOURNAL_FILES_MAX)
        j->files[j->files_count++] = (struct found_file){kind, seq, bytes};
}

/* The log has come to its end. */
static void keep_file(struct journal *j, uint64_t bytes, uint64_t change, uint32_t crc)
{
    heads_log_ended(&j->heads, bytes, change, crc);
    goes_later(j, FILE_LOG, heads_seq(&j->heads), bytes);
    j->logs_bytes += bytes;
    j->logs++;
}

/* No room: the same bytes go to the same place, later. */
static void is_full(struct journal *j, struct instant now)
{
    if (!j->failing)
        say_full(j->log, j->out.name, j->out.why, now);
    fails(j, now);
    put_off(j, JOURNAL_FULL_LAST_MS, now);
}

/* What the log says is believed up to its last good sync. */
static void is_broken(struct journal *j, struct instant now)
{
    if (!j->failing || j->phase == PHASE_RUNS)
        say_broken(j->log, j->out.name, j->out.why, now);
    fails(j, now);
    put_off(j, JOURNAL_BROKEN_LAST_MS, now);
    if (j->phase == PHASE_OPENS) /* no later log names it, so that nobody reads it */
        goes_later(j, FILE_LOG, heads_seq(&j->heads), 0);
    else
        keep_file(j, j->out.durable_bytes, j->out.durable_change, j->out.durable_crc);
    j->hole = true;
    j->phase = PHASE_BREAKS;
    output_close(&j->out);
    if (j->base.state != SNAPSHOT_NONE)
        snapshot_leave(&j->base, NULL);
}

/* -- what is durable --------------------------------------------------------------------------- */

static void count_durable(struct journal *j, struct instant now)
{
    if (!j->hole && j->durable < j->out.durable_whole) {
        j->durable = j->out.durable_whole;
        j->behind_ns = now.mono_ns;
    }
    if (j->durable == store_change(j->store))
        j->behind_ns = NEVER_NS;
    else if (j->behind_ns == NEVER_NS)
        j->behind_ns = now.mono_ns;
}

/* Whether something of the log was written, and is not durable. */
static bool unsynced(const struct journal *j)
{
    return j->out.written_bytes > j->out.durable_bytes;
}

/* Up to where the log has all that a base leaves out: what had moved, and what was had of whom. */
static uint64_t durable_for_base(const struct journal *j)
{
    return j->out.durable_ends ? j->out.durable_whole + 1 : 0;
}

static bool base_waits(const struct journal *j)
{
    return j->base.state == SNAPSHOT_SEALED && durable_for_base(j) <= j->base.moved;
}

static bool flush_is_due(const struct journal *j, struct instant now)
{
    bool timed = j->how.mode == JOURNAL_INTERVAL &&
                 now.mono_ns - j->synced_ns >= (int64_t)j->how.flush_ns;
    return j->stopping || base_waits(j) || timed;
}

/* -- the log ----------------------------------------------------------------------------------- */

/* Whether the feed's end was reached. */
static bool fill(struct journal *j, struct instant now)
{
    struct feed_item item;
    struct stamp_text text;
    while (store_cursor_peek(j->store, j->cursor, &item, &text)) {
        if (!output_fills(&j->out) || !output_put(&j->out, &item, now))
            return false;
        j->whole += item.change == j->whole + 1; /* else one was replaced before it was read */
        store_cursor_pass(j->store, j->cursor);
    }
    return true;
}

static void write_span(struct journal *j, const struct writer_last *last, struct instant now)
{
    /* O_DSYNC is about what is written, not about what was written before. */
    bool always = j->how.mode == JOURNAL_ALWAYS;
    bool durable = always && !unsynced(j);
    bool syncs = !durable && (always || j->phase != PHASE_RUNS || flush_is_due(j, now));
    if (syncs)
        j->synced_ns = now.mono_ns;
    uint64_t change = store_cursor_change(j->store, j->cursor);
    if (last->flags & BLOCK_END)
        j->whole = change;
    output_write(&j->out, last, change, j->whole, durable, syncs, now);
    j->ended = last->flags & BLOCK_END;
    j->ended_change = change;
}

/* Whether the open span is to be written now. */
static bool span_is_due(const struct journal *j, bool at_end, struct instant now)
{
    const struct output *o = &j->out;
    bool ended = j->ended && j->ended_change == o->change;
    if (!o->writer.open)
        return at_end && !ended && (j->stopping || base_waits(j) || j->whole < o->change);
    return !at_end || j->stopping || j->how.mode == JOURNAL_ALWAYS ||
           o->writer.len >= j->bounds.write_bytes || flush_is_due(j, now) ||
           now.mono_ns >= o->filled_ns + JOURNAL_WRITE_MS * MS_NS;
}

/* PHASE_RUNS, and no order under way. true: as journal_turn. */
static bool run(struct journal *j, bool at_end, struct instant now)
{
    if (now.mono_ns >= j->look_ns) {
        j->look_ns = now.mono_ns + JOURNAL_LOOK_MS * MS_NS;
        output_ask(&j->out, JOURNAL_LOOK, j->out.name, "");
    } else if (span_is_due(j, at_end, now)) {
        if (at_end)
            return true;
        write_span(j, &(struct writer_last){0}, now);
    } else if (!j->out.writer.open && unsynced(j) && flush_is_due(j, now)) {
        j->synced_ns = now.mono_ns;
        output_sync(&j->out);
    } else if (j->stopping && !j->out.writer.open) {
        j->phase = PHASE_ENDS;
        output_close(&j->out);
    }
    return false;
}

/* PHASE_TURNS, and no order under way: write, sync, close. */
static void turn_over(struct journal *j, struct instant now)
{
    if (j->out.writer.open) {
        write_span(j, &(struct writer_last){0}, now);
    } else if (unsynced(j)) {
        output_sync(&j->out);
    } else {
        ASSERT(j->out.durable_change == j->out.written_change);
        keep_file(j, j->out.durable_bytes, j->out.durable_change, j->out.durable_crc);
        output_close(&j->out);
    }
}

/* Its file is there. */
static void opened(struct journal *j, struct instant now)
{
    if (!j->folder_synced) {
        j->folder_synced = true;
        output_ask(&j->out, JOURNAL_SYNC_FOLDER, "", "");
        return;
    }
    j->phase = PHASE_RUNS;
    j->is_open = true;
    j->base_wanted |= j->hole;
    if (!j->hole)
        works(j, now);
}

static void closed(struct journal *j, struct instant now)
{
    if (j->phase == PHASE_TURNS) {
        j->base_wanted = true;
        begin_log(j, j->out.durable_change, now);
    } else if (j->phase == PHASE_BREAKS) {
        j->phase = PHASE_RESTS;
    } else if (j->phase == PHASE_ENDS) {
        j->phase = PHASE_OVER;
    }
}

static void try_again(struct journal *j, struct instant now)
{
    if (j->stopping) {
        j->phase = PHASE_OVER;
    } else if (now.mono_ns >= j->again_ns) {
        j->whole = store_change(j->store); /* when there is a base of it */
        store_cursor_seek(j->store, j->cursor, j->whole);
        begin_log(j, j->whole, now);
    }
}

/* true: as journal_turn. */
static bool log_turn(struct journal *j, struct instant now)
{
    struct output *o = &j->out;
    bool at_end = j->phase == PHASE_RUNS && fill(j, now);
    if (o->no_room && j->stopping) {
        j->phase = PHASE_ENDS;
        output_close(o);
    } else if (o->no_room && now.mono_ns >= j->again_ns) {
        output_again(o);
    }
    if (o->step == OUTPUT_CLOSED)
        closed(j, now);
    if (j->phase == PHASE_RESTS)
        try_again(j, now);
    if (o->step != OUTPUT_IDLE)
        return false;
    if (j->phase == PHASE_OPENS)
        opened(j, now);
    else if (j->phase == PHASE_TURNS)
        turn_over(j, now);
    else if (j->phase == PHASE_RUNS)
        return run(j, at_end, now);
    return false;
}

/* -- the base ---------------------------------------------------------------------------------- */

/* Whether what is behind the base has become too much. */
static bool is_long(const struct journal *j)
{
    uint64_t bytes = j->logs_bytes + j->out.written_bytes;
    return j->logs >= j->bounds.logs_max ||
           (bytes > j->bounds.compact_bytes &&
               bytes / j->how.compact_percent > j->base_bytes / 100);
}

static void begin_base(struct journal *j, struct instant now)
{
    struct file_header h = heads_base(&j->heads, now);
    unsigned count = j->files_count;
    j->files_count = 0;
    for (unsigned i = 0; i < count; i++) /* one of this number was given up, and is replaced */
        if (j->files[i].kind != FILE_BASE || j->files[i].seq != h.seq)
            j->files[j->files_count++] = j->files[i];
    j->base.older = j->files;
    j->base.older_count = j->files_before = j->files_count;
    snapshot_begin(&j->base, &h, heads_change(&j->heads));
}

static void base_failed(struct journal *j, struct instant now)
{
    int64_t first_ns = JOURNAL_AGAIN_FIRST_MS * MS_NS, last_ns = JOURNAL_BROKEN_LAST_MS * MS_NS;
    if (!j->base_pause_ns)
        say_base_failed(j->log, j->base.failed, now);
    j->base_pause_ns = j->base_pause_ns ? earlier_ns(2 * j->base_pause_ns, last_ns) : first_ns;
    j->base_again_ns = now.mono_ns + j->base_pause_ns;
}

/* It is there, and nothing older. */
static void base_stands(struct journal *j, struct instant now)
{
    const struct output *o = &j->base.out;
    goes_later(j, FILE_BASE, j->base.seq, o->written_bytes);
    j->base_bytes = o->written_bytes;
    j->logs_bytes = 0;
    j->logs = 0;
    j->base_wanted = false;
    if (j->hole)
        works(j, now);
    j->hole = false;
    j->base_pause_ns = 0;
    j->base_ns = now.mono_ns;
    say_base(j->log, journal_name_of(FILE_BASE, j->base.seq, false).text, o->writer.count,
        o->written_bytes, now);
}

static void base_turn(struct journal *j, struct instant now)
{
    struct snapshot *s = &j->base;
    if (s->state == SNAPSHOT_NONE) {
        bool runs = j->phase == PHASE_RUNS && !j->stopping && now.mono_ns >= j->base_again_ns;
        if (runs && j->base_wanted)
            begin_base(j, now);
        else if (runs && is_long(j))
            j->phase = PHASE_TURNS;
        return;
    }
    if (j->stopping && s->state != SNAPSHOT_CLEARS) /* that is soon over */
        snapshot_leave(s, NULL);
    snapshot_turn(s, durable_for_base(j), now);
    if (s->state != SNAPSHOT_NONE)
        return;
    unsigned since = j->files_count - j->files_before; /* logs that have broken */
    memmove(j->files + s->older_count, j->files + j->files_before, since * sizeof *j->files);
    j->files_count = s->older_count + since;
    if (s->stands)
        base_stands(j, now);
    else if (s->named)
        goes_later(j, FILE_BASE, s->seq, s->out.written_bytes);
    if (s->failed[0])
        base_failed(j, now);
}

/* -- the node's side --------------------------------------------------------------------------- */

bool journal_turn(struct journal *j, struct instant now)
{
    count_durable(j, now);
    base_turn(j, now); /* first: it may end the log, and then no block of it is due */
    return j->phase != PHASE_OVER && log_turn(j, now);
}

static bool same_had(const struct had *a, const struct had *b)
{
    return a->boot == b->boot && a->change == b->change && a->by == b->by;
}

/* Whether this log says that of the neighbour already; from now on it does. */
static bool says_already(struct journal *j, const struct past_peer *peer)
{
    unsigned i = 0;
    while (i < j->said_count && strcmp(j->said[i].name, peer->name) != 0)
        i++;
    struct past_peer *said = &j->said[i];
    bool known = i < j->said_count;
    if (known && same_had(&said->had, &peer->had) && same_had(&said->confirmed, &peer->confirmed))
        return true;
    ASSERT(i < PAST_PEERS_MAX);
    *said = *peer;
    j->said_count += !known;
    return false;
}

void journal_end(struct journal *j, const struct past *past, struct instant now)
{
    ASSERT(j->phase == PHASE_RUNS && j->out.step == OUTPUT_IDLE);
    ASSERT(store_cursor_change(j->store, j->cursor) == store_change(j->store));
    for (unsigned i = 0; i < past->peers_count; i++) {
        const struct past_peer *p = &past->peers[i];
        if (!says_already(j, p))
            output_have(&j->out,
                &(struct have){.peer = span_of(p->name), .had = p->had, .confirmed = p->confirmed},
                now);
    }
    write_span(j,
        &(struct writer_last){.flags = BLOCK_END | (past->partial ? BLOCK_PARTIAL : 0u),
            .digest = store_digest(j->store),
            .count = store_count(j->store),
            .clock_ns = now.real_ns},
        now);
}

void journal_stop(struct journal *j)
{
    j->stopping = true;
    j->ended = false; /* of neighbours more may have been had since, or confirmed */
}

bool journal_is_over(const struct journal *j)
{
    return j->phase == PHASE_OVER && j->base.state == SNAPSHOT_NONE;
}

int64_t journal_deadline(const struct journal *j)
{
    const struct output *o = &j->out;
    if (journal_is_over(j))
        return NEVER_NS;
    bool ends = j->stopping || j->phase == PHASE_TURNS;
    if (snapshot_goes_on(&j->base) || (ends && o->step == OUTPUT_IDLE))
        return 0;
    int64_t soonest = o->no_room || j->phase == PHASE_RESTS ? j->again_ns : NEVER_NS;
    if (o->step == OUTPUT_IDLE && o->writer.open)
        soonest = earlier_ns(soonest, o->filled_ns + JOURNAL_WRITE_MS * MS_NS);
    if (o->step == OUTPUT_IDLE && j->how.mode == JOURNAL_INTERVAL && unsynced(j))
        soonest = earlier_ns(soonest, j->synced_ns + (int64_t)j->how.flush_ns);
    if (o->step == OUTPUT_IDLE && j->phase == PHASE_RUNS)
        soonest = earlier_ns(soonest, j->look_ns);
    if (j->base_wanted && j->base.state == SNAPSHOT_NONE && j->phase == PHASE_RUNS)
        soonest = earlier_ns(soonest, j->base_again_ns);
    return soonest;
}

bool journal_is_open(const struct journal *j)
{
    return j->is_open;
}

const char *journal_fails(const struct journal *j)
{
    return j->failing ? j->why : NULL;
}

uint64_t journal_durable(const struct journal *j)
{
    return j->durable;
}

bool journal_holds_replies(const struct journal *j)
{
    return j->how.mode == JOURNAL_ALWAYS;
}

const char *journal_gives_up(const struct journal *j, struct instant now)
{
    bool waited = j->behind_ns != NEVER_NS &&
                  now.mono_ns - j->behind_ns >= JOURNAL_GIVES_UP_MS * MS_NS;
    return j->how.mode == JOURNAL_ALWAYS && j->failing && waited && !j->stopping ? j->why : NULL;
}

/* -- the driver's side ------------------------------------------------------------------------- */

bool journal_order(struct journal *j, struct journal_order *out, struct instant now)
{
    if (!output_order(&j->out, out))
        return snapshot_order(&j->base, out);
    j->ordered_ns = now.mono_ns;
    return true;
}

static void count_sync(struct journal *j, int64_t took_ns)
{
    j->syncs++;
    j->sync_last_ns = took_ns;
    if (j->sync_longest_ns < took_ns)
        j->sync_longest_ns = took_ns;
}

void journal_done(struct journal *j, const struct journal_answer *a, struct instant now)
{
    if (a->file == JOURNAL_BASE) {
        snapshot_done(&j->base, a);
        return;
    }
    struct output *o = &j->out;
    bool writes = o->step == OUTPUT_WRITES, syncs = o->step == OUTPUT_SYNCS;
    bool durable = writes && o->durable;
    output_done(o, a);
    if (a->outcome == JOURNAL_DONE && writes) {
        j->writes++;
        j->written_bytes += a->bytes;
    }
    if (a->outcome == JOURNAL_DONE && (syncs || durable))
        count_sync(j, now.mono_ns - j->ordered_ns);
    if (o->no_room)
        is_full(j, now);
    else if (o->step == OUTPUT_FAILED)
        is_broken(j, now);
    else if (j->phase == PHASE_RUNS && writes && !j->hole)
        works(j, now);
    count_durable(j, now);
}

/* -- what it knows ----------------------------------------------------------------------------- */

static enum journal_state state_of(const struct journal *j)
{
    if (j->phase == PHASE_OVER)
        return JOURNAL_OVER;
    if (j->failing)
        return j->out.no_room && !j->hole ? JOURNAL_FULL : JOURNAL_BROKEN;
    return j->is_open ? JOURNAL_READY : JOURNAL_OPENS;
}

struct journal_status journal_status(const struct journal *j)
{
    struct journal_status s = {
        .state = state_of(j),
        .mode = j->how.mode,
        .since_ns = j->state_ns,
        .change = j->durable,
        .behind = store_change(j->store) - j->durable,
        .behind_since_ns = j->behind_ns,
        .log_bytes = j->logs_bytes + j->out.written_bytes,
        .base_bytes = j->base_bytes,
        .base_ns = j->base_ns,
        .syncs = j->syncs,
        .writes = j->writes,
        .written_bytes = j->written_bytes,
        .failures = j->failures,
        .sync_last_ns = j->sync_last_ns,
        .sync_longest_ns = j->sync_longest_ns,
        .found = j->found,
    };
    memcpy(s.why, j->why, sizeof s.why);
    return s;
}
