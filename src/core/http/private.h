/* private.h — what the files of http share, and nobody else. */
#ifndef CORE_HTTP_PRIVATE_H
#define CORE_HTTP_PRIVATE_H

#include "core/http/http.h"

/* RFC 9110, 5.6.2: what names of headers are made of. */
bool http_is_token(struct span s);

/* Equal but for the case of ASCII letters; `word` is in lower case. */
bool http_is_word(struct span s, const char *word);

/* Fails the answer and gives its body back. */
void http_response_fail(struct http_response *r, const char *error);

/* One header of the answer itself, its value without white space around it: what it means for the
 * answer's end, or the answer fails. */
void http_header_take(struct http_response *r, struct span name, struct span value);

/* A date in any of the three forms of RFC 9110, 5.6.7, as POSIX seconds.
 *
 * now_s   a year of two digits is the last one that is not more than 50 years ahead of it
 * false   not such a date; *seconds is then untouched */
MUST_USE bool http_date(struct span text, int64_t now_s, int64_t *seconds);

#endif
