/* boxed.h — for tests: a copy of some bytes in a heap block of exactly their size.
 *
 * AddressSanitizer then reports a read past its end. Behind a string literal there is a NUL. */
#ifndef TESTS_UNIT_BOXED_H
#define TESTS_UNIT_BOXED_H

#include "core/base/span.h"
#include <stdlib.h>

/* The caller frees the copy with unbox. */
static inline struct span boxed(struct span s)
{
    char *at = malloc(s.len);
    if (s.len && !at)
        abort();
    if (s.len)
        memcpy(at, s.at, s.len);
    return (struct span){at, s.len};
}

static inline void unbox(struct span s)
{
    free((void *)s.at);
}

#endif
