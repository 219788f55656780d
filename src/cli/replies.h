/* replies.h — counts the replies in what a node sends, knows where one ends, and keeps the lines
 * that were refused.
 *
 *   state     byte             next       means
 *   BETWEEN   {                JSON       the second part of a reply to WHATSAT
 *   BETWEEN   ?                LINE       a reply: the line was refused
 *   BETWEEN   !                NEWS       no reply: of a watch
 *   BETWEEN   any other        LINE       a reply: AT, NEAR, WATCHING, UNWATCHED; or one of the
 *                                         `found` lines of a reply to NEAR
 *   NEWS      LF               BETWEEN
 *   LINE      LF               BETWEEN
 *   JSON      LF               JSON_LF
 *   JSON_LF   LF               BETWEEN    the empty line that ends a reply to WHATSAT
 *   JSON_LF   any other        JSON
 *
 * Only the first line of a reply's JSON begins with `{` (PROTOCOL.md, "Replies"), and only news
 * with `!` ("Live queries"). */
#ifndef CLI_REPLIES_H
#define CLI_REPLIES_H

#include "core/base/span.h"
#include "stampede/protocol.h"
#include <stdint.h>

enum replies_state { REPLIES_BETWEEN, REPLIES_LINE, REPLIES_NEWS, REPLIES_JSON, REPLIES_JSON_LF };

struct replies {
    enum replies_state state;
    uint64_t count; /* replies that have begun */
    uint64_t refused; /* of these, those that begin with `?` */
    bool refusal; /* the reply that has begun is such a one */
    bool found; /* the line that has begun is one of those of a reply to NEAR */
    uint64_t owed; /* such lines that are still to come */
    size_t kept; /* bytes of the reply's line in `text` */
    char text[2 + STAMPEDE_LINE_BYTES_MAX]; /* of a refusal, `? ` and the line */
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
    return r->state != REPLIES_BETWEEN || r->owed;
}

#endif
