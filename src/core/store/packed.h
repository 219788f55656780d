/* packed.h — position text, two characters a byte.
 *
 * It is made of digits, + - and point: 13 characters whose ASCII codes differ in their low four
 * bits, so those bits are the packed form:
 *
 *     0..9  0x30..0x39 -> 0..9     +  0x2b -> 11     -  0x2d -> 13     .  0x2e -> 14
 *
 * Eight characters are worked on at a time, in one 64-bit word. Called by record. */
#ifndef CORE_STORE_PACKED_H
#define CORE_STORE_PACKED_H

#include "core/base/span.h"

enum { PACKED_SLACK = 3 }; /* readable bytes that must follow a packed text */

static inline size_t packed_bytes(size_t characters)
{
    return (characters + 1) / 2;
}

/* Pack a text into packed_bytes(text.len) bytes. A character from outside the alphabet is a broken
 * invariant. */
void packed_put(unsigned char *out, struct span text);

/* Its inverse. Writes `characters` rounded up to a multiple of eight, those behind without
 * meaning. */
void packed_get(const unsigned char *in, size_t characters, char *text);

#endif
