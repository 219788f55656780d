/* pages.h — faults new memory in before it is written to.
 *
 * The first write to each page of new memory is a page fault, which takes some microseconds (12
 * where a hypervisor shadows page tables). To fault many pages in with one call takes a fraction of
 * that for each. Called by the store's arena and id_index, and by peering's recent. */
#ifndef CORE_BASE_PAGES_H
#define CORE_BASE_PAGES_H

#include <stddef.h>

enum { PAGES_STEP_BYTES = 1 << 16 }; /* so many bytes take some 10 us */

/* Fault in the `bytes` bytes from `at` on. Changes none of them. It is only a hint: if the kernel
 * has no memory, or is older than 5.14, the page faults come one by one, as without it. */
void pages_have(void *at, size_t bytes);

#endif
