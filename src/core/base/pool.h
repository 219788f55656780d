/* pool.h — blocks of one size, used again.
 *
 * Whatever a connection holds only for a while (a split line, unsent output) comes from here, so
 * that the hot path does not allocate and an idle connection holds nothing. The block given back
 * last is handed out first: it is still in the cache. */
#ifndef CORE_BASE_POOL_H
#define CORE_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
    size_t block_bytes; /* at least sizeof(void *) */
    unsigned spare_max; /* unused blocks that are kept; more go back to malloc */
    unsigned spare_count;
    void *spare;
    uint64_t lent; /* blocks handed out and not yet back */
};

void pool_init(struct pool *p, size_t block_bytes, unsigned spare_max);
/* All blocks must be back (an ASSERT). */
void pool_deinit(struct pool *p);

/* A block, its content undefined; NULL when memory is out. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *block);

#endif
