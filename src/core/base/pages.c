/* pages.c — see pages.h. */
#include "core/base/pages.h"
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 }; /* the smallest; with larger pages the kernel refuses or rounds up */

/* The kernel takes whole pages: what else lies on the first and the last page is faulted in as
 * well, and not changed. */
void pages_have(void *at, size_t bytes)
{
    uintptr_t begin = (uintptr_t)at & ~(uintptr_t)(PAGE_BYTES - 1);
    (void)madvise((void *)begin, (uintptr_t)at + bytes - begin, MADV_POPULATE_WRITE);
}
