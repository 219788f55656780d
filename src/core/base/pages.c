/* pages.c — see pages.h. */
#include "core/base/pages.h"
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 }; /* the least; where pages are larger the kernel refuses, or rounds up */

/* The kernel wants whole pages: what else lies on the first and the last one is touched as well,
 * and not changed. */
void pages_have(void *at, size_t bytes)
{
    uintptr_t begin = (uintptr_t)at & ~(uintptr_t)(PAGE_BYTES - 1);
    (void)madvise((void *)begin, (uintptr_t)at + bytes - begin, MADV_POPULATE_WRITE);
}
