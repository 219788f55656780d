/* word.h — eight bytes of text as one number, the first byte lowest, on every machine. */
#ifndef CORE_WORD_H
#define CORE_WORD_H

#include "core/span.h"
#include <stdint.h>

/* Times a byte: that byte, eight times. */
#define WORD_EACH_BYTE UINT64_C(0x0101010101010101)

static inline uint64_t word_load(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void word_store(void *at, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, sizeof word);
}

/* The last len % 8 bytes of a text, zeros above them. */
static inline uint64_t word_tail(struct span text)
{
    unsigned left = text.len % 8;
    if (left == 0)
        return 0;
    if (text.len > 8) /* one load that also reaches back into the word before */
        return word_load(text.at + text.len - 8) >> (64 - 8 * left);
    uint64_t word = 0;
    for (unsigned i = 0; i < left; i++)
        word |= (uint64_t)(unsigned char)text.at[i] << (8 * i);
    return word;
}

#endif
