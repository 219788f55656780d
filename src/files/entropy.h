/* entropy.h — bytes that nobody can guess. */
#ifndef FILES_ENTROPY_H
#define FILES_ENTROPY_H

#include <stddef.h>

/* Fill from getrandom(2); ends the program, with the reason on standard error, when that fails. */
void entropy_fill(void *out, size_t bytes);

#endif
