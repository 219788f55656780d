/* replies.h — counts the replies in what a node sends, knows where one ends, and keeps the lines
 * that were refused.
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
#include "stampede/protocol.h"
#include <stdint.h>

enum replies_state { REPLIES_BETWEEN, REPLIES_LINE, REPLIES_JSON, REPLIES_JSON_LF };

struct replies {
    enum replies_state state;
    uint64_t count; /* replies that have begun */
    uint64_t refused; /* of these, those that begin with `?` */
    bool refusal; /* the reply that has begun is such a one */
    size_t kept; /* bytes of it in `text` */
    char text[2 + STAMPEDE_LINE_BYTES_MAX]; /* `? ` and the line */
};

/* Count what is in the next bytes of the stream, up to the end of a refusal.
 *
 * in    advanced over what was taken
 * line  the line that was refused, as the node repeated it, valid until the next call; set if the
 *       result is true
 *
 * true: a refusal has ended; r->count is its number. false: *in is used up. */
MUST_USE bool replies_next(struct replies *r, struct span *in, struct span *line);

/* Whether a stream that ends now ends within a reply. */
static inline bool replies_cut(const struct replies *r)
{
    return r->state != REPLIES_BETWEEN;
}

#endif
