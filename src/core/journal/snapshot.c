/* snapshot.c — see snapshot.h. */
#include "core/journal/snapshot.h"
#include "core/base/invariant.h"
#include "core/journal/names.h"
#include <stdio.h>

static bool is_idle(const struct snapshot *s)
{
    return s->out.step == OUTPUT_IDLE;
}

void snapshot_begin(struct snapshot *s, const struct file_header *h, uint64_t until)
{
    ASSERT(s->state == SNAPSHOT_NONE && h->kind == FILE_BASE);
    struct journal_name name = journal_name_of(FILE_BASE, h->seq, true);
    output_begin(&s->out, name.text, h, 0);
    store_cursor_rewind(s->store, s->cursor);
    s->seq = h->seq;
    s->until = until;
    s->sealed = s->removing = s->removing_own = false;
    s->named = s->stands = false;
    s->failed[0] = '\0';
    s->state = SNAPSHOT_COPIES;
}

void snapshot_leave(struct snapshot *s, const char *why)
{
    ASSERT(s->state != SNAPSHOT_NONE);
    if (s->state == SNAPSHOT_LEAVES)
        return;
    if (why)
        snprintf(s->failed, sizeof s->failed, "%s", why);
    s->state = SNAPSHOT_LEAVES;
}

/* -- copying ----------------------------------------------------------------------------------- */

/* Whether all that is to be in it was put. */
static bool copy_some(struct snapshot *s, struct instant now)
{
    struct feed_item item;
    struct stamp_text text;
    for (unsigned i = 0; i < s->items; i++) {
        if (!store_cursor_peek(s->store, s->cursor, &item, &text) || item.change > s->until)
            return true;
        if (!output_put(&s->out, &item, now)) {
            output_write(&s->out, &(struct writer_last){0}, item.change - 1, 0, false, false, now);
            return false;
        }
        store_cursor_pass(s->store, s->cursor);
    }
    return false;
}

static void copy(struct snapshot *s, struct instant now)
{
    if (!is_idle(s) || !output_fills(&s->out))
        return;
    if (s->sealed) {
        s->state = SNAPSHOT_SEALED;
        output_sync(&s->out);
    } else if (copy_some(s, now)) {
        struct writer_last seal = {.flags = BLOCK_SEAL, .clock_ns = now.real_ns};
        s->moved = store_change(s->store);
        s->sealed = true;
        output_write(&s->out, &seal, s->until, 0, false, false, now);
    }
}

/* -- names ------------------------------------------------------------------------------------- */

static void name_it(struct snapshot *s)
{
    struct journal_name from = journal_name_of(FILE_BASE, s->seq, true);
    struct journal_name to = journal_name_of(FILE_BASE, s->seq, false);
    s->state = SNAPSHOT_NAMES;
    s->named = true;
    output_ask(&s->out, JOURNAL_RENAME, from.text, to.text);
}

/* Renamed, and then that was made durable. */
static void named(struct snapshot *s)
{
    if (s->out.ask == JOURNAL_RENAME)
        output_ask(&s->out, JOURNAL_SYNC_FOLDER, "", "");
    else
        s->state = SNAPSHOT_CLEARS;
}

/* The next of the older files, or the end. What cannot be removed goes with the next base. */
static void clear(struct snapshot *s, bool failed)
{
    if (s->removing && !failed)
        s->older_count--;
    s->removing = s->older_count > 0 && !failed;
    if (!s->removing) {
        output_close(&s->out);
        return;
    }
    const struct found_file *f = &s->older[s->older_count - 1];
    struct journal_name name = journal_name_of(f->kind, f->seq, false);
    output_ask(&s->out, JOURNAL_REMOVE, name.text, "");
}

static void stand(struct snapshot *s)
{
    ASSERT(s->named);
    s->stands = true;
    s->state = SNAPSHOT_NONE;
}

/* Close the file, then remove it: on a full disk it is in the way of the log. */
static void leave(struct snapshot *s)
{
    struct output *o = &s->out;
    if (o->ordered)
        return;
    if (o->is_open && o->step != OUTPUT_CLOSES) {
        output_close(o);
    } else if (!o->is_open && !s->removing_own) {
        struct journal_name own = journal_name_of(FILE_BASE, s->seq, true);
        s->removing_own = true;
        output_close(o);
        output_ask(o, JOURNAL_REMOVE, own.text, "");
    } else if (!o->is_open) {
        output_close(o); /* also where it could not be removed: the next start does it */
        s->state = SNAPSHOT_NONE;
    }
}

/* -- the door ---------------------------------------------------------------------------------- */

void snapshot_turn(struct snapshot *s, uint64_t log_durable, struct instant now)
{
    bool failed = s->out.step == OUTPUT_FAILED || s->out.no_room;
    if (s->state >= SNAPSHOT_COPIES && s->state <= SNAPSHOT_NAMES && failed)
        snapshot_leave(s, s->out.why);
    switch (s->state) {
    case SNAPSHOT_NONE:
        return;
    case SNAPSHOT_COPIES:
        copy(s, now);
        return;
    case SNAPSHOT_SEALED:
        if (is_idle(s) && log_durable > s->moved)
            name_it(s);
        return;
    case SNAPSHOT_NAMES:
        if (is_idle(s))
            named(s);
        return;
    case SNAPSHOT_CLEARS:
        if (is_idle(s) || failed)
            clear(s, failed);
        else if (s->out.step == OUTPUT_CLOSED)
            stand(s);
        return;
    case SNAPSHOT_LEAVES:
        leave(s);
        return;
    }
}

bool snapshot_goes_on(const struct snapshot *s)
{
    return (s->state == SNAPSHOT_COPIES || s->state == SNAPSHOT_CLEARS) && is_idle(s);
}

bool snapshot_order(struct snapshot *s, struct journal_order *out)
{
    return s->state != SNAPSHOT_NONE && output_order(&s->out, out);
}

void snapshot_done(struct snapshot *s, const struct journal_answer *a)
{
    output_done(&s->out, a);
}
