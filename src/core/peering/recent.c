/* recent.c — see recent.h.
 *
 * The hash itself says which line, by its low bits, and what is kept there, its high half:
 * stamp_hash is mixed well. Somebody who makes stamps that crowd one line makes that line forget,
 * and no other. */
#include "core/peering/recent.h"
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
    pages_have(r->lines, bytes); /* hashes fall anywhere, so nearly each would wait for a page */
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

/* An empty place holds 0, so nothing is remembered under that. */
static uint32_t tag_of(uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    return tag ? tag : 1;
}

/* The place of `tag`, or RECENT_WAYS. */
static unsigned place_of(const uint32_t *tags, uint32_t tag)
{
    unsigned place = 0;
    while (place < RECENT_WAYS && tags[place] != tag)
        place++;
    return place;
}

void recent_prefetch(const struct recent *r, uint64_t hash)
{
    __builtin_prefetch(tags_of(r, hash), 1);
}

bool recent_has(const struct recent *r, uint64_t hash)
{
    return place_of(tags_of(r, hash), tag_of(hash)) < RECENT_WAYS;
}

bool recent_note(struct recent *r, uint64_t hash)
{
    uint32_t *tags = tags_of(r, hash), tag = tag_of(hash);
    unsigned place = place_of(tags, tag);
    unsigned older = place < RECENT_WAYS ? place : RECENT_WAYS - 1; /* makes room at the front */
    memmove(tags + 1, tags, older * sizeof *tags);
    tags[0] = tag;
    return place == RECENT_WAYS;
}
