/* siphash.c — see siphash.h. The state is four words. Each word of the input is xored into v3
 * before a round and into v0 after it. The last word holds the rest of the input and, in its
 * highest byte, the input's length. */
#include "core/base/siphash.h"
#include "core/base/word.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned left)
{
    return x << left | x >> (64 - left);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t siphash13(const uint64_t key[2], struct span bytes)
{
    struct sip s = {
        key[0] ^ 0x736f6d6570736575, /* "somepseudorandomlygeneratedbytes" */
        key[1] ^ 0x646f72616e646f6d,
        key[0] ^ 0x6c7967656e657261,
        key[1] ^ 0x7465646279746573,
    };
    for (size_t i = 0; i + 8 <= bytes.len; i += 8)
        sip_word(&s, word_load(bytes.at + i));
    sip_word(&s, word_tail(bytes) | (uint64_t)bytes.len << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
