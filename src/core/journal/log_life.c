/* log_life.c — see log_life.h. */
#include "core/journal/log_life.h"
#include "core/base/invariant.h"
#include "core/journal/say.h"
#include <stdio.h>

void log_life_begin(struct journal *j, uint64_t change, struct instant now)
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

/* -- what went wrong --------------------------------------------------------------------------- */

static void fails(struct journal *j, struct instant now)
{
    snprintf(j->why, sizeof j->why, "%s", j->out.why);
    j->counts.failures++;
    if (j->failing)
        return;
    j->failing = true;
    j->state_ns = now.mono_ns;
}

void log_life_works(struct journal *j, struct instant now)
{
    if (!j->failing)
        return;
    say_works_again(j->log, now.mono_ns - j->state_ns, now);
    j->failing = false;
    j->why[0] = '\0';
    j->again = (struct retry){0};
    j->state_ns = now.mono_ns;
}

/* The log has come to its end: what is durable of it is believed. */
static void keep_file(struct journal *j)
{
    const struct reached *at = &j->out.synced;
    heads_log_ended(&j->heads, at->bytes, at->change, at->crc);
    goes_later(j, FILE_LOG, heads_seq(&j->heads), at->bytes);
    j->logs_bytes += at->bytes;
    j->logs++;
}

/* No room: the same bytes go to the same place, later. */
static void is_full(struct journal *j, struct instant now)
{
    if (!j->failing)
        say_full(j->log, j->out.name, j->out.why, now);
    fails(j, now);
    retry_later(&j->again, JOURNAL_FULL_LAST_MS, now);
}

/* What the log says is believed up to its last good sync. */
static void is_broken(struct journal *j, struct instant now)
{
    if (!j->failing || j->phase == PHASE_RUNS)
        say_broken(j->log, j->out.name, j->out.why, now);
    fails(j, now);
    retry_later(&j->again, JOURNAL_BROKEN_LAST_MS, now);
    if (j->phase == PHASE_OPENS) /* no later log names it, so that nobody reads it */
        goes_later(j, FILE_LOG, heads_seq(&j->heads), 0);
    else
        keep_file(j);
    j->hole = true;
    j->phase = PHASE_BREAKS;
    output_close(&j->out);
    if (j->base.state != SNAPSHOT_NONE)
        snapshot_leave(&j->base, NULL);
}

/* -- what is durable --------------------------------------------------------------------------- */

void log_life_count(struct journal *j, struct instant now)
{
    if (!j->hole && j->durable < j->out.synced.whole) {
        j->durable = j->out.synced.whole;
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
    return j->out.written.bytes > j->out.synced.bytes;
}

uint64_t log_life_for_base(const struct journal *j)
{
    return j->out.synced.ends ? j->out.synced.whole + 1 : 0;
}

static bool base_waits(const struct journal *j)
{
    return j->base.state == SNAPSHOT_SEALED && log_life_for_base(j) <= j->base.moved;
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

void log_life_write(struct journal *j, const struct writer_last *last, struct instant now)
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
    bool ended = j->ended && j->ended_change == o->end.change;
    if (!o->writer.open)
        return at_end && !ended && (j->stopping || base_waits(j) || j->whole < o->end.change);
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
        log_life_write(j, &(struct writer_last){0}, now);
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
        log_life_write(j, &(struct writer_last){0}, now);
    } else if (unsynced(j)) {
        output_sync(&j->out);
    } else {
        ASSERT(j->out.synced.change == j->out.written.change);
        keep_file(j);
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
        log_life_works(j, now);
}

static void closed(struct journal *j, struct instant now)
{
    if (j->phase == PHASE_TURNS) {
        j->base_wanted = true;
        log_life_begin(j, j->out.synced.change, now);
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
    } else if (now.mono_ns >= j->again.at_ns) {
        j->whole = store_change(j->store); /* when there is a base of it */
        store_cursor_seek(j->store, j->cursor, j->whole);
        log_life_begin(j, j->whole, now);
    }
}

bool log_life_turn(struct journal *j, struct instant now)
{
    struct output *o = &j->out;
    bool at_end = j->phase == PHASE_RUNS && fill(j, now);
    if (o->no_room && j->stopping) {
        j->phase = PHASE_ENDS;
        output_close(o);
    } else if (o->no_room && now.mono_ns >= j->again.at_ns) {
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

static void count_sync(struct journal_counts *c, int64_t took_ns)
{
    c->syncs++;
    c->sync_last_ns = took_ns;
    if (c->sync_longest_ns < took_ns)
        c->sync_longest_ns = took_ns;
}

void log_life_done(struct journal *j, const struct journal_answer *a, struct instant now)
{
    struct output *o = &j->out;
    bool writes = o->step == OUTPUT_WRITES, syncs = o->step == OUTPUT_SYNCS;
    bool durable = writes && o->durable;
    output_done(o, a);
    if (a->outcome == JOURNAL_DONE && writes) {
        j->counts.writes++;
        j->counts.written_bytes += a->bytes;
    }
    if (a->outcome == JOURNAL_DONE && (syncs || durable))
        count_sync(&j->counts, now.mono_ns - j->ordered_ns);
    if (o->no_room)
        is_full(j, now);
    else if (o->step == OUTPUT_FAILED)
        is_broken(j, now);
    else if (j->phase == PHASE_RUNS && writes && !j->hole)
        log_life_works(j, now);
    log_life_count(j, now);
}

int64_t log_life_deadline(const struct journal *j)
{
    const struct output *o = &j->out;
    bool idle = o->step == OUTPUT_IDLE;
    if (idle && (j->stopping || j->phase == PHASE_TURNS))
        return 0;
    int64_t soonest = o->no_room || j->phase == PHASE_RESTS ? j->again.at_ns : NEVER_NS;
    if (idle && o->writer.open)
        soonest = earlier_ns(soonest, o->filled_ns + JOURNAL_WRITE_MS * MS_NS);
    if (idle && j->how.mode == JOURNAL_INTERVAL && unsynced(j))
        soonest = earlier_ns(soonest, j->synced_ns + (int64_t)j->how.flush_ns);
    if (idle && j->phase == PHASE_RUNS)
        soonest = earlier_ns(soonest, j->look_ns);
    return soonest;
}
