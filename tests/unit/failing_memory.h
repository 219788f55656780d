/* failing_memory.h — for tests: an allocator whose n-th allocation fails.
 *
 * A program that links with failing_memory.c has malloc, calloc, realloc, aligned_alloc and free
 * replaced at link time (--wrap, see CMakeLists.txt). A test runs the same session for n = 1, 2, 3,
 * ... until one needs fewer than n allocations, and expects that every failure is survived and that
 * nothing leaks. cJSON is a shared library: the linker cannot replace its allocations; a test that
 * wants them to fail sets cJSON's hooks. The simulator has an allocator of its own (sim/memory.h):
 * there each node has an account and failures are random. */
#ifndef TESTS_UNIT_FAILING_MEMORY_H
#define TESTS_UNIT_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct failing_memory {
    int allocations; /* attempts since memory_fails */
    int fails_at; /* 0: none fails */
    bool fails_on;
    int blocks_held; /* allocated and not freed */
    size_t bytes_held;
    size_t bytes_most; /* the largest bytes_held so far */
};

extern struct failing_memory heap;

/* The allocation number `at`, counted from 1 from now on, fails; with `and_all_after` so does every
 * later one. */
void memory_fails(int at, bool and_all_after);

/* No allocation fails any more. Returns how many were attempted since memory_fails. */
int memory_recovers(void);

/* The C library's, for what a test itself allocates: neither counted nor failing. */
void *__real_malloc(size_t bytes);
void __real_free(void *block);

#endif
