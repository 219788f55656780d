/* word.h — eight bytes of text as one 64-bit word, little-endian on every machine.
 *
 * Ids and names are short: they are compared and copied by one or two words, without a call.
 * Called by protocol, store, and base's own decimal and siphash. */
#ifndef CORE_BASE_WORD_H
#define CORE_BASE_WORD_H

#include "core/base/span.h"
#include <stdint.h>

/* A word of eight equal bytes is this times the byte. */
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

/* The functions below cover a text by its first word and its last word, which may overlap; shorter
 * texts by halves of words. So most ids and names need neither a loop nor a call. */

static inline uint32_t word_load_half(const void *at)
{
    uint32_t half;
    memcpy(&half, at, sizeof half);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half = __builtin_bswap32(half);
#endif
    return half;
}

static inline void word_store_half(void *at, uint32_t half)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    half = __builtin_bswap32(half);
#endif
    memcpy(at, &half, sizeof half);
}

/* The same as span_equal, without a call. */
static inline bool word_equal(struct span left, struct span right)
{
    const char *a = left.at, *b = right.at;
    size_t n = left.len;
    uint64_t difference = n ^ right.len;
    if (difference)
        return false;
    if (n >= 8) {
        for (size_t i = 0; i < n - 8; i += 8)
            difference |= word_load(a + i) ^ word_load(b + i);
        difference |= word_load(a + n - 8) ^ word_load(b + n - 8);
    } else if (n >= 4) {
        difference = (word_load_half(a) ^ word_load_half(b)) |
                     (word_load_half(a + n - 4) ^ word_load_half(b + n - 4));
    } else {
        for (size_t i = 0; i < n; i++)
            difference |= (uint64_t)(a[i] ^ b[i]);
    }
    return difference == 0;
}

/* Copy `n` bytes between areas that do not overlap. */
static inline void word_copy(char *to, const char *from, size_t n)
{
    if (n >= 4 && n <= 8) {
        uint32_t first, last;
        memcpy(&first, from, sizeof first);
        memcpy(&last, from + n - 4, sizeof last);
        memcpy(to, &first, sizeof first);
        memcpy(to + n - 4, &last, sizeof last);
    } else if (n > 8 && n <= 16) {
        uint64_t first = word_load(from), last = word_load(from + n - 8);
        word_store(to, first);
        word_store(to + n - 8, last);
    } else {
        memcpy(to, from, n);
    }
}

/* The last len % 8 bytes of a text as a word, with zeros above them. */
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
