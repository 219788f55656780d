/* line.h — a stream of bytes, cut into lines.
 *
 * Lines are cut in place: a line that lies whole in the bytes just received is a view of them. Only
 * one that is split over two receives is put together in the reader's own room, which it holds only
 * while it needs it (an idle connection holds none). Both ports use it. PROTOCOL.md,
 * "Client port".
 *
 *   state      bytes                     next       yields
 *   BETWEEN    ... LF                    BETWEEN    LINE_WHOLE, a view
 *   BETWEEN    ... (no LF), <= max       PARTIAL    LINE_MORE; copied
 *   PARTIAL    ... LF                    BETWEEN    LINE_WHOLE, in the reader's room
 *   any        max + 1 bytes, no LF      SKIPPING   LINE_LONG, the first max bytes
 *   SKIPPING   ... LF                    BETWEEN    nothing
 *   PARTIAL    end of the stream         BETWEEN    line_last: the line, in the reader's room
 *
 * A CR right before the LF, or the stream's end, belongs to the line's end and does not count.
 * Where byte max + 1 is a CR, the one after it decides. */
#ifndef CORE_PROTOCOL_LINE_H
#define CORE_PROTOCOL_LINE_H

#include "core/base/span.h"
#include <stdint.h>

enum line_result {
    LINE_MORE,    /* the input is used up; come back with more bytes */
    LINE_WHOLE,   /* a line without its LF or CRLF */
    LINE_LONG,    /* the first bytes_max bytes of a line that is longer; the rest will be skipped */
    LINE_NO_ROOM, /* a partial line has to be kept and `room` is NULL: set it and call again */
};

struct line_reader {
    char *room;         /* bytes_max + 1 bytes, or NULL; lent by the caller */
    uint32_t kept;      /* bytes of a partial line in room */
    uint32_t bytes_max; /* limits.line */
    bool skipping;      /* discarding the rest of a long line */
    bool room_in_use;   /* the line last yielded is a view of room, and still stands there */
};

/* The next line of the stream. A reader starts as zeros but for bytes_max.
 *
 * in    the bytes not yet used; moved forward over what was taken
 * line  a view of *in, valid as long as its memory; or of r->room (then room_in_use is set), valid
 *       until a later call returns LINE_MORE with r->kept > 0, or the caller takes `room` back. Set
 *       on LINE_WHOLE and LINE_LONG only.
 *
 * After LINE_MORE with r->kept == 0 the caller may take `room` back, once done with the lines. */
MUST_USE enum line_result line_next(struct line_reader *r, struct span *in, struct span *line);

/* Whether the input goes on in the middle of a line. When it does not, the caller may cut a whole
 * line off it by other means, and says so by line_passed. */
static inline bool line_partial(const struct line_reader *r)
{
    return r->kept > 0 || r->skipping;
}

static inline void line_passed(struct line_reader *r)
{
    r->room_in_use = false;
}

/* The last line of a stream that ended without LF, or false when nothing was left (or only the rest
 * of a long line). PROTOCOL.md, "Client port": after FIN it is a line, too. */
MUST_USE bool line_last(struct line_reader *r, struct span *line);

#endif
