/* table.h — an open hash table from 64-bit keys to pointers.
 *
 * Keys are hashes already, or are mixed by their caller. Several entries may have one key; who
 * looks for one compares what they point to. Linear probing, at most half full; what is removed
 * leaves no trace. Called by ids, notes and fences. */
#ifndef CORE_LIVE_TABLE_H
#define CORE_LIVE_TABLE_H

#include "core/base/span.h"
#include <stdint.h>

struct table_entry {
    uint64_t key;
    void *value; /* NULL: the entry is empty */
};

struct table {
    struct table_entry *entries;
    uint32_t room; /* a power of two; 0: nothing was ever added, or all is removed */
    uint32_t count;
};

/* Make room for so many more. false: out of memory; nothing changed. */
MUST_USE bool table_reserve(struct table *t, uint32_t more);

/* Add an entry, for which room was reserved (an ASSERT). Entries may move. */
void table_add(struct table *t, uint64_t key, void *value);
/* Remove an entry. Others may move. */
void table_remove(struct table *t, struct table_entry *entry);
/* Free its memory, whatever it holds. */
void table_clear(struct table *t);

static inline size_t table_bytes(const struct table *t)
{
    return t->room * sizeof *t->entries;
}

/* The first entry with this key from index `i` on; NULL: there is none. */
static inline struct table_entry *table_from(const struct table *t, uint64_t key, uint32_t i)
{
    for (;; i++) {
        struct table_entry *entry = &t->entries[i & (t->room - 1)];
        if (!entry->value)
            return NULL;
        if (entry->key == key)
            return entry;
    }
}

static inline struct table_entry *table_find(const struct table *t, uint64_t key)
{
    return t->count ? table_from(t, key, (uint32_t)key) : NULL;
}

/* The next one with the same key. */
static inline struct table_entry *table_next(const struct table *t, const struct table_entry *entry)
{
    return table_from(t, entry->key, (uint32_t)(entry - t->entries) + 1);
}

#endif
