/* pool.h — blocks of memory of one size, which are reused.
 *
 * What a connection needs only for a while (a split line, unsent output) comes from a pool, so that
 * the hot path does not call malloc and an idle connection holds no block. The block given back
 * last is handed out first, because it is still in the cache. Holds always: spare_count is the
 * number of spare blocks, and at most spare_max. Called by node. */
#ifndef CORE_BASE_POOL_H
#define CORE_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
    size_t block_bytes; /* at least sizeof(void *) */
    unsigned spare_max; /* how many unused blocks are kept; more are freed */
    unsigned spare_count;
    void *spare; /* the first unused block; each begins with a pointer to the next */
    uint64_t beside_bytes; /* had from malloc instead, where a block would be too short */
    uint64_t lent; /* blocks handed out and not given back yet */
};

void pool_init(struct pool *p, size_t block_bytes, unsigned spare_max);
/* All blocks must have been given back (an ASSERT). */
void pool_deinit(struct pool *p);

/* A block with undefined content; NULL: out of memory. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *block);

/* Blocks have another size from now on. Those that are lent go back by pool_drop. */
void pool_resize(struct pool *p, size_t block_bytes);
/* As pool_put, of a block that was lent before the size changed. */
void pool_drop(struct pool *p, void *block);

/* So many bytes more, or fewer, are had from malloc for the same purpose. */
void pool_beside_more(struct pool *p, size_t bytes);
void pool_beside_less(struct pool *p, size_t bytes);

/* All bytes that are in use, blocks and those beside. */
static inline uint64_t pool_held(const struct pool *p)
{
    return p->lent * p->block_bytes + p->beside_bytes;
}

#endif
