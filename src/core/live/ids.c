/* ids.c — see ids.h.
 *
 * Holds always: an id stands here once; outside of this room's calls, with a watch or a note. */
#include "core/live/ids.h"
#include "core/base/invariant.h"
#include <stdlib.h>

static struct table_entry *entry_of(const struct ids *ids, struct span id, uint64_t hash)
{
    struct table_entry *entry = table_find(&ids->table, hash);
    while (entry && !span_equal(watched_id_text(entry->value), id))
        entry = table_next(&ids->table, entry);
    return entry;
}

struct watched_id *ids_find(const struct ids *ids, struct span id, uint64_t hash)
{
    struct table_entry *entry = entry_of(ids, id, hash);
    return entry ? entry->value : NULL;
}

struct watched_id *ids_need(struct ids *ids, struct span id, uint64_t hash)
{
    ASSERT(id.len >= 1 && id.len <= UINT8_MAX);
    struct watched_id *known = ids_find(ids, id, hash);
    if (known)
        return known;
    if (!table_reserve(&ids->table, 1))
        return NULL;
    struct watched_id *added = malloc(watched_id_bytes(id.len));
    if (!added) {
        if (!ids->table.count)
            table_clear(&ids->table);
        return NULL;
    }
    *added = (struct watched_id){.hash = hash, .len = (uint8_t)id.len};
    memcpy(added->text, id.at, id.len);
    table_add(&ids->table, hash, added);
    ids->bytes += watched_id_bytes(id.len);
    return added;
}

void ids_release(struct ids *ids, struct watched_id *id)
{
    if (id->watches || id->notes)
        return;
    struct table_entry *entry = entry_of(ids, watched_id_text(id), id->hash);
    ASSERT(entry && entry->value == id);
    table_remove(&ids->table, entry);
    ASSERT(ids->bytes >= watched_id_bytes(id->len));
    ids->bytes -= watched_id_bytes(id->len);
    free(id);
}
