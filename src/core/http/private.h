/* private.h — what the files that parse and write HTTP share with each other only. */
#ifndef CORE_HTTP_PRIVATE_H
#define CORE_HTTP_PRIVATE_H

#include "core/http/http.h"

/* Whether `s` may be the name of a header: a token of RFC 9110, 5.6.2. */
bool http_is_token(struct span s);

/* Whether `s` equals `word`, which is in lower case, except for the case of ASCII letters. */
bool http_is_word(struct span s, const char *word);

/* White space inside a line: OWS of RFC 9110, 5.6.3. */
static inline bool http_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Whether all bytes of `s` are ASCII from `least` to '~': ' ' for a value, '!' for a target. */
bool http_is_printable(struct span s, char least);

/* `s` without the blanks at its ends. */
struct span http_trimmed(struct span s);

/* Take the next member of a list that is not empty (RFC 9110, 5.6.1), without the blanks around it.
 * false: there is none. */
MUST_USE bool http_member_take(struct span *list, struct span *member);

/* Make the answer FAILED and free its body. */
void http_response_fail(struct http_response *r, const char *error);

/* Take a header of the final answer into account, if it is one that matters; it may fail the
 * answer. `value` may have white space around it, and spaces where r->folded says that there were
 * folds. */
void http_header_take(struct http_response *r, struct span name, struct span value);

/* Parse a date in any of the three forms of RFC 9110, 5.6.7, to POSIX seconds.
 *
 * now_s   a year of two digits is taken as the last such year not more than 50 years ahead of it
 *
 * false: not such a date; *seconds is then unchanged. */
MUST_USE bool http_date(struct span text, int64_t now_s, int64_t *seconds);

/* Write a date as RFC 9110, 5.6.7 prefers it, with its GMT. seconds: POSIX, from 1970 to 9999. */
void http_date_put(struct buf *out, int64_t seconds);

#endif
