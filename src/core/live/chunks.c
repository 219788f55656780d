/* chunks.c — see chunks.h. Holds always: a stock's chunks are the first chunks_count; what was
 * given back is below `fresh`, and free_count of it are in the list. */
#include "core/live/chunks.h"
#include "core/base/invariant.h"
#include "core/base/pages.h"
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_CHUNKS = 1 << CHUNKS_BLOCK_SHIFT,
    ALIGNMENT = 64, /* a cache line */
};

void chunks_init(struct chunks *c, size_t item_bytes, unsigned shift, uint32_t items_max)
{
    ASSERT(item_bytes >= sizeof(uint32_t) && item_bytes % sizeof(uint32_t) == 0);
    ASSERT(item_bytes << shift <= CHUNKS_BYTES_MAX && (item_bytes << shift) % ALIGNMENT == 0);
    ASSERT(items_max >> shift < (uint32_t)CHUNKS_BLOCKS << CHUNKS_BLOCK_SHIFT);
    *c = (struct chunks){.item_bytes = item_bytes, .shift = shift, .items_max = items_max};
    c->fresh = 1;
}

void chunks_deinit(struct chunks *c)
{
    for (unsigned i = 0; i < CHUNKS_BLOCKS; i++) {
        for (unsigned j = 0; j < BLOCK_CHUNKS && c->blocks[i]; j++)
            free(c->blocks[i][j]);
        free(c->blocks[i]);
    }
}

bool chunks_have(struct chunks *c, uint32_t number)
{
    if (number >= c->items_max)
        return false;
    uint32_t chunk = number >> c->shift;
    void ***block = &c->blocks[chunk >> CHUNKS_BLOCK_SHIFT];
    if (!*block) {
        *block = calloc(BLOCK_CHUNKS, sizeof **block);
        if (!*block)
            return false;
        c->bytes += BLOCK_CHUNKS * sizeof **block;
    }
    void **at = &(*block)[chunk & (BLOCK_CHUNKS - 1)];
    if (*at)
        return true;
    size_t bytes = c->item_bytes << c->shift;
    void *memory = aligned_alloc(ALIGNMENT, bytes);
    if (!memory)
        return false;
    pages_have(memory, bytes);
    memset(memory, 0, bytes);
    c->bytes += bytes;
    *at = memory;
    return true;
}

/* -- a stock of items -------------------------------------------------------------------------- */

bool chunks_reserve(struct chunks *c, uint32_t count)
{
    ASSERT(c->fresh >= 1 && c->fresh <= c->items_max);
    while (c->free_count + ((uint64_t)c->chunks_count << c->shift) < (uint64_t)c->fresh + count) {
        if (!chunks_have(c, c->chunks_count << c->shift))
            return false;
        c->chunks_count++;
    }
    return true;
}

static uint32_t *link_of(const struct chunks *c, uint32_t number)
{
    return chunks_item(c, c->item_bytes, c->shift, number);
}

uint32_t chunks_take(struct chunks *c)
{
    uint32_t number = c->free_first;
    if (number) {
        ASSERT(c->free_count > 0 && number < c->fresh);
        c->free_first = *link_of(c, number);
        c->free_count--;
    } else {
        number = c->fresh++;
        ASSERT(number < (uint64_t)c->chunks_count << c->shift); /* it was reserved */
    }
    return number;
}

void chunks_give(struct chunks *c, uint32_t number)
{
    ASSERT(number && number < c->fresh && number != c->free_first);
    *link_of(c, number) = c->free_first;
    c->free_first = number;
    c->free_count++;
}
