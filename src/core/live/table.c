/* table.c — see table.h.
 *
 * Holds always: room is 0 or a power of two, and at least twice count; between the entry where a
 * key belongs and the one where it stands, none is empty. */
#include "core/live/table.h"
#include "core/base/invariant.h"
#include <stdlib.h>

enum { ROOM_MIN = 8 };

static void put(struct table *t, uint64_t key, void *value)
{
    uint32_t i = (uint32_t)key & (t->room - 1);
    while (t->entries[i].value)
        i = (i + 1) & (t->room - 1);
    t->entries[i] = (struct table_entry){key, value};
}

bool table_reserve(struct table *t, uint32_t more)
{
    ASSERT(t->count <= UINT32_MAX / 4 && more <= UINT32_MAX / 4 - t->count);
    uint32_t room = t->room ? t->room : ROOM_MIN;
    while (room / 2 < t->count + more)
        room *= 2;
    if (room == t->room)
        return true;
    struct table grown = {calloc(room, sizeof *grown.entries), room, t->count};
    if (!grown.entries)
        return false;
    for (uint32_t i = 0; i < t->room; i++)
        if (t->entries[i].value)
            put(&grown, t->entries[i].key, t->entries[i].value);
    free(t->entries);
    *t = grown;
    return true;
}

void table_add(struct table *t, uint64_t key, void *value)
{
    ASSERT(value && t->count < t->room / 2);
    put(t, key, value);
    t->count++;
}

void table_remove(struct table *t, struct table_entry *entry)
{
    ASSERT(t->count > 0 && entry->value);
    uint32_t hole = (uint32_t)(entry - t->entries), mask = t->room - 1;
    ASSERT(hole < t->room);
    for (uint32_t i = (hole + 1) & mask; t->entries[i].value; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)t->entries[i].key & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* it belongs behind the hole */
        t->entries[hole] = t->entries[i];
        hole = i;
    }
    t->entries[hole] = (struct table_entry){0};
    if (--t->count == 0)
        table_clear(t);
}

void table_clear(struct table *t)
{
    free(t->entries);
    *t = (struct table){0};
}
