/* chunks.h — items of one size, addressed by 32-bit numbers, in chunks of at most 64 KiB.
 *
 * An array that grows without being copied: no call allocates or frees more than a chunk and a
 * block of pointers to chunks. What was allocated is kept until the end. It is used in one of two
 * ways: as a sparse table (chunks_have), or as a stock of items (chunks_reserve, chunks_take,
 * chunks_give). Called by quadtree. */
#ifndef CORE_LIVE_CHUNKS_H
#define CORE_LIVE_CHUNKS_H

#include "core/base/span.h"
#include <stddef.h>
#include <stdint.h>

enum {
    CHUNKS_BYTES_MAX = 1 << 16, /* of a chunk */
    CHUNKS_BLOCK_SHIFT = 10,    /* 2^so many pointers to chunks in a block */
    CHUNKS_BLOCKS = 512,
};

struct chunks {
    void **blocks[CHUNKS_BLOCKS];
    size_t item_bytes;
    unsigned shift; /* 2^so many items in a chunk */
    uint32_t items_max;
    uint32_t chunks_count; /* of a stock: allocated, from 0 on */
    uint32_t fresh; /* of a stock: the first number never taken */
    uint32_t free_first; /* of those given back; each begins with the next one's number; 0: none */
    uint32_t free_count;
    size_t bytes; /* of all that is allocated */
};

/* item_bytes: at least 4 and a multiple of it. Numbers are below items_max. Number 0 is never
 * taken from a stock. */
void chunks_init(struct chunks *c, size_t item_bytes, unsigned shift, uint32_t items_max);
void chunks_deinit(struct chunks *c);

/* See to it that item `number` is there, all zero if it was not. false: out of memory, or the
 * number is too large; nothing changed. */
MUST_USE bool chunks_have(struct chunks *c, uint32_t number);

/* The next `count` calls of chunks_take will succeed. false: out of memory or of numbers. */
MUST_USE bool chunks_reserve(struct chunks *c, uint32_t count);

/* An item that was reserved; its content is what the last owner left. */
uint32_t chunks_take(struct chunks *c);
void chunks_give(struct chunks *c, uint32_t number);

/* Item `number`, which is there. shift and item_bytes are those of chunks_init: constants, where
 * this is inlined. */
static inline void *chunks_item(
    const struct chunks *c, size_t item_bytes, unsigned shift, uint32_t number)
{
    uint32_t chunk = number >> shift;
    char *at = c->blocks[chunk >> CHUNKS_BLOCK_SHIFT][chunk & ((1u << CHUNKS_BLOCK_SHIFT) - 1)];
    return at + (number & ((1u << shift) - 1)) * item_bytes;
}

/* The same; NULL: it is not there. */
static inline void *chunks_item_if(
    const struct chunks *c, size_t item_bytes, unsigned shift, uint32_t number)
{
    uint32_t chunk = number >> shift;
    if (number >= c->items_max || !c->blocks[chunk >> CHUNKS_BLOCK_SHIFT] ||
        !c->blocks[chunk >> CHUNKS_BLOCK_SHIFT][chunk & ((1u << CHUNKS_BLOCK_SHIFT) - 1)])
        return NULL;
    return chunks_item(c, item_bytes, shift, number);
}

#endif
