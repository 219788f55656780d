/* buf.c — writes numbers to a bounded buffer, without stdio. */
#include "core/base/buf.h"
#include "core/base/invariant.h"

void buf_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_put(b, digits + at, sizeof digits - at);
}

void buf_hex(struct buf *b, uint64_t value, unsigned digits)
{
    char text[16];
    ASSERT(digits >= 1 && digits <= sizeof text && b->len <= b->cap);
    for (unsigned i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[value >> (4 * (digits - 1 - i)) & 15];
    buf_put(b, text, digits);
}
