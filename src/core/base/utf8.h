/* utf8.h — finds the characters of UTF-8 text, RFC 3629. Called where text comes from outside. */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include "core/base/span.h"

/* U+FFFD, which replaces bytes that are not UTF-8. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* The length of the character at the beginning of `s`, 1 to 4 bytes. 0: `s` is empty, or begins
 * with a byte that cannot be first, a sequence that is cut short or longer than needed, a
 * surrogate, or a value beyond U+10FFFF. */
size_t utf8_sequence(struct span s);

#endif
