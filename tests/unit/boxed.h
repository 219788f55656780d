/* boxed.h — for tests: bytes in a block of exactly their size.
 *
 * A read past either end is then seen by AddressSanitizer, which a string literal would hide. */
#ifndef TESTS_UNIT_BOXED_H
#define TESTS_UNIT_BOXED_H

#include "core/base/span.h"
#include <stdlib.h>

/* A copy of `s`; the caller frees it with unbox. */
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
