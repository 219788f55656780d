/* line.c — see line.h for the states and what each call may return.
 *
 * A line consists of the kept bytes and then the bytes of the input; offsets below count through
 * both. Each call takes the line up to its LF or to the end of the input, drops a CR at its end,
 * and compares its length with bytes_max. A CR behind bytes_max bytes must be kept, because an LF
 * may follow: hence `room` has one byte more.
 *
 * Holds always: kept <= bytes_max + 1, and kept == 0 while skipping. */
#include "core/protocol/line.h"
#include "core/base/invariant.h"

static char byte_at(const struct line_reader *r, struct span in, size_t offset)
{
    return offset < r->kept ? r->room[offset] : in.at[offset - r->kept];
}

static void take(struct span *in, size_t bytes)
{
    *in = span_from(*in, bytes);
}

/* Append the first `bytes` of *in to what is kept. */
static void keep(struct line_reader *r, struct span *in, size_t bytes)
{
    ASSERT(r->room && r->kept + bytes <= r->bytes_max + (size_t)1);
    memcpy(r->room + r->kept, in->at, bytes);
    r->kept += (uint32_t)bytes;
    take(in, bytes);
}

/* Take the first `bytes` of the line: a view of *in, or of room if a part of it was kept. */
static struct span yield(struct line_reader *r, struct span *in, size_t bytes)
{
    ASSERT(bytes <= r->bytes_max);
    struct span line = {in->at, bytes};
    r->room_in_use = r->kept > 0;
    if (r->room_in_use) {
        if (bytes > r->kept)
            keep(r, in, bytes - r->kept);
        line.at = r->room;
        r->kept = 0;
    } else {
        take(in, bytes);
    }
    return line;
}

/* Discard the rest of a long line, its LF included. */
static void skip(struct line_reader *r, struct span *in)
{
    ASSERT(r->kept == 0);
    const char *lf = memchr(in->at, '\n', in->len);
    r->skipping = !lf;
    take(in, lf ? (size_t)(lf - in->at) + 1 : in->len);
}

/* The line does not end in *in: keep what there is of it. */
static enum line_result more(struct line_reader *r, struct span *in)
{
    if (in->len == 0)
        return LINE_MORE;
    if (!r->room)
        return LINE_NO_ROOM;
    if (r->room_in_use != LINE_NONE_YET)
        r->room_in_use = false;
    keep(r, in, in->len);
    return LINE_MORE;
}

enum line_result line_next(struct line_reader *r, struct span *in, struct span *line)
{
    ASSERT(r->kept <= r->bytes_max + (size_t)1 && (r->kept == 0 || r->room));
    if (r->skipping && in->len)
        skip(r, in);
    const char *lf = in->len ? memchr(in->at, '\n', in->len) : NULL;
    size_t end = r->kept + (lf ? (size_t)(lf - in->at) : in->len);
    size_t bytes = end - (end > 0 && byte_at(r, *in, end - 1) == '\r');
    if (bytes > r->bytes_max) {
        *line = yield(r, in, r->bytes_max);
        r->skipping = true;
        return LINE_LONG;
    }
    if (!lf)
        return more(r, in);
    *line = yield(r, in, bytes);
    take(in, (size_t)(lf - in->at) + 1);
    return LINE_WHOLE;
}

bool line_last(struct line_reader *r, struct span *line)
{
    if (r->kept == 0)
        return false;
    ASSERT(!r->skipping);
    r->kept -= r->room[r->kept - 1] == '\r';
    ASSERT(r->kept <= r->bytes_max);
    *line = (struct span){r->room, r->kept};
    r->kept = 0;
    r->room_in_use = true;
    return true;
}
