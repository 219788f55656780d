/* packed.c — see packed.h. All eight characters of a word are packed at once: their low halves
 * are brought together in three steps, each joining neighbours of twice the size. Unpacking goes
 * the same way back. */
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

static inline void put_word(unsigned char *out, uint64_t text, size_t bytes)
{
    uint32_t packed = pack_word(text);
    ASSERT(unpack_word(packed) == text);
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(packed >> (8 * i));
}

void packed_put(unsigned char *out, struct span text)
{
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8)
        put_word(out + i / 2, word_load(text.at + i), 4);
    if (i < text.len)
        put_word(out + i / 2, word_tail(text) | EACH('0') << 8 * (text.len - i),
            packed_bytes(text.len - i));
}

void packed_get(const unsigned char *in, size_t characters, char *text)
{
    for (size_t i = 0; i < characters; i += 8) {
        const unsigned char *p = in + i / 2;
        uint32_t packed = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        word_store(text + i, unpack_word(packed));
    }
}
