/* packed.h — position and time text, two characters a byte.
 *
 * Both are made of digits, + - and point. Together with the comma that keeps them apart these are 14
 * characters whose ASCII codes differ in their low four bits, so those bits are the packed form:
 *
 *     0..9  0x30..0x39 -> 0..9     +  0x2b -> 11     ,  0x2c -> 12     -  0x2d -> 13     .  0x2e -> 14
 *
 * Eight characters are worked on at a time, in one 64-bit word. Called by record. */
#ifndef CORE_PACKED_H
#define CORE_PACKED_H

#include <stddef.h>

/* Room behind a text and behind its packed form, so that whole words may be read and written. */
enum { PACKED_TEXT_SLACK = 7, PACKED_SLACK = 3 };

static inline size_t packed_bytes(size_t chars)
{
    return (chars + 1) / 2;
}

/* Pack `chars` characters of the alphabet above; others are a broken invariant.
 *
 * text  chars + PACKED_TEXT_SLACK bytes of room; the slack is overwritten
 * out   exactly packed_bytes(chars) bytes are written */
void packed_put(unsigned char *out, char *text, size_t chars);

/* Its inverse.
 *
 * in    packed_bytes(chars) bytes, and PACKED_SLACK readable ones
 * text  chars characters are written, and up to PACKED_TEXT_SLACK more */
void packed_get(const unsigned char *in, size_t chars, char *text);

#endif
