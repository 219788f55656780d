/* bases.c — see bases.h. */
#include "core/journal/bases.h"
#include "core/journal/log_life.h"
#include "core/journal/say.h"

/* Whether what is behind the base has become too much. */
static bool is_long(const struct journal *j)
{
    uint64_t bytes = j->logs_bytes + j->out.written.bytes;
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
    if (!j->base_again.pause_ns)
        say_base_failed(j->log, j->base.failed, now);
    retry_later(&j->base_again, JOURNAL_BROKEN_LAST_MS, now);
}

/* It is there, and nothing older. */
static void base_stands(struct journal *j, struct instant now)
{
    const struct output *o = &j->base.out;
    goes_later(j, FILE_BASE, j->base.seq, o->written.bytes);
    j->base_bytes = o->written.bytes;
    j->logs_bytes = 0;
    j->logs = 0;
    j->base_wanted = false;
    if (j->hole)
        log_life_works(j, now);
    j->hole = false;
    log_life_count(j, now); /* replies that waited for the base go out in this turn */
    j->base_again = (struct retry){0};
    j->base_ns = now.mono_ns;
    say_base(j->log, journal_name_of(FILE_BASE, j->base.seq, false).text, o->writer.count,
        o->written.bytes, now);
}

/* There is a base under way. */
static void go_on(struct journal *j, struct instant now)
{
    struct snapshot *s = &j->base;
    if (j->stopping && s->state != SNAPSHOT_CLEARS) /* that is soon over */
        snapshot_leave(s, NULL);
    snapshot_turn(s, log_life_for_base(j), now);
    if (s->state != SNAPSHOT_NONE)
        return;
    unsigned since = j->files_count - j->files_before; /* logs that have broken */
    memmove(j->files + s->older_count, j->files + j->files_before, since * sizeof *j->files);
    j->files_count = s->older_count + since;
    if (s->stands)
        base_stands(j, now);
    else if (s->named)
        goes_later(j, FILE_BASE, s->seq, s->out.written.bytes);
    if (s->failed[0])
        base_failed(j, now);
}

void bases_turn(struct journal *j, struct instant now)
{
    if (j->base.state != SNAPSHOT_NONE)
        go_on(j, now);
    if (j->base.state != SNAPSHOT_NONE) /* the log may have become too long meanwhile */
        return;
    bool runs = j->phase == PHASE_RUNS && !j->stopping && now.mono_ns >= j->base_again.at_ns;
    if (runs && j->base_wanted)
        begin_base(j, now);
    else if (runs && is_long(j))
        j->phase = PHASE_TURNS;
}

int64_t bases_deadline(const struct journal *j)
{
    bool begins = j->base_wanted && j->base.state == SNAPSHOT_NONE && j->phase == PHASE_RUNS &&
                  !j->stopping;
    if (snapshot_goes_on(&j->base))
        return 0;
    return begins ? j->base_again.at_ns : NEVER_NS;
}
