/* utf8.h — where characters of UTF-8 end, RFC 3629. Called by what handles text from outside. */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include "core/base/span.h"

/* U+FFFD, which stands for what was no text. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character that `s` begins with, 1 to 4; 0 when it begins with none: with a byte that
 * cannot be first, a sequence cut short or longer than needed, a surrogate, or past U+10FFFF. */
size_t utf8_sequence(struct span s);

#endif
