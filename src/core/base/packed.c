/* packed.c — see packed.h. Eight characters are packed at once in a 64-bit word: three steps
 * bring their low halves together, each joining neighbours of twice the size. Unpacking takes the
 * same steps back. With SSE2, sixteen characters are packed at once. */
#include "core/base/packed.h"
#include "core/base/invariant.h"
#include "core/base/word.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
    /* A digit's code is 0x30 plus its value. The others, which have values from 10 on, are 0x20
     * plus theirs: adding 6 to these sets bit 4, which then clears it in 0x30. */
    return (x | EACH(0x30)) ^ ((x + EACH(0x06)) & EACH(0x10));
}

#ifdef __SSE2__
/* Sixteen characters from their low halves, as in unpack_word. */
static inline __m128i characters_of(__m128i low)
{
    __m128i high = _mm_and_si128(_mm_add_epi8(low, _mm_set1_epi8(0x06)), _mm_set1_epi8(0x10));
    return _mm_xor_si128(_mm_or_si128(low, _mm_set1_epi8(0x30)), high);
}

static inline void put_sixteen(unsigned char *out, __m128i characters)
{
    __m128i low = _mm_and_si128(characters, _mm_set1_epi8(0x0f));
    __m128i again = _mm_cmpeq_epi8(characters_of(low), characters);
    ASSERT(_mm_movemask_epi8(again) == 0xffff);
    __m128i pairs = _mm_and_si128(_mm_or_si128(low, _mm_srli_epi16(low, 4)), _mm_set1_epi16(0xff));
    _mm_storel_epi64((__m128i *)out, _mm_packus_epi16(pairs, pairs));
}

/* Pack a text of sixteen characters or more, sixteen at a time. The last sixteen overlap those
 * before them, so that they end where the text does; where its length is odd they are moved by one
 * character, and a '0' fills the last byte. */
static void put_long(unsigned char *out, struct span text)
{
    const char *at = text.at, *last = text.at + text.len - 16;
    unsigned char *end = out + packed_bytes(text.len);
    for (; at < last; at += 16, out += 8)
        put_sixteen(out, _mm_loadu_si128((const __m128i *)at));
    __m128i characters = _mm_loadu_si128((const __m128i *)last);
    if (text.len % 2)
        characters =
            _mm_or_si128(_mm_srli_si128(characters, 1), _mm_slli_si128(_mm_cvtsi32_si128('0'), 15));
    put_sixteen(end - 8, characters);
}
#endif

static inline void put_word(unsigned char *out, uint64_t text, size_t bytes)
{
    uint32_t packed = pack_word(text);
    ASSERT(unpack_word(packed) == text);
    for (; bytes; bytes--, packed >>= 8)
        *out++ = (unsigned char)packed;
}

void packed_put(unsigned char *out, struct span text)
{
#ifdef __SSE2__
    if (text.len >= 16) {
        put_long(out, text);
        return;
    }
#endif
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8)
        put_word(out + i / 2, word_load(text.at + i), 4);
    if (i < text.len)
        put_word(out + i / 2, word_tail(text) | EACH('0') << 8 * (text.len - i),
            packed_bytes(text.len - i));
}

#ifdef __SSE2__
static inline void get_sixteen(const unsigned char *in, char *text)
{
    __m128i pairs = _mm_loadl_epi64((const __m128i *)in);
    __m128i halves = _mm_unpacklo_epi8(pairs, _mm_srli_epi16(pairs, 4));
    _mm_storeu_si128((__m128i *)text, characters_of(_mm_and_si128(halves, _mm_set1_epi8(0x0f))));
}
#endif

void packed_get(const unsigned char *in, size_t characters, char *text)
{
    size_t i = 0;
#ifdef __SSE2__
    for (; i + 16 <= characters; i += 16)
        get_sixteen(in + i / 2, text + i);
#endif
    for (; i < characters; i += 8) {
        const unsigned char *p = in + i / 2;
        uint32_t packed = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        word_store(text + i, unpack_word(packed));
    }
}
