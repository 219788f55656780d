/* packed.h — the text of a position, packed two characters to a byte.
 *
 * Such a text is made of digits, +, - and the point: 13 characters whose ASCII codes differ in
 * their low four bits, so those bits are the packed form:
 *
 *     0..9  0x30..0x39 -> 0..9     +  0x2b -> 11     -  0x2d -> 13     .  0x2e -> 14
 *
 * The first character of a pair is in the low half. Called by the records of store and journal. */
#ifndef CORE_BASE_PACKED_H
#define CORE_BASE_PACKED_H

#include "core/base/span.h"

enum { PACKED_SLACK = 3 }; /* readable bytes that must follow a packed text */

static inline size_t packed_bytes(size_t characters)
{
    return (characters + 1) / 2;
}

/* Pack a text into packed_bytes(text.len) bytes. It must not hold any other character (an ASSERT).
 */
void packed_put(unsigned char *out, struct span text);

/* Unpack `characters` characters. Reads up to PACKED_SLACK bytes too many, and writes a multiple of
 * eight characters, the last of them undefined. */
void packed_get(const unsigned char *in, size_t characters, char *text);

#endif
