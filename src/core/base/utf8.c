/* utf8.c — see utf8.h. The table has the well-formed sequences of RFC 3629, 4. */
#include "core/base/utf8.h"
#include "core/base/invariant.h"
#include <stdint.h>

static const struct form {
    uint8_t first, last; /* the range of the first byte */
    uint8_t more; /* how many bytes follow */
    uint8_t least, most; /* the range of the second byte; all later ones are 80 to BF */
} forms[] = {
    {0x00, 0x7f, 0, 0, 0},
    {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f},
    {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf},
    {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};

size_t utf8_sequence(struct span s)
{
    if (s.len == 0)
        return 0;
    const uint8_t *at = (const uint8_t *)s.at;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const struct form *f = &forms[i];
        if (at[0] < f->first || at[0] > f->last)
            continue;
        if (f->more >= s.len || (f->more && (at[1] < f->least || at[1] > f->most)))
            return 0;
        for (size_t k = 2; k <= f->more; k++)
            if ((at[k] & 0xc0) != 0x80)
                return 0;
        ASSERT(1 + (size_t)f->more <= s.len);
        return 1 + (size_t)f->more;
    }
    return 0;
}
