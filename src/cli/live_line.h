/* live_line.h — the command lines of `near` and `watch`: from words to lines of the client port. */
#ifndef CLI_LIVE_LINE_H
#define CLI_LIVE_LINE_H

#include "core/base/buf.h"

/* Take the first argument that is a `-` and a digit, such as a position in the south, out of the
 * arguments, which would be options otherwise. NULL: there is none. */
const char *live_line_take_south(int *argc, char **argv);

/* Write `head` and the words, with a space before each, and LF. false: that is no command of live
 * queries, or a word is not one field of it; a message was written, which begins with `who`. Memory
 * must be enough: each word's length and 1, besides the head's. */
MUST_USE bool live_line_put(
    struct buf *out, const char *who, const char *head, const char *const *words, unsigned count);

#endif
