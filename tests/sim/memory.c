/* memory.c — see memory.h. */
#include "sim/memory.h"
#include <malloc.h>
#include <string.h>

#ifdef __has_feature /* clang's way to ask */
#if __has_feature(address_sanitizer) && !defined __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { SLACK_BYTES = 0 }; /* none more than was asked for */
/* Everything that ends a run must end in SIGABRT, whose handler prints the seed. Freed blocks stay
 * poisoned for some turns, not for the whole run: that is twice as fast. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:malloc_context_size=10:abort_on_error=1:"
           "allocator_release_to_os_interval_ms=-1";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}
#else
enum { SLACK_BYTES = 8192 }; /* malloc rounds up to pages */
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

enum {
    CACHE_MAX = 1024,
    CACHED_BYTES_MIN = 1 << 15,
};

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *block);

static struct account *account;
static struct {
    void *at;
    size_t bytes;
} cache[CACHE_MAX]; /* free blocks of at least CACHED_BYTES_MIN */
static unsigned cached;

struct account *memory_of(struct account *whose)
{
    struct account *before = account;
    account = whose;
    return before;
}

static bool fails(size_t bytes)
{
    if (!account || !account->fails_in || bytes < account->fails_from_bytes)
        return false;
    if (random_below(&account->dice, account->fails_in))
        return false;
    account->failed++;
    return true;
}

static void *taken(void *block)
{
    if (!block)
        abort(); /* the simulator itself is out of memory */
    if (account) {
        size_t bytes = malloc_usable_size(block);
        account->held_bytes += bytes < MEMORY_LARGE_BYTES ? bytes : 0;
        account->blocks++;
    }
    return block;
}

static void given_back(void *block)
{
    if (!account)
        return;
    size_t bytes = malloc_usable_size(block);
    account->held_bytes -= bytes < MEMORY_LARGE_BYTES ? bytes : 0;
    account->blocks--;
}

static void *from_cache(size_t alignment, size_t bytes)
{
    for (unsigned i = bytes < CACHED_BYTES_MIN ? 0 : cached; i-- > 0;) {
        if (cache[i].bytes < bytes || cache[i].bytes - bytes > SLACK_BYTES ||
            (uintptr_t)cache[i].at % alignment)
            continue;
        void *block = cache[i].at;
        ASAN_UNPOISON_MEMORY_REGION(block, cache[i].bytes);
        cache[i] = cache[--cached];
        return block;
    }
    return NULL;
}

static void *get(size_t bytes)
{
    void *block = from_cache(1, bytes);
    return block ? block : __real_malloc(bytes);
}

static void *get_aligned(size_t alignment, size_t bytes)
{
    void *block = from_cache(alignment, bytes);
    return block ? block : __real_aligned_alloc(alignment, bytes);
}

static void *get_zeroed(size_t bytes)
{
    void *block = from_cache(1, bytes);
    return block ? memset(block, 0, bytes) : __real_calloc(1, bytes);
}

void *memory_sure(size_t bytes)
{
    return taken(get(bytes));
}

void *__wrap_malloc(size_t bytes)
{
    return fails(bytes) ? NULL : taken(get(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(count, bytes, &all) || fails(all))
        return NULL;
    return taken(get_zeroed(all));
}

void *__wrap_realloc(void *block, size_t bytes)
{
    if (fails(bytes))
        return NULL;
    if (block)
        given_back(block);
    return taken(__real_realloc(block, bytes));
}

static void empty_cache(void)
{
    for (; cached; cached--) {
        ASAN_UNPOISON_MEMORY_REGION(cache[cached - 1].at, cache[cached - 1].bytes);
        __real_free(cache[cached - 1].at);
    }
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails(bytes) ? NULL : taken(get_aligned(alignment, bytes));
}

void __wrap_free(void *block)
{
    if (!block)
        return;
    given_back(block);
    size_t bytes = malloc_usable_size(block);
    if (bytes < CACHED_BYTES_MIN || cached == CACHE_MAX) {
        __real_free(block);
        return;
    }
    static bool told;
    if (!told)
        told = atexit(empty_cache) == 0; /* before LeakSanitizer looks at them */
    ASAN_POISON_MEMORY_REGION(block, bytes);
    cache[cached].at = block;
    cache[cached++].bytes = bytes;
}
