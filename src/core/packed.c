/* packed.c — see packed.h. All eight characters of a word are packed at once: their low halves are
 * brought together in three steps, each joining neighbours of twice the size. Unpacking goes the
 * same way back. */
#include "core/packed.h"
#include "core/invariant.h"
#include "core/word.h"

#define EACH(byte) ((byte)*UINT64_C(0x0101010101010101))

static inline uint32_t pack_word(uint64_t text)
{
    uint64_t x = text & EACH(0x0f);
    x = (x | x >> 4) & 0x00ff00ff00ff00ff;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(x | x >> 16);
}

static inline uint64_t unpack_word(uint32_t packed)
{
    uint64_t x = packed;
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & EACH(0x0f);
    /* A digit is 0x30 and its number, the others 0x20 and theirs: those from ten on, where adding
     * six reaches bit 4. */
    return (x | EACH(0x30)) ^ ((x + EACH(0x06)) & EACH(0x10));
}

void packed_put(unsigned char *out, char *text, size_t chars)
{
    memset(text + chars, '0', PACKED_TEXT_SLACK);
    for (size_t i = 0; i < chars; i += 8) {
        uint64_t word = word_load(text + i);
        uint32_t packed = pack_word(word);
        ASSERT(unpack_word(packed) == word);
        size_t bytes = packed_bytes(chars - i);
        for (size_t k = 0; k < 4 && k < bytes; k++)
            out[i / 2 + k] = (unsigned char)(packed >> (8 * k));
    }
}

void packed_get(const unsigned char *in, size_t chars, char *text)
{
    for (size_t i = 0; i < chars; i += 8) {
        const unsigned char *p = in + i / 2;
        uint32_t packed = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        word_store(text + i, unpack_word(packed));
    }
}
