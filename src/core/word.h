/* word.h — eight bytes of text as one number, the first byte lowest, on every machine. */
#ifndef CORE_WORD_H
#define CORE_WORD_H

#include <stdint.h>
#include <string.h>

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

#endif
