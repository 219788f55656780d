/* failing_memory.c — see failing_memory.h. */
#include "unit/failing_memory.h"
#include <malloc.h>

void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *block);

struct failing_memory heap;

void memory_fails(int at, bool and_all_after)
{
    heap.allocations = 0;
    heap.fails_at = at;
    heap.fails_on = and_all_after;
}

int memory_recovers(void)
{
    heap.fails_at = 0;
    return heap.allocations;
}

static bool fails(void)
{
    heap.allocations++;
    if (!heap.fails_at)
        return false;
    return heap.fails_on ? heap.allocations >= heap.fails_at
                           : heap.allocations == heap.fails_at;
}

static void *taken(void *block)
{
    if (!block)
        return NULL;
    heap.blocks_held++;
    heap.bytes_held += malloc_usable_size(block);
    if (heap.bytes_held > heap.bytes_most)
        heap.bytes_most = heap.bytes_held;
    return block;
}

static void given_back(void *block)
{
    if (!block)
        return;
    heap.blocks_held--;
    heap.bytes_held -= malloc_usable_size(block);
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : taken(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : taken(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *block, size_t bytes)
{
    if (fails())
        return NULL;
    given_back(block);
    return taken(__real_realloc(block, bytes));
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : taken(__real_aligned_alloc(alignment, bytes));
}

void __wrap_free(void *block)
{
    given_back(block);
    __real_free(block);
}
