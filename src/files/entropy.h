/* entropy.h — bytes that nobody can guess. */
#ifndef FILES_ENTROPY_H
#define FILES_ENTROPY_H

#include <stddef.h>

/* Fill from getrandom(2); ends the program with a sentence when the kernel has none to give. */
void entropy_fill(void *out, size_t bytes);

#endif
