/* wide.h — classifies sixteen bytes of text at once; the result has one bit per byte.
 *
 * Most of the work of parsing a client's text is to find where runs of bytes of one kind end. With
 * SSE2, which every x86-64 has, sixteen bytes take a handful of instructions; elsewhere a loop
 * returns the same. No byte outside of the text is read. Called by command, position, decimal,
 * time_text and the records of the journal. */
#ifndef CORE_BASE_WIDE_H
#define CORE_BASE_WIDE_H

#include "core/base/span.h"
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WIDE_BYTES = 16, WIDE_LOOK_BYTES = 2 * WIDE_BYTES };

/* Bit i: byte i of the sixteen at `at` is a digit. */
static inline uint32_t wide_digits_portable(const char *at)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < WIDE_BYTES; i++)
        bits |= (uint32_t)(at[i] >= '0' && at[i] <= '9') << i;
    return bits;
}

/* Bit i: byte i of the sixteen at `at` ends a field: below 0x21, or DEL. */
static inline uint32_t wide_stops_portable(const char *at)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < WIDE_BYTES; i++)
        bits |= (uint32_t)((unsigned char)at[i] < 0x21 || at[i] == 0x7f) << i;
    return bits;
}

static inline uint32_t wide_digits(const char *at)
{
#ifdef __SSE2__
    __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
    __m128i within = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
    return (uint32_t)_mm_movemask_epi8(within);
#else
    return wide_digits_portable(at);
#endif
}

static inline uint32_t wide_stops(const char *at)
{
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes);
    __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, del));
#else
    return wide_stops_portable(at);
#endif
}

/* Bit i: byte i of a text of 16 to 32 bytes is a digit. The last sixteen bytes are classified
 * together; they may overlap the first sixteen. */
static inline uint32_t wide_digits_of(struct span text)
{
    size_t last = text.len - WIDE_BYTES;
    return wide_digits(text.at) | wide_digits(text.at + last) << last;
}

#endif
