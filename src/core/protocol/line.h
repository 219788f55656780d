/* line.h — splits a stream of bytes into lines.
 *
 * A line that lies whole in the bytes just received is returned as a view of them. Only a line that
 * is split over two receives is copied, into the reader's `room`; a reader has one only while it
 * needs it, so an idle connection holds no buffer. Used for both ports. PROTOCOL.md, "Client port".
 *
 *   state      bytes                     next       yields
 *   BETWEEN    ... LF                    BETWEEN    LINE_WHOLE, a view
 *   BETWEEN    ... (no LF), <= max       PARTIAL    LINE_MORE; copied
 *   PARTIAL    ... LF                    BETWEEN    LINE_WHOLE, in the reader's room
 *   any        max + 1 bytes, no LF      SKIPPING   LINE_LONG, the first max bytes
 *   SKIPPING   ... LF                    BETWEEN    nothing
 *   PARTIAL    end of the stream         BETWEEN    line_last: the line, in the reader's room
 *
 * A CR right before the LF or the stream's end is part of the line's end and does not count. If
 * byte max + 1 is a CR, the byte after it decides whether the line is too long. */
#ifndef CORE_PROTOCOL_LINE_H
#define CORE_PROTOCOL_LINE_H

#include "core/base/span.h"
#include <stdint.h>

enum line_result {
    LINE_MORE,    /* all input is used up; call again when more has come */
    LINE_WHOLE,   /* a line without its LF or CRLF */
    LINE_LONG,    /* the first bytes_max bytes of a longer line; the rest will be skipped */
    LINE_NO_ROOM, /* a partial line must be kept and `room` is NULL: set it and call again */
};

struct line_reader {
    char *room;         /* bytes_max + 1 bytes, lent by the caller, or NULL */
    uint32_t kept;      /* bytes of a partial line in room */
    uint32_t bytes_max; /* limits.line */
    bool skipping;      /* discarding the rest of a long line */
    uint8_t room_in_use; /* 1: the line returned last is a view of room; or LINE_NONE_YET */
};

/* What an owner may set room_in_use to at the beginning, and finds there until the first line is
 * returned or passed. So a whole line costs nothing more than it did. */
enum { LINE_NONE_YET = 2 };

/* Return the next line of the stream. A new reader is all zeros except for bytes_max.
 *
 * in    the bytes not used yet; advanced over what was taken
 * line  a view of *in, valid as long as its memory; or of r->room (then room_in_use is set), valid
 *       until a later call returns LINE_MORE with r->kept > 0, or the caller takes `room` back. Set
 *       only on LINE_WHOLE and LINE_LONG.
 *
 * After LINE_MORE with r->kept == 0 the caller may take `room` back when it no longer needs the
 * lines that were returned. */
MUST_USE enum line_result line_next(struct line_reader *r, struct span *in, struct span *line);

/* Whether the input continues in the middle of a line. When it does not, the caller may cut a whole
 * line off the input itself (command_next), and then calls line_passed. */
static inline bool line_partial(const struct line_reader *r)
{
    return r->kept > 0 || r->skipping;
}

static inline void line_passed(struct line_reader *r)
{
    r->room_in_use = false;
}

/* The last line of a stream that has ended without LF: it counts as complete (PROTOCOL.md,
 * "Client port"). false: nothing was left, or only the rest of a long line. */
MUST_USE bool line_last(struct line_reader *r, struct span *line);

#endif
