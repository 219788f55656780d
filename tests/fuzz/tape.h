/* tape.h — for fuzz targets: the input as a tape that says what happens next.
 *
 * Behind its end it says 0 for ever, so that a target need not look where it ends. */
#ifndef TESTS_FUZZ_TAPE_H
#define TESTS_FUZZ_TAPE_H

#include "core/base/span.h"
#include <stdint.h>

/* At most `bytes` of what is left; a view. */
static inline struct span tape_take(struct span *tape, size_t bytes)
{
    struct span taken = {tape->at, bytes < tape->len ? bytes : tape->len};
    *tape = span_from(*tape, taken.len);
    return taken;
}

static inline unsigned tape_byte(struct span *tape)
{
    struct span byte = tape_take(tape, 1);
    return byte.len ? (unsigned char)*byte.at : 0;
}

static inline unsigned tape_word(struct span *tape)
{
    unsigned high = tape_byte(tape);
    return high << 8 | tape_byte(tape);
}

#endif
