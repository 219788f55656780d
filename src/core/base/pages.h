/* pages.h — new memory, had from the kernel before it is written to.
 *
 * The first write to each page of new memory is a page fault: 12 us where a hypervisor shadows page
 * tables, and several on any machine. Many pages had in one call cost a fraction of that each.
 * Called by what grows, arena and id_index, and by recent. */
#ifndef CORE_BASE_PAGES_H
#define CORE_BASE_PAGES_H

#include <stddef.h>

enum { PAGES_STEP_BYTES = 1 << 16 }; /* to have so many costs some 10 us */

/* What lies from `at` on will be written to soon. Changes no byte. No more than a hint: where the
 * kernel has no memory, or is older than 5.14, the faults come one by one. */
void pages_have(void *at, size_t bytes);

#endif
