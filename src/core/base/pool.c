/* pool.c — see pool.h. Spare blocks are linked through their first bytes. */
#include "core/base/pool.h"
#include "core/base/invariant.h"
#include <stdlib.h>
#include <string.h>

void pool_init(struct pool *p, size_t block_bytes, unsigned spare_max)
{
    ASSERT(block_bytes >= sizeof(void *));
    *p = (struct pool){.block_bytes = block_bytes, .spare_max = spare_max};
}

static void free_spare(struct pool *p)
{
    ASSERT(p->spare_count <= p->spare_max);
    while (p->spare) {
        void *block = p->spare;
        memcpy(&p->spare, block, sizeof p->spare);
        free(block);
        p->spare_count--;
    }
    ASSERT(p->spare_count == 0);
}

void pool_deinit(struct pool *p)
{
    ASSERT(p->lent == 0 && p->beside_bytes == 0);
    free_spare(p);
}

void pool_resize(struct pool *p, size_t block_bytes)
{
    ASSERT(block_bytes >= sizeof(void *));
    if (block_bytes == p->block_bytes)
        return;
    free_spare(p);
    p->block_bytes = block_bytes;
}

void pool_drop(struct pool *p, void *block)
{
    ASSERT(p->lent > 0);
    p->lent--;
    free(block);
}

void *pool_get(struct pool *p)
{
    void *block = p->spare;
    if (block) {
        memcpy(&p->spare, block, sizeof p->spare);
        p->spare_count--;
    } else {
        block = malloc(p->block_bytes);
    }
    p->lent += block != NULL;
    return block;
}

void pool_put(struct pool *p, void *block)
{
    ASSERT(p->lent > 0);
    p->lent--;
    if (p->spare_count == p->spare_max) {
        free(block);
        return;
    }
    memcpy(block, &p->spare, sizeof p->spare);
    p->spare = block;
    p->spare_count++;
}

void pool_beside_more(struct pool *p, size_t bytes)
{
    p->beside_bytes += bytes;
}

void pool_beside_less(struct pool *p, size_t bytes)
{
    ASSERT(p->beside_bytes >= bytes);
    p->beside_bytes -= bytes;
}
