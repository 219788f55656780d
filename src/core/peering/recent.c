/* recent.c — see recent.h.
 *
 * The low bits of a hash choose its line, its high half is the tag that is kept there: stamp_hash
 * is well mixed. Whoever makes stamps that crowd one line makes that line forget, and no other.
 * Holds always: the number of lines is a power of two; a tag stands in its line once. */
#include "core/peering/recent.h"
#include "core/base/invariant.h"
#include "core/base/pages.h"
#include <stdlib.h>
#include <string.h>

enum { PER_LINE = 4 };

bool recent_init(struct recent *r, uint64_t count)
{
    uint64_t room = RECENT_MIN;
    while (room < count && room < RECENT_MAX)
        room *= 2;
    size_t bytes = room / PER_LINE * sizeof *r->lines;
    *r =
        (struct recent){.memory = calloc(1, bytes + sizeof *r->lines), .mask = room / PER_LINE - 1};
    if (!r->memory)
        return false;
    uintptr_t line = (uintptr_t)r->memory + sizeof *r->lines - 1;
    r->lines = (struct recent_line *)(line - line % sizeof *r->lines);
    ASSERT((r->mask & (r->mask + 1)) == 0);
    ASSERT((uintptr_t)r->lines % sizeof *r->lines == 0);
    pages_have(r->lines, bytes); /* hashes fall anywhere: nearly each would fault a page in */
    return true;
}

void recent_deinit(struct recent *r)
{
    free(r->memory);
}

static uint32_t *tags_of(const struct recent *r, uint64_t hash)
{
    return r->lines[hash & r->mask].tags;
}

/* An empty slot holds 0, so no hash has that tag. */
static uint32_t tag_of(uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    return tag ? tag : 1;
}

/* The slot of `tag`, or RECENT_WAYS. */
static unsigned slot_of(const uint32_t *tags, uint32_t tag)
{
    ASSERT(tag);
    unsigned slot = 0;
    while (slot < RECENT_WAYS && tags[slot] != tag)
        slot++;
    return slot;
}

void recent_prefetch(const struct recent *r, uint64_t hash)
{
    __builtin_prefetch(tags_of(r, hash), 1);
}

bool recent_has(const struct recent *r, uint64_t hash)
{
    return slot_of(tags_of(r, hash), tag_of(hash)) < RECENT_WAYS;
}

bool recent_note(struct recent *r, uint64_t hash)
{
    uint32_t *tags = tags_of(r, hash), tag = tag_of(hash);
    unsigned slot = slot_of(tags, tag);
    unsigned moved = slot < RECENT_WAYS ? slot : RECENT_WAYS - 1; /* to make room at the front */
    memmove(tags + 1, tags, moved * sizeof *tags);
    tags[0] = tag;
    return slot == RECENT_WAYS;
}
