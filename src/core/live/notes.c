/* notes.c — see notes.h.
 *
 * Holds always: each note of the list stands in the table once; an id's notes are counted in it, so
 * that it stays. */
#include "core/live/notes.h"
#include "core/base/invariant.h"
#include <stdlib.h>

static size_t note_bytes(const struct note *note)
{
    return NOTE_BYTES + watched_id_bytes(note->id->len);
}

static struct table_entry *entry_of(const struct notes *notes, const struct watched_id *id)
{
    struct table_entry *entry = table_find(&notes->table, id->hash);
    while (entry && ((struct note *)entry->value)->id != id)
        entry = table_next(&notes->table, entry);
    return entry;
}

struct note *notes_find(const struct notes *notes, const struct watched_id *id)
{
    struct table_entry *entry = entry_of(notes, id);
    return entry ? entry->value : NULL;
}

static void append(struct notes *notes, struct note *note)
{
    ASSERT(!notes->first == !notes->last);
    note->next = NULL;
    note->prev = notes->last;
    if (notes->last)
        notes->last->next = note;
    else
        notes->first = note;
    notes->last = note;
}

static void unlink_note(struct notes *notes, struct note *note)
{
    if (note->next)
        note->next->prev = note->prev;
    else
        notes->last = note->prev;
    if (note->prev)
        note->prev->next = note->next;
    else
        notes->first = note->next;
    ASSERT(!notes->first == !notes->last);
}

struct note *notes_add(struct notes *notes, struct watched_id *id, struct ids *ids)
{
    if (!table_reserve(&notes->table, 1))
        return NULL;
    struct note *note = malloc(sizeof *note);
    if (!note) {
        if (!notes->table.count)
            table_clear(&notes->table);
        return NULL;
    }
    *note = (struct note){.id = id};
    table_add(&notes->table, id->hash, note);
    append(notes, note);
    id->notes++;
    ids->notes++;
    notes->bytes += note_bytes(note);
    return note;
}

void notes_drop(struct notes *notes, struct note *note, struct ids *ids)
{
    struct table_entry *entry = entry_of(notes, note->id);
    ASSERT(entry && entry->value == note && note->id->notes > 0 && ids->notes > 0);
    table_remove(&notes->table, entry);
    unlink_note(notes, note);
    ASSERT(notes->bytes >= note_bytes(note));
    notes->bytes -= note_bytes(note);
    note->id->notes--;
    ids->notes--;
    ids_release(ids, note->id);
    free(note);
}

void notes_defer(struct notes *notes, struct note *note)
{
    unlink_note(notes, note);
    append(notes, note);
}

void notes_clear(struct notes *notes, struct ids *ids)
{
    while (notes->first)
        notes_drop(notes, notes->first, ids);
    ASSERT(notes->table.count == 0 && notes->bytes == 0);
}
