/* buf.h — a bounded buffer that is written from front to back.
 *
 * A write that does not fit sets `overflow`; nothing is written then or later. So a writer checks
 * once, at the end. The memory is the caller's. Holds always: len <= cap. */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include "core/base/span.h"
#include <stdint.h>

struct buf {
    char *at;
    size_t len;
    size_t cap;
    bool overflow; /* sticky; len is then what was written before */
};

static inline struct buf buf_over(char *memory, size_t cap)
{
    return (struct buf){memory, 0, cap, false};
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->at, b->len};
}

static inline size_t buf_room(const struct buf *b)
{
    return b->overflow ? 0 : b->cap - b->len;
}

static inline void buf_put(struct buf *b, const void *bytes, size_t len)
{
    if (len > buf_room(b)) {
        b->overflow = true;
        return;
    }
    if (len)
        memcpy(b->at + b->len, bytes, len);
    b->len += len;
}

static inline void buf_span_put(struct buf *b, struct span s)
{
    buf_put(b, s.at, s.len);
}

static inline void buf_text(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

static inline void buf_byte(struct buf *b, char byte)
{
    buf_put(b, &byte, 1);
}

/* Decimal digits, no padding. */
void buf_u64(struct buf *b, uint64_t value);

/* The lowest `digits` (1 to 16) hexadecimal digits, in lower case, leading zeros included. */
void buf_hex(struct buf *b, uint64_t value, unsigned digits);

#endif
