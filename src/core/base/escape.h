/* escape.h — writes text from outside so that it can do no harm where it is shown.
 *
 * A client id, a place's name or a peer's reason may hold any bytes: sequences that a terminal
 * obeys, characters that turn the direction of writing and make a line look like another one, bytes
 * that are not UTF-8. There is one form for each kind of output. Called by log, node (status), and
 * the command line. */
#ifndef CORE_BASE_ESCAPE_H
#define CORE_BASE_ESCAPE_H

#include "core/base/buf.h"

/* What is escaped in all of them: bytes that are not UTF-8 (RFC 3629); control characters (C0, DEL,
 * C1); U+2028 and U+2029, which end lines; and those that steer the direction of writing (U+061C,
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). */
enum escape {
    ESCAPE_LOG, /* between double quotes in a log line: \xHH for each byte, \" and \\ */
    ESCAPE_JSON, /* in a string of JSON: \uXXXX, \" and \\; U+FFFD for what is not UTF-8 */
    ESCAPE_JSON_TEXT, /* a whole text of JSON: the same, but quotes, backslashes, TAB and LF stay */
    ESCAPE_TERMINAL, /* lines for people: \xHH for a byte, \uXXXX for a character from U+0080 on;
                        TAB and LF stay, so do backslashes: to escape twice changes nothing */
};

enum { ESCAPE_GROWTH = 6 }; /* the most bytes that one becomes */

/* Write `text`; if it does not fit, out->overflow is set. */
void escape_put(struct buf *out, enum escape kind, struct span text);

/* The length of the character at the beginning of `text` if it is shown as it is; 0: it is escaped,
 * or `text` is empty. */
size_t escape_shows(struct span text);

/* How many bytes of `text` come before a character at its end that is cut off, and that further
 * bytes could complete. */
size_t escape_whole(struct span text);

#endif
