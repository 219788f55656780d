/* snapshot.h — the base of a journal while it is written: what the store held at one change.
 *
 * A cursor of its own goes from the feed's head to the last item that is not in the log. Stamps
 * that move meanwhile are left out: they are in the log. So nothing is copied, nothing stands
 * still, and each change is written once.
 *
 *   state    event                                       next     does
 *   NONE     snapshot_begin                              COPIES   creates base-N.tmp
 *   COPIES   a buffer is full, or all items passed       COPIES   writes it; the last says SEAL
 *   COPIES   the last is written                         SEALED   syncs it
 *   SEALED   synced, and the log has all that had        NAMES    renames it to base-N
 *            moved, and an END, durably
 *   NAMES    renamed, and that is durable                CLEARS   removes all older files
 *   CLEARS   all removed, or one cannot be; closed       NONE
 *   others   no room, or failed                          LEAVES   removes base-N.tmp, closes it
 *   LEAVES   removed, closed                             NONE     snapshot_failed says why
 *
 * Holds always: nothing is removed before NAMES is over. Called by journal. */
#ifndef CORE_JOURNAL_SNAPSHOT_H
#define CORE_JOURNAL_SNAPSHOT_H

#include "core/journal/found.h"
#include "core/journal/output.h"

enum snapshot_state {
    SNAPSHOT_NONE,
    SNAPSHOT_COPIES,
    SNAPSHOT_SEALED,
    SNAPSHOT_NAMES,
    SNAPSHOT_CLEARS,
    SNAPSHOT_LEAVES,
};

struct snapshot {
    struct store *store;
    unsigned cursor;
    unsigned items; /* that are taken in one turn */
    enum snapshot_state state;
    struct output out;
    uint64_t seq;
    uint64_t until; /* the last change that is in it; what is later is in the log */
    uint64_t moved; /* SEALED: up to here the log has to be durable and whole */
    bool sealed; /* the span with SEAL was handed over */
    struct found_file *older; /* what goes when it is named; all of them */
    unsigned older_count;
    bool removing; /* CLEARS: the last of `older` is being removed */
    bool removing_own; /* LEAVES: base-N.tmp is */
    bool named; /* base-N is there, or may be */
    bool stands; /* it is, and durable; of `older` there is what could not be removed */
    char failed[128]; /* why the last one was given up; "": it was not */
};

/* h->kind is BASE; h->change_before is 0. `older` is the snapshot's until the state is NONE, when
 * those that were removed are gone from it. */
void snapshot_begin(struct snapshot *s, const struct file_header *h, uint64_t until);

/* log_durable  behind the change up to which the log has all, durably; 0: it has no END yet
 *
 * Each turn: takes what is next, at most s->items of the feed. */
void snapshot_turn(struct snapshot *s, uint64_t log_durable, struct instant now);

/* Whether snapshot_turn has more to do at once. */
bool snapshot_goes_on(const struct snapshot *s);

/* As output_order and output_done. */
MUST_USE bool snapshot_order(struct snapshot *s, struct journal_order *out);
void snapshot_done(struct snapshot *s, const struct journal_answer *a);

/* Give it up: NONE as soon as no order is under way. */
void snapshot_leave(struct snapshot *s, const char *why);

#endif
