/* der.c — see der.h. A length of more than four bytes is refused: what is read here is far
 * smaller. */
#include "core/tls/der.h"
#include "core/base/invariant.h"

static unsigned byte_at(struct span s, size_t i)
{
    ASSERT(i < s.len);
    return (unsigned char)s.at[i];
}

bool der_next(struct span *in, unsigned *tag, struct span *value)
{
    if (in->len < 2)
        return false;
    size_t len = byte_at(*in, 1), head = 2;
    if (len >= 0x80) {
        size_t more = len & 0x7f;
        if (more == 0 || more > 4 || in->len < head + more)
            return false;
        len = 0;
        for (size_t i = 0; i < more; i++)
            len = len << 8 | byte_at(*in, head + i);
        head += more;
    }
    if (len > in->len - head)
        return false;
    ASSERT(head + len <= in->len);
    *tag = byte_at(*in, 0);
    *value = (struct span){in->at + head, len};
    *in = span_from(*in, head + len);
    return true;
}

bool der_take(struct span *in, unsigned tag, struct span *value)
{
    struct span rest = *in;
    unsigned found;
    if (!der_next(&rest, &found, value) || found != tag)
        return false;
    *in = rest;
    return true;
}
