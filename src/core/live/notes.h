/* notes.h — which ids a watch that is BEHIND has to be told of.
 *
 * A note says nothing of what has changed, which the store knows: only what its watch was told last
 * of the id, and since when. So an id that changes a thousand times is one note. Notes are taken
 * oldest first. Called by watches and catch_up. */
#ifndef CORE_LIVE_NOTES_H
#define CORE_LIVE_NOTES_H

#include "core/live/ids.h"

struct note {
    struct note *next, *prev;
    struct watched_id *id;
    uint64_t since; /* the store's last change number when it was noted */
    bool within; /* it was told as within the fence, or, by a watch of everything, as held */
};

struct notes {
    struct note *first, *last;
    struct table table;
    size_t bytes; /* of notes and their ids' texts */
};

/* What a note takes in memory, its share of the table included and its id not. */
#define NOTE_BYTES (sizeof(struct note) + 2 * sizeof(struct table_entry))

/* Whether the id has left the store since it was told as within. */
static inline bool note_is_gone(const struct note *n)
{
    return n->within && n->id->left >= n->since;
}

static inline uint32_t notes_count(const struct notes *notes)
{
    return notes->table.count;
}

/* NULL: it is not noted. */
struct note *notes_find(const struct notes *notes, const struct watched_id *id);
/* Note an id that is not noted yet. NULL: out of memory. */
struct note *notes_add(struct notes *notes, struct watched_id *id, struct ids *ids);
void notes_drop(struct notes *notes, struct note *note, struct ids *ids);
/* It comes last from now on. */
void notes_defer(struct notes *notes, struct note *note);
void notes_clear(struct notes *notes, struct ids *ids);

#endif
