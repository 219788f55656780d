/* replies.h — counts the replies in what a node sends, and knows where one ends.
 *
 *   state     byte             next       means
 *   BETWEEN   {                JSON       the second part of a reply to WHATSAT
 *   BETWEEN   ?                LINE       a reply: the line was refused
 *   BETWEEN   any other        LINE       a reply: AT
 *   LINE      LF               BETWEEN
 *   JSON      LF               JSON_LF
 *   JSON_LF   LF               BETWEEN    the empty line that ends a reply to WHATSAT
 *   JSON_LF   any other        JSON
 *
 * Only the first line of a reply's JSON begins with `{` (PROTOCOL.md, "Replies"). */
#ifndef CLI_REPLIES_H
#define CLI_REPLIES_H

#include "core/base/span.h"
#include <stdint.h>

enum replies_state { REPLIES_BETWEEN, REPLIES_LINE, REPLIES_JSON, REPLIES_JSON_LF };

struct replies {
    enum replies_state state;
    uint64_t count; /* replies that have begun */
    uint64_t refused; /* of these, those that begin with `?` */
};

/* Count what is in the next bytes of the stream. */
void replies_take(struct replies *r, struct span bytes);

/* Whether a stream that ends now ends within a reply. */
static inline bool replies_cut(const struct replies *r)
{
    return r->state != REPLIES_BETWEEN;
}

#endif
